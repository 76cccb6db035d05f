"""Peers that have no rest: each does one exchange after another, checks it to the last record, and ends with
what was wrong. None tries anything twice."""

import time

import dns.message
import dns.zone

import client
import messages
import tsigtool
import zones
from flood import Background, notifies
from relay import receive_transfer

PATIENCE = 10  # seconds for one answer


class Rcode(AssertionError):
    """Another RCODE than NOERROR."""

    def __init__(self, rcode):
        super().__init__(f"RCODE {rcode}")
        self.rcode = rcode


def assert_noerror(answer):
    if tsigtool.rcode(answer) != messages.NOERROR:
        raise Rcode(tsigtool.rcode(answer))


def assert_answers(wire, answer):
    assert_noerror(answer)
    assert answer[:2] == wire[:2], "another ID"
    assert messages.question(answer) == messages.question(wire), "another question"


class Loader(Background):
    """A child class says what one exchange() is."""

    def __init__(self, name, pause=0.0):
        super().__init__()
        self.name, self.pause = name, pause
        self.count, self.worst = 0, 0.0

    def work(self):
        began = time.monotonic()
        try:
            self.exchange()
        except Exception as error:
            after = time.monotonic() - began
            raise AssertionError(f"{self.name}, exchange {self.count}, after {after:.3f} s: {error!r}") from error
        self.worst = max(self.worst, time.monotonic() - began)
        self.count += 1
        return not self.ended.wait(self.pause)

    def exchange(self):
        raise NotImplementedError

    def stop(self):
        self.ended.set()
        self.wait(PATIENCE + 20)
        super().stop()

    def line(self):
        return f"  {self.name}: {self.count}, worst {self.worst * 1000:.0f} ms"


class Copies:
    """What a zone that changes holds at each of its serials, by its file."""

    def __init__(self, zone):
        self.name, self._zone, self._by_serial = zone.name, zone, {}
        self.keep()

    def keep(self):
        parsed = dns.zone.from_text(self._zone.master_file(), self.name, relativize=False)
        self._by_serial[self._zone.serial] = {zones.record(*one) for one in parsed.iterate_rdatas()}

    def serial(self):
        return self._zone.serial

    def serials(self):
        return list(self._by_serial)

    def assert_one(self, records):
        """They are the whole zone, at some serial."""
        serial = next(int(data.split()[2]) for _, kind, _, data in records if kind == "SOA")
        wanted = self._by_serial[serial]
        assert records == wanted, f"serial {serial}: {len(records)} records, {len(records ^ wanted)} are wrong"


class Questions(Loader):
    """Signed SOA questions, each on a socket of its own, or `kept`: all over one connection."""

    def __init__(self, place, source, key, zone, transport, kept=False, pause=0.002):
        super().__init__(f"SOA over {transport}{', one connection' if kept else ''}", pause)
        self.place, self.source, self.key, self.zone, self.transport = place, source, key, zone, transport
        self.kept = self._open() if kept else None

    def _open(self):
        return client.CLIENTS[self.transport](self.place, self.source)

    def exchange(self):
        wire, mac = tsigtool.sign(messages.query(self.zone, number=self.count % 65536), self.key)
        asking = self.kept or self._open()
        try:
            answer = asking.ask(wire, PATIENCE)
        finally:
            if not self.kept:
                asking.close()
        bare, _ = tsigtool.verify(answer, self.key, mac)
        assert_answers(wire, bare)
        assert messages.first_serial(bare)

    def close(self):
        if self.kept:
            self.kept.close()


def check_transfer(asking, key, copies):
    """AXFR on this connection: every MAC is right, and the zone is that of one of its versions."""
    wire, mac = tsigtool.sign(messages.query(copies.name, "AXFR"), key)
    asking.send(wire)
    found = receive_transfer(asking, tsigtool.Verifier(key, mac))
    parsed = [dns.message.from_wire(wire, one_rr_per_rrset=True, xfr=True) for wire in found]
    copies.assert_one({zones.record(rrset.name, rrset.ttl, rdata)
                       for one in parsed for rrset in one.answer for rdata in rrset})


