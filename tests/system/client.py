"""Sockets that ask: plain octets out, plain octets in, from an address of one's choice."""

import socket
import struct

import net
from process import PATIENCE


class Closed(Exception):
    """The other side ended the connection properly."""


class Udp:
    transport = "udp"

    def __init__(self, place, source="127.0.0.1"):
        self.socket = socket.socket(net.family(place.address), socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.connect(place)

    def send(self, message):
        self.socket.send(message)

    def receive(self, patience=PATIENCE):
        self.socket.settimeout(patience)
        return self.socket.recv(65535)

    def ask(self, message, patience=PATIENCE):
        self.send(message)
        return self.receive(patience)

    def silent(self, patience):
        """Whether nothing comes for so long."""
        try:
            return not self.receive(patience)
        except TimeoutError:
            return True

    def close(self):
        self.socket.close()


class Tcp:
    transport = "tcp"

    def __init__(self, place, source="127.0.0.1", window=None, patience=PATIENCE):
        self.patience = patience
        self.socket = socket.socket(net.family(place.address), socket.SOCK_STREAM)
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.bind((source, 0))
        self.socket.settimeout(patience)
        self.socket.connect(place)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, *messages):
        self.socket.sendall(b"".join(struct.pack("!H", len(m)) + m for m in messages))

    def _take(self, size):
        while len(self.buffer) < size:
            chunk = self.socket.recv(1 << 18)
            if not chunk:
                if self.buffer:
                    raise ConnectionResetError("closed within a message")
                raise Closed()
            self.buffer += chunk
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def receive(self, patience=None):
        """One message. Raises Closed, ConnectionResetError or TimeoutError."""
        self.socket.settimeout(self.patience if patience is None else patience)
        while len(self.buffer) < 2:
            chunk = self.socket.recv(1 << 18)
            if not chunk:
                raise Closed()
            self.buffer += chunk
        size = 2 + struct.unpack_from("!H", self.buffer)[0]
        return self._take(size)[2:]

    def ask(self, message, patience=PATIENCE):
        self.send(message)
        return self.receive(patience)

    def ends(self, patience=PATIENCE):
        """How the connection ends: "closed" or "reset"; whatever comes before is left aside."""
        try:
            while True:
                self.receive(patience)
        except Closed:
            return "closed"
        except ConnectionResetError:
            return "reset"

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


CLIENTS = {"udp": Udp, "tcp": Tcp}


def reach_all_workers(place, source="127.0.0.1"):
    """So many connections that each worker has had one; from its first on, libuv keeps one descriptor more for it."""
    for _ in range(64):
        Tcp(place, source).close()
