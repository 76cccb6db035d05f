"""What a UDP client that has proven no key is given, and what it makes the proxy do: P29, M4."""

import client
import messages
import net
import pytest
import tsigtool
from messages import AXFR, FORMERR, IXFR, NOERROR, ixfr_query, query, soa
from process import until
from proxy import Proxy
from relay import ZONE
from scripted import Scripted
from sized import sized, text
from tsigtool import Key

SIZE = 1232  # udp-size
FORGED = 500
TXT = 16


def large(request):
    """A zone of 60 KB, and 60 KB of TXT, whatever it is asked over."""
    new = soa(ZONE, 7)
    if request.kind == IXFR:
        request.answer(new, *text("t", 60000), new)
    elif request.kind == TXT:
        request.answer(*text("t", 60000))
    else:
        request.answer(new)


class Plain:
    """A scripted primary, the proxy, and a secondary without key that the test plays."""

    def __init__(self, launch, directory, script=large, primary=None, secondary=None, sections=(),
                 **settings):
        self.source = net.fresh_address()
        self.primary = launch(Scripted(script))
        self.proxy = launch(Proxy(directory / "proxy", [
            *sections,
            ("primary legacy", {"address": net.text(self.primary.place), **(primary or {})}),
            ("secondary plain", {"address": self.source, "allow": "soa, axfr, ixfr, query",
                                 **(secondary or {})}),
        ], **settings))

    def client(self, transport="udp"):
        return client.CLIENTS[transport](self.proxy.place, self.source)

    def ask(self, message, transport="udp"):
        asking = self.client(transport)
        try:
            return asking.ask(message)
        finally:
            asking.close()


@pytest.fixture
def make_plain(launch, tmp_path):
    return lambda *arguments, **more: Plain(launch, tmp_path, *arguments, **more)


def factor(name, message, answer):
    print(f"{name}: {len(answer)} octets for {len(message)}: x{len(answer) / len(message):.1f}")


def test_P29_forged_datagrams_cause_no_connection_and_no_flood(make_plain):
    plain = make_plain()
    asking = plain.client()
    for number in range(FORGED):
        kinds = {"IXFR": ixfr_query(ZONE, 5, payload=65535, number=number),
                 "TXT": query(ZONE, "TXT", payload=65535, number=number)}
        for kind, message in kinds.items():
            answer = asking.ask(message)
            assert len(answer) <= SIZE
            if number == 0:
                factor(kind, message, answer)
    asking.close()
    assert plain.primary.connections == []
    assert {request.kind for request in plain.primary.requests} == {messages.SOA}


@pytest.mark.parametrize("kind", ["IXFR", "TXT"])
def test_P29_what_goes_over_udp_is_no_flood_either(make_plain, kind):
    plain = make_plain(primary={"transport": "same"})
    make = {"IXFR": lambda **more: ixfr_query(ZONE, 5, **more), "TXT": lambda **more: query(ZONE, "TXT", **more)}
    message = make[kind](payload=65535)
    answer = plain.ask(message)
    factor(kind, message, answer)
    assert len(answer) <= SIZE
    assert plain.primary.connections == []


@pytest.mark.parametrize("setting,used", [("auto", "udp"), ("tcp", "tcp")])
@pytest.mark.parametrize("observed", [False, True])
def test_P29_an_ixfr_is_answered_with_the_soa(make_plain, setting, used, observed):
    key = Key.new("xfr.example")
    plain = make_plain(primary={"transport": setting}, sections=[key.section()],
                       secondary={"key": key.label, "mode": "observe"} if observed else {})
    for serial, log in ((5, {"event": "transfer", "result": "truncated"}),
                        (7, {"event": "refresh", "result": "ok"})):
        message = ixfr_query(ZONE, serial, payload=4096)
        answer = plain.ask(message)
        assert messages.question(answer) == messages.question(message)
        assert tsigtool.flags(answer) == messages.QR | messages.AA
        assert messages.counts(answer) == (1, 1, 0, 1)
        assert messages.first_serial(answer) == 7
        plain.proxy.wait(type="IXFR", serial=7, **{"client-serial": serial}, **log)
    assert {(r.kind, r.transport) for r in plain.primary.requests} == {(messages.SOA, used)}


