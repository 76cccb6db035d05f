"""Hosts whose links to the router are not sound: wire.py carries their packets."""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from namespaces import Star
from process import until

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
BOTH = ("in", "out")


def tun(namespace, name):
    """The descriptor of a new TUN device, which is there as long as the descriptor is."""
    with namespace:
        device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Links(Star):
    """A Star with one child that carries the packets of all links. A way is "in", to the host, or "out"."""

    def __init__(self, *roles, seed="links"):
        super().__init__(*roles)
        self.seed = seed
        self._devices, self._pairs = [], []
        self._control = self._child = None

    def connect(self, role, host):
        inner, outer = tun(host.namespace, "eth0"), tun(self.router, role)
        self._devices += [inner, outer]
        self._pairs.append(f"{role}:{inner}:{outer}")

    def start(self):
        if not os.path.exists("/dev/net/tun"):
            pytest.skip("there are no TUN devices here")
        super().start()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(10)
        command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-B", str(Path(__file__).with_name("wire.py")),
                   self.seed, str(theirs.fileno()), *self._pairs]
        with theirs:
            self._child = subprocess.Popen(command, pass_fds=[theirs.fileno(), *self._devices])
        self._release()
        return self

    def _release(self):
        while self._devices:
            os.close(self._devices.pop())

    def stop(self):
        self._release()
        if self._child:
            self._control.close()
            self._child.wait(10)
        super().stop()

    def _ask(self, word, role, ways, settings):
        self._control.send(json.dumps([word, role, [ways] if isinstance(ways, str) else ways, settings]).encode())
        return json.loads(self._control.recv(65536))

    def set(self, role, ways=BOTH, **settings):
        """Changes how the wire of this role is; see wire.Way. It is so when this returns."""
        self._ask("set", role, ways, settings)

    def heal(self, role):
        """Sound again, in both ways; a trip is none any more."""
        self._ask("clear", role, BOTH, {})

    def arm(self, role, way, octets, then):
        """Once so many octets of transfers have passed this way: "cut" both ways, "cut-in" or "cut-out" one, "hold"
        what comes either way until it is healed, or "reset" the connection, at both of its ends."""
        self._ask("set", role, way, {"trip": octets, "then": then})

    def wait_tripped(self, role, way, patience=10):
        until(lambda: self._ask("get", role, way, {})[0]["tripped"], f"the wire of {role} has tripped", patience, 0.01)

    def octets(self, role, way):
        """Of transfers, up to now."""
        return self._ask("get", role, way, {})[0]["octets"]

    def counts(self):
        """What has been done to packets, on all wires together."""
        found = {}
        for role in self.hosts:
            for one in self._ask("get", role, BOTH, {}):
                for name, count in one.items():
                    if name not in ("tripped", "octets"):
                        found[name] = found.get(name, 0) + count
        return found
