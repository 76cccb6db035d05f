"""Secondaries that ask for a thousand zones, and a primary that takes few connections (M6). Times are told,
and never judged."""

import os
import signal
import time

import pytest

import net
from many import PRIMARIES, Gate, ManyNsd, ManyNsdSecondary, names
from process import until
from proxy import Proxy, ini
from tsigtool import Key

ZONES = names(1000)


class Scene:
    """A primary behind a gate, and secondaries `far` and `near` with zones of their own."""

    def __init__(self, launch, directory, kind, delay=0.0, zones=(ZONES, ())):
        self.launch = launch
        self.directory = directory
        self.zones = dict(zip(("far", "near"), zones))
        self.primary = launch(kind(directory / "primary").serve([*zones[0], *zones[1]]))
        self.gate = Gate(self.primary.place, delay)
        launch(self.gate)
        self.keys = {label: Key.new(f"{label}.example") for label in self.zones}
        self.secondaries = {label: ManyNsdSecondary(directory / label) for label in self.zones}
        self.proxy = None

    def sections(self, connections):
        found = [("primary hq", {"address": net.text(self.gate.place), "connections": connections})]
        for label, key in self.keys.items():
            place = net.text(self.secondaries[label].place)
            found += [key.section(), (f"secondary {label}", {"address": place, "key": key.label})]
        return found

    def serve(self, connections):
        binary = os.environ.get("TSIG_PROXY_RELEASE")
        self.proxy = self.launch(Proxy(self.directory / "proxy", self.sections(connections), binary=binary,
                                       workers=2, log_level="info"))

    def reload(self, connections):
        start = self.proxy.mark()
        before = self.proxy.path.read_text()
        own = before[: before.index("[primary")]
        self.proxy.path.write_text(own + ini(self.sections(connections)))
        self.proxy.process.signal(signal.SIGHUP)
        self.proxy.wait(event="reloaded", start=start)

    def follow(self, label):
        """The secondary begins to ask."""
        secondary = self.secondaries[label]
        secondary.follow(self.zones[label], self.keys[label], self.proxy.place)
        return self.launch(secondary)

    def arrives(self, label, patience=60):
        until(lambda: self.secondaries[label].arrived() == len(self.zones[label]),
              f"all zones of {label}", patience)

    def judge(self, most):
        assert self.gate.most <= most, f"{self.gate.most} connections at once"
        assert self.proxy.events(rcode="SERVFAIL") == []
        assert self.proxy.events(event="limit") == []
        assert self.proxy.events(event="upstream-failure") == []


def time_directly(launch, directory, primary):
    """Seconds until all are there with no proxy between."""
    direct = ManyNsdSecondary(directory / "direct").follow(ZONES, None, primary.place)
    began = time.monotonic()
    launch(direct)
    until(lambda: direct.arrived() == len(ZONES), "all zones without a proxy", 60)
    took = time.monotonic() - began
    direct.stop()
    return took


@pytest.mark.parametrize("connections", [100, 4])
@pytest.mark.parametrize("kind", PRIMARIES, ids=[kind.name for kind in PRIMARIES])
def test_M6_a_thousand_zones_arrive_over_few_connections(launch, tmp_path, capsys, kind, connections):
    scene = Scene(launch, tmp_path, kind)
    direct = time_directly(launch, tmp_path, scene.gate)
    before, scene.gate.most = scene.gate.total, 0
    scene.serve(connections)
    began = time.monotonic()
    scene.follow("far")
    scene.arrives("far")
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n1,000 zones of {kind.name}, connections = {connections}: {took:.2f} s, directly "
              f"{direct:.2f} s; {scene.gate.most} connections at once, "
              f"{scene.gate.total - before} in all")
    scene.judge(connections - connections // 4)


def test_M6_a_secondary_that_asks_for_little_does_not_starve(launch, tmp_path):
    """It has all it wants while the other, which wants more than there is, has but a part."""
    scene = Scene(launch, tmp_path, ManyNsd, delay=0.02, zones=(ZONES, names(20, "near")))
    scene.serve(4)
    far = scene.follow("far")
    until(lambda: far.arrived() > 50, "the first zones of far")
    scene.follow("near")
    scene.arrives("near")
    assert far.arrived() < len(ZONES), "nothing was asked beside it"
    scene.arrives("far")
    scene.judge(4)


def test_M6_a_reload_changes_the_number_in_mid_flight(launch, tmp_path):
    scene = Scene(launch, tmp_path, ManyNsd, delay=0.02)
    scene.serve(4)
    far = scene.follow("far")
    until(lambda: far.arrived() > 50, "the first zones")
    assert scene.gate.most <= 3
    scene.reload(16)
    until(lambda: scene.gate.most > 3, "more connections")
    until(lambda: far.arrived() > 300, "more zones")
    scene.reload(4)
    scene.arrives("far")
    scene.judge(12)
