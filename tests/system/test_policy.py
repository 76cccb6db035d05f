"""Who may ask what: rules M1, M1b, M4, M5, M10 and X6."""

import pytest

import messages
import net
import tsigtool
from bench import (
    BETA,
    MAIN,
    OBSERVED,
    OPEN,
    STRANGER,
    TWINS,
    ZONE,
    assert_signed,
    assert_tsig_error,
    assert_unsigned,
)
from client import CLIENTS, Closed
from messages import FORMERR, NOERROR, NOTIMP, REFUSED
from proxy import Proxy
from scripted import Scripted, sound
from tsigtool import BADKEY, BADSIG, Key, sign

EDE = 15  # RFC 8914


# M1: who is asking


def test_M1_peers_at_one_address_are_told_apart_by_key(bench, transport):
    for key in TWINS:
        message, mac = sign(messages.query(ZONE), key)
        assert_signed(bench.ask(transport, message, "twin-1"), key, mac)


def test_M1_key_of_a_peer_elsewhere_is_refused_unsigned(bench, transport):
    start = bench.proxy.mark()
    message, _ = sign(messages.query(ZONE), BETA)
    assert_unsigned(bench.ask(transport, message), REFUSED)
    line = bench.proxy.wait(event="refused", key=BETA.name, start=start)
    assert bench.sources["alpha"] in " ".join(line.values())


def test_M1_good_key_from_an_unknown_address_is_refused_unsigned(bench, transport):
    message, _ = sign(messages.query(ZONE), MAIN)
    assert_unsigned(bench.ask(transport, message, "nobody"), REFUSED)


def test_M1_key_of_a_peer_elsewhere_with_a_bad_mac_is_not_signed(bench, transport):
    message = sign(messages.query(ZONE), Key(BETA.name, secret=b"x" * 32))[0]
    answer = bench.ask(transport, message)
    tsig = tsigtool.detach(answer)[1]
    assert tsigtool.rcode(answer) in (messages.NOTAUTH, REFUSED)
    assert tsig is None or tsig.mac == b""


def test_M1b_form_is_judged_before_the_address(bench, transport):
    message = sign(messages.query(ZONE), MAIN, ttl=1)[0]
    assert_unsigned(bench.ask(transport, message, "nobody"), FORMERR)


def test_M1b_signed_peer_without_tsig_is_refused_unsigned(bench, transport):
    before = len(bench.primary.requests)
    for kind in ("SOA", "AXFR", "A") if transport == "tcp" else ("SOA", "A"):
        assert_unsigned(bench.ask(transport, messages.query(ZONE, kind)), REFUSED)
    assert len(bench.primary.requests) == before


def test_M1b_operation_is_judged_after_the_mac(bench, transport):
    message = sign(messages.query("elsewhere.example", "A"), Key(MAIN.name, secret=b"x" * 32))[0]
    assert_tsig_error(bench.ask(transport, message), BADSIG, MAIN.name)


# M4: what is never forwarded, and what is on purpose


def test_M4_failed_tsig_is_never_forwarded(bench, transport):
    name = f"m4-{transport}.{ZONE}"
    bench.ask(transport, sign(messages.query(name), STRANGER)[0])
    bench.ask(transport, sign(messages.query(name), Key(MAIN.name, secret=b"x" * 32))[0])
    bench.ask(transport, sign(messages.query(name), MAIN, time=5)[0])
    bench.ask(transport, sign(messages.query(name), MAIN, length=16)[0])
    bench.ask(transport, messages.query(name))
    assert bench.forwarded(name) == []


def test_M4_plain_peer_is_served_unsigned(bench, transport):
    answer = bench.ask(transport, messages.query(ZONE), "plain")
    assert_unsigned(answer, NOERROR)
    assert messages.first_serial(answer) == 7


def test_M4_unknown_key_of_a_plain_peer_is_badkey(bench, transport):
    message = sign(messages.query(ZONE), STRANGER)[0]
    assert_tsig_error(bench.ask(transport, message, "plain"), BADKEY, STRANGER.name)


