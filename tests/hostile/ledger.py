"""What hostile servers have really given, to hold against what clients were led to believe."""

import struct
import threading
import time

import tsigtool
from messages import AXFR, IXFR, SOA

# Of a type with names in it: how many octets stand before them, and how many there are.
NAMES = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1)}
UNREADABLE = (IndexError, struct.error, tsigtool.BadTsig)
KEPT = 60  # seconds
KEPT_FIT = 900  # a secondary that was not reached is told later


def records(wire):
    """The answer records as tuples, names written out; None when the message cannot be read."""
    try:
        return [(r.name.lower(), r.type, r.klass, r.ttl, _rdata(wire, r))
                for r in tsigtool.records(wire) if r.section == 1]
    except UNREADABLE:
        return None


def _name(wire, at):
    """A name in RDATA, which the proxy need not have looked at: what is none depends on the ID, where it points
    into the header."""
    found, end, least = b"", None, len(wire)
    while wire[at]:
        if wire[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack_from("!H", wire, at)[0] & 0x3FFF
            if not 12 <= at < least:
                raise tsigtool.BadTsig("no pointer to what is before")
            least = at
            continue
        if wire[at] > 63 or len(found) > 255:
            raise tsigtool.BadTsig("no name")
        found += wire[at : at + 1 + wire[at]]
        at += 1 + wire[at]
    return found.lower() + b"\0", end or at + 1


def _rdata(wire, record):
    if record.type not in NAMES:
        return record.rdata
    before, names = NAMES[record.type]
    at = record.rdata_offset + before
    found = record.rdata[:before]
    end = record.rdata_offset + len(record.rdata)
    try:
        for _ in range(names):
            name, at = _name(wire[:end], at)
            found += name
    except UNREADABLE:
        return record.rdata
    return found + wire[at:end]


def question(wire):
    """Name in lower case, type and class, None when it has no single question."""
    try:
        if struct.unpack_from("!H", wire, 4)[0] != 1:
            return None
        name, at = tsigtool.read_name(wire, 12)
        return (name.lower(), *struct.unpack_from("!HH", wire, at))
    except UNREADABLE:
        return None


def _serial(record):
    return struct.unpack("!I", record[4][-20:-16])[0] if len(record[4]) >= 22 else None


def _client_serial(request, zone):
    """The serial in an IXFR's authority section."""
    for r in tsigtool.records(request):
        if r.section == 2 and (r.name.lower(), r.type, r.klass) == (zone, SOA, 1):
            return struct.unpack("!I", r.rdata[-20:-16])[0] if len(r.rdata) >= 22 else None
    return None


def ends(found, request):
    """How many of these records are a whole transfer to who asked so, None when they are not one. A second
    opinion, after RFC 5936 section 2.2 and RFC 1995 section 4."""
    zone, kind, _ = question(request)

    def apex(record):
        return record[:3] == (zone, SOA, 1)

    if not found or not apex(found[0]) or _serial(found[0]) is None:
        return None
    last = _serial(found[0])
    if kind == AXFR or (len(found) > 1 and not apex(found[1])):
        return next((i + 1 for i in range(1, len(found)) if apex(found[i])), None)
    if len(found) == 1:
        own = _client_serial(request, zone)
        # 2**31 apart neither is newer (RFC 1982 section 3.2)
        return 1 if own is not None and (own - last) % 2**32 <= 2**31 else None
    if _serial(found[1]) == last:
        return 2
    marks = [i for i in range(1, len(found)) if apex(found[i])]
    return next((i + 1 for n, i in enumerate(marks) if n and n % 2 == 0 and _serial(found[i]) == last), None)


class Response:
    """What one server gave to one request. `forged`: from then on nothing counts that comes."""

    def __init__(self, request, transport):
        self.request = request
        self.transport = transport
        self.time = time.monotonic()
        self.wires = []
        self.forged = False

    def gives(self, wire):
        """Called before a whole message is sent."""
        if not self.forged:
            self.wires.append(wire)

    def _counts(self, wire):
        asked = question(wire)
        return (len(wire) > 12 and wire[:2] == self.request[:2] and wire[2] & 0xF8 == self.request[2] & 0x78 | 0x80
                and (asked is None or asked == question(self.request)))

    def parts(self):
        """The records of each message that counts."""
        for wire in self.wires:
            found = records(wire) if self._counts(wire) else None
            if found is not None:
                yield found
            elif self.transport == "tcp":
                return

    def gave(self, wanted):
        """Whether the first so many whole messages have exactly these records."""
        so_far = []
        for found in self.parts():
            so_far += found
            if so_far == wanted:
                return True
            if len(so_far) > len(wanted):
                break
        return self.transport == "udp" and wanted in self.parts()

    def begins(self, wanted):
        """Whether a single message begins with these records."""
        return any(found[: len(wanted)] == wanted for found in self.parts())


class Ledger:
    """By zone, in lower case: the responses given, and the requests that were fit to be sent on."""

    def __init__(self):
        self._lock = threading.Lock()
        self._responses = {}
        self._fit = {}
        self.counts = {}

    def count(self, what, number=1):
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def response(self, zone, request, transport):
        made = Response(request, transport)
        with self._lock:
            self._responses.setdefault(zone, []).append(made)
            return made, len(self._responses[zone])

    def responses(self, zone):
        with self._lock:
            return list(self._responses.get(zone, ()))

    def fit(self, zone, opcode):
        with self._lock:
            self._fit[zone, opcode] = time.monotonic()

    def is_fit(self, zone, opcode):
        with self._lock:
            return (zone, opcode) in self._fit

    def forget(self):
        """What is too old for anyone to ask."""
        now = time.monotonic()
        with self._lock:
            for zone in [z for z, found in self._responses.items() if found[-1].time < now - KEPT]:
                del self._responses[zone]
            for key in [k for k, moment in self._fit.items() if moment < now - KEPT_FIT]:
                del self._fit[key]


TRANSFERS = (AXFR, IXFR)
