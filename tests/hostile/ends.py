"""Hostile servers: a primary whose answers may be anything, and a secondary that answers NOTIFYs so. What one does
to a request depends on the seed, the name in the question and how often that was asked."""

import contextlib
import socket
import time

import dns.exception

import asks
import judge
import ledger
import messages
import scripted
import tsigtool
from octets import chance_of, frame, mutate, pick, segments
from tsigtool import Signer

KEPT_REQUESTS = 64
LATE = (0.05, 0.3, 1.2, 3.5)  # seconds; the last is too late


class Server(scripted.Scripted):
    """Keeps no more than it needs, for it runs long, and closes what it has served."""

    def __init__(self, script, book):
        super().__init__(script)
        self.book = book

    def _handle(self, request):
        super()._handle(request)
        with self._news:
            del self.requests[:-KEPT_REQUESTS]

    def _converse(self, connection, source):
        with contextlib.closing(connection):
            super()._converse(connection, source)
        with self._news:
            self.connections.remove(connection)


class Hostile:
    """What the two have in common: chance by name, faults kept, and who may ask. `keys`: of the leg to the proxy."""

    def __init__(self, name, seed, book, *keys):
        self.name, self.seed, self.book, self.keys = name, seed, book, keys
        self.server = Server(self.script, book)
        self.aside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def start(self):
        self.aside.bind(("127.0.0.1", 0))
        self.server.start()

    def stop(self):
        self.aside.close()
        self.server.stop()

    @property
    def place(self):
        return self.server.place

    def script(self, request):
        wire = request.wire
        asked = ledger.question(wire)
        if asked is None:
            raise judge.Fault(f"{self.name} was asked without a question: {wire.hex()}")
        if not self.book.is_fit(asked[0], request.opcode):
            raise judge.Fault(f"{self.name} was sent what nobody had proven: {wire.hex()}")
        request.key, request.mac = self._check(wire)
        request.wire = tsigtool.detach(wire)[0]
        response, turn = self.book.response(asked[0], request.wire, request.transport)
        self.book.count(f"requests at {self.name}")
        chance = chance_of(self.seed, self.name, asked, request.transport, turn)
        try:
            self.respond(chance, request, response)
        except (dns.exception.DNSException, ValueError):  # a name or OPT that dnspython does not take
            self.book.count("requests beyond dnspython")
            self.give(request, response, wire[:2] + bytes([wire[2] & 0x78 | 0x80, 2]) + bytes(8))

    def _check(self, wire):
        """Key and MAC of what must be signed; what must not be is not."""
        if self.keys:
            proof = judge.prove(wire, self.keys)
            if not proof or proof[2] != {0}:
                raise judge.Fault(f"{self.name} was sent what does not verify: {wire.hex()}")
            return proof[:2]
        if any(r.type == tsigtool.TSIG for r in tsigtool.records(wire)):
            raise judge.Fault(f"{self.name} was sent a TSIG: {wire.hex()}")
        return None, None

    def single(self, chance, request, response, wire):
        """One answer, in many ways."""
        way = pick(chance, {"legal": 8, "mutated": 5, "late": 1, "twice": 2, "wrong id": 2, "aside": 2, "silent": 1,
                            "spoilt": 4, "noise": 1, "close": 1, "no qr": 1})
        tcp = request.transport == "tcp"
        if way == "silent":
            return
        if way == "close" and tcp:
            request.reset() if chance.random() < 0.5 else request.close()
            return
        if way == "late":
            time.sleep(chance.choice(LATE))
        if way == "aside" and not tcp:
            self.aside.sendto(wire[:-1] + bytes([wire[-1] ^ 1]), request.source)
        if way == "wrong id":
            self.give(request, response, chance.randbytes(2) + wire[2:])
        if way == "no qr":
            wire = messages.with_flags(wire, tsigtool.flags(wire) & 0x7FFF)
        if way == "mutated":
            wire = mutate(chance, wire)
        if way in ("noise", "spoilt"):
            self._spoil(chance, request, response, wire, way)
            if chance.random() < 0.5:
                return
        for _ in range(2 if way == "twice" else 1):
            self.give(request, response, wire)

    def _spoil(self, chance, request, response, wire, way):
        """What must not be believed, but for odd fields, some of which are sound. Over UDP the wait goes on."""
        ways = {"noise": 1} if way == "noise" else {"fields": 3, "legal": 2, "moved": 1}
        chosen = pick(chance, ways)
        if chosen == "fields" and request.key:
            response.gives(wire)
        else:
            response.forged = request.transport == "tcp"
        key = request.key or tsigtool.Key("x.example", secret=b"x" * 32)
        sent = asks.spoil(chance, wire, [key], {chosen: 1}, request_mac=request.mac)
        if chosen == "legal" and request.key:
            sent = wire if chance.random() < 0.5 else forge(chance, sent, len(wire))
        request.reply(sent[:65535])

    def give(self, request, response, wire):
        response.gives(wire)
        self.book.count(f"answers of {self.name}")
        if request.key and len(wire) >= 12:
            wire = tsigtool.sign(wire, request.key, request_mac=request.mac)[0]
        request.reply(wire[:65535])


