"""Hosts of their own on this one machine: network namespaces, joined by a router."""

import collections
import ctypes
import functools
import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from net import Place

CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_numbers = itertools.count(1)


def call(*words, text=None, environment=None):
    return subprocess.run([*map(str, words)], input=text, env={**os.environ, **(environment or {})},
                          capture_output=True, text=True, timeout=20, check=False)


def run(*words, text=None):
    """Runs a command that must succeed; `text` is its standard input, its output is returned."""
    done = call(*words, text=text)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{text or ''}\n{done.stderr}"
    return done.stdout


def _enter(fd):
    if _libc.setns(fd, CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    """A network namespace. What is opened or started by this thread inside `with namespace:` is in it, and
    stays there: sockets, and processes with all that they open."""

    def __init__(self, role):
        self.name = f"tsig-proxy-{os.getpid()}-{next(_numbers)}-{role}"
        self._before = []
        self._made = False

    def start(self):
        run("ip", "netns", "add", self.name)
        self._made = True
        with self:
            # no second of waiting until an IPv6 address may be used
            self.sysctl("ipv6/conf/all/accept_dad", 0)
            self.sysctl("ipv6/conf/default/accept_dad", 0)
        return self

    def stop(self):
        if self._made:
            run("ip", "netns", "del", self.name)
            self._made = False

    def __enter__(self):
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            inside = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            try:
                _enter(inside)
            finally:
                os.close(inside)
        except OSError:
            os.close(own)
            raise
        self._before.append(own)
        return self

    def __exit__(self, *_):
        own = self._before.pop()
        _enter(own)
        os.close(own)

    def sysctl(self, path, value):
        with self, open(f"/proc/sys/net/{path}", "w", encoding="ascii") as setting:
            setting.write(str(value))

    def ip(self, *lines):
        run("ip", "-n", self.name, "-batch", "-", text="\n".join(lines) + "\n")

    def call(self, *words, text=None, environment=None):
        """Runs a command inside to its end, however it ends."""
        return call("ip", "netns", "exec", self.name, *words, text=text, environment=environment)

    def run(self, *words, text=None):
        return run("ip", "netns", "exec", self.name, *words, text=text)


def sweep():
    """Removes what test processes have left that were killed."""
    for path in Path("/run/netns").glob("tsig-proxy-*"):
        if not os.path.exists(f"/proc/{path.name.split('-')[2]}"):
            call("ip", "netns", "del", path.name)


@functools.lru_cache(maxsize=None)
def missing():
    """Why there can be no namespaces with transparent sockets here; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    for tool in ("ip", "nft"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    sweep()
    probe = Namespace("probe")
    rule = "meta l4proto udp th dport 53 tproxy ip to :53 meta mark set 1 accept"
    chain = f"chain c {{\ntype filter hook prerouting priority mangle\n{rule}\n}}"
    try:
        probe.start()
        probe.run("nft", "-f", "-", text=f"table inet probe {{\n{chain}\n}}\n")
    except (OSError, AssertionError) as error:
        return f"this kernel lets us have no namespaces, or no tproxy rules: {error}"
    finally:
        probe.stop()
    return ""


Host = collections.namedtuple("Host", "namespace v4 v6")


# How all addresses of a Star begin.
NETWORKS = ("10.53.", "fd53:")


class Star:
    """A router that forwards, and hosts, each with a link of its own to it ("eth0" at the host). Each has an
    address of either family; its default route is the router."""

    def __init__(self, *roles):
        self.router = Namespace("router")
        self.hosts = {}
        for number, role in enumerate(roles, 1):
            v4, v6 = Place(f"10.53.{number}.2", 53), Place(f"fd53:{number}::2", 53)
            self.hosts[role] = Host(Namespace(role), v4, v6)

    def __getitem__(self, role):
        return self.hosts[role]

    def start(self):
        if missing():
            pytest.skip(missing())
        for namespace in self.namespaces():
            namespace.start()
        self.router.sysctl("ipv4/ip_forward", 1)
        self.router.sysctl("ipv6/conf/all/forwarding", 1)
        plumbing = ["link set lo up"]
        for number, (role, host) in enumerate(self.hosts.items(), 1):
            self.connect(role, host)
            host.namespace.ip("link set lo up", "link set eth0 up",
                              f"addr add {host.v4.address}/24 dev eth0", f"addr add {host.v6.address}/64 dev eth0",
                              f"route add default via 10.53.{number}.1", f"route add default via fd53:{number}::1")
            plumbing += [f"link set {role} up", f"addr add 10.53.{number}.1/24 dev {role}",
                         f"addr add fd53:{number}::1/64 dev {role}"]
        self.router.ip(*plumbing)
        return self

    def connect(self, role, host):
        """Makes eth0 of the host, and its other end at the router, which has the name of the role."""
        run("ip", "link", "add", "eth0", "netns", host.namespace.name, "type", "veth",
            "peer", "name", role, "netns", self.router.name)

    def namespaces(self):
        return [self.router, *(host.namespace for host in self.hosts.values())]

    def stop(self):
        for namespace in self.namespaces():
            namespace.stop()
