"""N7, N9: CPU of a signed SOA query over UDP, by the number of secondaries, of zones, and of workers."""

import gauge
import net
import peers
import table

QUERIES, WARM_UP, UNDER_WAY, ROUNDS = 20_000, 4_000, 64, 7
FEW, SOME, MANY = 10, 1_000, 10_000
FEW_ZONES, MANY_ZONES = 100, 100_000


class Scene:
    """One proxy. All of a comparison run side by side, and are asked in turn."""

    def __init__(self, directory, place, secondaries, zones=0, workers=1):
        self.secondaries, self.zones, self.primary = secondaries, zones, place
        self.under_way = UNDER_WAY * workers
        self.unanswered = 0
        sections = peers.each(secondaries, first=[peers.primary(place)])
        if zones:
            directory.mkdir(parents=True)
            (directory / "zones.txt").write_text("".join(f"zone{n}.example\n" for n in range(zones)))
            del sections[-1][1]["zones"]
            sections[-1][1]["zones_file"] = "zones.txt"
        self.proxy = peers.proxy(directory, sections, workers=workers)
        self.figures = []

    def start(self):
        self.proxy.start()
        self.ask(WARM_UP)
        return self

    def stop(self):
        self.proxy.stop()

    def ask(self, queries):
        """Microseconds of CPU a query."""
        before = gauge.cpu(self.proxy.pid)
        said = peers.load("soa", net.text(self.proxy.place), net.text(self.primary), self.secondaries, self.zones,
                          0, queries, self.under_way)
        self.unanswered += int(said["failed"] + said["lost"])
        return (gauge.cpu(self.proxy.pid) - before) * 1e6 / queries

    def measure(self):
        self.figures.append(self.ask(QUERIES))

    def note(self):
        return f", {self.unanswered} NOT ANSWERED" if self.unanswered else ""


def compare(stack, scenes):
    """Asks each in turn, round by round."""
    for scene in scenes:
        stack.callback(scene.stop)
        scene.start()
    for _ in range(ROUNDS):
        for scene in scenes:
            scene.measure()


def show(number, name, scenes, words, most):
    """The first is what the others are compared with; the goal is the last one's."""
    anchor = scenes[0]
    table.row(number, f"{name}, {words[0]}", table.spread(anchor.figures, "us") + anchor.note())
    for scene, word in zip(scenes[1:], words[1:]):
        table.times(number, f"{name}, {word}", scene.figures, anchor.figures, "us", most, note=scene.note())


def n7(stack, directory):
    place = net.fresh_place()
    scenes = [Scene(directory / f"peers-{count}", place, count) for count in (FEW, SOME, MANY)]
    compare(stack, scenes)
    show("N7", "CPU of a signed SOA query", scenes, [f"{count:,} secondaries" for count in (FEW, SOME, MANY)], 1.2)


def n7_zones(stack, directory):
    place = net.fresh_place()
    scenes = [Scene(directory / f"zones-{count}", place, 1, count) for count in (FEW_ZONES, MANY_ZONES)]
    compare(stack, scenes)
    show("N7", "CPU of a signed SOA query", scenes, [f"{count:,} zones" for count in (FEW_ZONES, MANY_ZONES)], 1.2)


def n9(stack, directory):
    place, name = net.fresh_place(), "CPU of a signed SOA query, 100 secondaries"
    sections = peers.each(1, first=[peers.primary(place)])
    if not peers.takes(directory / "trial", sections, workers=2):
        table.row("N9", f"{name}, two workers", "not to be had", "at most 1.1 times", "-")
        return
    scenes = [Scene(directory / f"workers-{count}", place, 100, workers=count) for count in (1, 2)]
    compare(stack, scenes)
    show("N9", name, scenes, ["one worker", "two workers"], 1.1)
