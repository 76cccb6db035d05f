"""What may come from a legacy primary, and what of it reaches the secondary: P25, P28, P29."""

import struct

import dns.edns
import pytest

import client
import messages
import tsigtool
from messages import NOERROR, REFUSED, SERVFAIL, ixfr_query, query, soa
from relay import ZONE
from scripted import sound
from sized import sized
from tsigtool import Key

NEW = soa(ZONE, 7)
KEY = Key.new("xfr.example")


def tsig_size(key):
    return len(tsigtool.name_wire(key.name)) + 10 + len(key.algorithm_wire) + 16 + key.mac_size


# P25: what TSIG pushes past the payload size


@pytest.fixture(params=[512, 1232])
def limit(request):
    return request.param


def ask_with(relay, limit):
    """Asks with this payload size; the answer, which must not be longer than that."""
    wire, mac = tsigtool.sign(query(ZONE, payload=None if limit == 512 else limit), relay.key)
    asking = relay.client("udp")
    answer = asking.ask(wire)
    asking.close()
    assert len(answer) <= limit
    bare = tsigtool.verify(answer, relay.key, mac)[0]
    assert (messages.opt(bare) is None) == (limit == 512)
    return bare


def contents(bare):
    """Records in each section, OPT aside, and whether TC is set."""
    _, answer, authority, additional = messages.counts(bare)
    return answer, authority, additional - (messages.opt(bare) is not None), bool(
        tsigtool.flags(bare) & messages.TC)


def test_P25_what_fits_stays_whole(make_relay, limit):
    key = Key.new("xfr.example")
    relay = make_relay(sized(limit - tsig_size(key), authority=100, additional=None), key=key)
    answer, authority, additional, tc = contents(ask_with(relay, limit))
    assert (answer, authority, additional > 0, tc) == (1, 1, True, False)


def test_P25_one_octet_more_and_the_additional_section_goes(make_relay, limit):
    key = Key.new("xfr.example")
    relay = make_relay(sized(limit - tsig_size(key) + 1, authority=100, additional=None), key=key)
    assert contents(ask_with(relay, limit)) == (1, 1, 0, False)


def test_P25_then_the_authority_section_goes(make_relay, limit):
    relay = make_relay(sized(limit, authority=None, additional=60))
    assert contents(ask_with(relay, limit)) == (1, 0, 0, False)


def test_P25_only_then_tc(make_relay, limit):
    relay = make_relay(sized(limit, answer=None))
    bare = ask_with(relay, limit)
    assert contents(bare) == (0, 0, 0, True)
    assert tsigtool.rcode(bare) == NOERROR


def test_P25_not_even_that_fits_is_silence(make_relay):
    label = "k" * 60
    key = Key.new(f"{label}.{label}.{label}.example", "hmac-sha512", label="long")
    name = ".".join(["q" * 60] * 4)[:240]
    relay = make_relay(key=key)
    asking = relay.client("udp")
    asking.send(tsigtool.sign(query(name), key)[0])
    relay.primary.wait(1)
    wire, mac = tsigtool.sign(query(ZONE), key)
    tsigtool.verify(asking.ask(wire), key, mac)  # nothing else came before it
    asking.close()


@pytest.mark.parametrize("offered", [1232, 4096, 65535])
@pytest.mark.parametrize("size", [512, 1232, 4096])
def test_P25_no_answer_is_larger_than_udp_size(make_relay, size, offered):
    relay = make_relay(sized(5000, authority=100, additional=None), udp_size=size)
    limit = min(size, offered)
    bare = ask_with(relay, offered)
    assert len(bare) + tsig_size(relay.key) <= limit
    assert contents(bare) == (1, 1, 0, False)
    asked = messages.opt(relay.primary.requests[0].wire).klass
    assert asked == max(512, limit - tsig_size(relay.key))


def test_P25_udp_size_is_what_our_own_answers_say(make_relay):
    relay = make_relay(udp_size=1400)
    for transport in ("udp", "tcp"):
        bare = relay.ask(transport, query("elsewhere.test", "A", payload=4096))
        assert tsigtool.rcode(bare) == REFUSED
        assert messages.opt(bare).klass == 1400


@pytest.mark.parametrize("payload", [512, 550, 1232, 4096, 65535])
def test_M7_payload_size_towards_the_primary_leaves_room_for_tsig(make_relay, payload):
    relay = make_relay()
    relay.ask("udp", query(ZONE, payload=payload))
    asked = messages.opt(relay.primary.requests[0].wire).klass
    given = min(payload, 1232)  # udp-size
    assert asked <= max(512, given - tsig_size(relay.key))
    assert asked >= max(512, given - 2 * tsig_size(relay.key))


def test_M7_options_of_one_hop_are_not_relayed(make_relay):
    relay = make_relay()
    cookie, keepalive, padding, nsid = (10, b"12345678"), (11, b""), (12, b"\0" * 9), (3, b"")
    options = [dns.edns.GenericOption(*o) for o in (cookie, keepalive, nsid, padding)]
    relay.ask("tcp", query(ZONE, payload=1232, options=options))
    assert set(messages.opt_options(relay.primary.requests[0].wire)) == {3, 12}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_M7_options_of_one_hop_are_not_relayed_back(make_relay, transport):
    def script(request):
        options = [(10, b"12345678abcdefgh"), (11, b"\0\x64"), (3, b"name")]
        rdata = b"".join(struct.pack("!HH", code, len(data)) + data for code, data in options)
        opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(rdata)) + rdata
        end = tsigtool.records(request.wire)[0].start
        asked = messages.with_counts(request.wire, ar=0)[:end]
        request.reply(tsigtool.append(messages.answer(asked, [NEW]), opt))

    bare = make_relay(script).ask(transport, query(ZONE, payload=1232))
    assert set(messages.opt_options(bare)) == {3}
    assert messages.first_serial(bare) == 7


