"""N1: CPU of a signed AXFR beside HAProxy, which relays it unsigned, and OpenSSL, which makes a MAC of as much. The
same by message size, by transfers at once and by records."""

import subprocess

import gauge
import net
import peers
import relays
import table

ROUNDS = 7
MESSAGE, RECORDS = 16_384, 1_000_000
OCTETS = 200e6  # of each round, about
RECORD = 25  # octets
SECONDARIES = 10
SIZES = {"512 octets": 512, "4 KiB": 4_096, "16 KiB": 16_384, "64 KiB": 65_000}
GIGABYTE = 1e9


def hmac(message):
    """Seconds a gigabyte in one thread, by `openssl speed`."""
    command = ["openssl", "speed", "-seconds", "1", "-bytes", str(message), "-hmac", "sha256"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    return GIGABYTE / (float(said.split()[-1].rstrip("k")) * 1000)


class Way:
    """One relay of a comparison, asked by secondaries with keys or without."""

    def __init__(self, relay, primary, keyed):
        self.relay, self.primary, self.keyed = relay, primary, keyed
        self.figures, self.failed = [], 0

    def carry(self, load):
        """Seconds of CPU a gigabyte of the primary's octets."""
        records, message, at_once, transfers = load
        before = gauge.cpu(self.relay.pid)
        said = peers.load("axfr", net.text(self.relay.place), net.text(self.primary),
                          SECONDARIES if self.keyed else 0, records, message, at_once, transfers)
        self.failed += int(said["failed"])
        return (gauge.cpu(self.relay.pid) - before) * GIGABYTE / (said["zone"] * transfers)


class Scene:
    """The program and HAProxy, twice; all run while any is measured, and take turns."""

    def __init__(self, stack, directory):
        primary = net.fresh_place()
        wanted = {"connections": 2_000}
        if not peers.takes(directory / "trial", peers.each(1, first=[peers.primary(primary, **wanted)])):
            wanted = {}  # builds that have no such bound
        sections = peers.each(SECONDARIES, zones="zone.example", first=[peers.primary(primary, **wanted)])
        self.ours = Way(peers.proxy(directory / "proxy", sections, workers=1), primary, True)
        self.plain = Way(relays.Haproxy(directory / "haproxy", primary), primary, False)
        self.spliced = Way(relays.Haproxy(directory / "spliced", primary, splice=True), primary, False)
        self.ways = [self.ours, self.plain, self.spliced]
        self.macs = []
        for way in self.ways:
            stack.callback(way.relay.stop)
            way.relay.start()

    def measure(self, load, rounds):
        self.macs = []
        for way in self.ways:
            way.figures, way.failed = [], 0
            way.carry((*load[:3], max(1, load[3] // 4)))
        for _ in range(rounds):
            for way in self.ways:
                way.figures.append(way.carry(load))
            self.macs.append(hmac(load[1]))

    def sum(self, way):
        return [relay + mac for relay, mac in zip(way.figures, self.macs)]

    def show(self, number, name, most=None):
        table.sides(number, name, self.ours.figures, self.sum(self.plain), "s/GB", most,
                    missed=(self.ours.failed, self.plain.failed))


def transfers(records, at_least=1):
    """So many that a round carries about OCTETS."""
    return max(at_least, round(OCTETS / (records * RECORD)))


def n1(stack, directory):
    scene = Scene(stack, directory)
    scene.measure((RECORDS, MESSAGE, 1, transfers(RECORDS)), ROUNDS)
    scene.show("N1", "CPU of a signed AXFR: HAProxy + HMAC", 1.0)
    table.sides("N1", "the same, spliced + HMAC", scene.ours.figures, scene.sum(scene.spliced), "s/GB")
    table.alone("N1", "of that: HAProxy, HMAC", "", f"{table.spread(scene.plain.figures, '', 2)}, "
                f"{table.spread(scene.macs, '', 2)}")
    table.alone("N1", "of that: HAProxy spliced", "", table.spread(scene.spliced.figures, "s/GB", 2))


def sizes(stack, directory):
    scene = Scene(stack, directory)
    for name, message in SIZES.items():
        scene.measure((100_000, message, 1, transfers(100_000)), 3)
        scene.show("", f"AXFR, messages of {name}: HAProxy + HMAC")


def at_once(stack, directory):
    scene = Scene(stack, directory)
    for count in (1, 100, 1_000):
        scene.measure((12_000, MESSAGE, count, max(count, transfers(12_000))), 3)
        scene.show("", f"AXFR, {count:,} at once: HAProxy + HMAC")


def records(stack, directory):
    scene = Scene(stack, directory)
    for count in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
        scene.measure((count, MESSAGE, 1, min(2_000, transfers(count))), 3)
        resident = gauge.memory(scene.ours.relay.pid, "VmHWM") / gauge.MEGABYTE
        scene.show("", f"AXFR, {count:,} records ({resident:.0f} MB): HAProxy + HMAC")
