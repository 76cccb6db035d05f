"""Faults of the host: what is refused to the program, peers that go on asking meanwhile, and what has to be true
whenever a fault is over. Who asks may be told SERVFAIL, or get no answer; whatever is answered has to be right, and
what looks whole has to be whole."""

import collections
import contextlib
import dataclasses
import mmap
import os
import signal
import struct
import threading
import time
from pathlib import Path

import dns.exception
import dns.message
import pytest

import client
import messages
import net
import tools
import tsigtool
import zones
from loaders import Copies
from process import until
from proxy import Proxy, log_pairs, program
from servers import Bind, Nsd
from tsigtool import Key
from zones import Zone

REFUSE = Path(os.environ.get("TSIG_PROXY", "/")).resolve().parent / "tests" / "refuse.so"
KINDS = "memory", "threads", "sockets", "connections"  # as in tests/faults/refuse.c


class Refusals:
    """What tests/faults/refuse.c refuses to the program that was started with `before`."""

    COUNTER = struct.Struct("=4I")

    def __init__(self, path, seed=1):
        if not REFUSE.exists():
            pytest.skip(f"{REFUSE} is not built")
        path.write_bytes(struct.pack("=I", seed) + bytes(self.COUNTER.size * len(KINDS)))
        with open(path, "r+b") as shared:
            self._shared = mmap.mmap(shared.fileno(), 0)
        self.before = ["env", f"LD_PRELOAD={REFUSE}", f"REFUSE={path}"]

    def _at(self, kind):
        return 4 + self.COUNTER.size * KINDS.index(kind)

    def refuse(self, kind, one_in=0, nth=0):
        """From now on this share of what is asked for, or that one request; what is counted begins anew."""
        self.COUNTER.pack_into(self._shared, self._at(kind), one_in, nth, 0, 0)

    def count(self, kind):
        """(asked, refused) since then."""
        return self.COUNTER.unpack_from(self._shared, self._at(kind))[2:]

    def allow(self, kind):
        """Refuses no more; (asked, refused) until now."""
        struct.pack_into("=2I", self._shared, self._at(kind), 0, 0)
        return self.count(kind)


class Faulty(Proxy):
    """A proxy with something before it on its command line."""

    sanitizers = {**Proxy.sanitizers,
                  "ASAN_OPTIONS": Proxy.sanitizers["ASAN_OPTIONS"] + ":verify_asan_link_order=0:quarantine_size_mb=4"}


# Who asks


class Asker:
    """A secondary that is played. What it is told is RIGHT, or one of the others, which a fault may cause."""

    RIGHT, TOLD, LOST = "right", "SERVFAIL", "no answer"

    def __init__(self, place, source, key, copies, patience=1.0):
        self.place, self.source, self.key, self.copies, self.patience = place, source, key, copies, patience

    def _try(self, transport, kind, take):
        wire, mac = tsigtool.sign(messages.query(self.copies.name, kind), self.key)
        try:
            asking = client.CLIENTS[transport](self.place, self.source)
        except OSError:
            return self.LOST
        try:
            asking.send(wire)
            return take(asking, tsigtool.Verifier(self.key, mac))
        except (OSError, client.Closed):
            return self.LOST
        finally:
            asking.close()

    def _is_told(self, wire):
        """With or without TSIG: to sign takes memory, too."""
        bare, tsig = tsigtool.detach(wire)
        return tsigtool.rcode(bare) == messages.SERVFAIL and (tsig is None or tsig.error == 0)

    def _take_answer(self, asking, verifier):
        answer = asking.receive(self.patience)
        if self._is_told(answer):
            return self.TOLD
        bare, _ = verifier.check(answer)
        assert tsigtool.rcode(bare) == messages.NOERROR and messages.first_serial(bare), bare
        return self.RIGHT

    def _take_zone(self, asking, verifier):
        found, soas = [], 0
        while soas < 2:
            wire = asking.receive(self.patience)
            if self._is_told(wire):
                return self.TOLD
            found.append(verifier.check(wire)[0])
            soas += sum(record.type == messages.SOA for record in tsigtool.records(found[-1]) if record.section == 1)
        self.copies.assert_one(self.records(found))
        return self.RIGHT

    @staticmethod
    def records(wires):
        """What the messages of a transfer hold, to compare with the file of the zone."""
        parsed = [dns.message.from_wire(wire, one_rr_per_rrset=True, xfr=True) for wire in wires]
        return {zones.record(rrset.name, rrset.ttl, rdata) for one in parsed for rrset in one.answer for rdata in rrset}

    def soa(self, transport):
        return self._try(transport, "SOA", self._take_answer)

    def axfr(self):
        return self._try("tcp", "AXFR", self._take_zone)

    def dig(self):
        """What it prints with both its SOA records is the whole zone."""
        ran = tools.dig(self.place, self.source, self.copies.name, "AXFR", "+retry=0", "+time=2", key=self.key)
        found = ran.sequence()
        if sum(kind == "SOA" for _, kind, _, _ in found) < 2:
            return self.LOST
        assert "WARNING" not in ran.output and "Some TSIG could not be validated" not in ran.output, ran.output[-2000:]
        self.copies.assert_one(set(found))
        return self.RIGHT


