"""Clients behind a balancer or a TLS terminator: they are who its PROXY header says, and without one nobody is heard."""

import re
import struct

import pytest

import client
import messages
import net
import tools
import tsigtool
from asked import Asked, settings
from balancers import LOCAL, PROXY, SIGNATURE, Balanced, Haproxy, Hitch, certificate, header, is_reset
from messages import NOERROR, NOTAUTH, REFUSED, query
from process import until
from proxy import Proxy
from relay import ZONE, receive_transfer
from scripted import Scripted, sound
from tsigtool import Key

pytestmark = pytest.mark.any_workers

ALPHA, BETA = Key.new("xfr.example", label="alpha"), Key.new("xfr.example", label="beta")


class Set:
    """A scripted primary, a proxy for balancers at one address, and two secondaries whose keys have one name."""

    def __init__(self, directory):
        self.primary = Scripted(sound)
        self.balancer, self.sources = net.fresh_address(), [net.fresh_address(), net.fresh_address()]
        self.place = net.free_place()
        own = settings(directory)
        self.proxy = Proxy(directory / "proxy", [
            ALPHA.section(), BETA.section(),
            ("primary legacy", {"address": net.text(self.primary.place)}),
            *((f"secondary {key.label}", {"address": f"{source}@53", "key": key.label, "zones": ZONE})
              for key, source in zip((ALPHA, BETA), self.sources)),
        ], proxy_listen=net.text(self.place), proxy_from=[self.balancer, "127.0.0.1"], answer_timeout=1, **own)
        self.asked = Asked(self.proxy, own["control"], net.Place(*_place(own["http"])))

    def start(self):
        self.primary.start()
        self.proxy.start()
        return self

    def stop(self):
        self.primary.stop()
        self.proxy.stop()

    def counted(self):
        """What was refused of nobody we know, by result; as it was within the last second."""
        text = self.asked.get("/metrics").text
        found = re.findall(r'^tsig_proxy_requests_total\{peer="unknown",.*result="([a-z0-9-]+)"\} (\d+)', text, re.M)
        return {result: int(count) for result, count in found}

    def wait_count(self, result, count):
        until(lambda: self.counted().get(result) == count, f"{count} {result}: {self.counted()}", pause=0.1)


def _place(text):
    address, port = text.split("@")
    return address, int(port)


@pytest.fixture(scope="module")
def balanced(module_stack, tmp_path_factory):
    made = Set(tmp_path_factory.mktemp("balanced"))
    module_stack.callback(made.stop)
    return made.start()


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("pem") / "xot.pem", "ns.example.org")


@pytest.fixture(scope="module")
def haproxy(module_stack, tmp_path_factory, balanced, pem):
    made = Haproxy(tmp_path_factory.mktemp("haproxy") / "h", balanced.place, pem)
    made.source = balanced.balancer
    made.check = "check inter 20ms rise 10"
    made.ready = balanced.asked.place
    module_stack.callback(made.stop)
    return made.start()


def ask(asking, key):
    """The RCODE of a signed question's answer."""
    wire, mac = tsigtool.sign(query(ZONE), key)
    answer = asking.ask(wire)
    asking.close()
    if tsigtool.rcode(answer) == NOERROR:
        tsigtool.verify(answer, key, mac)
    return tsigtool.rcode(answer)


def test_M2b_the_inner_address_tells_two_with_one_key_name_apart(balanced, haproxy):
    start = balanced.proxy.mark()
    for key, source in zip((ALPHA, BETA), balanced.sources):
        assert ask(client.Tcp(haproxy.plain, source), key) == NOERROR
        balanced.proxy.wait(start=start, event="refresh", peer=key.label, key=key.name, result="ok")
    asked = len(balanced.primary.requests)
    assert ask(client.Tcp(haproxy.plain, balanced.sources[1]), ALPHA) in (NOTAUTH, REFUSED)
    stranger = net.fresh_address()
    assert ask(client.Tcp(haproxy.plain, stranger), ALPHA) == REFUSED
    told = balanced.proxy.wait(start=start, event="refused", result="key-from-elsewhere")
    assert told["address"].startswith(f"{stranger}@")
    assert len(balanced.primary.requests) == asked


def test_M2b_a_transfer_over_tls(balanced, haproxy):
    found = tools.dig(haproxy.tls, balanced.sources[0], "+tls", ZONE, "AXFR", key=ALPHA)
    assert found.status == 0 and found.records(), found.output
    plain = client.Tcp(haproxy.plain, balanced.sources[0])
    wire, mac = tsigtool.sign(query(ZONE, messages.AXFR), ALPHA)
    plain.send(wire)
    assert receive_transfer(plain, tsigtool.Verifier(ALPHA, mac))
    plain.close()