class Transfers(Loader):
    """AXFR, the MAC of every message checked."""

    def __init__(self, place, source, key, copies, pause=0.02):
        super().__init__("AXFR, every MAC checked", pause)
        self.place, self.source, self.key, self.copies = place, source, key, copies

    def exchange(self):
        asking = client.Tcp(self.place, self.source)
        try:
            check_transfer(asking, self.key, self.copies)
        finally:
            asking.close()


class ToolTransfers(Loader):
    """AXFR by dig or kdig."""

    def __init__(self, tool, place, source, key, copies, pause=0.05):
        super().__init__(f"AXFR by {tool.__name__}", pause)
        self.tool, self.place, self.source, self.key, self.copies = tool, place, source, key, copies

    def exchange(self):
        ran = self.tool(self.place, self.source, self.copies.name, "AXFR", key=self.key)
        assert ran.status == 0, ran.output[-2000:]
        self.copies.assert_one(ran.records())


class Notifies(Loader):
    """NOTIFYs of a primary, each of a zone of its own; each of the servers `told` has to be sent each."""

    def __init__(self, place, source, told, transport, pause=0.01):
        super().__init__(f"NOTIFY over {transport}", pause)
        self.place, self.source, self.told, self.transport = place, source, told, transport
        self.make = notifies(f"{transport}.example")

    def exchange(self):
        wire = self.make(self.count)
        asking = client.CLIENTS[self.transport](self.place, self.source)
        try:
            answer = asking.ask(wire, PATIENCE)
        finally:
            asking.close()
        assert_answers(wire, answer)

    def assert_carried(self):
        wanted = {messages.question_name(self.make(number)) for number in range(self.count)}
        for server in self.told:
            missing = wanted - {request.zone for request in server.requests}
            assert not missing, f"{server.place} was not told of {len(missing)}: {sorted(missing)[:5]}"


class Changes(Loader):
    """A real primary whose zone changes, until all its secondaries have each change."""

    def __init__(self, primary, secondaries, copies, pause=0.2):
        super().__init__("changes, primary to all secondaries", pause)
        self.primary, self.secondaries, self.copies = primary, secondaries, copies

    def exchange(self):
        zone = self.primary.zone
        zone.change()
        self.copies.keep()
        self.primary.write_zone()
        self.primary.reload()
        for server in self.secondaries:
            server.wait_serial(zone.name, zone.serial)


class Stuck(Background):
    """A transfer without end whose client reads an octet now and then. `broken`: it was ended for him."""

    def __init__(self, place, source, key, zone):
        super().__init__()
        self.broken = False
        self.read = 0
        self.asking = client.Tcp(place, source, window=4096)
        self.asking.send(tsigtool.sign(messages.query(zone, "AXFR"), key)[0])
        self.read += len(self.asking.socket.recv(2))

    def work(self):
        self.asking.socket.settimeout(0.05)
        try:
            octets = len(self.asking.socket.recv(1))
        except TimeoutError:
            octets = 0
        except ConnectionResetError:
            self.broken = True
            return False
        self.read += octets
        return not self.ended.wait(0.05)

    def close(self):
        self.asking.close()


def endless(request):
    """The script of a primary: an AXFR of which there is always more."""
    zone = request.zone
    request.answer(messages.soa(zone, 7))
    number = 0
    while True:
        request.answer(*[f'h{number + i}.{zone}. 60 IN TXT "{"x" * 250}"' for i in range(50)])
        number += 50


def acknowledging(key):
    """The script of a secondary that takes every NOTIFY with this key."""

    def script(request):
        bare, tsig = tsigtool.verify(request.wire, key)
        request.reply(tsigtool.sign(messages.answer(bare), key, request_mac=tsig.mac)[0])

    return script
