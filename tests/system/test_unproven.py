"""Who has proven nothing over UDP: how much it is answered, and how often."""

import time

import pytest

import messages
import net
import tsigtool
from bench import MAIN, STRANGER, ZONE
from client import Udp
from messages import NOTAUTH, REFUSED, notify, query, with_counts, with_flags
from relay import ZONE as RELAY_ZONE
from tsigtool import BADKEY, BADTIME, sign

RATE = 20


def soa_query(**more):
    return query(ZONE, **more)


KINDS = {  # name: (who sends it, what)
    "junk, 5 octets": ("nobody", lambda: b"\0\1\2\3\4"),
    "an answer": ("nobody", lambda: with_flags(soa_query(), 0x8000)),
    "header alone": ("nobody", lambda: soa_query()[:4] + bytes(8)),
    "header alone, STATUS": ("nobody", lambda: with_flags(soa_query()[:4] + bytes(8), 0x1000)),
    "malformed": ("nobody", lambda: soa_query()[:-3]),
    "malformed, with OPT": ("nobody", lambda: soa_query(payload=1232)[:-3]),
    "no question": ("nobody", lambda: with_counts(soa_query()[:12], qd=0)),
    "unknown opcode": ("nobody", lambda: with_flags(soa_query(), 0x1000)),
    "class CH": ("nobody", lambda: query(ZONE, klass="CH")),
    "unknown source": ("nobody", soa_query),
    "unknown source, with OPT": ("nobody", lambda: soa_query(payload=1232)),
    "unknown source, root, with OPT": ("nobody", lambda: query(".", payload=1232)),
    "unknown source, NOTIFY": ("nobody", lambda: notify(ZONE, payload=1232)),
    "unknown source, with a key": ("nobody", lambda: sign(soa_query(payload=1232), STRANGER)[0]),
    "key from elsewhere": ("nobody", lambda: sign(soa_query(payload=1232), MAIN)[0]),
    "no TSIG": ("alpha", soa_query),
    "no TSIG, with OPT": ("alpha", lambda: soa_query(payload=1232)),
    "no TSIG, root, with OPT": ("alpha", lambda: query(".", payload=1232)),
    "AXFR over UDP, plain": ("plain", lambda: query(ZONE, "AXFR")),
    "IXFR without SOA, plain": ("plain", lambda: query(ZONE, "IXFR", payload=1232)),
    "BADKEY": ("alpha", lambda: sign(soa_query(), STRANGER)[0]),
    "BADKEY, with OPT": ("alpha", lambda: sign(soa_query(payload=1232), STRANGER)[0]),
    "BADKEY, compressed key name": ("alpha", lambda: sign(query(f"{'x' * 60}.{ZONE}"), STRANGER, mac=b"",
                                                          owner=b"\xc0\x0c")[0]),
    "BADSIG": ("alpha", lambda: sign(soa_query(), MAIN, mac=bytes(32))[0]),
    "BADSIG, with OPT": ("alpha", lambda: sign(soa_query(payload=1232), MAIN, mac=bytes(32))[0]),
    "BADSIG, shortest MAC": ("alpha", lambda: sign(soa_query(), MAIN, mac=bytes(16))[0]),
    "MAC size": ("alpha", lambda: sign(soa_query(), MAIN, mac=bytes(1))[0]),
    "malformed TSIG": ("alpha", lambda: sign(soa_query(), MAIN, mac_size=1000)[0]),
}


def test_an_answer_to_who_has_proven_nothing_has_twice_the_octets_at_most(bench, capsys):
    lines, most = [], 0.0
    for kind, (source, make) in KINDS.items():
        asking, wire = bench.client("udp", source), make()
        asking.send(wire)
        try:
            answer = asking.receive(0.3)
        except TimeoutError:
            answer = b""
        most = max(most, len(answer) / len(wire))
        lines.append(f"  {kind:32} {len(wire):5} {len(answer):5}   x{len(answer) / len(wire):.2f}")
    with capsys.disabled():
        print("\n  from who has proven nothing     octets in   out")
        print("\n".join(lines))
    assert 0.9 < most <= 2.0


def answered(asking, wires):
    """How many are answered of a burst."""
    for wire in wires:
        asking.send(wire)
    count = 0
    while not asking.silent(0.5):
        count += 1
    return count


UNPROVEN = {
    "unsigned": lambda relay, number: query(RELAY_ZONE, number=number),
    "badkey": lambda relay, number: sign(query(RELAY_ZONE, number=number), STRANGER)[0],
    "badsig": lambda relay, number: sign(query(RELAY_ZONE, number=number), relay.key, mac=bytes(32))[0],
}


@pytest.mark.parametrize("kind", UNPROVEN)
def test_refusals_of_an_address_are_limited_in_rate(make_relay, kind):
    relay = make_relay(refusal_rate=RATE)
    asking = relay.client("udp")
    began = time.monotonic()
    count = answered(asking, [UNPROVEN[kind](relay, n) for n in range(200)])
    assert RATE <= count <= RATE * (1 + time.monotonic() - began)
    relay.proxy.wait(event="limit", result="refusal-rate", peer="anycast")
    assert messages.first_serial(relay.ask("udp", query(RELAY_ZONE))) == 7
    asking.close()


def test_refusals_of_strangers_are_limited_by_network(make_relay):
    relay = make_relay(refusal_rate=RATE)
    network = net.fresh_address().rsplit(".", 1)[0]
    other = network[:-1] + ("1" if network[-1] != "1" else "2")
    sources = [f"{network}.251", f"{network}.252", f"{network}.253", f"{other}.254"]
    asking = [Udp(relay.proxy.place, source) for source in sources]
    wires = [query(RELAY_ZONE, number=n) for n in range(100)]
    first = answered(asking[0], wires)
    assert first >= RATE
    assert answered(asking[3], wires) >= RATE
    began = time.monotonic()
    both = answered(asking[1], wires) + answered(asking[2], wires)
    assert both <= RATE * (2 + time.monotonic() - began)
    for one in asking:
        one.close()


def test_what_verifies_is_answered_whatever_the_rate(make_relay):
    """A clock that differs, a zone that is not allowed: the answer is signed, and the sender is who it says."""
    relay = make_relay(refusal_rate=0, secondary={"zones": RELAY_ZONE})
    asking = relay.client("udp")
    for number in range(60):
        wire, mac = sign(query("elsewhere.example", number=number), relay.key)
        bare = tsigtool.verify(asking.ask(wire), relay.key, mac)[0]
        assert tsigtool.rcode(bare) == REFUSED
    for number in range(60):
        wire, mac = sign(query(RELAY_ZONE, number=number), relay.key, time=1_000_000)
        bare, tsig = tsigtool.verify(asking.ask(wire), relay.key, mac)
        assert (tsigtool.rcode(bare), tsig.error) == (NOTAUTH, BADTIME)
    asking.close()


def test_a_rate_of_0_answers_none_over_udp_and_all_over_tcp(make_relay):
    relay = make_relay(refusal_rate=0)
    asking = relay.client("udp")
    asking.send(sign(query(RELAY_ZONE), STRANGER)[0])
    relay.proxy.wait(event="limit", result="refusal-rate")
    assert asking.silent(0.3)
    asking.close()
    asking = relay.client()
    answer = asking.ask(sign(query(RELAY_ZONE), STRANGER)[0])
    assert tsigtool.detach(answer)[1].error == BADKEY
    asking.close()
