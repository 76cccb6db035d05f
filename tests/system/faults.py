"""Four legacy primaries and three secondaries around the proxy, each on a wire of its own that can fail, and what is
to hold whatever fails: nobody is given a zone that is not whole, and all have the newest one soon after the end."""

import os
import time
from pathlib import Path

import dns.message

import client
import messages
import net
import tsigtool
import zones
from failing import PRIMARIES, SECONDARIES, DnsmasqPrimary, Thick
from flood import Background
from gateway import HostedProxy
from link import Links
from loaders import Copies
from process import until
from proxy import Proxy
from tsigtool import Key

OUTCOMES = ("SOA answered", "AXFR whole", "error", "reset", "silence")  # of what the watchers ask
GROWTH = 32 << 20  # octets by which the program may grow in a test; much of it is what sanitizers keep
RECOVERY = 15  # seconds within which all secondaries have everything, once nothing fails any more


def report(name, *figures):
    """One line of figures: of what is not zero."""
    parts = [f"{what} {count}" for one in figures for what, count in one.items() if count]
    print(f"faults: {name}: " + ", ".join(parts))


class DnsmasqCopies(Copies):
    """It makes records of its own of what it is told; so what it serves at first is the truth, and the serial and the
    marks of later changes are put to that."""

    def __init__(self, zone):
        self._first, self._served = zone.serial, set()
        super().__init__(zone)

    def learn(self, records):
        assert len(records) > self._zone.texts + self._zone.hosts
        self._served = records
        self.keep()

    def keep(self):
        old, new = f" {self._first} ", f" {self._zone.serial} "
        found = {(owner, kind, ttl, data.replace(old, new) if kind == "SOA" else data)
                 for owner, kind, ttl, data in self._served}
        ttl = next((ttl for _, kind, ttl, _ in found if kind == "TXT"), 0)
        found |= {(f"mark{mark}.{self.name}.", "TXT", ttl, f'"serial {mark}"') for mark in self._zone.marks}
        self._by_serial[self._zone.serial] = found


class Watcher(Background):
    """One more secondary, on a wire that is sound. It asks for SOA and AXFR of one zone in turn, and checks each
    MAC and each record. An error, a reset and silence are answers, too; half a zone that ends well is none."""

    def __init__(self, host, place, key, copies):
        super().__init__()
        self.host, self.place, self.key, self.copies = host, place, key, copies
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self.turn = 0

    def _run(self):
        with self.host.namespace:
            super()._run()

    def work(self):
        kind, transport = (("SOA", "udp"), ("AXFR", "tcp"), ("SOA", "tcp"))[self.turn % 3]
        self.turn += 1
        try:
            found = self.ask(kind, transport)
        except (ConnectionError, client.Closed):
            found = "reset"
        except TimeoutError:
            found = "silence"
        self.counts[found] += 1
        return not self.ended.wait(0.05)

    def ask(self, kind, transport):
        wire, mac = tsigtool.sign(messages.query(self.copies.name, kind), self.key)
        asking = client.CLIENTS[transport](self.place, self.host.v4.address)
        try:
            asking.send(wire)
            verifier = tsigtool.Verifier(self.key, mac)
            if kind == "SOA":
                return self.judge_soa(wire, verifier.check(asking.receive(5))[0])
            return self.read(asking, verifier)
        finally:
            asking.close()

    def judge_soa(self, wire, answer):
        assert answer[:2] == wire[:2]
        if tsigtool.rcode(answer) != messages.NOERROR:
            return "error"
        assert messages.first_serial(answer) in self.copies.serials()
        return OUTCOMES[0]

    def read(self, asking, verifier):
        found, soas = set(), 0
        while soas < 2:
            try:
                bare = verifier.check(asking.receive(5))[0]
            except client.Closed as error:
                assert not found, f"{self.copies.name}: {len(found)} records, then closed as if that was all"
                raise error
            if tsigtool.rcode(bare) != messages.NOERROR:
                return "error"
            soas += sum(r.type == messages.SOA for r in tsigtool.records(bare) if r.section == 1)
            parsed = dns.message.from_wire(bare, one_rr_per_rrset=True, xfr=True)
            found |= {zones.record(rrset.name, rrset.ttl, rdata) for rrset in parsed.answer for rdata in rrset}
        self.copies.assert_one(found)
        return OUTCOMES[1]

    def failed(self):
        return sum(self.counts[what] for what in ("error", "reset", "silence"))