def test_M4_unknown_key_passes_unchanged_but_for_the_id(launch, tmp_path, transport):
    primary, source = launch(Scripted(sound)), net.fresh_address()
    sections = [
        ("primary legacy", {"address": net.text(primary.place)}),
        ("secondary passing", {"address": f"{source}@53", "unknown-key": "pass"}),
    ]
    proxy = launch(Proxy(tmp_path / "proxy", sections))
    message = sign(messages.query(ZONE, number=77), STRANGER)[0]
    answer = CLIENTS[transport](proxy.place, source).ask(message)
    (request,) = primary.requests
    assert request.wire[2:] == message[2:]
    assert answer[2:] == messages.answer(request.wire, [messages.soa(ZONE, 7)])[2:]


def test_M4_observe_lets_through_what_has_no_tsig(bench, transport):
    answer = bench.ask(transport, messages.query(ZONE), "observed")
    assert_unsigned(answer, NOERROR)
    assert messages.first_serial(answer) == 7


def test_M4_observe_never_lets_through_an_update_or_a_failed_tsig(bench, transport):
    zone = f"observe-{transport}.example"
    assert_unsigned(bench.ask(transport, messages.update(zone, f"a.{zone}"), "observed"), REFUSED)
    bad = sign(messages.query(zone), Key(OBSERVED.name, secret=b"x" * 32))[0]
    assert_tsig_error(bench.ask(transport, bad, "observed"), BADSIG, OBSERVED.name)
    bad = sign(messages.query(zone), STRANGER)[0]
    assert_tsig_error(bench.ask(transport, bad, "observed"), BADKEY, STRANGER.name)
    assert bench.forwarded(zone) == []


def test_M4_observe_still_signs_what_was_signed(bench, transport):
    message, mac = sign(messages.query(ZONE), OBSERVED)
    assert_signed(bench.ask(transport, message, "observed"), OBSERVED, mac)


# M5: what is refused


def test_M5_unknown_source_is_refused(bench, transport):
    assert_unsigned(bench.ask(transport, messages.query(ZONE), "nobody"), REFUSED)


def test_M5_extended_error_says_why(bench, transport):
    answer = bench.ask(transport, messages.query(ZONE, payload=1232), "nobody")
    assert_unsigned(answer, REFUSED)
    assert len(messages.opt_options(answer)[EDE]) >= 2


def test_M5_no_opt_without_opt(bench, transport):
    assert messages.opt(bench.ask(transport, messages.query(ZONE), "nobody")) is None


@pytest.mark.parametrize("payload", [None, 1232])
@pytest.mark.parametrize("name,kind", [("elsewhere.example", "SOA"), (ZONE, "A"), (ZONE, "DNSKEY")])
def test_M5_zone_or_operation_not_allowed_is_refused_signed(bench, transport, name, kind, payload):
    message, mac = sign(messages.query(name, kind, payload=payload), MAIN)
    bare, _ = assert_signed(bench.ask(transport, message), MAIN, mac, REFUSED)
    assert (EDE in messages.opt_options(bare)) == (payload is not None)


def test_M5_suffix_of_zones_does_not_match_a_longer_label(bench, transport):
    message, mac = sign(messages.query(f"not-{ZONE}"), MAIN)
    assert_signed(bench.ask(transport, message), MAIN, mac, REFUSED)
    message, mac = sign(messages.query(f"below.{ZONE}"), MAIN)
    assert_signed(bench.ask(transport, message), MAIN, mac, NOERROR)


def test_M5_update_needs_allow(bench, transport):
    message, mac = sign(messages.update(ZONE, f"new.{ZONE}"), MAIN)
    assert_signed(bench.ask(transport, message), MAIN, mac, REFUSED)


