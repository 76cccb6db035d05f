"""The proxy between hostile peers of all kinds, and two well-behaved ones beside them that must never notice."""

import contextlib
import os
import signal
import threading
import time

import judge
import messages
import net
import relay
import scripted
import tsigtool
from client import CLIENTS, reach_all_workers
from ends import Primary, Secondary, Server
from ledger import Ledger
from octets import chance_of
from process import until
from proxy import Proxy
from roles import Player, Role
from tsigtool import ALGORITHMS, Key

QUIET = 20.0  # seconds until descriptors are closed again
MEMORY = 64 << 20  # octets that the proxy may have gained, the sanitizer's own with them
LINES = 5000
RELOAD = 5  # turns of the well-behaved from one reload to the next
ABREAST = 2  # plays of a role at a time
ALL = "soa, axfr, ixfr, notify, query, update"
TOLD = {"notify": 12, "soa": 1, "update": 1, "odd": 1}


def make_key(seed, name, algorithm):
    return Key(name, algorithm, chance_of(seed, name).randbytes(ALGORITHMS[algorithm][1]().digest_size), name)


class Sanitized(Proxy):
    """Freed memory goes back soon, so that what is held can be told from it."""

    sanitizers = {**Proxy.sanitizers, "ASAN_OPTIONS": Proxy.sanitizers["ASAN_OPTIONS"] + ":quarantine_size_mb=4"}

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def memory(self):
        for line in open(f"/proc/{self.pid}/status", encoding="ascii"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) << 10
        return 0


class Well:
    """A primary and a secondary that do all right, each checked to the last record."""

    zone = "well.example"

    def __init__(self, seed, book):
        self.book = book
        self.key = make_key(seed, "well.key.example", "hmac-sha256")
        self.primary = Server(scripted.sound, book)
        self.told = Server(self._on_notify, book)

    def _on_notify(self, request):
        bare, tsig = tsigtool.verify(request.wire, self.key)
        request.reply(tsigtool.sign(messages.answer(bare), self.key, request_mac=tsig.mac)[0])

    def settings(self):
        return {"address": net.text(self.told.place), "key": self.key.label, "primary": "sound", "zones": self.zone}

    def ask(self, place, transport, message):
        asking = CLIENTS[transport](place, self.told.place.address)
        try:
            wire, mac = tsigtool.sign(message, self.key)
            verifier = tsigtool.Verifier(self.key, mac)
            if message[-3] in (messages.AXFR, messages.IXFR):
                asking.send(wire)
                return relay.receive_transfer(asking, verifier)
            return [verifier.check(asking.ask(wire, 5))[0]]
        finally:
            asking.close()

    def probe(self, place, turn):
        transport = ("udp", "tcp")[turn % 2]
        self._retry(transport, lambda: self._soa(place, transport))
        if turn % 2 == 0:
            found = relay.answers(self.ask(place, "tcp", messages.query(self.zone, "AXFR")))
            names = [(name, kind) for name, kind, *_ in found]
            wanted = [tsigtool.name_wire(f"{host}{self.zone}") for host in ("", "h0.", "h1.", "h2.", "")]
            kinds = (messages.SOA, 1, 1, 1, messages.SOA)
            hosts = [bytes((192, 0, 2, i)) for i in (1, 2, 3)]
            if names != list(zip(wanted, kinds)) or [r[3] for r in found[1:4]] != hosts:
                raise judge.Fault(f"a transfer of the sound zone that is none: {found}")
        self._retry(transport, lambda: self._notify(place, transport))
        self.book.count("sound exchanges")

    def _soa(self, place, transport):
        if messages.first_serial(self.ask(place, transport, messages.query(self.zone))[0]) != 7:
            raise judge.Fault("the sound zone has another serial")

    def _notify(self, place, transport):
        asking = CLIENTS[transport](place, self.primary.place.address)
        try:
            answer = asking.ask(messages.notify(self.zone, 7), 5)
        finally:
            asking.close()
        if tsigtool.rcode(answer) or tsigtool.detach(answer)[1]:
            raise judge.Fault(f"a sound NOTIFY is answered {answer.hex()}")

    def _retry(self, transport, ask):
        """A datagram may be lost where many are sent."""
        for left in (2, 1, 0):
            try:
                return ask()
            except TimeoutError:
                self.book.count("sound datagrams lost")
                if transport == "tcp" or not left:
                    raise judge.Fault(f"no answer over {transport} to a sound request") from None
        return None


