"""One scripted primary, one proxy, one secondary played by the test: what most tests of relaying need."""

import client
import messages
import net
import tsigtool
from proxy import Proxy
from scripted import Scripted, sound
from tsigtool import Key

ZONE = "example.org"


class Relay:
    """`primary` and `secondary` are further settings of these sections, other keyword arguments are of
    [proxy]. `primaries`: scripted servers to use as the primary's addresses, in this order."""

    def __init__(self, launch, directory, script=sound, *, key=None, primaries=None, primary=None,
                 secondary=None, sections=(), **settings):
        self.key = key or Key.new("xfr.example")
        self.primaries = primaries or [Scripted(script)]
        self.source = net.fresh_address()
        self.secondary_place = net.Place(self.source, 53)
        all_sections = [
            self.key.section(),
            *sections,
            ("primary legacy", {"address": [net.text(p.place) for p in self.primaries], **(primary or {})}),
            ("secondary anycast", {"address": net.text(self.secondary_place), "key": self.key.label,
                                   **(secondary or {})}),
        ]
        for one in self.primaries:
            launch(one)
        self.proxy = launch(Proxy(directory / "proxy", all_sections, **settings))

    @property
    def primary(self):
        return self.primaries[0]

    def client(self, transport="tcp"):
        return client.CLIENTS[transport](self.proxy.place, self.source)

    def ask(self, transport, message, patience=20.0):
        """Signs, asks, verifies the answer; returns it without its TSIG."""
        wire, mac = tsigtool.sign(message, self.key)
        asking = self.client(transport)
        try:
            answer = asking.ask(wire, patience)
        finally:
            asking.close()
        assert answer[:2] == message[:2]
        return tsigtool.verify(answer, self.key, mac)[0]

    def send(self, asking, message):
        """Sends a signed request over an open client; returns the Verifier for its response."""
        wire, mac = tsigtool.sign(message, self.key)
        asking.send(wire)
        return tsigtool.Verifier(self.key, mac)

    def transfer(self, message, count=None, asking=None):
        """A transfer over TCP, every message verified: up to the second SOA, or `count` messages."""
        own = asking or self.client()
        verifier = self.send(own, message)
        try:
            return receive_transfer(own, verifier, count)
        finally:
            if asking is None:
                own.close()


def receive_transfer(asking, verifier, count=None):
    found, soas = [], 0
    while len(found) < count if count else soas < 2:
        bare = verifier.check(asking.receive())[0]
        found.append(bare)
        soas += sum(r.type == messages.SOA for r in tsigtool.records(bare) if r.section == 1)
    return found


def answers(wires):
    """All answer records of some messages: (owner, type, TTL, RDATA with a SOA's names in full)."""
    found = []
    for wire in wires:
        for r in tsigtool.records(wire):
            if r.section == 1:
                rdata = soa_rdata(wire, r) if r.type == messages.SOA else r.rdata
                found.append((r.name, r.type, r.ttl, rdata))
    return found


def soa_rdata(wire, record):
    primary, at = tsigtool.read_name(wire, record.rdata_offset)
    mailbox, at = tsigtool.read_name(wire, at)
    return primary + mailbox + wire[at : record.rdata_offset + len(record.rdata)]
