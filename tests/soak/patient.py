"""Peers that have no rest and try again, as real ones do: each checks every answer to the last record, and counts
what went wrong instead of ending."""

import contextlib
import threading
import time

import dns.message
import dns.rdatatype

import client
import loaders
import messages
import tsigtool
import zones

TRIES = 3
WAIT = 2.0  # seconds for an answer over UDP
AGAIN = 0.1  # seconds
BURST = 20  # questions


class Ledger:
    """What all of them have seen, by name; `wrong` and `lost` with the first few sentences."""

    def __init__(self):
        self._lock = threading.Lock()
        self.counts = {}
        self.wrong, self.lost = [], []

    def count(self, what, number=1):
        with self._lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def __getitem__(self, what):
        return self.counts.get(what, 0)

    def tell(self, where, sentence):
        with self._lock:
            where.append(sentence)


def may_be_tried_again(error):
    """No wrong answer, but none: SERVFAIL too, for NSD closes connections when it reloads, and so a client is told."""
    return not isinstance(error, AssertionError) or getattr(error, "rcode", None) == messages.SERVFAIL


class Patient:
    """Mixed into a loader, before it."""

    ledger = None

    def noting(self, ledger):
        self.ledger = ledger
        return self

    def work(self):
        began, error = time.monotonic(), None
        for attempt in range(TRIES):
            self.ledger.count("tried again" if attempt else "requests")
            error = self._try()
            if not error or not may_be_tried_again(error):
                break
            self.ended.wait(AGAIN)
        self._note(error)
        self.worst = max(self.worst, time.monotonic() - began)
        self.count += 1
        return not self.ended.wait(self.pause)

    def _try(self):
        """What went wrong, or nothing."""
        try:
            self.exchange()
        except (OSError, EOFError, client.Closed, AssertionError) as error:
            return error
        return None

    def _note(self, error):
        if not error:
            self.ledger.count("answers")
            return
        where = self.ledger.lost if may_be_tried_again(error) else self.ledger.wrong
        self.ledger.tell(where, f"{self.name}, exchange {self.count}: {error!r}")


class Questions(Patient, loaders.Questions):
    def exchange(self):
        try:
            super().exchange()
        except (OSError, client.Closed):
            if self.kept:
                self.kept.close()
                self.kept = self._open()
            raise


class Bursts(Patient, loaders.Loader):
    """Many signed SOA questions at once over UDP, each answer checked: what loses a little with each question has soon
    lost much."""

    def __init__(self, place, source, key, zone, pause=0.01):
        super().__init__("SOA over UDP, many at once", pause)
        self.place, self.source, self.key, self.zone = place, source, key, zone

    def exchange(self):
        asked = {}
        with contextlib.closing(client.Udp(self.place, self.source)) as asking:
            for number in range(BURST):
                wire, mac = tsigtool.sign(messages.query(self.zone, number=number), self.key)
                asked[number] = wire, mac
                asking.send(wire)
            while asked:
                answer = asking.receive(WAIT)
                wire, mac = asked.pop(tsigtool.message_id(answer))
                loaders.assert_answers(wire, tsigtool.verify(answer, self.key, mac)[0])
        self.ledger.count("requests", BURST - 1)
        self.ledger.count("answers", BURST - 1)


class ToolTransfers(Patient, loaders.ToolTransfers):
    def exchange(self):
        super().exchange()
        self.ledger.count("transfers whole")


class Notifies(Patient, loaders.Notifies):
    pass


class Changes(Patient, loaders.Changes):
    """Each change is a transfer by every secondary."""

    def exchange(self):
        super().exchange()
        self.ledger.count("transfers whole", len(self.secondaries))
        self.ledger.count("changes")


