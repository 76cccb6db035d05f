"""Hostile clients. One play is a socket and what is sent through it; it depends on the seed, the role's name and
the play's number alone."""

import collections
import dataclasses
import socket
import time

import asks
import client
import octets
from judge import Judge
from octets import chance_of, pick
from process import PATIENCE

LINGER = 4.5  # seconds: how long a UDP socket waits for its answers


@dataclasses.dataclass
class Role:
    """Who plays. `kind`: what the proxy knows of it: "enforce" (a key), "observe", "plain" (none), "stranger".
    `foreign`: keys that it has no right to use."""

    name: str
    kind: str
    source: str
    keys: tuple = ()
    foreign: tuple = ()
    kinds: dict = None
    suffix: str = ""

    def message(self, chance, number, i):
        wire = asks.plain(chance, f"p{number}x{i}.{self.suffix or self.name + '.example'}", self.kinds)
        keys = self.keys if chance.random() < 0.9 or not self.foreign else self.foreign
        return asks.spoil(chance, wire, keys, self._ways())

    def _ways(self):
        if self.kind == "enforce":
            return None
        return {"legal": 3, "mutated": 3, "fields": 1, "broken": 1, "moved": 1, "unsigned": 8, "unsigned broken": 6,
                "noise": 1}


class Player:
    """Plays one role, play after play."""

    def __init__(self, role, seed, place, book, udp_size, number):
        self.role, self.seed, self.place, self.book, self.udp_size = role, seed, place, book, udp_size
        self.number = number  # of the next play
        self.lingering = collections.deque()

    def play(self):
        chance = chance_of(self.seed, self.role.name, self.number)
        self.book.count("plays")
        wires = [self.role.message(chance, self.number, i) for i in range(chance.choice((1, 1, 2, 3, 8)))]
        if len(wires) > 1 and chance.random() < 0.2:
            wires.append(wires[0])
        if chance.random() < 0.5:
            self._udp(wires)
        else:
            self._tcp(chance, wires)
        self.drain()

    def _judge(self, transport):
        return Judge(self.role, self.number, transport, self.book, self.udp_size)

    def _udp(self, wires):
        asking, judge = client.Udp(self.place, self.role.source), self._judge("udp")
        self.lingering.append((time.monotonic() + LINGER, asking, judge))
        for wire in wires:
            judge.asks(wire)
            asking.send(wire)

    def drain(self, last=False):
        """Judges what has come meanwhile."""
        now = time.monotonic()
        for until, asking, judge in list(self.lingering):
            asking.socket.setblocking(False)
            try:
                while True:
                    judge.answer(asking.socket.recv(65535))
            except (BlockingIOError, ConnectionError):
                pass
            if last or until < now:
                asking.close()
        while self.lingering and (last or self.lingering[0][0] < now):
            self.lingering.popleft()

    def _tcp(self, chance, wires):
        judge = self._judge("tcp")
        if chance.random() < 0.75:
            stream = octets.frame(*wires)
        else:
            stream = b"".join(octets.odd_frame(chance, wire) for wire in wires)
        for wire in octets.deframe(stream):
            judge.asks(wire)
        window = 4096 if chance.random() < 0.1 else None
        try:
            connection = client.Tcp(self.place, self.role.source, window).socket
        except OSError as error:
            raise judge.fault(f"no TCP connection to the proxy: {error}") from None
        try:
            self._converse(chance, connection, stream, judge, slow=bool(window))
        except OSError:  # reset, or it takes no more
            judge.whole_transfers()
        finally:
            connection.close()

    def _converse(self, chance, connection, stream, judge, slow):
        way = pick(chance, {"read": 6, "half": 3, "reset": 1, "close": 1, "cut": 1})
        if way == "cut":
            stream = stream[: chance.randrange(len(stream) + 1)]
        octets.send_pieces(chance, connection, stream)
        if way == "half":
            connection.shutdown(socket.SHUT_WR)
        if way == "reset":
            time.sleep(chance.choice((0, 0.001, 0.02)))
            octets.reset(connection)
        if way in ("reset", "close"):
            return
        connection.settimeout(1.0 if slow else chance.choice((0.1, 0.1, 0.1, 0.4, 3)))
        ended = read_all(connection, judge, slow)
        judge.whole_transfers()
        if ended:
            judge.ended_properly()


def read_all(connection, judge, slow):
    """Until silence; whether the other side ended the connection, and properly: a reset is an exception."""
    buffer, deadline = b"", time.monotonic() + PATIENCE / 4
    while time.monotonic() < deadline:
        try:
            chunk = connection.recv(512 if slow and len(buffer) < 8192 else 65535)
        except TimeoutError:
            return False
        if not chunk:
            if buffer:
                raise judge.fault(f"a connection that was ended properly within a message: {buffer[:600].hex()}")
            return True
        buffer += chunk
        whole = octets.deframe(buffer)
        for wire in whole:
            judge.answer(wire)
        buffer = buffer[sum(len(wire) + 2 for wire in whole):]
    return False
