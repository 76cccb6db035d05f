"""Ports that are ours alone, and room in them for what comes at once."""

import contextlib
import errno
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

import net
import proxy as proxy_module
from messages import notify, query
from namespaces import Namespace, missing
from proxy import Proxy
from relay import ZONE
from tsigtool import Key

SO_RCVBUFFORCE = 33

THIEF = 65534  # no user of ours
USER = "daemon"
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

STEAL = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
thief = socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, socket.SOCK_DGRAM)
for option in sys.argv[4:]:
    thief.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
try:
    thief.bind((sys.argv[2], int(sys.argv[3])))
except OSError as error:
    sys.exit(error.errno)
"""


def bind_as(user, address, port, *options):
    """The errno of a user's bind over UDP, 0 when the port can be had."""
    command = [sys.executable, "-c", STEAL, str(user), address, str(port), *options]
    return subprocess.run(command, timeout=20, check=False).returncode


@pytest.fixture
def common(stack):
    """A directory that other users can look into."""
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsig-proxy-")))
    path.chmod(0o755)
    shutil.copy(proxy_module.program(), path / "tsig-proxy")
    return path


def sections(source="127.0.0.1"):
    key = Key.new("xfr.example")
    return [key.section(), ("primary hq", {"address": "127.0.0.1@9"}),
            ("secondary east", {"address": f"{source}@53", "key": key.label})]


OPTIONS = [(), ("SO_REUSEADDR",), ("SO_REUSEPORT",), ("SO_REUSEADDR", "SO_REUSEPORT")]


def assert_nobody_else_has(address, port):
    for where in (address, "0.0.0.0"):
        for options in OPTIONS:
            assert bind_as(THIEF, where, port, *options) == errno.EADDRINUSE, (where, options)


@ROOT
@pytest.mark.parametrize("user", ["", USER], ids=["root", "user"])
def test_no_other_user_has_a_high_port(launch, common, user):
    proxy = launch(Proxy(common / "proxy", sections(), user=user))
    assert_nobody_else_has(*proxy.place)


@ROOT
def test_the_same_user_has_the_port_for_the_next_instance(launch, common):
    """Also a specific address beside a wildcard."""
    proxy = launch(Proxy(common / "proxy", sections(), user=USER))
    number = pwd.getpwnam(USER).pw_uid
    assert bind_as(number, *proxy.place, "SO_REUSEPORT") == 0
    assert bind_as(number, "0.0.0.0", proxy.place.port, "SO_REUSEPORT") == 0
    assert bind_as(0, *proxy.place, "SO_REUSEPORT") == errno.EADDRINUSE


@ROOT
@pytest.mark.parametrize("user", ["", USER], ids=["root", "user"])
def test_no_other_user_has_port_53_where_all_ports_are_free_to_bind(launch, common, user):
    if missing():
        pytest.skip(missing())
    host = launch(Namespace("host"))
    host.ip("link set lo up")
    host.sysctl("ipv4/ip_unprivileged_port_start", 0)
    with host:
        listen = ["127.0.0.1@53", "::@53"]
        launch(Proxy(common / "proxy", sections("127.0.0.5"), listen=listen, user=user))
        assert_nobody_else_has("127.0.0.1", 53)
        for options in OPTIONS:
            assert bind_as(THIEF, "::1", 53, *options) == errno.EADDRINUSE
        assert bind_as(THIEF, "127.0.0.1", 54) == 0  # it is not for want of rights


def udp_buffer(place):
    """Octets that the kernel holds for this socket at most, as it counts them (twice what was asked for)."""
    told = subprocess.run(["ss", "-Hunlm", "src", f"{place.address}:{place.port}"], capture_output=True, text=True,
                          timeout=20, check=True).stdout
    return int(told.partition(",rb")[2].partition(",")[0])


@ROOT
@pytest.mark.parametrize("user", ["", USER], ids=["root", "user"])
def test_receive_buffer_is_8_mib_begun_by_root(launch, common, user):
    proxy = launch(Proxy(common / "proxy", sections(), user=user))
    assert udp_buffer(proxy.place) == 2 * (8 << 20)


@ROOT
def test_receive_buffer_is_what_the_kernel_allows_without_privilege(launch, common):
    path = common / "as-user"
    path.write_text(f'#!/bin/sh\nexec setpriv --pdeathsig KILL --reuid {USER} --clear-groups {common}/tsig-proxy "$@"\n')
    path.chmod(0o755)
    proxy = Proxy(common / "proxy", sections(), binary=path)
    os.chown(proxy.path, pwd.getpwnam(USER).pw_uid, -1)
    launch(proxy)
    most = int(Path("/proc/sys/net/core/rmem_max").read_text())
    assert udp_buffer(proxy.place) == 2 * min(most, 8 << 20)


def wide(source, place=None):
    """A UDP socket with room for a burst."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    one.bind((source, 0))
    if place:
        one.connect(place)
    return one


def answered_of_burst(proxy, source, wires):
    """How many of these, sent while the program is stopped, are answered once it goes on."""
    with contextlib.closing(wide(source, proxy.place)) as one:
        proxy.process.signal(signal.SIGSTOP)
        for wire in wires:
            one.send(wire)
        proxy.process.signal(signal.SIGCONT)
        one.settimeout(5)
        found = set()
        with contextlib.suppress(TimeoutError):
            while len(found) < len(wires):
                found.add(one.recv(65535)[:2])
        return len(found)


@ROOT
def test_4000_questions_at_once_are_all_answered(launch, tmp_path, capsys):
    source = net.fresh_address()
    proxy = launch(Proxy(tmp_path / "proxy", sections(source), log_level="notice", refusal_rate=1000000))
    found = answered_of_burst(proxy, source, [query(ZONE, number=n) for n in range(4000)])
    with capsys.disabled():
        print(f"\n  of 4000 questions at once {found} were answered")
    assert found == 4000


def acknowledge(secondary):
    """Answers whatever comes, until it is closed."""
    with contextlib.suppress(OSError):
        while True:
            wire, source = secondary.recvfrom(65535)
            secondary.sendto(wire[:2] + bytes([wire[2] | 0x80]) + wire[3:], source)


@ROOT
@pytest.mark.parametrize("secondaries,rate", [(1, 200), (10, 5000)])
def test_1000_notifies_at_once_are_all_answered(launch, stack, tmp_path, capsys, secondaries, rate):
    source = net.fresh_address()
    peers = [("primary hq", {"address": f"{source}@53", "notify_rate": rate})]
    for number in range(secondaries):
        secondary = stack.enter_context(contextlib.closing(wide(net.fresh_address())))
        threading.Thread(target=acknowledge, args=(secondary,), daemon=True).start()
        peers.append((f"secondary s{number}", {"address": "%s@%d" % secondary.getsockname(), "zones": "*"}))
    proxy = launch(Proxy(tmp_path / "proxy", peers, log_level="notice"))
    found = answered_of_burst(proxy, source, [notify(f"z{n}.{ZONE}", number=n) for n in range(1000)])
    with capsys.disabled():
        print(f"\n  of 1000 NOTIFYs at once to {secondaries} secondaries {found} were answered")
    assert found == 1000