class Half:
    """A transfer of which only the beginning has been read."""

    def __init__(self, scene):
        self.asking = client.Tcp(scene.place, scene.source, window=4096)
        wire, mac = tsigtool.sign(messages.query(scene.zone.name, "AXFR"), scene.key)
        self.verifier, self.scene, self.times, self.wires = tsigtool.Verifier(scene.key, mac), scene, [], []
        self.asking.send(wire)
        self.read()

    def read(self):
        bare, tsig = self.verifier.check(self.asking.receive())
        self.times.append(tsig.time)
        self.wires.append(bare)

    def soas(self):
        return sum(record.type == messages.SOA for wire in self.wires for record in tsigtool.records(wire)
                   if record.section == 1)

    def finish(self):
        """The seconds that it took by the clock that signed it. Every MAC is right, and no time before the one before,
        or the verifier would have said so."""
        while self.soas() < 2:
            self.read()
        self.asking.close()
        self.scene.copies.assert_one(Asker.records(self.wires))
        return self.times[-1] - self.times[0]


class Demand:
    """Asks without rest, in a thread for each kind of question, until it is stopped. Anything wrong is an error."""

    def __init__(self, asker, kinds=None):
        self.kinds = kinds or {"SOA over UDP": lambda: asker.soa("udp"), "SOA over TCP": lambda: asker.soa("tcp"),
                               "AXFR": asker.axfr, "AXFR by dig": asker.dig}
        self.counts = {name: collections.Counter() for name in self.kinds}
        self.errors = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=one, daemon=True) for one in self.kinds.items()]

    def _run(self, name, ask):
        while not self._ended.wait(0.01):  # NSD answers 200 a second over UDP, and more with TC
            try:
                self.counts[name][ask()] += 1
            except Exception as error:  # the test shall see it
                self.errors.append(f"{name}: {error!r}")

    def start(self):
        for one in self._threads:
            one.start()
        return self

    def right(self):
        return sum(count[Asker.RIGHT] for count in self.counts.values())

    def wait_asked(self, more, patience=30):
        """Until each kind of question has had so many more answers, or none, of whatever kind."""
        before = {name: sum(count.values()) for name, count in self.counts.items()}
        until(lambda: self.errors or all(sum(self.counts[name].values()) >= before[name] + more for name in before),
              "questions of each kind", patience)
        assert not self.errors, self.errors[:3]

    def wait_right(self, more, patience=30):
        """Until each kind of question has had so many more right answers."""
        before = {name: count[Asker.RIGHT] for name, count in self.counts.items()}
        until(lambda: self.errors or all(self.counts[name][Asker.RIGHT] >= before[name] + more for name in before),
              "right answers of each kind", patience)
        assert not self.errors, self.errors[:3]

    def stop(self):
        self._ended.set()
        for one in self._threads:
            one.join(10)
        assert not self.errors, self.errors[:3]

    def line(self):
        return "; ".join(f"{name}: " + ", ".join(f"{number} {what}" for what, number in sorted(count.items()))
                         for name, count in self.counts.items())


# The scene


class SoonBind(Bind):
    """Which asks again as soon as the SOA says."""

    def options(self):
        return super().options() + "min-refresh-time 1; min-retry-time 1; max-retry-time 2; max-refresh-time 3;"


@dataclasses.dataclass
class SoonZone(Zone):
    """Few records, and so many that are long: several messages, and yet soon compared."""

    hosts: int = 50
    texts: int = 20  # of 4 KiB each
    letter: str = "t"  # another makes a change of all of them

    def master_file(self):
        text = " ".join([f'"{self.letter * 250}"'] * 16)
        lines = [f"text{number}.{self.name}. 60 IN TXT {text}\n" for number in range(self.texts)]
        return super().master_file().replace("3600 60 86400 300", "3 1 86400 300") + "".join(lines)


