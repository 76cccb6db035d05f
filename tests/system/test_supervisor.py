"""What systemd is told (sd_notify): a socket of ours in its place."""

import os
import re
import signal
import socket
import time

import net
import process
import pytest
from messages import query, soa
from proxy import Proxy, ini, own_settings
from relay import ZONE
from test_control import short_path  # noqa: F401  pylint: disable=unused-import
from tsigtool import Key

pytestmark = pytest.mark.any_workers


class Supervisor:
    """Receives the datagrams of a service."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(process.PATIENCE)

    def start(self):
        pass

    def stop(self):
        self.socket.close()

    def wait(self, pattern):
        """The next datagram that has this."""
        while True:
            found = self.socket.recv(4096).decode()
            if re.search(pattern, found):
                return found

    def rest(self):
        """What has come and nobody has waited for."""
        found = []
        self.socket.setblocking(False)
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture
def supervised(launch, tmp_path, monkeypatch):
    def make(address, usec=None):
        supervisor = launch(Supervisor(address))
        name = "@" + address[1:] if address.startswith("\0") else address
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        if usec:
            monkeypatch.setenv("WATCHDOG_USEC", str(usec))
        key = Key.new("xfr.example")
        made = launch(Proxy(tmp_path / "proxy", [key.section(), ("primary p", {"address": "192.0.2.1"}),
                                                 ("secondary s", {"address": "192.0.2.2", "key": key.label})]))
        return supervisor, made

    return make


def test_ready_reloading_stopping(supervised, short_path):  # noqa: F811
    supervisor, made = supervised(str(short_path / "n"))
    assert supervisor.wait("READY=1") == "READY=1"
    assert supervisor.wait("^STATUS=.")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    made.process.signal(signal.SIGHUP)
    found = supervisor.wait("RELOADING=1")
    stamp = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", found)
    assert before <= int(stamp[1]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert supervisor.wait("READY=1")
    made.path.write_text(made.path.read_text() + "nonsense = 1\n")
    made.process.signal(signal.SIGHUP)
    assert supervisor.wait("RELOADING=1") and supervisor.wait("READY=1"), "refused, and ready all the same"
    made.terminate()
    assert supervisor.wait("STOPPING=1")


def test_a_reload_while_it_drains_says_nothing_more(launch, make_relay, short_path, monkeypatch):  # noqa: F811
    supervisor = launch(Supervisor(str(short_path / "n")))
    monkeypatch.setenv("NOTIFY_SOCKET", supervisor.address)
    relay = make_relay(lambda request: request.answer(soa(ZONE, 7)), drain_timeout=2)
    asking = relay.client()
    relay.send(asking, query(ZONE, "AXFR")).check(asking.receive())
    relay.proxy.terminate()
    supervisor.wait("STOPPING=1")
    relay.proxy.process.signal(signal.SIGHUP)
    relay.proxy.wait(event="reload-refused", result="stopped")
    relay.proxy.stop()
    assert supervisor.rest() == []


def test_the_loop_beats_for_the_watchdog(supervised):
    supervisor, _ = supervised(f"\0tsig-proxy-test-{os.getpid()}", 200000)
    supervisor.wait("READY=1")
    supervisor.wait("WATCHDOG=1")
    began = time.monotonic()
    for _ in range(5):
        supervisor.wait("WATCHDOG=1")
    assert 0.3 < time.monotonic() - began < 2, "one each tenth of a second"


@pytest.mark.parametrize("name", ["", "relative", "/nowhere/at/all", "/" + "x" * 200, "@"])
def test_where_nobody_listens_nothing_is_said(launch, tmp_path, monkeypatch, name):
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    monkeypatch.setenv("WATCHDOG_USEC", "nonsense")
    key = Key.new("xfr.example")
    made = launch(Proxy(tmp_path / "proxy", [key.section(), ("primary p", {"address": "192.0.2.1"}),
                                             ("secondary s", {"address": "192.0.2.2", "key": key.label})]))
    made.process.signal(signal.SIGHUP)
    made.wait(event="reloaded")