class Primary(Hostile):
    def respond(self, chance, request, response):
        if request.transport == "tcp" and request.opcode == 0 and request.kind in ledger.TRANSFERS:
            self._transfer(chance, request, response)
        else:
            self.single(chance, request, response, _answer(chance, request))

    def _transfer(self, chance, request, response):
        wires = list(_transfer(chance, request))
        cut = chance.randrange(len(wires) + 1) if chance.random() < 0.25 else None
        spoilt = chance.randrange(len(wires)) if chance.random() < 0.3 else None
        signer = Signer(request.key, request.mac, chance.choice((1, 1, 2, 5, 99, 101))) if request.key else None
        self.book.count("transfers begun")
        for i, wire in enumerate(wires):
            if i == spoilt:
                wire = mutate(chance, wire, chance.choice((0, 2, 12)))
            last = i == len(wires) - 1
            sent = signer.message(wire, last) if signer and len(wire) >= 12 else wire
            forged = signer and len(wire) >= 12 and i == spoilt and chance.random() < 0.5
            if forged:
                response.forged = True
                sent = forge(chance, sent, len(wire))
            octets = frame(sent)
            if i == cut:
                self._cut(chance, request, octets)
                return
            response.gives(wire)
            for piece in segments(chance, octets):
                request.connection.sendall(piece)
            if chance.random() < 0.02:
                time.sleep(chance.choice(LATE))
        if chance.random() < 0.3:
            more = chance.choice((b"\0\0", b"\0", frame(b"x" * 12), octets))
            if more is octets:
                response.gives(wire)
            request.connection.sendall(more)
        self.book.count("transfers given")

    @staticmethod
    def _cut(chance, request, octets):
        """Somewhere in this message, or before it."""
        request.connection.sendall(octets[: chance.randrange(len(octets))])
        way = chance.randrange(4)
        if way == 0:
            request.reset()
        elif way < 3:
            request.close()


def forge(chance, sent, size):
    """Changes what the MAC covers, of a message that had so many octets before it was signed."""
    octets = bytearray(sent)
    at = chance.randrange(12, size) if size > 12 else 3
    octets[at] ^= 1 << chance.randrange(8)
    return bytes(octets)


def _answer(chance, request):
    zone = request.zone
    soa = messages.soa(zone, chance.choice((1, 5, 6, 7, 2**32 - 1)))
    hosts = [f"h{i}.{zone}. 60 IN TXT \"{'x' * chance.randrange(200)}\"" for i in range(chance.choice((0, 1, 9, 90)))]
    way = pick(chance, {"soa": 6, "hosts": 3, "rcode": 2, "tc": 1, "empty": 1})
    more = {"soa": {"lines": [soa]}, "hosts": {"lines": [soa, *hosts] if chance.random() < 0.7 else hosts},
            "rcode": {"rcode": chance.randrange(1, 11)}, "tc": {"flags": messages.TC, "lines": [soa]},
            "empty": {"authority": [soa]}}[way]
    if chance.random() < 0.2:
        more["additional"] = [f"ns.{zone}. 60 IN A 192.0.2.1"]
    return messages.answer(request.wire, question=chance.random() < 0.9, **more)


def _differences(chance, zone, last):
    """Of an IXFR from 5 to `last`, now and then with a step that is missing."""
    found = [messages.soa(zone, last)]
    steps = [s for s in range(5, last) if chance.random() < 0.95]
    for step in steps:
        found += [messages.soa(zone, step), *_hosts(chance, zone, chance.randrange(4)),
                  messages.soa(zone, step + 1), *_hosts(chance, zone, chance.randrange(4))]
    return found + [messages.soa(zone, last)]


def _hosts(chance, zone, count):
    kinds = ("A 192.0.2.1", f"NS ns.{zone}.", f"MX 10 mail.{zone}.", "AAAA 2001:db8::1", f"TXT \"{'y' * 200}\"",
             f"SOA a.{zone}. b.{zone}. 1 2 3 4 5", "TYPE65280 \\# 4 c00c0001")
    for i in range(count):
        kind = chance.choice(kinds[:5]) if chance.random() < 0.97 else chance.choice(kinds[5:])
        yield f"h{i}.{zone}. {chance.randrange(9)} IN {kind}"


def _transfer(chance, request):
    """The messages of one answer; most are whole transfers."""
    zone = request.zone
    way = pick(chance, {"whole": 8, "differences": 4 if request.kind == messages.IXFR else 1, "one soa": 2,
                        "behind": 1, "other": 1, "no end": 1, "rcode": 1})
    soa = messages.soa(zone, 7)
    body = list(_hosts(chance, zone, chance.choice((1, 5, 50, 400))))
    found = {"whole": [soa, *body, soa], "differences": _differences(chance, zone, chance.choice((6, 7, 9))),
             "one soa": [messages.soa(zone, chance.choice((1, 5, 7)))], "behind": [soa, *body, soa, *body[:2]],
             "other": [soa, *body, messages.soa(zone, 8)], "no end": [soa, *body], "rcode": []}[way]
    each = chance.choice((1, 2, 7, 30, 100)) if len(found) < 100 else chance.choice((20, 100, 400))
    for at in range(0, max(len(found), 1), each):
        rcode = chance.randrange(1, 11) if way == "rcode" else 0
        if chance.random() < 0.02:
            yield messages.answer(request.wire)
        yield messages.answer(request.wire, found[at : at + each], rcode=rcode,
                              question=at == 0 or chance.random() < 0.5)


class Secondary(Hostile):
    """Takes NOTIFYs; each must be what X7 leaves of one."""

    def respond(self, chance, request, response):
        wire = request.wire
        sections = [(r.section, r.type) for r in tsigtool.records(wire)]
        if request.opcode != 4 or not set(sections) <= {(1, messages.SOA), (3, 41)} or len(sections) > 2:
            raise judge.Fault(f"{self.name} was told more than a NOTIFY: {wire.hex()}")
        rcode = chance.choice((0, 0, 0, 1, 2, 4, 5, 9, 10))
        answer = messages.answer(wire, rcode=rcode, question=chance.random() < 0.9,
                                 flags=messages.AA if chance.random() < 0.9 else messages.TC)
        self.single(chance, request, response, answer)