def test_M5_allowed_update_and_query(bench, transport):
    message, mac = sign(messages.update("open.example", "new.open.example"), OPEN)
    assert_signed(bench.ask(transport, message, "open"), OPEN, mac, NOERROR)
    message, mac = sign(messages.query("www.open.example", "A"), OPEN)
    assert_signed(bench.ask(transport, message, "open"), OPEN, mac, NOERROR)
    message, mac = sign(messages.query("open.example", "IXFR"), OPEN)
    assert tsigtool.rcode(bench.ask(transport, message, "open")) in (REFUSED, FORMERR)


def test_M5_notify_from_a_secondary_is_refused(bench, transport):
    """A NOTIFY is what a primary sends (M1)."""
    message = sign(messages.notify(ZONE, 8), MAIN)[0]
    assert tsigtool.rcode(bench.ask(transport, message)) == REFUSED


def test_M5_query_from_a_primary_is_refused(bench, transport):
    assert_unsigned(bench.ask(transport, messages.query(ZONE), "primary"), REFUSED)


# M10: junk


@pytest.mark.parametrize("opcode", [1, 2, 3, 6, 15])
@pytest.mark.parametrize("source", ["alpha", "nobody"])
def test_M10_other_opcode_is_notimp(bench, transport, opcode, source):
    message = messages.with_flags(messages.query(ZONE), opcode << 11)
    if source == "alpha":
        message = sign(message, MAIN)[0]
    assert tsigtool.rcode(bench.ask(transport, message, source)) == NOTIMP


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("flags", [0, 4 << 11, 5 << 11], ids=["query", "notify", "update"])
def test_M10_question_count_not_1_is_formerr(bench, transport, count, flags):
    bare = messages.query(ZONE)
    wire = bare[:12] + bare[12:] * count
    message = messages.with_counts(messages.with_flags(wire, flags), qd=count)
    assert tsigtool.rcode(bench.ask(transport, message)) == FORMERR


@pytest.mark.parametrize("klass", ["CH", "HS", "NONE", "ANY"])
def test_M10_class_not_in_is_refused(bench, transport, klass):
    message = sign(messages.query(ZONE, klass=klass), MAIN)[0]
    assert tsigtool.rcode(bench.ask(transport, message)) == REFUSED


@pytest.mark.parametrize("klass", ["NONE", "ANY"])
def test_M10_notify_or_update_of_class_any_is_formerr(bench, transport, klass):
    message = messages.notify(ZONE, klass=klass)
    assert tsigtool.rcode(bench.ask(transport, message, "primary")) == FORMERR
    number = {"NONE": 254, "ANY": 255}[klass]
    message = sign(messages.update(ZONE, klass=number), OPEN)[0]
    assert tsigtool.rcode(bench.ask(transport, message, "open")) == FORMERR


def test_M10_tkey_is_refused(bench, transport):
    """Even where any other question is allowed."""
    zone = f"tkey-{transport}.example"
    message = sign(messages.query(zone, "TKEY"), OPEN)[0]
    assert tsigtool.rcode(bench.ask(transport, message, "open")) == REFUSED
    assert bench.forwarded(zone) == []


def test_M10_short_or_answering_message_gets_silence_by_udp(bench):
    client = bench.client("udp")
    sound, mac = sign(messages.query(ZONE), MAIN)
    client.send(b"")
    for size in range(1, 12):
        client.send(sound[:size])
    client.send(messages.with_flags(messages.query(ZONE), messages.QR))
    client.send(sign(messages.with_flags(messages.query(ZONE), messages.QR), MAIN)[0])
    assert_signed(client.ask(sound), MAIN, mac)  # the first that comes is this one's


def test_M10_answering_message_gets_no_answer_by_tcp(bench):
    client = bench.client("tcp")
    message = messages.with_flags(messages.query(ZONE, number=1), messages.QR)
    sound, mac = sign(messages.query(ZONE, number=2), MAIN)
    client.send(message, sound)
    try:
        answer = client.receive()
    except (ConnectionResetError, Closed):
        return
    assert_signed(answer, MAIN, mac)


def copies(requests):
    """Questions may share a port, so that those are one whose ID is the same, too. After a second each is
    asked anew, with another."""
    return {(r.source, r.number) for r in requests if r.time < requests[0].time + 0.9}