class Field:
    """All of it. Each primary has a zone of its own, each secondary has all of them."""

    def __init__(self, launch, directory, seed, texts=150, differences=False, **settings):
        self.launch, self.directory = launch, directory
        self.links = launch(Links(*PRIMARIES, *SECONDARIES, "watch", seed=seed))
        for host in self.links.hosts.values():
            # what a server has written, or is to read, waits at the server, and not in its kernel
            for memory in ("tcp_wmem", "tcp_rmem"):
                host.namespace.sysctl(f"ipv4/{memory}", "4096 16384 16384")
        self.places = {role: net.Place(f"10.53.100.{number}", 53) for number, role in enumerate(PRIMARIES, 1)}
        self.links.router.ip(*(f"addr add {place.address}/32 dev lo" for place in self.places.values()))
        self.keys = {role: Key.new(f"{role}.example") for role in (*SECONDARIES, "watch")}
        self.copies = {}
        self.primaries = {role: self.primary(role, kind, min(texts, 80) if role == "p-dnsmasq" else texts, differences)
                          for role, kind in PRIMARIES.items()}
        self.secondaries = {role: self.secondary(role, kind) for role, kind in SECONDARIES.items()}
        self.servers = {**self.primaries, **self.secondaries}
        short = {"connect_timeout": 1, "answer_timeout": 1, "progress_timeout": 1, "idle_timeout": 2}
        self.proxy = HostedProxy(directory / "proxy", self.links.router, self.sections(),
                                 **{"transparent": "no", "listen": "0.0.0.0@53", **short, **settings})
        # what has been freed counts as memory for no longer than this
        self.proxy.sanitizers = {**Proxy.sanitizers, "ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=1"}
        self.watchers = {role: Watcher(self.links["watch"], place, self.keys["watch"], self.copies[role])
                         for role, place in self.places.items()}
        self.settled, self.unused, self.resident = [], 0, 0

    def primary(self, role, kind, texts, differences):
        zone = Thick(f"{role[2:]}.example", hosts=20)
        zone.texts = texts
        server = kind(self.directory / role, self.links[role])
        server.asks_ixfr = differences
        server.primary(zone, notify=net.Place(server.place.address[: -len("2")] + "1", 53))
        self.copies[role] = (DnsmasqCopies if kind == DnsmasqPrimary else Copies)(zone)
        return server

    def secondary(self, role, kind):
        names = [copies.name for copies in self.copies.values()]
        server = kind(self.directory / role, self.links[role])
        return server.secondary(names, self.keys[role], list(self.places.values()))

    def sections(self):
        found = [(f"primary {role}", {"address": self.links[role].v4.address, "listen": place.address})
                 for role, place in self.places.items()]
        for role, key in self.keys.items():
            settings = {"address": self.links[role].v4.address, "key": key.label, "zones": "*",
                        "primary": list(self.places), "notify": "no" if role == "watch" else "yes"}
            found += [key.section(), (f"secondary {role}", settings)]
        return found

    def start(self):
        self.launch(self.proxy)
        self.unused = self.descriptors()
        for server in self.servers.values():
            self.launch(server)
        for server in self.servers.values():
            server.ready()
        told = self.copies["p-dnsmasq"]
        with self.links.router:
            told.learn(zones.transfer(self.servers["p-dnsmasq"].place, told.name))
        self.settle()
        self.resident = self.proxy.memory()
        for watcher in self.watchers.values():
            self.launch(watcher)
        return self

    def change(self):
        for role, server in self.primaries.items():
            server.zone.change()
            self.copies[role].keep()
            server.take_zone()

    def wait_transferred(self, role, start):
        """The last message of the newest zone of this primary, or of any to this secondary, is on its way."""
        known = {copies.serial() for copies in self.copies.values()}
        field = "server" if role in self.primaries else "peer"
        self.proxy.wait(event="transfer", result="ok", serial=max(known), start=start, **{field: role})

    def broken_off(self, start, role):
        """How many transfers of this primary's zone did not end well since then."""
        found = self.proxy.events(start, event="transfer", zone=self.copies[role].name)
        return len([one for one in found if one["result"] != "ok"])

    def failed(self):
        """How much the watchers were not given; but that dnsmasq is gone at each change is its own way."""
        return sum(watcher.failed() for role, watcher in self.watchers.items() if role != "p-dnsmasq")

    def served(self):
        """How much each watcher was given."""
        return {role: sum(watcher.counts[what] for what in OUTCOMES[:2]) for role, watcher in self.watchers.items()}

    def all_served_since(self, before):
        """But for dnsmasq's, again."""
        return all(count > before[role] for role, count in self.served().items() if role != "p-dnsmasq")

    def descriptors(self):
        """Those it has open; libuv keeps /dev/null for each worker that has had connections."""
        found = Path(f"/proc/{self.proxy.pid}/fd").iterdir()
        return len([one for one in found if os.path.exists(one) and os.readlink(one) != "/dev/null"])

    def finish(self, name, figures=None):
        """The end of a test: nothing is left of all the exchanges, and the figures are told."""
        for server in self.servers.values():
            server.kill()
        for watcher in self.watchers.values():
            watcher.stop()
        until(lambda: self.descriptors() <= self.unused, f"descriptors are {self.unused} again")
        grown = self.proxy.memory() - self.resident
        assert grown < GROWTH, f"memory has grown by {grown >> 10} KiB"
        counts = {what: sum(w.counts[what] for w in self.watchers.values()) for what in OUTCOMES}
        recoveries = {"rounds": len(self.settled), "at most so long until all was well": round(max(self.settled), 1)}
        ends = {"transfers that broke off": sum(self.broken_off(0, role) for role in self.primaries),
                "memory grown, KiB": grown >> 10,
                "transfers whole": len(self.proxy.events(event="transfer", result="ok"))}
        report(name, figures or {}, recoveries, ends, counts, self.links.counts())

    def copies_of_all(self):
        return [(server, copies) for server in self.secondaries.values() for copies in self.copies.values()]

    def spread(self, seconds):
        """How many secondaries have the newest of their zones by then, or sooner if all have; and when that was."""
        began, missing = time.monotonic(), self.copies_of_all()
        while missing and time.monotonic() < began + seconds:
            missing = [(server, copies) for server, copies in missing if server.serial(copies.name) != copies.serial()]
            time.sleep(0.05)
        return len(self.copies_of_all()) - len(missing), time.monotonic() - began

    def settle(self, patience=RECOVERY):
        """Waits until each secondary has the newest of each zone, and compares them record by record."""
        there, took = self.spread(patience)
        wanted = self.copies_of_all()
        assert there == len(wanted), "\n".join(self.missing())
        for server, copies in wanted:
            copies.assert_one(server.records(copies.name))
        self.settled.append(took)

    def missing(self):
        """What is said of a secondary that has not everything."""
        for server, copies in self.copies_of_all():
            found = server.serial(copies.name)
            if found != copies.serial():
                yield f"{server.name} has {found} of {copies.name}, not {copies.serial()}\n{server.process.text()}"
