"""Signals in storms, the program stopped and continued, and killed in mid-transfer: what others see of it."""

import os
import random
import signal
import socket
import threading
import time

import pytest

import client
import messages
import net
import tsigtool
from host_faults import Demand, Half, Scene, released
from messages import query
from process import until

pytestmark = pytest.mark.own_workers
HARMLESS = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGWINCH", "SIGCHLD", "SIGCONT", "SIGURG", "SIGIO",
            "SIGVTALRM", "SIGPROF", "SIGPWR", "SIGXFSZ", "SIGRTMIN", "SIGRTMAX", "SIGTSTP", "SIGCONT"]


def storm(scene, chance, count):
    for _ in range(count):
        scene.proxy.process.signal(getattr(signal, chance.choice(HARMLESS)))
        scene.proxy.process.signal(signal.SIGCONT)


def test_a_storm_of_signals_and_of_reloads_loses_nothing(launch, tmp_path, capsys):
    """A thousand in any order, while all kinds of questions are asked and each is answered rightly, and while a change is
    told. Not both at once, for the primary breaks off transfers when its zone changes."""
    chance, scene = random.Random("storm"), Scene(launch, tmp_path, (), released())
    demand = launch(Demand(scene.asker))
    for _ in range(10):
        storm(scene, chance, 50)
        demand.wait_asked(1)
    demand.stop()
    scene.change()
    storm(scene, chance, 500)
    scene.follow()
    reloads = len(scene.proxy.events(event="reloaded"))
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  1000 signals, {reloads} reloads; {demand.line()}\n  then {well}")
    assert reloads > 5 and not scene.proxy.events(event="draining")
    assert all(set(count) == {"right"} for count in demand.counts.values()), demand.line()


def test_what_ends_it_comes_many_times(launch, tmp_path):
    """While it drains, reloads and whatever else do nothing: the transfer under way is whole. What ends it, once more,
    ends it at once, and the transfer is cut off."""
    for again in ("SIGUSR1", "SIGTERM"):
        scene = Scene(launch, tmp_path / again, (), released(), texts=100, drain_timeout=20)
        half, scene.proxy.terminated = Half(scene), True
        scene.proxy.process.signal(signal.SIGTERM)
        scene.proxy.wait(event="draining")
        for name in ("SIGHUP", "SIGUSR2", "SIGHUP", again):
            scene.proxy.process.signal(getattr(signal, name))
        if again == "SIGTERM":
            assert half.asking.ends() == "reset"
            half.asking.close()
        else:
            half.finish()
        scene.proxy.wait(event="stopped")
        scene.proxy.stop()


def test_it_is_stopped_and_continued(launch, tmp_path, capsys):
    """SIGSTOP holds up who asks, and the transfer under way; SIGCONT, and both go on."""
    scene = Scene(launch, tmp_path, (), released(), texts=100)
    half = Half(scene)
    wire, mac = tsigtool.sign(query(scene.zone.name), scene.key)
    for _ in range(3):
        scene.proxy.process.signal(signal.SIGSTOP)
        asking = client.Tcp(scene.place, scene.source)
        asking.send(wire)
        assert asking_is_silent(asking)
        scene.proxy.process.signal(signal.SIGCONT)
        assert messages.first_serial(tsigtool.verify(asking.receive(), scene.key, mac)[0]) == scene.zone.serial
        asking.close()
    half.finish()
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  stopped three times, then {well}")


def asking_is_silent(asking):
    """For half a second, which is about time."""
    asking.socket.settimeout(0.5)
    try:
        return not asking.socket.recv(1)
    except TimeoutError:
        return True


# Killed


class Valve:
    """Stands before a server, and lets so many octets of it pass before it holds the rest back."""

    def __init__(self, server):
        self.server, self.place = server, net.fresh_place()
        self.open, self.limit, self.passed = threading.Event(), 0, 0
        self.open.set()
        self._sockets, self._lock = [], threading.Lock()

    def start(self):
        listener = socket.create_server(self.place)
        self._sockets.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def shut(self, limit):
        self.limit, self.passed = limit, 0
        self.open.clear()

    def _accept(self, listener):
        try:
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self.server)
                self._sockets += [near, far]
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()
        except OSError:
            pass

    def _carry(self, one, other, counted):
        try:
            while octets := one.recv(4096):
                if counted and not self.open.is_set() and self.passed + len(octets) > self.limit:
                    self.open.wait(60)
                if counted:
                    with self._lock:
                        self.passed += len(octets)
                other.sendall(octets)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.open.set()
        for one in self._sockets:
            one.close()


def test_X5_it_is_killed_in_mid_transfer_and_started_again(launch, tmp_path, capsys):
    """Secondaries keep what they had; what the killed one has left behind keeps nobody from starting; then all
    arrives."""
    told, scene = [], Scene(launch, tmp_path, (), released(), texts=100, gate=Valve)
    for letter in "abc":
        old, scene.zone.letter = scene.records(), letter
        scene.gate.shut(100000)
        scene.change()
        until(lambda: scene.gate.passed > 50000, "transfers are under way")
        began = time.monotonic()
        scene.proxy.kill()
        for one in scene.secondaries:
            scene.wait_copy(one, old)
        assert all(os.path.exists(tmp_path / name) for name in ("control", "control.lock"))
        scene.gate.open.set()
        scene.proxy.start()
        started = time.monotonic() - began
        scene.follow()
        told.append(f"serves again {started:.2f} s later, all followed after {time.monotonic() - began:.2f} s")
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  killed: {'; '.join(told)}; then {well}")
