"""DNS messages packed to the last octet, names compressed by hand: into owners, and inside RDATA."""

import struct

import dns.name
import dns.rdata
import dns.rdatatype

import messages

FULL = 65535
REACH = 0x3FFF  # the last offset that a pointer reaches
STEP = 2000  # octets of a record to fill up with; NSD never ends an AXFR with one of 16384 in it

# (octets before, character strings before, names) of the RDATA that may come compressed
LAYOUTS = {
    "NS": (0, 0, 1), "CNAME": (0, 0, 1), "SOA": (0, 0, 2), "PTR": (0, 0, 1), "MX": (2, 0, 1),
    "RP": (0, 0, 2), "AFSDB": (2, 0, 1), "RT": (2, 0, 1), "PX": (2, 0, 2), "SRV": (6, 0, 1),
    "NAPTR": (4, 3, 1),
}


class Record:
    """From a line "owner TTL IN type data"; letter case is kept."""

    def __init__(self, line):
        owner, ttl, _, self.kind, data = line.split(" ", 4)
        self.owner = dns.name.from_text(owner)
        self.ttl = int(ttl)
        self.rdata = dns.rdata.from_text("IN", self.kind, data)

    def exact(self):
        return self.owner.to_text(), self.ttl, self.kind, self.rdata.to_text()


class Packed:
    """One message in the making."""

    def __init__(self, request, question=True):
        """`request`, in wire form, gives ID and question."""
        self.wire = bytearray(request[:2] + struct.pack("!5H", messages.QR | messages.AA, question, 0, 0, 0))
        self.known = {}
        self.count = 0
        if question:
            end = 12 + len(messages.question(request))
            self._name(request[12 : end - 4])
            self.wire += request[end - 4 : end]

    def _name(self, wire):
        """Puts a name (wire form), compressed as far as can be with the same letter case."""
        at, start, pointer = 0, len(self.wire), None
        while wire[at]:
            pointer = self.known.get(bytes(wire[at:]))
            if pointer is not None:
                break
            if start + at <= REACH:
                self.known[bytes(wire[at:])] = start + at
            at += 1 + wire[at]
        self.wire += wire[:at] + (b"\0" if pointer is None else struct.pack("!H", 0xC000 | pointer))

    def _rdata(self, record):
        wire = record.rdata.to_wire()
        if record.kind not in LAYOUTS:
            self.wire += wire
            return
        at, strings, names = LAYOUTS[record.kind]
        for _ in range(strings):
            at += 1 + wire[at]
        self.wire += wire[:at]
        for _ in range(names):
            end = at
            while wire[end]:
                end += 1 + wire[end]
            self._name(wire[at : end + 1])
            at = end + 1
        self.wire += wire[at:]

    def add(self, record):
        self._name(record.owner.to_wire())
        number = dns.rdatatype.from_text(record.kind)
        self.wire += struct.pack("!HHIH", number, 1, record.ttl, 0)
        start = len(self.wire)
        self._rdata(record)
        self.wire[start - 2 : start] = struct.pack("!H", len(self.wire) - start)
        self.count += 1
        self.wire[6:8] = struct.pack("!H", self.count)

    def fill(self, owner, size=FULL):
        """Adds one TXT record that makes the message just so long, and returns it."""
        start, known = len(self.wire), dict(self.known)
        self._name(dns.name.from_text(owner).to_wire())
        left = size - len(self.wire) - 10
        del self.wire[start:]
        self.known = known
        strings = [255] * (left // 256) + ([left % 256 - 1] if left % 256 else [])
        record = Record(f"{owner} 60 IN TXT " + " ".join(f'"{"t" * n}"' for n in strings))
        self.add(record)
        assert len(self.wire) == size, len(self.wire)
        return record


def pack(request, records, last, name):
    """The records in messages of 65535 octets, each filled up with TXT records below `name`, and `last` in
    one more message; and all records in their order."""
    found, order, message = [], [], Packed(request)

    def end():
        while FULL - len(message.wire) > 2 * STEP:
            order.append(message.fill(f"Step{message.count}-{len(found)}.{name}", len(message.wire) + STEP))
        order.append(message.fill(f"Fill{len(found)}.{name}"))
        found.append(bytes(message.wire))
        return Packed(request)

    for record in records:
        if len(message.wire) > FULL - 700:
            message = end()
        message.add(record)
        order.append(record)
    message = end()
    for record in last:
        message.add(record)
    found.append(bytes(message.wire))
    return found, order + last