def test_M10_duplicate_in_flight_gets_one_answer_by_udp(bench):
    client, zone = bench.client("udp"), f"slow-twice.{ZONE}"
    message, mac = sign(messages.query(zone, number=1), MAIN)
    client.send(message)
    client.send(message)
    (request, *_) = bench.primary.wait(matches=lambda r: r.zone == zone)
    barrier, barrier_mac = sign(messages.query(ZONE, number=2), MAIN)
    assert_signed(client.ask(barrier), MAIN, barrier_mac)
    assert len(copies(bench.forwarded(zone))) == 1
    request.answer(messages.soa(zone, 9))
    assert_signed(client.receive(), MAIN, mac)
    barrier, barrier_mac = sign(messages.query(ZONE, number=3), MAIN)
    assert_signed(client.ask(barrier), MAIN, barrier_mac)


def test_M10_other_ids_of_one_signed_request_are_each_answered_by_udp(bench):
    """The MAC covers the original ID, so that anyone can send it under any."""
    client, zone = bench.client("udp"), f"slow-ids.{ZONE}"
    message, mac = sign(messages.query(zone, number=1), MAIN)
    for number in (1, 7, 9, 7):
        client.send(tsigtool.with_id(message, number))
    (request, *_) = bench.primary.wait(matches=lambda r: r.zone == zone)
    barrier, barrier_mac = sign(messages.query(ZONE, number=2), MAIN)
    assert_signed(client.ask(barrier), MAIN, barrier_mac)
    assert len(copies(bench.forwarded(zone))) == 1
    request.answer(messages.soa(zone, 9))
    answers = {tsigtool.message_id(wire): wire for wire in (client.receive() for _ in range(3))}
    assert set(answers) == {1, 7, 9}
    for answer in answers.values():
        assert_signed(answer, MAIN, mac)
    barrier, barrier_mac = sign(messages.query(ZONE, number=3), MAIN)
    assert_signed(client.ask(barrier), MAIN, barrier_mac)


def test_M10_other_ids_of_an_unsigned_request_are_other_requests(bench):
    client, zone = bench.client("udp", "plain"), f"slow-plain.{ZONE}"
    for number in (1, 7):
        client.send(messages.query(zone, number=number))
    requests = bench.primary.wait(2, matches=lambda r: r.zone == zone)
    assert len(copies(requests)) == 2


def test_M10_same_octets_from_another_port_are_another_request(bench):
    message, mac = sign(messages.query(ZONE), MAIN)
    for client in (bench.client("udp"), bench.client("udp")):
        assert_signed(client.ask(message), MAIN, mac)


def test_M10_id_in_flight_closes_the_tcp_connection(bench):
    client = bench.client("tcp")
    client.send(sign(messages.query(f"slow-same.{ZONE}", number=1), MAIN)[0])
    client.send(sign(messages.query(ZONE, number=1), MAIN)[0])
    assert client.ends() in ("closed", "reset")


def test_P24_pipelined_ids_are_answered_out_of_order(bench):
    """State is per connection and ID."""
    client, zone = bench.client("tcp"), f"slow-order.{ZONE}"
    slow, slow_mac = sign(messages.query(zone, number=1), MAIN)
    client.send(slow)
    (request,) = bench.primary.wait(matches=lambda r: r.zone == zone)
    quick, quick_mac = sign(messages.query(ZONE, number=2), MAIN)
    assert_signed(client.ask(quick), MAIN, quick_mac)
    request.answer(messages.soa(zone, 9))
    assert_signed(client.receive(), MAIN, slow_mac)


def test_X6_axfr_by_udp_is_formerr(bench):
    message, mac = sign(messages.query(ZONE, "AXFR"), MAIN)
    answer = bench.ask("udp", message)
    assert tsigtool.rcode(answer) == FORMERR
    if tsigtool.detach(answer)[1]:
        tsigtool.verify(answer, MAIN, mac)
