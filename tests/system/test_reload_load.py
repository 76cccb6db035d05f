"""300 reloads while everything that peers do goes on: nothing is lost, and nothing is answered wrongly."""

import os
import random
import signal
import time

import pytest

import net
import tools
from client import reach_all_workers
from loaders import Changes, Copies, Notifies, Questions, Stuck, ToolTransfers, Transfers, acknowledging, endless
from process import until
from proxy import Proxy, ini, log_pairs, own_settings, program
from scripted import Scripted, sound
from servers import SECONDARIES, Bind, Powerdns
from tsigtool import ALGORITHMS, Key
from zones import Zone

pytestmark = pytest.mark.own_workers

RELOADS, WARM = 300, 100
EXCHANGES = 25  # of all peers together, from one reload to the next
MEMORY = {"released": 8 << 20, "tested": 64 << 20}  # octets; sanitizers keep what is freed for a while
LETTING_GO = 4  # seconds
SEED = "reload"


class Measured(Proxy):
    sanitizers = {**Proxy.sanitizers, "ASAN_OPTIONS": Proxy.sanitizers["ASAN_OPTIONS"] + ":quarantine_size_mb=4"}


class Scene:
    """Two primaries, a real one and a scripted one, and the secondaries of each."""

    def __init__(self, launch, directory, binary):
        self.chance = random.Random(SEED)
        self.old = []  # when reloaded, and how many old snapshots were in use then
        self.zone, place = Zone(hosts=300), net.free_place()
        self.copies = Copies(self.zone)
        self.primary = launch(Bind(directory / "primary").primary(self.zone, notify=place))
        self.keys = {name: Key.new(f"{name}.example") for name in ("real", "asks", "told", "stuck")}
        self.sources = {name: net.fresh_address() for name in ("asks", "stuck", "proxy")}
        self.secondaries = [kind(directory / kind.name).secondary(self.zone.name, self.keys["real"], place)
                            for kind in SECONDARIES if kind is not Powerdns]
        self.sender = launch(Scripted(lambda r: endless(r) if r.zone == "stuck.example" else sound(r)))
        self.told = [launch(Scripted(acknowledging(self.keys["told"]))) for _ in range(2)]
        self.taken = launch(Scripted(sound))
        self.extra = net.fresh_place(), net.fresh_place()
        self.proxy = Measured(directory / "proxy", self.peers(), place=place, binary=binary, **self.own())
        launch(self.proxy)
        for server in self.secondaries:
            launch(server)
            server.wait_serial(self.zone.name, self.zone.serial)

    @staticmethod
    def own(**more):
        return {"log_level": "info", "workers": 2, **more}

    def peers(self, asks_also=(), **asks):
        """What those that never rest need. The proxy has an address for itself to speak from, for its thousands of
        connections would take ports that tests beside this one have found free."""
        keys, sources, source = self.keys, self.sources, {"source": self.sources["proxy"]}
        return [
            *(key.section() for key in keys.values()),
            ("primary legacy", {"address": net.text(self.primary.place), **source}),
            ("primary scripted", {"address": net.text(self.sender.place), **source}),
            *((f"secondary {one.name}", {"address": net.text(one.place), "key": "real.example", "primary": "legacy",
                                         "zones": self.zone.name}) for one in self.secondaries),
            ("secondary asks", {"address": f"{sources['asks']}@53", "key": ["asks.example", *asks_also],
                                "primary": "legacy", "zones": "*", "notify": "no", **asks}),
            ("secondary stuck", {"address": f"{sources['stuck']}@53", "key": "stuck.example", "primary": "scripted",
                                 "zones": "stuck.example", "notify": "no"}),
            *((f"secondary told-{n}", {"address": net.text(one.place), "key": "told.example", "primary": "scripted",
                                       "zones": "*", **source}) for n, one in enumerate(self.told)),
        ]

    def loaders(self):
        place, keys, sources, zone = self.proxy.place, self.keys, self.sources, self.zone.name
        asking = place, sources["asks"], keys["asks"]
        telling = place, self.sender.place.address, self.told
        return [
            *(Questions(*asking, zone, transport) for transport in ("udp", "tcp")),
            *(Questions(*asking, zone, "tcp", kept=True) for _ in range(2)),
            Transfers(*asking, self.copies),
            *(ToolTransfers(tool, *asking, self.copies) for tool in tools.ASKING),
            *(Notifies(*telling, transport) for transport in ("udp", "tcp")),
            Changes(self.primary, self.secondaries, self.copies),
        ]

    def reload(self, event, text):
        start = self.proxy.mark()
        self.proxy.path.write_text(text)
        self.proxy.process.signal(signal.SIGHUP)
        line = self.proxy.process.wait_line(lambda line: "event=reload" in line, "event=reload", start=start)[1]
        found = log_pairs(line)
        assert found["event"] == event, f"{found}\n{text}\n{self.proxy.text()}"
        return found

    def text(self, *more, peers=None, **own):
        settings = own_settings(self.proxy.place, **self.own(**own))
        return ini([("proxy", settings), *(peers or self.peers()), *more])

    def good(self):
        """Peers, keys, listeners and workers that come and go."""
        chance = self.chance
        keys = [Key.new(f"extra-{n}.example", chance.choice(list(ALGORITHMS))) for n in range(chance.randrange(4))]
        extra = [(f"secondary {key.label}", {"address": f"192.0.2.{n + 1}", "key": key.label, "primary": "scripted",
                                             "zones": "extra.example"}) for n, key in enumerate(keys)]
        zones = chance.choice(["*", f"{self.zone.name}, *"])
        places = chance.sample(self.extra, chance.randrange(3))
        text = self.text(*(key.section() for key in keys), *extra,
                         peers=self.peers([key.label for key in keys[:1]], zones=zones),
                         listen=[net.text(place) for place in (self.proxy.place, *places)],
                         fudge=chance.randrange(300, 400), workers=chance.choice((1, 2, 3)))
        self.old.append((time.monotonic(), int(self.reload("reloaded", text)["old-in-use"])))
        for place in places:
            for transport in ("udp", "tcp"):
                Questions(place, self.sources["asks"], self.keys["asks"], self.zone.name, transport).exchange()

    def bad(self):
        section = ("secondary bad", {"address": "192.0.2.9", "zones": "bad.example", "primary": "scripted"})
        both = [net.text(self.extra[0]), net.text(self.proxy.place), net.text(self.taken.place)]
        more, own = self.chance.choice([
            ([(section[0], {**section[1], "nonsense": 1})], {}),
            ([(section[0], {**section[1], "key": "nowhere.example"})], {}),
            ([section], {"listen": both, "workers": self.chance.choice((1, 2, 3))}),
            ([section], {"status_zones": 7}),
        ])
        self.reload("reload-refused", self.text(*more, **own))

    def pace(self, loaders):
        """Until they have got some way."""
        goal = sum(one.count for one in loaders) + EXCHANGES
        until(lambda: failed(loaders) or sum(one.count for one in loaders) >= goal, "exchanges go on", pause=0.002)
        assert not failed(loaders), failed(loaders)

    def settle(self):
        """As many workers as there ever were, for none gives its sockets back; then those of the beginning."""
        for workers in (3, 2):
            self.reload("reloaded", self.text(workers=workers))
        reach_all_workers(self.proxy.place, self.sources["asks"])


