"""One proxy and all that is around it: primaries and secondaries by BIND, NSD and Knot, and scripted ones that are
slow, stuck or dead; and what its configuration turns into while it runs."""

import contextlib
import random
import signal
import time

import loaders
import messages
import net
import tools
from client import reach_all_workers
from process import until
from proxy import Proxy, ini, log_pairs, own_settings
from scripted import Scripted, sound
from servers import Bind, Knot, Nsd, OpenBind
from tsigtool import ALGORITHMS, Key
from zones import Zone, write

KINDS = [Bind, Nsd, Knot]
STATUS_ZONES = 500  # few, so that what is remembered of zones is full before memory is looked at
LINES = 5000  # of the log
SLOW_RECORDS, SLOW_MESSAGES, SLOW_PAUSE = 20, 60, 0.01


def slow(request):
    """A transfer whose messages come one by one; the rest as a sound primary."""
    if request.kind not in (messages.AXFR, messages.IXFR):
        sound(request)
        return
    zone, soa = request.zone, messages.soa(request.zone, 7)
    request.answer(soa)
    for number in range(SLOW_MESSAGES):
        time.sleep(SLOW_PAUSE)
        request.answer(*[f'h{number}-{i}.{zone}. 60 IN TXT "{"x" * 200}"' for i in range(SLOW_RECORDS)])
    request.answer(soa)


SCRIPTS = {"stuck.example": loaders.endless, "slow.example": slow}


class Measured(Proxy):
    """The allocator gives back what it can, so that what is held can be told from what it keeps for later."""

    sanitizers = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1:glibc.malloc.trim_threshold=65536:"
                                    "glibc.malloc.mmap_threshold=131072"}


class Real:
    """A real primary, real secondaries of the other kinds, and an address from which clients of the tests ask."""

    def __init__(self, kind, directory, proxy_place):
        self.name, self.zone = kind.name, Zone(f"{kind.name}.example", hosts=200)
        self.copies = loaders.Copies(self.zone)
        self.key, self.asking = Key.new(f"real.{kind.name}"), Key.new(f"asks.{kind.name}")
        self.primary = kind(directory / "primary").primary(self.zone, notify=proxy_place)
        self.secondaries = [other(directory / other.name).secondary(self.zone.name, self.key, proxy_place)
                            for other in KINDS if other is not kind]

    def sections(self, source, own):
        """`source`: whence the clients ask."""
        return [
            self.key.section(), self.asking.section(),
            (f"primary {self.name}", {"address": net.text(self.primary.place), **own}),
            *((f"secondary {self.name}-{one.name}", {"address": net.text(one.place), "key": self.key.label,
                                                     "primary": self.name, "zones": self.zone.name})
              for one in self.secondaries),
            (f"secondary {self.name}-asks", {"address": f"{source}@53", "key": self.asking.label, "notify": "no",
                                             "primary": self.name, "zones": self.zone.name}),
        ]

    def assert_same(self):
        """The secondaries have what the primary has, record by record."""
        wanted = self.primary.records(self.zone.name)
        for one in self.secondaries:
            tools.wait_records(one, self.zone.name, wanted)


