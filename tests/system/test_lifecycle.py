"""From start to stop: signals, draining, and what becomes of what is in flight."""

import threading
import time

import pytest

from client import Closed
from messages import query, soa
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
    assert events == ["started", "draining", "stopped"]


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
    relay.proxy.stop()
