"""Transfers through the proxy: P20 to P27, and X1 to X10."""

import threading
import time

import pytest

import messages
import tsigtool
from messages import REFUSED, ixfr_query, query, soa
from relay import ZONE, answers
from scripted import sound

HOST = "h{}.example.org. 60 IN A 192.0.2.{}"


def hosts(first, count):
    return [HOST.format(i, i % 250) for i in range(first, first + count)]


def in_parts(*parts, **more):
    """A primary that answers a transfer with one message for each list of records."""

    def script(request):
        if request.kind in (messages.AXFR, messages.IXFR):
            for part in parts:
                request.answer(*part, **more)
        else:
            sound(request)

    return script


NEW, OLD = soa(ZONE, 7), soa(ZONE, 5)


def test_P20_every_message_is_signed(make_relay):
    parts = [[NEW], *[hosts(i, 3) for i in range(120)], [NEW]]
    relay = make_relay(in_parts(*parts))
    got = relay.transfer(query(ZONE, "AXFR"))
    assert len(got) == len(parts)
    assert len(answers(got)) == 2 + 360
    line = relay.proxy.wait(event="transfer", type="AXFR", result="ok")
    assert (line["messages"], line["serial"], line["zone"]) == (str(len(parts)), "7", ZONE)
    assert (line["peer"], line["key"]) == ("anycast", relay.key.name)


def test_M7_messages_are_relayed_as_they_are(make_relay):
    """All but ID, ARCOUNT and TSIG: flags, letter case, compression, unknown types, question or none."""
    sent = []

    def script(request):
        first = messages.answer(request.wire, [soa("eXample.ORG", 7), *hosts(0, 3)], flags=0)
        odd = ["Odd.Example.org. 60 IN TYPE65280 \\# 4 c00c0001"]
        second = messages.answer(request.wire, odd, question=False)
        last = messages.answer(request.wire, [NEW], flags=messages.AA | messages.RD)
        sent.extend([first, second, last])
        request.reply(*sent)

    relay = make_relay(script)
    got = relay.transfer(query("EXAMPLE.org", "AXFR", number=4711))
    assert [g[2:] for g in got] == [s[2:] for s in sent]
    assert {tsigtool.message_id(g) for g in got} == {4711}


def test_X1_soa_below_the_apex_does_not_end_an_axfr(make_relay):
    below = soa(f"child.{ZONE}", 7)
    relay = make_relay(in_parts([NEW, below, below], hosts(0, 2), [below], [NEW]))
    assert len(relay.transfer(query(ZONE, "AXFR"), count=4)) == 4
    relay.proxy.wait(event="transfer", messages=4, result="ok")


IXFRS = {
    "no_data": ([], {"authority": [NEW]}, 1),
    "no_records_at_all": ([], {}, 1),
    "refused": ([], {"rcode": REFUSED}, 1),
    "notimp": ([], {"rcode": messages.NOTIMP}, 1),
    "lone_soa": ([OLD], {}, 1),
    "axfr_style": ([NEW, *hosts(0, 4), NEW], {}, 1),
    "incremental": ([NEW, OLD, *hosts(0, 1), NEW, *hosts(1, 1), NEW], {}, 1),
}


@pytest.mark.parametrize("case", IXFRS)
def test_X2_ixfr_ends(make_relay, case):
    """And the same connection takes a second question after it."""
    records, more, count = IXFRS[case]
    relay = make_relay(in_parts(records, **more))
    asking = relay.client()
    got = relay.transfer(ixfr_query(ZONE, 5), count=count, asking=asking)
    assert len(answers(got)) == len(records)
    assert tsigtool.rcode(got[0]) == more.get("rcode", 0)
    assert messages.counts(got[0])[2] == len(more.get("authority", []))
    # One SOA that is not newer moves nothing: the secondary is up to date.
    line = relay.proxy.wait(event="refresh" if case == "lone_soa" else "transfer", type="IXFR")
    assert line["client-serial"] == "5"
    again = relay.send(asking, query(ZONE))
    assert messages.first_serial(again.check(asking.receive())[0]) == 7


def test_X2_incremental_in_many_messages(make_relay):
    middle = soa(ZONE, 6)
    parts = [[NEW], [OLD, *hosts(0, 1)], [middle], hosts(1, 2), [middle, *hosts(1, 1)], [NEW]]
    parts += [hosts(9, 1), [NEW]]
    relay = make_relay(in_parts(*parts))
    got = relay.transfer(ixfr_query(ZONE, 5), count=len(parts))
    assert len(got) == len(parts)
    assert relay.proxy.wait(event="transfer")["messages"] == str(len(parts))


def test_X2_tc_at_the_start_of_a_tcp_transfer_is_servfail(make_relay):
    relay = make_relay(in_parts([NEW], hosts(0, 2), flags=messages.AA | messages.TC))
    (got,) = relay.transfer(query(ZONE, "AXFR"), count=1)
    assert (tsigtool.rcode(got), answers([got])) == (messages.SERVFAIL, [])
    assert relay.proxy.wait(event="transfer")["result"] != "ok"


def test_X2_axfr_refused_is_relayed_signed(make_relay):
    relay = make_relay(in_parts([], rcode=REFUSED))
    (got,) = relay.transfer(query(ZONE, "AXFR"), count=1)
    assert tsigtool.rcode(got) == REFUSED


def test_P26_first_message_without_question_gets_it(make_relay):
    relay = make_relay(in_parts([NEW], hosts(0, 2), [NEW], question=False))
    got = relay.transfer(query(ZONE, "AXFR"))
    assert messages.question(got[0]) == messages.question(query(ZONE, "AXFR"))
    assert len(answers(got)) == 4