class Fleet:
    def __init__(self, directory, binary, seed):
        self.chance = random.Random(seed)
        self.place = net.free_place()
        self.source, self.stranger, self.own = (net.fresh_address() for _ in range(3))
        self.crowd = [net.fresh_address() for _ in range(8)]
        self.real = [Real(kind, directory / kind.name, self.place) for kind in KINDS]
        self.zone, self.key = self.real[0].zone.name, self.real[0].asking
        self.dynamic = OpenBind(directory / "dynamic")
        self.dynamic.trusted = self.own
        self.dynamic.primary(Zone("dynamic.example", hosts=5))
        self.updating, self.slow, self.telling, self.key_of_dead = (
            Key.new(f"{name}.example") for name in ("updating", "slow", "told", "nobody-there"))
        self.dead, self.dead_zone = net.fresh_place(), "dead.example"
        self.scripted = Scripted(lambda request: SCRIPTS.get(request.zone, sound)(request))
        self.told = Scripted(loaders.acknowledging(self.telling))
        self.silent = Scripted(lambda request: None)
        self.taken = Scripted(sound)
        self.extra = net.fresh_place(), net.fresh_place()
        self.proxy = Measured(directory / "proxy", self.peers(), place=self.place, binary=binary, **self.settings())
        self.reloads, self.refused, self.watched = 0, 0, False

    @staticmethod
    def settings(**more):
        return {"log_level": "info", "workers": 2, "watch": "no", "status_zones": STATUS_ZONES, "answer_timeout": 3,
                "idle_timeout": 5, **more}

    def peers(self):
        """It speaks from an address of its own, for its connections would take ports that others have found free."""
        own, told = {"source": self.own}, {"key": self.telling.label, "primary": "scripted", "zones": "*"}

        def asks(name, key, primary, zones, **more):
            return f"secondary {name}", {"address": f"{self.source}@53", "key": key.label, "primary": primary,
                                         "zones": zones, "notify": "no", **more}

        return [
            *(section for one in self.real for section in one.sections(self.source, own)),
            *(key.section() for key in (self.updating, self.slow, self.telling, self.key_of_dead)),
            ("primary dynamic", {"address": net.text(self.dynamic.place), **own}),
            ("primary scripted", {"address": net.text(self.scripted.place), **own}),
            ("primary dead", {"address": net.text(self.dead), **own}),
            asks("updates", self.updating, "dynamic", self.dynamic.zone.name, allow="soa, axfr, update"),
            asks("slow", self.slow, "scripted", list(SCRIPTS)),
            asks("nobody-there", self.key_of_dead, "dead", self.dead_zone),
            ("secondary told", {"address": net.text(self.told.place), **told, **own}),
            ("secondary silent", {"address": net.text(self.silent.place), **told, **own}),
        ]

    @contextlib.contextmanager
    def running(self):
        """All of it, until the proxy has ended in good order."""
        with contextlib.ExitStack() as exits:
            def launch(one):
                exits.callback(one.stop)
                one.start()

            for one in (self.scripted, self.told, self.silent, self.taken, self.dynamic,
                        *(real.primary for real in self.real), self.proxy,
                        *(server for real in self.real for server in real.secondaries)):
                launch(one)
            for real in self.real:
                for server in real.secondaries:
                    server.wait_serial(real.zone.name, real.zone.serial)
            yield self

    # --- reloads ------------------------------------------------------------------------------------------

    def _reload(self, event, text):
        """By signal, unless the configuration in force has it look by itself: both at once might be one or two."""
        start = self.proxy.mark()
        write(self.proxy.path, text)
        if not self.watched:
            self.proxy.process.signal(signal.SIGHUP)
        line = self.proxy.process.wait_line(lambda line: "event=reload" in line, event, start=start)[1]
        assert log_pairs(line)["event"] == event, f"{line}\n{text}"

    def _text(self, *more, **own):
        return ini([("proxy", own_settings(self.place, **self.settings(**own))), *self.peers(), *more])

    def good(self, **own):
        """A peer, listeners and workers that come and go; other peers whose keys change."""
        keys = [Key.new(f"extra-{n}.example", self.chance.choice(list(ALGORITHMS)))
                for n in range(self.chance.randrange(3, 5))]
        extra = [(f"secondary {key.label}", {"address": f"192.0.2.{n + 1}", "key": key.label, "primary": "scripted",
                                             "zones": "extra.example"}) for n, key in enumerate(keys)]
        own = {"workers": self.chance.choice((1, 2, 3)), "fudge": self.chance.randrange(300, 400),
               "watch": self.chance.choice(("no", 1)),
               "listen": [net.text(one) for one in (self.place, *self.extra[: self.chance.randrange(3)])],
               **own}
        self._reload("reloaded", self._text(*(key.section() for key in keys), *extra, **own))
        self.watched = own["watch"] == 1
        self.reloads += 1

    def bad(self):
        section = ("secondary bad", {"address": "192.0.2.9", "zones": "bad.example", "primary": "scripted"})
        more, own = self.chance.choice([
            ([(section[0], {**section[1], "nonsense": 1})], {}),
            ([(section[0], {**section[1], "key": "nowhere.example"})], {}),
            ([section], {"listen": [net.text(self.place), net.text(self.taken.place)]}),
            ([section], {"status_zones": 7}),
        ])
        self._reload("reload-refused", self._text(*more, **own))
        self.refused += 1

    def settle(self):
        """As many workers as there ever are, for none gives its sockets back; then those of the beginning. It looks by
        itself once, which starts libuv's threads."""
        for workers in (3, 2):
            self.good(workers=workers, listen=[net.text(self.place)], watch=1)
        reach_all_workers(self.place, self.source)

    def quiet(self, descriptors=None, threads=None):
        """(descriptors, threads, octets of memory) once nothing is asked any more, at the most these."""
        proxy = self.proxy
        if descriptors:
            until(lambda: proxy.descriptors() <= descriptors, f"{descriptors} descriptors", 30)
            until(lambda: proxy.threads() <= threads, f"{threads} threads")
        del proxy.process.lines[:-LINES]
        return proxy.descriptors(), proxy.threads(), proxy.memory()