def test_M7_ad_of_unsigned_data_is_cleared_in_an_answer_to_a_query(make_relay):
    flags = messages.AA | messages.AD
    relay = make_relay(
        lambda request: request.answer(f"www.{ZONE}. 60 IN A 192.0.2.1", flags=flags),
        secondary={"allow": "query"})
    bare = relay.ask("tcp", query(f"www.{ZONE}", "A"))
    assert tsigtool.flags(bare) & (messages.AA | messages.AD) == messages.AA


# P28: what does not match is never signed


def other_id(wire):
    return tsigtool.with_id(wire, tsigtool.message_id(wire) ^ 1)


FORGED = {
    "wrong_id": lambda request: other_id(messages.answer(request.wire, [NEW])),
    "wrong_name": lambda request: tsigtool.with_id(
        messages.answer(query("evil.example.org"), [NEW]), request.number),
    "wrong_type": lambda request: tsigtool.with_id(messages.answer(query(ZONE, "A"), [NEW]), request.number),
    "wrong_class": lambda request: tsigtool.with_id(
        messages.answer(query(ZONE, klass="CH")), request.number),
    "wrong_opcode": lambda request: messages.with_flags(messages.answer(request.wire, [NEW]), 0xA400),
    "not_an_answer": lambda request: request.wire,
    "garbage": lambda request: request.wire[:2] + b"\x84\0" + bytes(range(1, 60)),
    "short": lambda request: request.wire[:5],
    "cut_off": lambda request: messages.answer(request.wire, [NEW])[:-3],
    "trailing": lambda request: messages.answer(request.wire, [NEW]) + b"more",
    "with_tsig": lambda request: tsigtool.sign(messages.answer(request.wire, [NEW]), KEY)[0],
    "no_question_but_records": lambda request: messages.answer(request.wire, [NEW], question=False),
}


@pytest.mark.parametrize("case", FORGED)
def test_P28_is_dropped_by_udp_and_the_right_answer_taken(make_relay, case):
    def script(request):
        request.reply(FORGED[case](request))
        request.answer(soa(ZONE, 1234))

    relay = make_relay(script)
    assert messages.first_serial(relay.ask("udp", query(ZONE))) == 1234
    assert len(relay.primary.requests) == 1


@pytest.mark.parametrize("kind", ["SOA", "AXFR"])
@pytest.mark.parametrize("case", [c for c in FORGED if c != "no_question_but_records"])
def test_P28_aborts_by_tcp(make_relay, case, kind):
    """Closed, or a SERVFAIL of the proxy's own: never what the primary said."""
    relay = make_relay(lambda request: request.reply(FORGED[case](request)), answer_timeout=2)
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, kind))
    try:
        bare = verifier.check(asking.receive())[0]
    except (client.Closed, ConnectionResetError):
        return
    assert tsigtool.rcode(bare) == SERVFAIL
    assert messages.counts(bare)[1] == 0


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_P28_header_only_error_matches(make_relay, transport):
    relay = make_relay(lambda r: r.reply(r.wire[:2] + struct.pack("!5H", 0x8405, 0, 0, 0, 0)))
    assert tsigtool.rcode(relay.ask(transport, query(ZONE))) == REFUSED


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_P28_letter_case_of_the_question_does_not_matter(make_relay, transport):
    def script(request):
        request.reply(messages.answer(request.wire, [NEW]).replace(b"\7example", b"\7EXAMPLE", 1))

    assert messages.first_serial(make_relay(script).ask(transport, query(ZONE))) == 7


# P29: transports, ports and IDs towards the primary


TRANSPORTS = [
    ("auto", "SOA", "udp", "udp"),
    ("auto", "SOA", "tcp", "tcp"),
    ("auto", "IXFR", "udp", "tcp"),
    ("auto", "A", "udp", "tcp"),
    ("same", "IXFR", "udp", "udp"),
    ("same", "A", "udp", "udp"),
    ("same", "SOA", "tcp", "tcp"),
    ("tcp", "SOA", "udp", "tcp"),
]


@pytest.mark.parametrize("setting,kind,asked,used", TRANSPORTS)
def test_P29_transport(make_relay, setting, kind, asked, used):
    relay = make_relay(primary={"transport": setting}, secondary={"allow": "soa, axfr, ixfr, query"})
    message = ixfr_query(ZONE, 7) if kind == "IXFR" else query(ZONE, kind)
    assert tsigtool.rcode(relay.ask(asked, message)) == NOERROR
    assert [r.transport for r in relay.primary.requests] == [used]


def test_P29_ports_and_ids_are_random(make_relay):
    relay = make_relay()
    for _ in range(24):
        relay.ask("udp", query(ZONE, number=1))
    assert len({r.number for r in relay.primary.requests}) > 20
    assert len({r.source[1] for r in relay.primary.requests}) > 20


def test_P29_tsig_is_gone_and_nothing_else(make_relay):
    relay = make_relay()
    message = query(ZONE)
    relay.ask("udp", message)
    assert relay.primary.requests[0].wire[2:] == message[2:]


def test_M7_edns_strip(make_relay):
    relay = make_relay(sound, primary={"edns": "strip"})
    bare = relay.ask("udp", query(ZONE, payload=1232))
    assert messages.opt(relay.primary.requests[0].wire) is None
    assert messages.first_serial(bare) == 7
