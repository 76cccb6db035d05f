"""The clock of the host is set an hour forward, then an hour back, in mid-transfer and between (libfaketime; what
measures how long things take goes on). Peers keep the right time."""

import glob
import json
import struct
import subprocess
import time

import pytest

import client
import messages
import tsigtool
from host_faults import Demand, Half, Scene, released
from process import until
from tsigtool import BADTIME

FAKE = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), "")
HOUR = 3600

pytestmark = [pytest.mark.own_workers, pytest.mark.skipif(not FAKE, reason="libfaketime is not installed")]


class Clock:
    """That of the proxy: the host's, and so many seconds."""

    def __init__(self, path):
        self.path = path
        self.set(0)
        self.before = ["env", f"LD_PRELOAD={FAKE}", f"FAKETIME_TIMESTAMP_FILE={path}", "FAKETIME_NO_CACHE=1",
                       "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1"]

    def set(self, seconds):
        scratch = self.path.with_suffix(".new")
        scratch.write_text(f"{seconds:+d}\n")
        scratch.rename(self.path)


def ask(scene, at=None):
    """A SOA question signed at that time: (RCODE, TSIG) of the answer, whose MAC is right."""
    asking = client.Udp(scene.place, scene.source)
    wire, mac = tsigtool.sign(messages.query(scene.zone.name), scene.key, **({} if at is None else {"time": int(at)}))
    try:
        bare, tsig = tsigtool.verify(asking.ask(wire, 5), scene.key, mac)
    finally:
        asking.close()
    return tsigtool.rcode(bare), tsig


def other_time(tsig):
    high, low = struct.unpack("!HI", tsig.other)
    return high << 32 | low


def status(scene):
    command = [released(), "status", "--json", "-c", scene.proxy.path]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=20).stdout)
    return found["now"], {row["secondary"]: row for row in found["zones"] if row["secondary"] in ("s0", "s1")}


def test_P22_the_clock_is_set_an_hour_forward_and_back(launch, tmp_path, capsys):
    clock = Clock(tmp_path / "clock")
    scene = Scene(launch, tmp_path, clock.before, released(), texts=100)
    halves, told, serial = [Half(scene)], [], scene.zone.serial
    for step in (HOUR, -HOUR):
        clock.set(step)
        until(lambda: ask(scene)[1].error == BADTIME, "who has the right time is told BADTIME")
        rcode, tsig = ask(scene)
        assert rcode == messages.NOTAUTH
        assert abs(other_time(tsig) - (time.time() + step)) < 5 and abs(tsig.time - time.time()) < 5
        assert ask(scene, time.time() + step)[0] == messages.NOERROR  # who has the same wrong time is served
        scene.change()
        assert all(one.serial(scene.zone.name) == serial for one in scene.secondaries)
        spans = [half.finish() for half in halves]
        told.append(f"{step:+d} s: time in transfers under way went on by {spans} s")
        assert all(span >= 0 for span in spans) and (step < 0 or max(spans) >= HOUR - 5)
        halves = []
        clock.set(0)
        demand = launch(Demand(scene.asker))
        demand.wait_right(2)
        demand.stop()
        scene.follow()
        serial = scene.zone.serial
        halves.append(Half(scene))
    halves.pop().finish()
    well = scene.assert_well()
    until(lambda: all(row["state"] == "current" for row in status(scene)[1].values()), "all are current")
    now, rows = status(scene)
    assert abs(now - time.time()) < 5 and len(rows) == 2
    for row in rows.values():
        assert row["behind_since"] is None and row["expires"] == row["confirmed"] + 86400
        assert abs(row["confirmed"] - now) < 60, row
    with capsys.disabled():
        print("\n  " + "\n  ".join(told) + f"\n  then {well}")


def test_what_is_known_of_copies_outlives_a_clock_that_is_set(launch, tmp_path):
    """Nothing is asked meanwhile: what was known is known when the clock is right again."""
    clock = Clock(tmp_path / "clock")
    scene = Scene(launch, tmp_path, clock.before, released())
    until(lambda: all(row["state"] == "current" for row in status(scene)[1].values()), "all are current")
    for one in scene.secondaries:
        one.stop()
    before = {name: (row["serial"], row["confirmed"], row["expires"]) for name, row in status(scene)[1].items()}
    for step in (HOUR, -HOUR, 0):
        clock.set(step)
        until(lambda step=step: abs(status(scene)[0] - time.time() - step) < 5, "its clock is set")
        now, rows = status(scene)
        assert {name: (row["serial"], row["confirmed"], row["expires"]) for name, row in rows.items()} == before
        assert all(row["state"] != "expired" for row in rows.values()), rows