def failed(loaders):
    return [str(one.error) for one in loaders if one.error]


def assert_stuck_is_well(scene, stuck):
    """Alive, or broken off by the reloads (M9)."""
    lines = scene.proxy.events(event="transfer", zone="stuck.example")
    assert stuck.broken == bool(lines), lines
    assert {line["result"] for line in lines} <= {"reloaded"}, lines


def assert_old_ones_go(scene):
    """But for that of the stuck transfer, they are those of the last seconds."""
    for now, count in scene.old:
        recent = sum(now - LETTING_GO <= when <= now for when, _ in scene.old)
        assert count <= recent + 1, f"{count} old snapshots are in use, {recent} reloads were in the last {LETTING_GO} s"


def least(measure, seconds=0.5):
    """What comes and goes is gone once within this time."""
    end, found = time.monotonic() + seconds, measure()
    while time.monotonic() < end:
        time.sleep(0.01)
        found = min(found, measure())
    return found


def assert_flat(scene, memory, bound, descriptors, threads):
    proxy = scene.proxy
    until(lambda: proxy.descriptors() <= descriptors, f"descriptors: {descriptors}", patience=40)
    until(lambda: proxy.threads() <= threads, f"threads: {threads}")
    grown = proxy.memory() - memory
    print(f"  memory: {memory >> 10} KiB after {WARM} reloads, then {grown / 1024:+.0f} KiB")
    assert grown <= bound


@pytest.fixture(params=["tested", "released"])
def binary(request):
    path = program() if request.param == "tested" else os.environ.get("TSIG_PROXY_RELEASE")
    if not path or (request.param == "released" and path == program()):
        pytest.skip("TSIG_PROXY_RELEASE is not set, or is TSIG_PROXY")
    return request.param, path


def test_300_reloads_lose_nothing_and_keep_nothing(launch, tmp_path, binary):
    scene = Scene(launch, tmp_path, binary[1])
    threads = scene.proxy.threads()
    scene.settle()
    until(lambda: scene.proxy.threads() <= threads, "the third worker ends")
    descriptors = least(scene.proxy.descriptors)
    stuck = launch(Stuck(scene.proxy.place, scene.sources["stuck"], scene.keys["stuck"], "stuck.example"))
    loaders, memory, began = [launch(one) for one in scene.loaders()], 0, time.monotonic()
    for number in range(RELOADS):
        scene.pace(loaders)
        if number % 3 == 2:
            scene.bad()
        else:
            scene.good()
        if number == WARM:
            memory = scene.proxy.memory()
    spent = time.monotonic() - began
    for one in loaders:
        one.stop()
    for one in loaders:
        if isinstance(one, Notifies):
            one.assert_carried()
    most = max(count for _, count in scene.old)
    print(f"\n{binary[0]}: {RELOADS} reloads in {spent:.1f} s, at most {most} old snapshots in use")
    for one in loaders:
        print(one.line())
    assert_old_ones_go(scene)
    assert_stuck_is_well(scene, stuck)
    print(f"  the stuck transfer: {stuck.read} octets, {'broken off' if stuck.broken else 'alive'}")
    stuck.stop()
    for server in scene.secondaries:
        tools.wait_records(server, scene.zone.name, scene.primary.records(scene.zone.name))
    scene.settle()
    assert_flat(scene, memory, MEMORY[binary[0]], descriptors, threads)
