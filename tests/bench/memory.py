"""N4: memory of the proxy, and what the kernel holds for its sockets, while transfers are read slowly."""

import os
import time

import gauge
import net
import peers
import table
from process import Process

TRANSFERS, SECONDARIES = 1_000, 10
RATE = 16_384  # octets a second that each reader takes
LONGEST, STEADY = 60, 6  # seconds: of all, and without growth
GROWTH = 1.01


class Crowd:
    """The readers, and the primary that never ends."""

    def __init__(self, directory, proxy, primary):
        command = [os.environ["TSIG_PROXY_LOAD"], "transfers", net.text(proxy), net.text(primary), SECONDARIES,
                   TRANSFERS, RATE, LONGEST + 5]
        self.process = Process("load", command, directory)

    def state(self):
        return peers.pairs(self.process.lines[-1]) if self.process.lines else {"reading": 0, "ended": 0}


class Peak:
    """The most that was seen, until that has not grown for a while."""

    def __init__(self, proxy, primary):
        self.proxy, self.before = proxy, gauge.tcp_pages()
        self.readers, self.primary = f"sport = :{proxy.place.port}", f"dport = :{primary.port}"
        self.held = self.everywhere = self.grown = 0
        self.parts = 0, 0

    def sample(self):
        parts = gauge.sockets(self.readers), gauge.sockets(self.primary)
        if sum(parts) > self.held * GROWTH:
            self.grown = time.monotonic()
        if sum(parts) > self.held:
            self.held, self.parts = sum(parts), parts
        self.everywhere = max(self.everywhere, gauge.tcp_pages() - self.before)

    def is_steady(self):
        return time.monotonic() > self.grown + STEADY


def megabytes(octets):
    return f"{octets / gauge.MEGABYTE:,.0f} MB"


def show(peak, crowd, idle, resident):
    name, reading = f"{TRANSFERS:,} transfers read slowly", crowd.state()["reading"]
    note = "" if reading == TRANSFERS else f", {reading:.0f} READING"
    readers, primary = map(megabytes, peak.parts)
    table.row("N4", f"{name}: resident memory", f"{megabytes(resident)} at most, {megabytes(idle)} before{note}",
              "at most 60 MB", resident <= 60 * gauge.MEGABYTE)
    table.row("N4", f"{name}: the proxy's sockets (ss)",
              f"{megabytes(peak.held)} ({readers} to readers, {primary} from primary)", "at most 256 MB",
              peak.held <= 256 * gauge.MEGABYTE)
    table.row("N4", f"{name}: all sockets of both ends", megabytes(peak.everywhere))


def n4(stack, directory):
    primary = net.fresh_place()
    wanted = {"connections": 2 * TRANSFERS}
    sections = peers.each(1, first=[peers.primary(primary, **wanted)])
    if not peers.takes(directory / "trial", sections):
        wanted = {}  # builds that have no such bound
    sections = peers.each(SECONDARIES, zones="zone.example", first=[peers.primary(primary, **wanted)])
    proxy = peers.proxy(directory / "proxy", sections)
    stack.callback(proxy.stop)
    proxy.start()
    peak, idle = Peak(proxy, primary), gauge.memory(proxy.pid)
    crowd = Crowd(directory, proxy.place, primary)
    stack.callback(crowd.process.stop)
    began = time.monotonic()
    while time.monotonic() < began + LONGEST:
        peak.sample()
        if crowd.state()["reading"] + crowd.state()["ended"] >= TRANSFERS and peak.is_steady():
            break
        time.sleep(1)
    show(peak, crowd, idle, gauge.memory(proxy.pid, "VmHWM"))
