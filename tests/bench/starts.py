"""N11: how long the program takes to start and to reload, and its memory, as configurations grow."""

import os
import re
import signal
import statistics
import subprocess
import time

import config
import gauge
import net
import table

ROUNDS = 5
PATIENCE = 30  # seconds
CASES = {
    "10,000 secondaries": "10,000 secondaries, a key each",
    "the same, secrets in files": "10,000 secondaries, a key each, in files",
    "10,000 secondaries with one key": "10,000 secondaries, one key",
    "100,000 zones from a file": "100,000 zones from a file",
}


class Run:
    """One run of the program. What it says is taken by the pipeful, for reading lines would hold it up."""

    def __init__(self, path):
        self.began = time.monotonic()
        self.child = subprocess.Popen([os.environ["TSIG_PROXY"], "run", "-c", path], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.tail = b""

    @property
    def pid(self):
        return self.child.pid

    def until(self, event):
        """Seconds to the line of an event, since the last of these or the beginning."""
        wanted = re.compile(rb"event=" + event + rb"\b")
        while not wanted.search(self.tail):
            assert time.monotonic() < self.began + PATIENCE, f"no {event}\n{self.tail}"
            said = os.read(self.child.stdout.fileno(), 1 << 16)
            assert said, f"it ended\n{self.tail.decode()}"
            self.tail = self.tail[-1000:] + said
        self.tail = b""
        return time.monotonic() - self.began

    def reload(self):
        self.began = time.monotonic()
        self.child.send_signal(signal.SIGHUP)
        return self.until(b"reloaded")

    def stop(self):
        self.child.terminate()
        self.child.stdout.read()
        self.child.wait(PATIENCE)


class Case:
    def __init__(self, name, text):
        self.name = name
        place = net.fresh_place()
        head = f"[proxy]\nuser =\ncontrol =\nhttp =\nlisten = {net.text(place)}\n"
        self.text = text.replace(config.HEAD, head)
        self.seconds = {"start": [], "reload": []}
        self.cpu = {"start": [], "reload": []}
        self.memory = []

    def measure(self, stack, folder):
        path = config.write(folder / "tsig-proxy.ini", self.text)
        run = Run(path)
        stack.callback(run.stop)
        self.seconds["start"].append(run.until(b"started"))
        self.cpu["start"].append(gauge.cpu(run.pid))
        self.memory.append(gauge.memory(run.pid))
        self.seconds["reload"].append(run.reload())
        self.cpu["reload"].append(gauge.cpu(run.pid) - self.cpu["start"][-1])
        again = gauge.memory(run.pid)
        run.stop()
        return again

    def show(self, again):
        for what, values in self.seconds.items():
            cpu = statistics.median(self.cpu[what])
            table.row("N11", f"{self.name}: {what}", f"{table.spread(values, 's', 3)}, {cpu:.3f} of CPU",
                      "at most 0.3 s", statistics.median(values) <= 0.3)
        table.row("N11", f"{self.name}: resident memory",
                  f"{max(self.memory) / 1e6:,.0f} MB, after a reload {again / 1e6:,.0f} MB")


def n11(stack, directory):
    cases = [Case(CASES[name], text) for name, text in config.cases(directory) if name in CASES]
    again = {}
    for _ in range(ROUNDS):
        for case in cases:
            again[case.name] = case.measure(stack, directory)
    for case in cases:
        case.show(again[case.name])
