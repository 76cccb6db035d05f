"""Octets that nobody sane would send, from either side, against the sanitizers: what is sound is still
served afterwards."""

import random

import pytest

import client
import messages
import tsigtool
from messages import ixfr_query, notify, query, soa, update
from relay import ZONE
from scripted import sound

ROUNDS = 1500


def mutate(chance, wire):
    """One of many ways to spoil a message; most keep it a little sensible."""
    octets = bytearray(wire)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(octets))
        way = chance.randrange(6)
        if way == 0:
            octets[at] = chance.randrange(256)
        elif way == 1:
            octets[at] ^= 1 << chance.randrange(8)
        elif way == 2:
            del octets[at : at + chance.randrange(1, 9)]
        elif way == 3:
            octets[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif way == 4:
            octets[at : at + 2] = bytes([0xC0 | chance.randrange(2), chance.randrange(256)])
        else:
            octets[4 + chance.randrange(8)] = chance.choice((0, 1, 2, 3, 255))
        if len(octets) < 13:
            return wire
    return bytes(octets)


def seeds(key):
    plain = [query(ZONE), query(ZONE, "AXFR"), ixfr_query(ZONE, 5, payload=1232), notify(ZONE, 8),
             update(ZONE, f"new.{ZONE}"), query(ZONE, payload=4096)]
    return plain + [tsigtool.sign(wire, key)[0] for wire in plain]


def test_garbage_from_the_secondary_by_udp(make_relay):
    relay, chance = make_relay(), random.Random(1)
    sources = seeds(relay.key)
    asking = relay.client("udp")
    for i in range(ROUNDS):
        asking.send(mutate(chance, chance.choice(sources)))
        if i % 50 == 0:
            assert messages.first_serial(relay.ask("udp", query(ZONE))) == 7
    asking.close()


def test_garbage_from_the_secondary_by_tcp(make_relay):
    relay, chance = make_relay(), random.Random(2)
    sources = seeds(relay.key)
    asking = relay.client()
    for i in range(ROUNDS):
        try:
            asking.send(mutate(chance, chance.choice(sources)))
        except OSError:
            asking.close()
            asking = relay.client()
        if i % 50 == 0:
            assert messages.first_serial(relay.ask("tcp", query(ZONE))) == 7
    asking.close()


def refusing(request):
    """A primary that refuses, whatever it is asked, but for one sound question."""
    if request.wire[12:] == query(ZONE)[12:]:
        sound(request)
    else:
        request.reply(request.wire[:2] + b"\x80\5" + bytes(8))


def test_mutated_then_signed_requests(make_relay):
    """They verify, so that what is behind the verification sees them."""
    relay = make_relay(refusing, secondary={"allow": "soa, axfr, ixfr, query, update"})
    chance = random.Random(3)
    sources = seeds(relay.key)[:6]
    asking = relay.client("udp")
    for i in range(ROUNDS):
        wire = mutate(chance, chance.choice(sources))
        asking.send(tsigtool.sign(wire, relay.key)[0])
        if i % 50 == 0:
            assert messages.first_serial(relay.ask("udp", query(ZONE))) == 7
    asking.close()


def spoiling(chance, only):
    """A primary whose answers are spoilt, but for one name."""

    def script(request):
        if request.zone == f"sound.{ZONE}":
            return sound(request)
        new = soa(ZONE, 7)
        hosts = [f"h{i}.{ZONE}. 60 IN A 192.0.2.{i}" for i in range(5)]
        answers = [messages.answer(request.wire, part) for part in ([new, *hosts], hosts, [new])]
        for wire in answers if request.transport == "tcp" else answers[:1]:
            request.reply(mutate(chance, wire) if chance.random() < only else wire)
        return None

    return script


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_garbage_from_the_primary(make_relay, transport):
    relay = make_relay(spoiling(random.Random(4), 0.5), answer_timeout=1, progress_timeout=1)
    waiting = []
    for i in range(300):
        asking = relay.client(transport)
        relay.send(asking, query(ZONE, ("SOA", "AXFR")[i % 2 if transport == "tcp" else 0]))
        waiting.append(asking)
        if len(waiting) > 60:
            waiting.pop(0).close()
        if i % 50 == 0:
            assert messages.first_serial(relay.ask(transport, query(f"sound.{ZONE}"))) == 7
    for asking in waiting:
        asking.close()


def test_hostile_lengths_by_tcp(make_relay):
    relay = make_relay(idle_timeout=2)
    for octets in (b"\0\0" * 100, b"\0\1x" * 50, b"\xff\xff" + bytes(65535), b"\xff\xff" * 40000):
        asking = relay.client()
        try:
            asking.socket.sendall(octets)
            asking.receive(0.2)
        except (OSError, client.Closed):
            pass
        asking.close()
    assert messages.first_serial(relay.ask("tcp", query(ZONE))) == 7
