"""N2, N5: what a signed SOA query over UDP takes, beside dnsdist, which relays it unsigned: CPU under load, and time
when there is none. The CPU by queries in flight as well."""

import os
import statistics
from pathlib import Path

import gauge
import net
import peers
import relays
import table

QUERIES, WARM_UP, ROUNDS = 60_000, 10_000, 7
PINGS, PING_ROUNDS = 3_000, 7
ZONES, PADDING = 1_000, 40


class Way:
    def __init__(self, relay, primary, keyed):
        self.relay, self.primary, self.keyed = relay, primary, keyed
        self.figures, self.lost = [], 0

    def ask(self, zones, padding, queries, under_way):
        """Microseconds of CPU an answered query."""
        before = gauge.cpu(self.relay.pid)
        said = peers.load("soa", net.text(self.relay.place), net.text(self.primary), int(self.keyed), zones, padding,
                          queries, under_way)
        self.lost += int(said["failed"] + said["lost"])
        return (gauge.cpu(self.relay.pid) - before) * 1e6 / max(1, said["answered"])

    def ping(self):
        """Microseconds to the answer, the median."""
        place = self.relay.place if self.relay else self.primary
        said = peers.load("ping", net.text(place), net.text(self.primary), int(self.keyed), PINGS)
        self.lost += int(said["failed"])
        return said["median"]


class Scene:
    """The program and dnsdist, which take turns."""

    def __init__(self, stack, directory):
        primary = net.fresh_place()
        sections = peers.each(1, zones="*", first=[peers.primary(primary)])
        self.ours = Way(peers.proxy(directory / "proxy", sections, workers=1), primary, True)
        self.theirs = Way(relays.Dnsdist(directory / "dnsdist", primary), primary, False)
        self.straight = Way(None, primary, False)
        for way in (self.ours, self.theirs):
            stack.callback(way.relay.stop)
            way.relay.start()

    def measure(self, zones, padding, under_way, queries=QUERIES, rounds=ROUNDS):
        for way in (self.ours, self.theirs):
            way.figures, way.lost = [], 0
            way.ask(zones, padding, queries // 4, under_way)
        for _ in range(rounds):
            for way in (self.ours, self.theirs):
                way.figures.append(way.ask(zones, padding, queries, under_way))

    def show(self, number, name, most=None):
        table.sides(number, name, self.ours.figures, self.theirs.figures, "us", most,
                    missed=(self.ours.lost, self.theirs.lost))


def n2(stack, directory):
    scene = Scene(stack, directory)
    for under_way in (100, 1_000):
        scene.measure(ZONES, PADDING, under_way)
        scene.show("N2", f"CPU of an SOA query, {under_way:,} in flight: dnsdist", 0.9)
        scene.measure(1, 0, under_way)
        scene.show("N2", f"the same, one name, {under_way:,} in flight: dnsdist", 0.9)


def pin(ways, relay, load):
    """All relays on one core; what asks and answers, which inherits ours, on another or the same."""
    os.sched_setaffinity(0, {load})
    for way in ways:
        for task in Path(f"/proc/{way.relay.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {relay})


def n5(stack, directory):
    scene, cores = Scene(stack, directory), sorted(os.sched_getaffinity(0))
    stack.callback(os.sched_setaffinity, 0, cores)
    ways = [scene.straight, scene.ours, scene.theirs]
    for relay, name in ((cores[0], "all on one core"), (cores[-1], "the relay on another core")):
        pin(ways[1:], relay, cores[0])
        for way in ways:
            way.ping()
            way.figures = []
        for _ in range(PING_ROUNDS):
            for way in ways:
                way.figures.append(way.ping())
        ours, theirs = (added(way, scene.straight) for way in ways[1:])
        table.sides("N5", f"time added to an SOA query, {name}: dnsdist", ours, theirs, "us", digits=1,
                    missed=(scene.ours.lost, scene.theirs.lost))
        middle = statistics.median(ours)
        table.alone("N5", "the same; straight beside it", f"{middle:.1f} us",
                    table.spread(scene.straight.figures, "us"), "at most 40 us", middle <= 40)


def added(way, straight):
    return [figure - base for figure, base in zip(way.figures, straight.figures)]


def in_flight(stack, directory):
    scene = Scene(stack, directory)
    for under_way, queries in ((1, 10_000), (10, 30_000), (100, QUERIES), (1_000, QUERIES), (10_000, QUERIES)):
        scene.measure(ZONES, PADDING, under_way, queries, 3)
        scene.show("", f"CPU of an SOA query, {under_way:,} in flight: dnsdist")