def test_M2b_hitch_says_it_as_well(balanced, launch, tmp_path, pem):
    hitch = launch(Hitch(tmp_path / "h", balanced.place, pem))
    found = tools.dig(hitch.tls, balanced.sources[1], "+tls", ZONE, "AXFR", key=BETA)
    assert found.status == 0 and found.records(), found.output


def test_M2b_a_balancer_that_looks_raises_no_alarm(balanced, haproxy):
    """HAProxy looks ten times, and says LOCAL; others connect and say nothing."""
    start, before = balanced.proxy.mark(), balanced.asked.ask("events")
    haproxy.say("set server plain/proxy health down")
    until(lambda: haproxy.server() == "UP", "HAProxy finds the proxy", pause=0.05)
    client.Tcp(balanced.place, balanced.balancer).close()
    client.Tcp(balanced.place, balanced.balancer).reset()
    Balanced(balanced.place, None, balanced.balancer, command=LOCAL).close()
    assert ask(Balanced(balanced.place, balanced.sources[0], balanced.balancer), ALPHA) == NOERROR
    assert balanced.asked.ask("events") == before
    assert {line["event"] for line in balanced.proxy.events(start=start)} <= {"verified", "refresh"}, balanced.proxy.text()


def test_a_balancer_may_ask_over_http_whether_it_is_ready(balanced, haproxy):
    until(lambda: haproxy.stat("ready", "proxy")["check_status"] == "L7OK", "HAProxy is told that it is ready")
    assert haproxy.stat("ready", "proxy")["check_code"] == "200"


def test_M2b_a_balancer_that_speaks_for_itself_is_itself(balanced):
    start = balanced.proxy.mark()
    assert ask(Balanced(balanced.place, None, balanced.balancer, command=LOCAL), ALPHA) == REFUSED
    told = balanced.proxy.wait(start=start, event="refused", result="key-from-elsewhere")
    assert told["address"].startswith(f"{balanced.balancer}@")


QUESTION = struct.pack("!H", len(query())) + query()
BAD = {
    "no-header": [QUESTION, b"PROXY TCP4 192.0.2.1 192.0.2.53 4660 53\r\n" + QUESTION, b"\x16\x03\x01\x02\0",
                  SIGNATURE.replace(b"QUIT", b"QUIP") + bytes(16)],
    "bad-header": [header("192.0.2.1", command=0x11) + QUESTION, header("192.0.2.1", command=0x22) + QUESTION,
                   header("192.0.2.1", tlvs=bytes(2048)) + QUESTION, header(None, command=PROXY) + QUESTION,
                   header("192.0.2.1").replace(b"\x21\x11", b"\x21\x12") + QUESTION,
                   SIGNATURE + b"\x21\x31\0\xd8" + bytes(216) + QUESTION,
                   SIGNATURE + b"\x21\x21\0\x0c" + bytes(12) + QUESTION],
}


@pytest.mark.parametrize("result", BAD)
def test_M2b_without_a_good_header_nothing_goes_on(balanced, result):
    start, asked, before = balanced.proxy.mark(), len(balanced.primary.requests), balanced.counted().get(result, 0)
    for octets in BAD[result]:
        assert is_reset(balanced.place, balanced.balancer, octets), octets
    told = balanced.proxy.wait(start=start, event="refused", result=result, level="warning")
    assert told["address"].startswith(f"{balanced.balancer}@") and "PROXY" in told["advice"]
    balanced.wait_count(result, before + len(BAD[result]))
    assert len(balanced.primary.requests) == asked


def test_M2b_a_header_that_trickles_has_a_strangers_time(balanced):
    before = balanced.counted().get("no-header", 0)
    asking = client.Tcp(balanced.place, balanced.balancer)
    octets = iter(header(balanced.sources[0])[:-1])

    def trickle():
        try:
            asking.socket.send(bytes([next(octets)]))
        except (ConnectionError, StopIteration):
            return True
        return False

    until(trickle, "the connection is reset", pause=0.1)
    asking.close()
    balanced.wait_count("no-header", before + 1)


def test_M2b_nobody_else_is_believed(balanced):
    start, asked, before = balanced.proxy.mark(), len(balanced.primary.requests), balanced.counted().get("no-balancer", 0)
    elsewhere = net.fresh_address()
    assert is_reset(balanced.place, elsewhere, header(balanced.sources[0]) + QUESTION)
    told = balanced.proxy.wait(start=start, event="refused", result="no-balancer", level="notice")
    assert told["address"].startswith(f"{elsewhere}@") and "proxy-from" in told["advice"]
    balanced.wait_count("no-balancer", before + 1)
    assert len(balanced.primary.requests) == asked


def test_it_says_where_balancers_connect(balanced):
    balanced.proxy.wait(event="started", **{"listen": net.text(balanced.proxy.place), "proxy-listen": net.text(balanced.place)})
    document = balanced.asked.ask("status")
    assert document["proxy_listeners"] == [net.text(balanced.place)]
    assert document["listeners"] == [net.text(balanced.proxy.place)]
