"""N3: from the NOTIFY to the whole zone on the secondary, through the program and through Knot, which stores what it
forwards."""

import gauge
import net
import peers
import relays
import table

RECORDS, ROUNDS = 1_000_000, 5


class Way:
    def __init__(self, primary):
        self.primary, self.secondary = primary, net.Place(peers.address(0), net.free_place("0.0.0.0").port)
        self.relay = None
        self.seconds, self.cpu, self.late = [], [], 0

    def deliver(self):
        """Seconds, and seconds of CPU."""
        before = gauge.cpu(self.relay.pid)
        said = peers.load("deliver", net.text(self.relay.place), net.text(self.primary), net.text(self.secondary),
                          RECORDS)
        self.late += not said["done"]
        self.seconds.append(said["seconds"])
        self.cpu.append(gauge.cpu(self.relay.pid) - before)


def n3(stack, directory):
    ours, theirs = ways = Way(net.fresh_place()), Way(net.fresh_place())
    sections = [peers.primary(ours.primary), peers.key(0),
                peers.secondary(0, ours.secondary.port, zones="zone.example")]
    ours.relay = peers.proxy(directory / "proxy", sections, workers=1)
    theirs.relay = relays.Forwarder(directory / "knot").forward("zone.example", theirs.primary, theirs.secondary)
    for way in ways:
        stack.callback(way.relay.stop)
        way.relay.start()
        way.deliver()
        way.seconds.clear()
        way.cpu.clear()
    for _ in range(ROUNDS):
        for way in ways:
            way.deliver()
    table.sides("N3", f"NOTIFY to {RECORDS:,} records: Knot", ours.seconds, theirs.seconds, "s", 0.05, 3,
                missed=(ours.late, theirs.late))
    table.sides("N3", "CPU of that: Knot", ours.cpu, theirs.cpu, "s", digits=3)
    memory = [[gauge.memory(way.relay.pid, "VmHWM") / gauge.MEGABYTE] for way in ways]
    table.sides("N3", "resident memory, the most: Knot", *memory, "MB", 0.03, 0)
