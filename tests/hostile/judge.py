"""What a client may be sent, by code of the tests alone: HMAC of tsigtool, records of ledger."""

import struct
import time

import ledger
import tsigtool
from tsigtool import BADTIME, BADTRUNC, Verifier

FUDGE = 300
REFUSALS = {1, 2, 4, 5, 9}  # what an unsigned answer to who must sign may say
OPEN_ROLES = ("plain", "observe")


class Fault(AssertionError):
    """Something that must never happen."""


def opcode(wire):
    return wire[2] >> 3 & 15


def fails(wire):
    """Whether it has an RCODE, that of its OPT with it."""
    return tsigtool.rcode(wire) or any(r.type == 41 and r.ttl >> 24 for r in tsigtool.records(wire))


def prove(wire, keys):
    """(key, MAC, error that the answer may have) of a request whose MAC is good, else None."""
    try:
        if sum(r.type == tsigtool.TSIG for r in tsigtool.records(wire)) != 1:
            return None
        bare, tsig = tsigtool.detach(wire)
    except ledger.UNREADABLE:
        return None
    if tsig is None or (tsig.klass, tsig.ttl) != (tsigtool.ANY, 0):
        return None
    for key in keys:
        if (tsig.owner.lower(), tsig.algorithm.lower()) != (tsigtool.name_wire(key.name), key.algorithm_wire):
            continue
        mac = key.mac(tsigtool.with_id(bare, tsig.original_id) + tsig.variables())
        if len(tsig.mac) < max(10, len(mac) // 2) or tsig.mac != mac[: len(tsig.mac)]:
            return None
        off = abs(time.time() - tsig.time)
        errors = {0} if off <= min(tsig.fudge, FUDGE) + 3 else set()
        errors |= {BADTIME} if off > min(tsig.fudge, FUDGE) - 6 else set()
        return key, tsig.mac, {BADTRUNC, *errors} - {0} if len(tsig.mac) < len(mac) else errors
    return None


class Asked:
    """One request as it was sent, and what came of it."""

    def __init__(self, wire, role):
        self.wire = wire
        self.proof = prove(wire, role.keys) if role.keys else None
        self.verifier = None
        self.found = []  # answer records
        self.messages = 0
        self.failed = False
        self.question = ledger.question(wire)
        self.zone = self.question[0] if self.question else b""

    def verify(self, answer):
        """The answer without TSIG, and the TSIG; the chain goes on only if it is good."""
        key, mac, _ = self.proof
        trial = Verifier(key, mac, least=10)
        if self.verifier:
            trial.__dict__.update(self.verifier.__dict__)
        bare, tsig = trial.check(answer)
        self.verifier = trial
        return bare, tsig

    def room(self):
        """What its OPT offers."""
        try:
            found = [r.klass for r in tsigtool.records(self.wire) if r.type == 41]
        except ledger.UNREADABLE:
            found = []
        return max([512, *found])


def may_go_on(wire, role):
    """Whether a request may be sent on to a server."""
    if role.kind in OPEN_ROLES:
        return True
    proof = prove(wire, role.keys)
    return bool(proof and 0 in proof[2])


class Judge:
    """Of one play, which has one socket. `sent` are the requests in the order in which they were framed."""

    def __init__(self, role, number, transport, book, udp_size):
        self.role, self.number, self.transport, self.book, self.udp_size = role, number, transport, book, udp_size
        self.sent = []

    def fault(self, text):
        return Fault(f"role {self.role.name}, play {self.number}, {self.transport}: {text}")

    def asks(self, wire):
        """Before it is sent: a server may see it at once."""
        asked = Asked(wire, self.role)
        self.sent.append(asked)
        self.book.count("requests")
        if asked.question and may_go_on(wire, self.role):
            self.book.fit(asked.zone, opcode(wire))

    def answer(self, wire):
        self.book.count("answers")
        if len(wire) < 12 or not wire[2] & 0x80:
            raise self.fault(f"no answer at all: {wire.hex()}")
        mine = [a for a in self.sent if len(a.wire) >= 12 and a.wire[:2] == wire[:2]]
        if not mine:
            raise self.fault(f"an answer with an ID that was not asked with: {wire.hex()}")
        if opcode(wire) not in {opcode(a.wire) for a in mine}:
            raise self.fault(f"another opcode than that of the request: {wire.hex()}")
        if self.transport == "udp":
            self._size(wire, mine)
        try:
            bare, tsig = tsigtool.detach(wire)
        except ledger.UNREADABLE as error:
            raise self.fault(f"an answer that cannot be read ({error!r}): {wire.hex()}") from None
        if tsig is None or not tsig.mac:
            self._unsigned(bare, tsig, mine)
        else:
            self._signed(wire, mine)

    def _size(self, wire, mine):
        most = min(self.udp_size, max(a.room() for a in mine))
        if len(wire) > most:
            raise self.fault(f"{len(wire)} octets over UDP where {most} are allowed: {wire.hex()}")

    def _unsigned(self, bare, tsig, mine):
        rcode, data = tsigtool.rcode(bare), struct.unpack_from("!3H", bare, 6)
        if tsig is not None and (rcode != 9 or tsig.error not in (tsigtool.BADKEY, tsigtool.BADSIG)):
            raise self.fault(f"a TSIG without a MAC that tells no failure: {bare.hex()}")
        if self.role.kind in OPEN_ROLES:
            unproven = [a for a in mine if not a.proof]
            if tsig is None and len(unproven) == 1:
                self._take(unproven[0], bare)
        elif rcode not in REFUSALS or data[0] or data[1]:
            raise self.fault(f"data or success without a TSIG: {bare.hex()}")

    def _signed(self, wire, mine):
        proven = [a for a in mine if a.proof]
        for asked in proven:
            try:
                bare, tsig = asked.verify(wire)
            except AssertionError:
                continue
            if tsig.error not in asked.proof[2]:
                raise self.fault(f"TSIG error {tsig.error}, where {asked.proof[2]} may be: {wire.hex()}")
            if tsig.error and (tsigtool.rcode(bare) != 9 or any(struct.unpack_from("!2H", bare, 6))):
                raise self.fault(f"a TSIG error and yet an answer: {wire.hex()}")
            self.book.count("answers that verify")
            if not tsig.error:
                self._take(asked, bare)
            return
        what = "a MAC that is good for no request of this socket" if proven else \
            "a signed answer to what did not verify"
        raise self.fault(f"{what}: {wire.hex()} for {[a.wire.hex() for a in mine]}")

    def _take(self, asked, bare):
        """An answer that its reader believes."""
        found = ledger.records(bare)
        if found is None:
            raise self.fault(f"an answer that cannot be read: {bare.hex()}")
        asked.messages += 1
        if fails(bare) or tsigtool.flags(bare) & 0x0200 and self.transport == "tcp":
            asked.failed = True
            return
        asked.found += found
        transfer = asked.question and asked.question[1] in ledger.TRANSFERS and opcode(asked.wire) == 0
        if found and not (transfer and self.transport == "tcp"):
            self._single(asked, found, transfer)

    def _single(self, asked, found, transfer):
        """One message: as it was given, or the beginning where UDP cuts it."""
        given = self.book.responses(asked.zone)
        for response in given:
            if response.begins(found) if self.transport == "udp" or not transfer else response.gave(found):
                return
        raise self.fault(f"records of {asked.zone} that no server gave: {found}")

    def _transfers(self):
        """Those that were answered, and how many of the records make them whole."""
        for asked in self.sent:
            transfer = asked.question and asked.question[1] in ledger.TRANSFERS and opcode(asked.wire) == 0
            if self.transport == "tcp" and transfer and asked.found and not asked.failed:
                yield asked, ledger.ends(asked.found, asked.wire)

    def whole_transfers(self):
        """At the end: every transfer that its client takes for whole was given so."""
        for asked, took in self._transfers():
            if took is None:
                continue
            self.book.count("whole transfers")
            given = self.book.responses(asked.zone)
            if took < len(asked.found) or not any(r.gave(asked.found) for r in given):
                raise self.fault(f"a whole transfer of {asked.zone} that no server gave: {asked.found}")

    def ended_properly(self):
        """The proxy closed the connection in good order: nothing was broken off."""
        for asked, took in self._transfers():
            if took is None and asked.found[0][:3] == (asked.zone, 6, 1):
                raise self.fault(f"a transfer of {asked.zone} broke off without a reset: {asked.found}")