class Differences(Patient, loaders.Loader):
    """IXFR, the MAC of every message checked, and what it makes of the copy before compared with the zone."""

    kind = "IXFR"

    def __init__(self, place, source, key, copies, pause=0.02):
        super().__init__(f"{self.kind} of {copies.name}, every MAC checked", pause)
        self.place, self.source, self.key, self.copies = place, source, key, copies
        self.serial, self.records = None, set()

    def exchange(self):
        asking = client.Tcp(self.place, self.source)
        try:
            name = self.copies.name
            question = messages.query(name, "AXFR") if self.serial is None else messages.ixfr_query(name, self.serial)
            wire, mac = tsigtool.sign(question, self.key)
            asking.send(wire)
            self.records = self._take(asking, tsigtool.Verifier(self.key, mac))
        finally:
            asking.close()
        self.copies.assert_one(self.records)
        self.serial = next(serial_of(one) for one in self.records if one[1] == "SOA")
        self.ledger.count("transfers whole")

    def _take(self, asking, verifier):
        found, whole = [], None
        while whole is None:
            bare = verifier.check(asking.receive())[0]
            loaders.assert_noerror(bare)
            parsed = dns.message.from_wire(bare, one_rr_per_rrset=True, xfr=True)
            found += [zones.record(rrset.name, rrset.ttl, rdata) for rrset in parsed.answer for rdata in rrset]
            whole = self._whole(found)
        return whole

    def _whole(self, found):
        """The zone that these records make of the copy, None while some are missing."""
        if len(found) == 1:
            return self.records if serial_of(found[0]) == self.serial else None
        if found[1][1] != "SOA":
            return set(found) if found[-1] == found[0] else None
        if found[-1] != found[0] or sum(one == found[0] for one in found) < 3:
            return None
        self.ledger.count("differences")
        return self._changed(found[1:-1])

    def _changed(self, steps):
        """Pairs of blocks, each of which begins with a SOA: what goes, and what comes. NSD gives records anew that are
        there already."""
        records, comes = set(self.records), True
        for one in steps:
            if one[1] == "SOA":
                comes = not comes
            (records.add if comes else records.discard)(one)
        return records


class Transfers(Differences):
    """AXFR in the same way."""

    kind = "AXFR"

    def exchange(self):
        self.serial = None
        super().exchange()


def serial_of(record):
    return int(record[3].split()[2])


class Updates(Patient, loaders.Loader):
    """UPDATEs, each of which adds a name; what is not answered over UDP is sent again as it was."""

    def __init__(self, place, source, key, server, pause=0.05):
        super().__init__("UPDATE", pause)
        self.place, self.source, self.key, self.server = place, source, key, server

    def owner(self, number):
        return f"u{number}.{self.server.zone.name}"

    def exchange(self):
        transport = ("udp", "tcp")[self.count % 2]
        wire, mac = tsigtool.sign(messages.update(self.server.zone.name, self.owner(self.count)), self.key)
        asking = client.CLIENTS[transport](self.place, self.source)
        try:
            try:
                answer = asking.ask(wire, WAIT)
            except TimeoutError:
                if transport == "tcp":
                    raise
                answer = asking.ask(wire, WAIT)
        finally:
            asking.close()
        loaders.assert_answers(wire, tsigtool.verify(answer, self.key, mac)[0])

    def assert_done(self):
        """The server has each name, but for what was told to be wrong or lost."""
        there = {owner for owner, *_ in self.server.records(self.server.zone.name)}
        missing = [n for n in range(self.count) if f"{self.owner(n)}." not in there]
        assert not missing, f"updates that were answered and not done: {missing[:5]}"


class Reading(Patient, loaders.Loader):
    """An AXFR that is read slowly, and whole at its end."""

    def __init__(self, place, source, key, zone, records, pause=0.1):
        super().__init__(f"AXFR of {zone}, read slowly", pause)
        self.place, self.source, self.key, self.zone, self.expected = place, source, key, zone, records

    def exchange(self):
        asking = client.Tcp(self.place, self.source, window=4096)
        try:
            wire, mac = tsigtool.sign(messages.query(self.zone, "AXFR"), self.key)
            asking.send(wire)
            verifier, count, soas = tsigtool.Verifier(self.key, mac), 0, 0
            while soas < 2:
                found = [r for r in tsigtool.records(verifier.check(asking.receive())[0]) if r.section == 1]
                soas += sum(r.type == dns.rdatatype.SOA for r in found)
                count += len(found)
                self.ended.wait(0.02)
        finally:
            asking.close()
        assert count == self.expected, f"{count} records of {self.expected}"
        self.ledger.count("transfers whole")