class Scene:
    """`begin`: number of the first play of each role."""

    def __init__(self, directory, seed, rate=15.0, only=None, begin=0):
        self.seed, self.rate, self.begin = seed, rate, begin
        self.book = Ledger()
        self.udp_size = chance_of(seed).choice((512, 1232, 4096))
        keys = {name: make_key(seed, f"{name}.key.example", algorithm) for name, algorithm in (
            ("keyed", "hmac-sha256"), ("next", "hmac-sha512"), ("double", "hmac-sha1"), ("failover", "hmac-sha256-128"),
            ("observe", "hmac-sha384"), ("signed", "hmac-sha256"), ("nobody", "hmac-md5"))}
        self.well = Well(seed, self.book)
        self.wild = Primary("wild", seed, self.book)
        self.signed = Primary("signed", seed, self.book, keys["signed"])
        owners = {"keyed": ("keyed", "next"), "double": ("double",), "failover": ("failover",),
                  "observe": ("observe",), "plain": ()}
        self.told = {name: Secondary(name, seed, self.book, *(keys[label] for label in labels))
                     for name, labels in owners.items()}
        self.hostile = [self.wild, self.signed, *self.told.values()]
        self.servers = [self.well.primary, self.well.told, *(one.server for one in self.hostile)]
        self.proxy = Sanitized(directory, self._sections(keys), udp_size=self.udp_size, answer_timeout=3,
                               progress_timeout=2, idle_timeout=3, connect_timeout=1, status_zones=500)
        roles = [r for r in self._roles(keys) if not only or r.name in only]
        self.players = [Player(role, seed, self.proxy.place, self.book, self.udp_size, number)
                        for role in roles for number in range(begin, begin + ABREAST)]
        self.fault = None
        self.figures = []

    def _sections(self, keys):
        def secondary(name, primary, labels, **more):
            own = {"address": net.text(self.told[name].place), "primary": primary, "allow": ALL,
                   "zones": f"*.{name}.example, *.told.example", **more}
            if labels:
                own["key"] = [keys[label].label for label in labels]
            return f"secondary {name}", own

        return [
            *(key.section() for key in [*keys.values(), self.well.key] if key is not keys["nobody"]),
            ("primary sound", {"address": net.text(self.well.primary.place)}),
            ("primary wild", {"address": net.text(self.wild.place)}),
            ("primary signed", {"address": net.text(self.signed.place), "key": keys["signed"].label}),
            ("secondary well", self.well.settings()),
            secondary("keyed", "wild", ["keyed", "next"]),
            secondary("double", "signed", ["double"]),
            secondary("failover", ["wild", "signed"], ["failover"]),
            secondary("observe", "signed", ["observe"], mode="observe"),
            secondary("plain", "wild", [], allow="soa, axfr, ixfr, notify, query"),
        ]

    def _roles(self, keys):
        def at(name):
            return self.told[name].place.address

        foreign = keys["nobody"], self.well.key, keys["signed"]
        return [
            Role("keyed", "enforce", at("keyed"), (keys["keyed"], keys["next"]), foreign),
            Role("double", "enforce", at("double"), (keys["double"],), foreign),
            Role("failover", "enforce", at("failover"), (keys["failover"],), foreign),
            Role("observe", "observe", at("observe"), (keys["observe"],), foreign),
            Role("plain", "plain", at("plain"), (), foreign),
            Role("wild-notify", "plain", self.wild.place.address, (), foreign, TOLD, "told.example"),
            Role("signed-notify", "enforce", self.signed.place.address, (keys["signed"],), (keys["nobody"],), TOLD,
                 "told.example"),
            Role("stranger", "stranger", net.fresh_address(), (), (self.well.key, keys["keyed"], keys["nobody"])),
        ]

    @contextlib.contextmanager
    def running(self):
        with contextlib.ExitStack() as exits:
            for one in (self.well.primary, self.well.told, *self.hostile, self.proxy):
                exits.callback(one.stop)
                one.start()
            for turn in range(4):
                self.well.probe(self.proxy.place, turn)
            reach_all_workers(self.proxy.place, self.well.told.place.address)
            time.sleep(0.2)
            self.rest = self.proxy.descriptors()
            self.first = self.proxy.memory()
            yield self

    def round(self, seconds, plays=None):
        """All roles play at once, for so long or so many plays each; then all must be quiet again."""
        end = time.monotonic() + seconds
        tasks = [(self._play, (player, end, plays)) for player in self.players] + [(self._probe, (end,))]
        threads = [threading.Thread(target=self._guard, args=task, daemon=True) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.check()
        try:
            until(lambda: self.proxy.descriptors() <= self.rest, "descriptors are closed", QUIET, 0.1)
        except AssertionError as error:
            raise judge.Fault(f"{error}: {self.proxy.descriptors()}, {self.rest} at first") from None
        self.well.probe(self.proxy.place, 0)
        self.check()
        gained = self.proxy.memory() - self.first
        self.figures.append((self.proxy.descriptors(), gained))
        if gained > MEMORY:
            raise judge.Fault(f"{gained >> 20} MiB more memory than at first")
        self.book.forget()

    def check(self):
        """Raises the first fault, of a role or of a server."""
        errors = [error for server in self.servers for error in server.errors]
        for server in self.servers:
            server.errors = []
        if self.fault or errors:
            raise self.fault or errors[0]
        if not self.proxy.process.alive():
            raise judge.Fault("the proxy has ended")
        del self.proxy.process.lines[:-LINES]

    def _guard(self, task, arguments):
        try:
            task(*arguments)
        except BaseException as error:  # the main thread raises it
            self.fault = self.fault or error

    def _play(self, player, end, plays):
        stop = self.begin + plays if plays else None
        following = time.monotonic()
        while time.monotonic() < end and not self.fault and not (stop and player.number >= stop):
            player.play()
            player.number += ABREAST
            following = max(following + ABREAST / self.rate, time.monotonic() - 1)
            time.sleep(max(0, following - time.monotonic()))
        while player.lingering and not self.fault:
            time.sleep(0.1)
            player.drain()
        player.drain(last=True)

    def _probe(self, end):
        turn = 0
        while time.monotonic() < end and not self.fault:
            self.well.probe(self.proxy.place, turn)
            self.check()
            turn += 1
            if turn % RELOAD == 0:
                self.proxy.process.signal(signal.SIGHUP)
                self.book.count("reloads")
            time.sleep(0.5)
