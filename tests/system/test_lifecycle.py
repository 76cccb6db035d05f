"""From start to stop: signals, draining, and what becomes of what is in flight."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from client import Closed
from messages import query, soa
from process import thread_statuses
from relay import ZONE, receive_transfer

NEW = soa(ZONE, 7)


def test_sigterm_right_after_the_start(make_relay, tmp_path):
    """Whoever reads event=started may stop it at once."""
    proxy = make_relay().proxy
    proxy.stop()
    for _ in range(20):
        proxy.terminated = False
        proxy.start()
        proxy.stop()


def test_sigterm_twice(make_relay):
    """The second one changes nothing."""
    relay = make_relay(lambda request: request.answer(NEW), drain_timeout=2)
    asking = relay.client()
    relay.send(asking, query(ZONE, "AXFR")).check(asking.receive())
    relay.proxy.terminate()
    relay.proxy.wait(event="draining")
    relay.proxy.terminated = False
    relay.proxy.stop()


def test_log_tells_the_life(make_relay):
    proxy = make_relay().proxy
    process = proxy.process
    proxy.stop()
    events = [line.split("event=")[1].split()[0] for line in process.lines if "event=" in line]
    assert events == ["confined", "started", "draining", "stopped"]


def test_a_slow_transfer_finishes_while_draining(make_relay):
    """SIGTERM: nothing new is taken, what is in flight finishes, exit 0."""
    go = threading.Event()

    def script(request):
        request.answer(NEW)
        go.wait(20)
        request.answer(f"a.{ZONE}. 60 IN A 192.0.2.1")
        request.answer(NEW)

    relay = make_relay(script, drain_timeout=30)
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    verifier.check(asking.receive())
    relay.proxy.terminate()
    relay.proxy.wait(event="draining")
    with pytest.raises(OSError):
        relay.client().receive(5)
    go.set()
    assert len(receive_transfer(asking, verifier, 2)) == 2
    relay.proxy.wait(event="stopped")
    relay.proxy.stop()


def test_draining_is_bounded(make_relay):
    relay = make_relay(lambda request: request.answer(NEW), drain_timeout=1)
    asking = relay.client()
    relay.send(asking, query(ZONE, "AXFR")).check(asking.receive())
    relay.proxy.terminate()
    began = time.monotonic()
    with pytest.raises((ConnectionResetError, Closed)):
        asking.receive()
    assert time.monotonic() - began < 6
    assert relay.proxy.wait(event="transfer")["result"] == "stopped"  # it was us, not the client
    relay.proxy.stop()


def test_signals_that_people_are_used_to_do_nothing(make_relay):
    relay = make_relay()
    signals = ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGVTALRM", "SIGPROF", "SIGPWR", "SIGRTMIN"]
    for name in signals:
        relay.proxy.process.signal(getattr(signal, name))
        assert len(relay.transfer(query(ZONE, "AXFR"))) == 1
    assert not relay.proxy.events(event="draining")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_signals_that_end_it_drain(make_relay, name):
    proxy = make_relay().proxy
    proxy.terminated = True
    proxy.process.signal(getattr(signal, name))
    assert proxy.wait(event="draining")["signal"] == name
    proxy.stop()


def test_its_memory_is_nobody_elses(make_relay):
    """No core file, and /proc/PID/mem is root's alone."""
    pid = make_relay().proxy.pid
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    assert next(line for line in limits if "core file" in line).split()[4:6] == ["0", "0"]
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to give up")
def test_root_that_stays_root_keeps_one_capability(make_relay):
    """`user` is empty here."""
    for found in thread_statuses(make_relay().proxy.pid):
        sets = {name: int(found[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")}
        assert sets == {"CapEff": 1 << 10, "CapPrm": 1 << 10, "CapInh": 0, "CapAmb": 0, "CapBnd": 0}