def test_X3_empty_messages_and_aa_0(make_relay):
    relay = make_relay(in_parts([NEW], [], hosts(0, 2), [], [], [NEW], flags=0))
    got = relay.transfer(query(ZONE, "AXFR"))
    assert len(answers(got)) == 4


def test_X4_error_in_mid_stream_is_relayed_and_ends_it(make_relay):
    def script(request):
        request.answer(NEW)
        request.answer(*hosts(0, 2))
        request.answer(rcode=messages.SERVFAIL)

    relay = make_relay(script)
    got = relay.transfer(query(ZONE, "AXFR"), count=3)
    assert tsigtool.rcode(got[2]) == messages.SERVFAIL
    assert relay.proxy.wait(event="transfer")["result"] != "ok"


def expect_reset_after(relay, count):
    """`count` messages come, verified; then the connection is reset."""
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    received = 0
    with pytest.raises(ConnectionResetError):
        while True:
            verifier.check(asking.receive())
            received += 1
    assert received <= count
    assert relay.proxy.wait(event="transfer")["result"] != "ok"


@pytest.mark.parametrize("way", ["close", "reset"])
def test_X5_primary_ends_in_mid_transfer(make_relay, way):
    def script(request):
        request.answer(NEW)
        request.answer(*hosts(0, 2))
        getattr(request, way)()

    expect_reset_after(make_relay(script), 2)


def test_X2_tc_in_mid_transfer_aborts_it(make_relay):
    def script(request):
        request.answer(NEW)
        request.answer(*hosts(0, 2), flags=messages.AA | messages.TC)
        request.answer(NEW)

    expect_reset_after(make_relay(script), 1)


@pytest.mark.parametrize("octets", [b"\0", b"\1\0abc", b"\0\5abcde", b"\0\0"], ids=repr)
def test_X5_garbage_in_mid_transfer(make_relay, octets):
    def script(request):
        request.answer(NEW)
        request.connection.sendall(octets)
        request.close()

    expect_reset_after(make_relay(script), 1)


def test_X5_primary_stalls_in_mid_transfer(make_relay):
    relay = make_relay(lambda request: request.answer(NEW), progress_timeout=1)
    began = time.monotonic()
    expect_reset_after(relay, 1)
    assert 0.9 < time.monotonic() - began < 6


def test_X5_secondary_leaves(make_relay):
    left = threading.Event()

    def script(request):
        request.answer(NEW)
        try:
            while True:
                request.answer(*hosts(0, 200))
        finally:
            left.set()

    relay = make_relay(script)
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    verifier.check(asking.receive())
    asking.reset()
    assert left.wait(10)


def test_X10_primary_closes_after_each_answer(make_relay):
    def script(request):
        sound(request)
        request.close()

    relay = make_relay(script)
    asking = relay.client()
    for kind in ("SOA", "AXFR", "SOA", "AXFR"):
        verifier = relay.send(asking, query(ZONE, kind))
        got = verifier.check(asking.receive())[0]
        assert messages.first_serial(got) == 7


def test_X10_one_record_in_each_message(make_relay):
    parts = [[NEW], *[[record] for record in hosts(0, 50)], [NEW]]
    relay = make_relay(in_parts(*parts))
    assert len(relay.transfer(query(ZONE, "AXFR"))) == 52


def test_P24_transfers_on_one_connection(make_relay):
    relay = make_relay(in_parts([NEW], *[hosts(i, 5) for i in range(20)], [NEW]))
    asking = relay.client()
    verifiers = {n: relay.send(asking, query(ZONE, "AXFR", number=n)) for n in (1, 2, 3)}
    soas = dict.fromkeys(verifiers, 0)
    while min(soas.values()) < 2:
        wire = asking.receive()
        number = tsigtool.message_id(wire)
        bare = verifiers[number].check(wire)[0]
        soas[number] += sum(r.type == messages.SOA for r in tsigtool.records(bare))


def big_text(owner, size):
    """A TXT record with so many octets of RDATA."""
    strings = ['"' + "x" * 255 + '"'] * (size // 256) + ['"' + "y" * (size % 256 - 1) + '"']
    return f"{owner}. 60 IN TXT {' '.join(strings)}"


def test_P26_message_too_long_for_tsig_is_cut(make_relay):
    body = [big_text(f"T{i}.{ZONE}", 6401) for i in range(10)]
    asked = query(ZONE, "AXFR", payload=1232)
    room = 65530 - len(messages.answer(asked, [NEW, *body]))
    body.append(big_text(f"last.{ZONE}", room - 17))
    full = messages.answer(asked, [NEW, *body])
    assert 65500 < len(full) <= 65535

    relay = make_relay(in_parts([NEW, *body], [NEW]))
    got = relay.transfer(asked)
    assert len(got) >= 3
    assert answers(got[:-1]) == answers([full])
    assert messages.counts(got[0])[0] == 1
    assert all(messages.opt(wire) for wire in got)


def test_P26_opening_soa_of_an_ixfr_is_never_alone(make_relay):
    deleted = [big_text(f"t.{ZONE}", 30000)]
    added = [big_text(f"t.{ZONE}", 30000), big_text(f"u.{ZONE}", 5270)]
    records = [NEW, OLD, *deleted, NEW, *added, NEW]
    relay = make_relay(in_parts(records))
    got = relay.transfer(ixfr_query(ZONE, 5), count=2)
    assert len(answers(got[:1])) >= 2
    assert answers(got) == answers([messages.answer(query(ZONE, "IXFR"), records)])


def test_P27_record_too_long_for_tsig_aborts(make_relay):
    relay = make_relay(in_parts([NEW], [big_text(f"t.{ZONE}", 65480)], [NEW]))
    expect_reset_after(relay, 1)
