"""N8: CPU of each copy of a NOTIFY, by the number of secondaries that are told."""

import gauge
import net
import peers
import table

COPIES, ROUNDS = 20_000, 5
FEW, MANY = 10, 1_000


class Scene:
    """One proxy, one zone, and so many secondaries that all have it."""

    def __init__(self, directory, secondaries):
        self.secondaries, self.primary = secondaries, net.fresh_place()
        self.port = net.free_place("0.0.0.0").port
        first = [peers.primary(self.primary, notify_rate=1_000_000)]
        sections = peers.each(secondaries, self.port, "zone.example", first)
        self.proxy = peers.proxy(directory, sections, workers=1)
        self.figures, self.failed, self.again = [], 0, 0

    def tell(self, copies):
        """Microseconds of CPU a copy."""
        before, rounds = gauge.cpu(self.proxy.pid), copies // self.secondaries
        said = peers.load("notify", net.text(self.proxy.place), net.text(self.primary), self.port, self.secondaries,
                          rounds)
        self.failed += int(said["failed"] + said["bad"])
        self.again += int(said["copies"]) - rounds * self.secondaries
        return (gauge.cpu(self.proxy.pid) - before) * 1e6 / copies

    def note(self):
        return (f", {self.failed} FAILED" if self.failed else "") + (
            f", {self.again:+} copies" if self.again else "")


def n8(stack, directory):
    scenes = [Scene(directory / f"told-{count}", count) for count in (FEW, MANY)]
    for scene in scenes:
        stack.callback(scene.proxy.stop)
        scene.proxy.start()
        scene.tell(COPIES // 10)
    for _ in range(ROUNDS):
        for scene in scenes:
            scene.figures.append(scene.tell(COPIES))
    few, many = scenes
    table.row("N8", f"CPU of a NOTIFY's copy, {FEW} secondaries", table.spread(few.figures, "us") + few.note())
    table.times("N8", f"CPU of a NOTIFY's copy, {MANY:,} secondaries", many.figures, few.figures, "us", 1.5,
                note=many.note())