class Scene:
    """A plain primary, the proxy, secondaries of two kinds that follow it, and one that is played. gate(place) stands
    between the proxy and the primary, over TCP."""

    def __init__(self, launch, directory, before=(), binary=None, texts=20, sections=(), gate=None, secret_file=False,
                 **settings):
        self.zone, self.key, self.place = SoonZone(texts=texts), Key.new("xfr.example"), net.free_place()
        self.copies = Copies(self.zone)
        self.primary = launch(Nsd(directory / "primary").primary(self.zone, notify=self.place))
        self.source = net.fresh_address()
        way = {"address": net.text(self.primary.place)}
        if gate:
            self.gate = launch(gate(self.primary.place))
            way = {"address": net.text(self.gate.place), "from": self.primary.place.address, "transport": "tcp"}
        self.secondaries = [kind(directory / kind.__name__).secondary(self.zone.name, self.key, self.place)
                            for kind in (SoonBind, Nsd)]
        self.asker = Asker(self.place, self.source, self.key, self.copies)
        name, values = self.key.section()
        self.secret = directory / "secret"
        if secret_file:
            self.secret.write_text(values.pop("secret") + "\n")
            values["secret_file"] = self.secret
        self.proxy = Faulty(directory / "proxy", [
            (name, values),
            ("primary hq", way),
            *((f"secondary s{number}", {"address": net.text(one.place), "key": self.key.label, "primary": "hq"})
              for number, one in enumerate(self.secondaries)),
            ("secondary asks", {"address": f"{self.source}@53", "key": self.key.label, "primary": "hq",
                                 "notify": "no"}),
            *sections,
        ], place=self.place, binary=binary, **{"log_level": "info", "workers": 2, "control": directory / "control",
                                              **settings})
        self.proxy.before = list(before)
        if secret_file:
            self.proxy.path.chmod(0o644)
        launch(self.proxy)
        for one in self.secondaries:
            launch(one)
        self.follow()
        self.usual = self.proxy.descriptors()

    def change(self):
        """The primary has a new version, and says so."""
        self.zone.change()
        self.copies.keep()
        self.primary.write_zone()
        self.primary.reload()
        self.primary.wait_serial(self.zone.name, self.zone.serial)

    def records(self):
        """What the primary has now: an old child of NSD's may take one more connection."""

        def look():
            with contextlib.suppress(OSError, EOFError, dns.exception.DNSException):
                found = self.primary.records(self.zone.name)
                return found if any(kind == "SOA" and data.split()[2] == str(self.zone.serial)
                                    for _, kind, _, data in found) else None
            return None

        return until(look, f"the primary has serial {self.zone.serial}", patience=15)

    def wait_copy(self, server, expected):
        """Until it has just these records; an old child of NSD's may not have the zone at all."""

        def has():
            with contextlib.suppress(OSError, EOFError, dns.exception.DNSException):
                return server.records(self.zone.name) == expected
            return False

        until(has, f"{server.name} has the zone, record by record", patience=15)

    def follow(self, patience=30):
        """Until both secondaries have what the primary has, record by record."""
        expected = self.records()
        for one in self.secondaries:
            one.wait_serial(self.zone.name, self.zone.serial, patience)
            self.wait_copy(one, expected)

    def reload(self, text=None):
        """By SIGHUP, with another text if there is one; the line that it logs."""
        start = self.proxy.mark()
        if text is not None:
            self.proxy.path.write_text(text)
        self.proxy.process.signal(signal.SIGHUP)
        return log_pairs(self.proxy.process.wait_line(lambda line: "event=reload" in line, "a reload", start=start)[1])

    def restart(self, before=()):
        """The proxy alone, in other circumstances; its peers stay."""
        self.proxy.stop()
        self.proxy.before, self.proxy.terminated = list(before), False
        self.proxy.start()

    def assert_well(self):
        """It serves as it did: every kind of question is answered, what changes arrives, nothing is kept."""
        began = time.monotonic()
        for ask in (lambda: self.asker.soa("udp"), lambda: self.asker.soa("tcp"), self.asker.axfr, self.asker.dig):
            until(lambda: ask() == Asker.RIGHT, "it answers again", patience=15)
        answered = time.monotonic() - began
        self.change()
        self.follow()
        until(lambda: self.proxy.descriptors() <= self.usual + 4, f"descriptors: {self.usual}", patience=30)
        return f"answers after {answered:.2f} s, followed after {time.monotonic() - began:.2f} s"


def released():
    """The program as it is released, where there is one."""
    return os.environ.get("TSIG_PROXY_RELEASE") or program()


def binaries():
    """The program with sanitizers, and as it is released."""
    return [pytest.param(program, id="tested"), pytest.param(released, id="released")]
