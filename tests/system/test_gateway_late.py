"""What is said too late, or once more, is not for the other side: it would come with the wrong sort of signature."""

import time

import pytest

import client
import messages
import tsigtool
from capture import Capture
from gateway import HostedProxy
from messages import NOERROR, SERVFAIL
from namespaces import Star
from scripted import Scripted, signing, sound
from tsigtool import Key

ZONE = "example.org"
KEY = Key.new("xfr.example")


class Bench:
    """Two hosts with the proxy between them, by one IP version; the tests play both servers."""

    def __init__(self, launch, directory, version, **settings):
        self.launch, self.directory = launch, directory
        self.star = launch(Star("primary", "east"))
        self.places = {role: self.star[role][1 if version == 4 else 2] for role in ("primary", "east")}
        sections = [KEY.section(), ("primary hq", {"address": self.places["primary"].address}),
                    ("secondary east", {"address": self.places["east"].address, "key": KEY.label})]
        self.proxy = launch(HostedProxy(directory / "proxy", self.star.router, sections, **settings))
        self.proxy.rules("up")

    def serve(self, role, script):
        with self.star[role].namespace:
            return self.launch(Scripted(script, place=self.places[role]))

    def ask(self, source, target, wire, transport):
        with self.star[source].namespace:
            asking = client.CLIENTS[transport](self.places[target], self.places[source].address)
        try:
            return asking.ask(wire)
        finally:
            asking.close()

    def capture(self, role):
        return self.launch(Capture(self.star[role], self.directory / f"{role}.pcap", (53,)))


def late(seconds, script):
    def late_script(request):
        time.sleep(seconds)
        script(request)

    return late_script


def have_tsig(capture):
    return [tsigtool.detach(message.wire)[1] is not None for message in capture.messages()]


@pytest.mark.parametrize("version,transport", [(4, "udp"), (6, "tcp")])
def test_an_answer_after_the_timeout_goes_no_further(launch, tmp_path, version, transport):
    bench = Bench(launch, tmp_path, version, answer_timeout=1)
    bench.serve("primary", late(1.5, sound))
    capture = bench.capture("east")
    wire, mac = tsigtool.sign(messages.query(ZONE), KEY)
    answer = bench.ask("east", "primary", wire, transport)
    assert tsigtool.rcode(tsigtool.verify(answer, KEY, mac)[0]) == SERVFAIL
    time.sleep(0.8)
    assert have_tsig(capture) == [True, True]


def test_the_answer_to_the_second_copy_goes_no_further(launch, tmp_path):
    bench = Bench(launch, tmp_path, 6)
    primary = bench.serve("primary", late(1.2, sound))
    capture = bench.capture("east")
    wire, mac = tsigtool.sign(messages.query(ZONE), KEY)
    answer = bench.ask("east", "primary", wire, "udp")
    assert tsigtool.rcode(tsigtool.verify(answer, KEY, mac)[0]) == NOERROR
    time.sleep(1.3)
    assert len(primary.requests) == 2
    assert have_tsig(capture) == [True, True]


def test_the_signed_answer_to_the_second_notify_goes_no_further(launch, tmp_path):
    bench = Bench(launch, tmp_path, 4)
    east = bench.serve("east", late(1.2, signing(KEY, sound)))
    capture = bench.capture("primary")
    assert tsigtool.rcode(bench.ask("primary", "east", messages.notify(ZONE), "udp")) == NOERROR
    time.sleep(1.3)
    assert len(east.requests) == 2
    assert have_tsig(capture) == [False, False]