def test_P29_other_questions_are_told_to_come_back(make_plain):
    plain = make_plain()
    message = query(ZONE, "TXT")
    answer = plain.ask(message)
    assert tsigtool.flags(answer) == messages.QR | messages.TC
    assert messages.counts(answer) == (1, 0, 0, 0)
    assert plain.primary.requests == []
    plain.proxy.wait(event="request", type="TXT", result="truncated")
    answer = plain.ask(message, "tcp")
    assert tsigtool.rcode(answer) == NOERROR and len(answer) > 60000


def test_P29_a_proven_key_is_asked_for_over_tcp(make_relay):
    relay = make_relay(large, secondary={"allow": "ixfr, query"})
    bare = relay.ask("udp", ixfr_query(ZONE, 5, payload=65535))
    assert messages.counts(bare) == (1, 1, 0, 1)
    assert messages.first_serial(bare) == 7
    bare = relay.ask("udp", query(ZONE, "TXT", payload=65535))
    assert tsigtool.flags(bare) & messages.TC and messages.counts(bare) == (1, 0, 0, 1)
    assert [(r.kind, r.transport) for r in relay.primary.requests] == [(IXFR, "tcp"), (TXT, "tcp")]


def in_messages(*groups):
    """Answers with these records in so many messages, and keeps the connection."""
    return lambda request: [request.answer(*lines) for lines in groups]


NEW, OLD, HOST = soa(ZONE, 7), soa(ZONE, 5), f"a.{ZONE}. 60 IN A 192.0.2.1"
SHAPES = {
    "whole": ([[NEW, OLD, NEW, HOST, NEW]], 5),
    "like_an_axfr": ([[NEW, HOST, NEW]], 3),
    "current": ([[OLD]], 1),
    "several": ([[NEW, OLD, NEW], [HOST, NEW]], 1),
    "one_record_a_message": ([[NEW], [OLD], [NEW], [HOST], [NEW]], 1),
    "large": ([[NEW, HOST, *text("t", 2000), NEW]], 1),
    "never_ends": ([[NEW, OLD, NEW]], 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_P29_ixfr_over_udp_is_whole_or_the_version(make_relay, shape):
    groups, records = SHAPES[shape]
    relay = make_relay(in_messages(*groups))
    bare = relay.ask("udp", ixfr_query(ZONE, 5, payload=SIZE))
    assert tsigtool.flags(bare) == messages.QR | messages.AA
    assert messages.counts(bare) == (1, records, 0, 1)
    assert messages.first_serial(bare) == (5 if shape == "current" else 7)
    assert relay.primary.requests[0].transport == "tcp"
    event, result = ("refresh", "ok") if shape == "current" else (
        "transfer", "ok" if records > 1 else "truncated")
    relay.proxy.wait(event=event, type="IXFR", result=result)


def test_P29_the_connection_of_a_transfer_that_goes_on_is_given_up(make_relay):
    """It is closed, not kept: the rest of that zone is still to come there."""
    relay = make_relay(in_messages([NEW, OLD, NEW]))
    relay.ask("udp", ixfr_query(ZONE, 5))
    connection = relay.primary.requests[0].connection
    until(lambda: connection.fileno() < 0, "the scripted primary saw it closed")


def test_X6_axfr_over_udp_is_a_form_error(make_relay):
    relay = make_relay()
    bare = relay.ask("udp", query(ZONE, "AXFR"))
    assert tsigtool.rcode(bare) == FORMERR and messages.question_type(bare) == AXFR
    assert relay.primary.requests == []


def test_M4_what_is_passed_keeps_its_size(make_plain):
    """A key of the two ends: nothing but the ID changes, whatever udp-size says."""
    plain = make_plain(sized(3000, authority=100, additional=None), secondary={"unknown_key": "pass"})
    message = tsigtool.sign(query(ZONE, payload=4096), Key.new("theirs.example"))[0]
    assert len(plain.ask(message)) == 3000
    assert plain.primary.requests[0].wire[2:] == message[2:]
