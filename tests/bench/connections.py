"""N6: connections at one primary, and the time, while a secondary fetches 1,000 zones, and refreshes them all once they
have changed: NSD at both ends, with the proxy between them and without it."""

import datetime
import os
import re
import subprocess

import gauge
import net
import peers
import table
import zones
from process import Process, Timeout, until
from proxy import Proxy
from servers import Nsd
from tsigtool import Key

ZONES, HOSTS, ROUNDS = 1_000, 20, 5
CONNECTIONS = 100  # the proxy's own default, and NSD's
PATIENCE = 60  # seconds
PROCESSES = 3  # of one NSD
KEY = Key.new("xfr.example")


class Farm(Nsd):
    """NSD with many zones of the same content, otherwise as it comes."""

    def options(self):
        text = super().options().replace("xfrd-reload-timeout: 0", "xfrd-reload-timeout: 1")
        return text.replace("control-enable: no", f"control-enable: yes\n    control-interface: {self.control}") + f"""
key:
    name: "{KEY.name}"
    algorithm: {KEY.algorithm}
    secret: "{KEY.base64}"
"""

    @property
    def control(self):
        return self.directory / "control"

    def write_all(self, settings):
        pattern = f'pattern:\n    name: "all"\n{settings}'
        each = "".join(f'zone:\n    name: "zone{number}.example"\n    include-pattern: "all"\n'
                       for number in range(ZONES))
        (self.directory / "nsd.conf").write_text(self.options() + pattern + each)

    def write_content(self, serial):
        hosts = "".join(f"host{n} 300 IN A 192.0.2.{n + 1}\n" for n in range(HOSTS))
        soa = f"@ 3600 IN SOA ns hostmaster {serial} 3600 600 86400 300\n"
        zones.write(self.directory / "zone", f"{soa}@ 3600 IN NS ns\nns 3600 IN A 192.0.2.53\n{hosts}")

    def serve(self):
        self.write_content(1)
        self.write_all(f"""    zonefile: "zone"
    provide-xfr: 127.0.0.0/8 NOKEY
    provide-xfr: 127.0.0.0/8 {KEY.name}
""")
        return self

    def change_all(self, serial):
        self.write_content(serial)
        before, names = self.processes(), ("zone0.example", f"zone{ZONES - 1}.example")
        self.reload()
        until(lambda: all(self.serial(name) == serial for name in names), f"serial {serial}")
        # What its old child still takes is closed without an answer.
        until(lambda: self.processes()[-1] != before[-1], "the old child is gone")

    def processes(self):
        """All of this NSD's, once there are no more than it runs with; the child that serves comes last."""
        return until(lambda: found if len(found := gauge.session(self.process.pid)) == PROCESSES else None,
                     "the old child is gone")

    def copy(self, place):
        self.write_all(f"""    zonefile: "%s.copy"
    request-xfr: {net.text(place)} {KEY.name}
    outgoing-interface: {self.place.address}
""")
        return self

    def lines(self, pattern):
        return [line for line in self.process.lines if re.search(pattern, line)]

    def wait_all(self, serial, began):
        """Seconds from the last line that has `began` in it to that of the last zone with this serial; at most
        PATIENCE."""
        pattern = f'committed "received update to serial {serial} '
        try:
            until(lambda: len(self.lines(pattern)) >= ZONES, f"{ZONES} zones with serial {serial}", PATIENCE, 0.2)
        except Timeout:
            return PATIENCE
        return moment(self.lines(pattern)[-1]) - moment(self.lines(began)[-1])

    def fetch(self, serial):
        self.start()
        return self.wait_all(serial, "nsd started")

    def refresh(self, serial):
        command = ["nsd-control", "-c", self.directory / "nsd.conf", "transfer"]
        subprocess.run(command, check=True, capture_output=True)
        return self.wait_all(serial, "control cmd: *transfer")


def moment(line):
    return datetime.datetime.strptime(line[1:24], "%Y-%m-%d %H:%M:%S.%f").timestamp()


class Counter:
    """Stands before the primary and counts connections."""

    def __init__(self, directory, server, place):
        command = [os.environ["TSIG_PROXY_LOAD"], "count", net.text(place), net.text(server)]
        self.process = Process("count", command, directory)
        self.process.wait_line("ready".__eq__, "ready")

    def stop(self):
        self.process.stop()
        return peers.pairs(self.process.lines[-1])


class Way:
    """From a secondary to the primary: straight, or through the proxy."""

    def __init__(self, name, directory):
        self.name, self.directory = name, directory
        self.place = self.front = net.fresh_place()
        self.copy = net.fresh_place()
        self.fetched, self.refreshed, self.most, self.failed = [], [], [], 0

    def add_proxy(self, stack):
        self.front = net.fresh_place()
        sections = [KEY.section(), ("primary hq", {"address": net.text(self.place)}),
                    ("secondary s", {"address": net.text(self.copy), "key": KEY.label})]
        proxy = Proxy(self.directory / "proxy", sections, place=self.front, log_level="info")
        stack.callback(proxy.stop)
        proxy.start()


def one_round(stack, primary, ways, number):
    """All fetch, one after another; the zones change; all refresh."""
    serial = 2 * number + 1
    primary.change_all(serial)
    running = []
    for way in ways:
        counter = Counter(way.directory, primary.place, way.place)
        stack.callback(counter.stop)
        farm = Farm(way.directory / f"copy-{number}", way.copy).copy(way.front)
        stack.callback(farm.stop)
        way.fetched.append(farm.fetch(serial))
        running.append((way, counter, farm))
    primary.change_all(serial + 1)
    for way, counter, farm in running:
        way.refreshed.append(farm.refresh(serial + 1))
        farm.stop()
        way.failed += len(farm.lines("received error code"))
        way.most.append(counter.stop()["most"])


def show(straight, through):
    name = f"{ZONES:,} zones"
    table.row("N6", f"{name}: connections at once, straight", table.spread(straight.most, "", 0))
    table.row("N6", f"{name}: connections at once", table.spread(through.most, "", 0), f"at most {CONNECTIONS}",
              max(through.most) <= CONNECTIONS)
    table.row("N6", f"{name}: answers that are errors", f"{through.failed} (straight {straight.failed})", "0",
              not through.failed)
    table.row("N6", f"{name}: fetched straight", table.spread(straight.fetched, "s", 2))
    table.times("N6", f"{name}: fetched", through.fetched, straight.fetched, "s", 1.2, 2)
    table.row("N6", f"{name}: refreshed straight", table.spread(straight.refreshed, "s", 2))
    table.times("N6", f"{name}: refreshed", through.refreshed, straight.refreshed, "s", 1.2, 2)


def n6(stack, directory):
    primary = Farm(directory / "primary").serve()
    stack.callback(primary.stop)
    primary.start()
    straight, through = ways = [Way(name, directory / name) for name in ("straight", "through")]
    for way in ways:
        way.directory.mkdir()
    through.add_proxy(stack)
    for number in range(ROUNDS):
        one_round(stack, primary, ways if number % 2 else ways[::-1], number)
    show(straight, through)
