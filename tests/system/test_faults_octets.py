"""A primary whose answer ends behind any of its octets, or comes octet by octet, to a client that is no faster."""

import collections
import re
import struct

import pytest

import client
import messages
import tsigtool
from faults import report
from messages import SERVFAIL, query, soa
from relay import answers
from scripted import sound
from tsigtool import Key

pytestmark = pytest.mark.any_workers

KEYS = {"plain": None, "signed": Key.new("upstream.example")}


def zone_of_three_messages(request, key):
    """What answers an AXFR, as it stands on the wire."""
    zone, wire = request.zone, request.wire
    parts = [[soa(zone, 7)], [f"host.{zone}. 60 IN A 192.0.2.1"], [soa(zone, 7)]]
    if key:
        wire, tsig = tsigtool.verify(wire, key)
        signer = tsigtool.Signer(key, tsig.mac)
    found = [messages.answer(wire, lines) for lines in parts]
    found = [signer.message(one) for one in found] if key else found
    return b"".join(struct.pack("!H", len(one)) + one for one in found)


def spoiling(key, sizes):
    """The script of a primary that does what its zone's name says, and keeps how much a whole answer is, which is
    the same for names of one length."""

    def script(request):
        word, number = re.match(r"([a-z]*)([0-9]*)\.", request.zone).groups()
        if word not in ("closed", "resets", "octets"):
            sound(request)
            return
        wire = zone_of_three_messages(request, key)
        sizes[word] = len(wire)
        for octets in [wire[: int(number)]] if number else struct.unpack(f"{len(wire)}c", wire):
            request.connection.sendall(octets)
        if number:
            request.close() if word == "closed" else request.reset()

    return script


def spoiled(make_relay, key):
    sizes = {}
    primary = {"key": key.label} if key else {}
    return make_relay(spoiling(key, sizes), primary=primary, sections=[key.section()] if key else []), sizes


def end_of_transfer(relay, zone):
    """How it ended: "whole", "error" or "reset". A connection that is closed well with less than that is a lie."""
    asking, soas = relay.client(), 0
    try:
        verifier = relay.send(asking, query(zone, "AXFR"))
        while soas < 2:
            bare = verifier.check(asking.receive())[0]
            if tsigtool.rcode(bare) == SERVFAIL:
                return "error"
            soas += sum(record.type == messages.SOA for record in tsigtool.records(bare) if record.section == 1)
        return "whole"
    except ConnectionResetError:
        return "reset"
    finally:
        asking.close()


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_an_answer_that_ends_behind_any_of_its_octets_is_never_whole(make_relay, key):
    relay, sizes = spoiled(make_relay, key)
    assert end_of_transfer(relay, "closed000.example") == "error"
    ends, at = collections.Counter(), 1
    while at < sizes["closed"]:
        ends[end_of_transfer(relay, f"{('closed', 'resets')[at % 2]}{at:03}.example")] += 1
        at += 1
    assert ends["whole"] == 0 and ends["error"] > 20 and ends["reset"] > 20
    assert end_of_transfer(relay, f"closed{at:03}.example") == "whole"
    report(f"an answer cut behind each of its octets, {'signed' if key else 'plain'}", ends)


class OctetByOctet(client.Tcp):
    """It sends one at a time, and reads one at a time."""

    def send(self, *wires):
        for octet in b"".join(struct.pack("!H", len(wire)) + wire for wire in wires):
            self.socket.sendall(bytes([octet]))

    def _take(self, size):
        while len(self.buffer) < size:
            self.buffer += self.socket.recv(1)
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_one_octet_at_a_time_from_either_end(make_relay, key):
    relay, _ = spoiled(make_relay, key)
    asking = OctetByOctet(relay.proxy.place, relay.source)
    verifier = relay.send(asking, query("octets.example", "AXFR"))
    found = [verifier.check(asking.receive())[0] for _ in range(3)]
    asking.close()
    assert [kind for _, kind, _, _ in answers(found)] == [messages.SOA, 1, messages.SOA]
