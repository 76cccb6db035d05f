"""What is said too late, or once more, is not for the other side: it would come with the wrong sort of signature."""

import threading

import pytest

import client
import messages
import tsigtool
from capture import Capture
from gateway import HostedProxy
from messages import NOERROR, SERVFAIL
from namespaces import Star
from process import PATIENCE
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


class Held:
    """A script whose last of so many copies of a request is answered when the test says so, the others once all
    have come; whatever comes after them is answered at once."""

    def __init__(self, script, copies=1):
        self.script, self.copies = script, copies
        self.numbers = iter(range(1, 100))
        self.complete, self.free, self.said = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, request):
        number = next(self.numbers)
        if number >= self.copies:
            self.complete.set()
        (self.free if number == self.copies else self.complete).wait(PATIENCE)
        try:
            self.script(request)
        finally:
            if number == self.copies:
                self.said.set()

    def say(self):
        self.free.set()
        assert self.said.wait(PATIENCE)


def have_tsig(capture):
    return [tsigtool.detach(message.wire)[1] is not None for message in capture.messages()]


def ask_signed(bench, transport):
    """The RCODE of east's question to the primary."""
    wire, mac = tsigtool.sign(messages.query(ZONE), KEY)
    return tsigtool.rcode(tsigtool.verify(bench.ask("east", "primary", wire, transport), KEY, mac)[0])


# After the late answer each test asks once more: had that gone on, it would have arrived before the answer to this.


@pytest.mark.parametrize("version,transport", [(4, "udp"), (6, "tcp")])
def test_an_answer_after_the_timeout_goes_no_further(launch, tmp_path, version, transport):
    bench, late = Bench(launch, tmp_path, version, answer_timeout=1), Held(sound)
    bench.serve("primary", late)
    capture = bench.capture("east")
    assert ask_signed(bench, transport) == SERVFAIL
    late.say()
    assert ask_signed(bench, transport) == NOERROR
    assert have_tsig(capture) == [True] * 4


def test_the_answer_to_the_second_copy_goes_no_further(launch, tmp_path):
    bench, late = Bench(launch, tmp_path, 6), Held(sound, copies=2)
    primary = bench.serve("primary", late)
    capture = bench.capture("east")
    assert ask_signed(bench, "udp") == NOERROR
    assert len(primary.requests) == 2
    late.say()
    assert ask_signed(bench, "udp") == NOERROR
    assert have_tsig(capture) == [True] * 4


def test_a_late_signed_answer_to_a_notify_goes_no_further(launch, tmp_path):
    bench, late = Bench(launch, tmp_path, 4, answer_timeout=1), Held(signing(KEY, sound))
    east = bench.serve("east", late)
    capture = bench.capture("primary")
    assert tsigtool.rcode(bench.ask("primary", "east", messages.notify(ZONE), "tcp")) == SERVFAIL
    assert len(east.requests) == 1
    late.say()
    assert tsigtool.rcode(bench.ask("primary", "east", messages.notify(ZONE), "tcp")) == NOERROR
    assert have_tsig(capture) == [False] * 4
