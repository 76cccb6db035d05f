"""A program that can be asked: over its control socket, over HTTP, and by the commands."""

import http.client
import json
import socket
import subprocess

import net
import proxy
from process import PATIENCE


def settings(directory):
    """For [proxy]: a socket and an address of its own."""
    return {"control": directory / "c.sock", "http": net.text(net.free_place())}


class Asked:
    """What a test does with a running Proxy that has these settings. The path is short: a socket's may have 107
    octets."""

    def __init__(self, running, control=None, place=None):
        self.proxy = running
        self.control = control
        self.place = place

    def command(self, *words, user=None, patience=60):
        """A command with this configuration."""
        drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        name, *rest = map(str, words)
        return subprocess.run([*drop, proxy.program(), name, "-c", self.proxy.path, *rest], capture_output=True,
                              text=True, timeout=patience, check=False)

    def open(self):
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        asking.settimeout(PATIENCE)
        asking.connect(str(self.control))
        return asking

    def send(self, octets):
        """Sends these octets and returns all that comes back."""
        with self.open() as asking:
            try:
                asking.sendall(octets)
            except (BrokenPipeError, ConnectionResetError):
                return b""
            return read_all(asking)

    def ask(self, line):
        return json.loads(self.send(line.encode() + b"\n"))

    def get(self, path, method="GET", source=None, **headers):
        """The response, its body in `.text`."""
        asking = http.client.HTTPConnection(self.place.address, self.place.port, timeout=PATIENCE,
                                            source_address=(source, 0) if source else None)
        try:
            asking.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = asking.getresponse()
            response.text = response.read().decode()
            return response
        finally:
            asking.close()


def read_all(asking):
    found = b""
    while True:
        try:
            more = asking.recv(65536)
        except ConnectionResetError:
            return found
        if not more:
            return found
        found += more
