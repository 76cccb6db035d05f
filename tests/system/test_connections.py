"""TCP connections on both sides: RFC 7766, X9, X9b."""

import socket
import struct
import time

import messages
import tsigtool
from client import Tcp
from messages import query, soa
from relay import ZONE, receive_transfer
from scripted import sound


def test_query_that_comes_octet_by_octet(make_relay):
    relay = make_relay()
    asking = relay.client()
    wire, mac = tsigtool.sign(query(ZONE), relay.key)
    for octet in struct.pack("!H", len(wire)) + wire:
        asking.socket.sendall(bytes([octet]))
    assert messages.first_serial(tsigtool.verify(asking.receive(), relay.key, mac)[0]) == 7


def test_many_queries_in_one_write(make_relay):
    relay = make_relay()
    asking = relay.client()
    signed = {n: tsigtool.sign(query(ZONE, number=n), relay.key) for n in range(100)}
    asking.send(*[wire for wire, _ in signed.values()])
    for _ in range(100):
        answer = asking.receive()
        _, mac = signed.pop(tsigtool.message_id(answer))
        tsigtool.verify(answer, relay.key, mac)
    assert not signed


def test_X9_idle_connection_is_closed(make_relay):
    relay = make_relay(idle_timeout=1)
    fresh, used = relay.client(), relay.client()
    relay.send(used, query(ZONE)).check(used.receive())
    began = time.monotonic()
    assert fresh.ends(5) == "closed"
    assert used.ends(5) == "closed"
    assert 0.5 < time.monotonic() - began < 4


def test_X9_half_a_query_does_not_hold_a_connection_open(make_relay):
    relay = make_relay(idle_timeout=1)
    asking = relay.client()
    asking.socket.sendall(b"\0\x50half")
    assert asking.ends(5) in ("closed", "reset")


def test_X9_idle_timeout_is_not_for_who_waits_for_an_answer(make_relay):
    def script(request):
        request.answer(soa(ZONE, 7))
        time.sleep(2)  # the primary's own slowness, not a wait of the test
        request.answer(soa(ZONE, 7))

    relay = make_relay(script, idle_timeout=1)
    assert len(relay.transfer(query(ZONE, "AXFR"))) == 2


def test_X9b_upstream_connection_is_used_again_by_the_same_client_only(make_relay):
    relay = make_relay()
    one, two = relay.client(), relay.client()
    for asking in (one, two, one, two):
        relay.send(asking, query(ZONE)).check(asking.receive())
    ports = [r.source[1] for r in relay.primary.requests]
    assert ports[0] != ports[1]
    assert set(ports[:2]) & set(ports[2:]) in (set(), set(ports[:2]))


def test_X9b_query_that_fails_on_a_used_connection_is_tried_on_a_new_one(make_relay):
    """A primary that closes when it is asked a second time."""
    seen = {}

    def script(request):
        port = request.source[1]
        seen[port] = seen.get(port, 0) + 1
        if seen[port] > 1:
            request.close()
        else:
            sound(request)

    relay = make_relay(script)
    asking = relay.client()
    for kind in ("SOA", "SOA", "AXFR", "SOA"):
        assert messages.first_serial(relay.send(asking, query(ZONE, kind)).check(asking.receive())[0]) == 7


def test_peers_connection_that_says_nothing_costs_others_nothing(make_relay):
    relay = make_relay()
    sleepers = [Tcp(relay.proxy.place, relay.source) for _ in range(200)]
    assert messages.first_serial(relay.ask("tcp", query(ZONE))) == 7
    assert messages.first_serial(relay.ask("udp", query(ZONE))) == 7
    for sleeper in sleepers:
        sleeper.close()


def large_zone(request):
    """A transfer of 4 MB."""
    request.answer(soa(ZONE, 7))
    for i in range(100):
        request.answer(*[f"t{i}.{ZONE}. 60 IN TXT \"{n:0>250}\"" for n in range(150)])
    request.answer(soa(ZONE, 7))


def test_X9_client_that_shuts_down_behind_an_axfr_gets_the_zone(make_relay):
    """And reads it slowly."""
    relay = make_relay(large_zone)
    asking = Tcp(relay.proxy.place, relay.source, window=4096)
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    asking.socket.shutdown(socket.SHUT_WR)
    assert len(receive_transfer(asking, verifier)) == 102
    assert asking.ends(5) == "closed"


def test_X9_client_that_shuts_down_behind_many_questions_gets_all_answers(make_relay):
    relay = make_relay()
    asking = relay.client()
    signed = {n: tsigtool.sign(query(ZONE, number=n), relay.key) for n in range(50)}
    asking.send(*[wire for wire, _ in signed.values()])
    asking.socket.shutdown(socket.SHUT_WR)
    for _ in range(50):
        answer = asking.receive()
        _, mac = signed.pop(tsigtool.message_id(answer))
        tsigtool.verify(answer, relay.key, mac)
    assert asking.ends(5) == "closed"


def test_X9_client_that_shuts_down_without_a_question_is_closed_at_once(make_relay):
    relay = make_relay()
    asking = relay.client()
    asking.socket.shutdown(socket.SHUT_WR)
    assert asking.ends(1) == "closed"
