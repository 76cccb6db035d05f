"""Datagrams by the thousand, at a pace, and what the program has left for others meanwhile."""

import collections
import contextlib
import os
import select
import socket
import struct
import threading
import time

import client
import net
import tsigtool
from messages import notify, query

SO_RCVBUFFORCE = 33
PAUSE = 0.005  # seconds between two handfuls


def udp(source):
    """A socket with room for much."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE if os.geteuid() == 0 else socket.SO_RCVBUF, 8 << 20)
    one.bind((source, 0))
    return one


def notifies(suffix):
    """make(number) of NOTIFYs with a zone of their own each, faster than one by one."""
    pattern = notify(f"z00000.{suffix}", 1)

    def make(number):
        return struct.pack("!H", number % 65536) + pattern[2:].replace(b"z00000", b"z%05d" % number)

    return make


class Background:
    """work() in a thread, over and over until the test ends or this is stopped."""

    def __init__(self):
        self.ended = threading.Event()
        self.error = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def _run(self):
        try:
            while not self.ended.is_set() and self.work():
                pass
        except Exception as error:  # the test shall see it
            self.error = error

    def wait(self, patience):
        self._thread.join(patience)
        assert not self._thread.is_alive()

    def stop(self):
        self.ended.set()
        self._thread.join(5)
        self.close()
        assert self.error is None, self.error

    def close(self):
        pass


class Flood(Background):
    """make(number) sent from an address in turn, `rate` a second for so many seconds."""

    def __init__(self, place, sources, make, rate, seconds):
        super().__init__()
        self.sockets = [udp(source) for source in sources]
        for one in self.sockets:
            one.connect(place)
        self.wires = [make(n) for n in range(int(rate * seconds))]
        self.rate, self.sent, self.began = rate, 0, None

    def work(self):
        self.began = self.began or time.monotonic()
        due = min(len(self.wires), int((time.monotonic() - self.began) * self.rate))
        for number in range(self.sent, due):
            with contextlib.suppress(ConnectionRefusedError):
                self.sockets[number % len(self.sockets)].send(self.wires[number])
        self.sent = due
        return due < len(self.wires) and not self.ended.wait(PAUSE)

    def close(self):
        for one in self.sockets:
            one.close()


class Secondaries(Background):
    """Many secondaries played in one thread. `keys`: for each address that of its secondary, None for one that
    is dead. What each was sent is kept as (time, zone, octets)."""

    def __init__(self, keys):
        super().__init__()
        self.keys = dict(keys)
        self.sockets = {address: udp(address) for address in self.keys}
        self.places = {address: net.Place(*one.getsockname()) for address, one in self.sockets.items()}
        self.copies = collections.defaultdict(list)
        self._by_fd = {one.fileno(): (address, one) for address, one in self.sockets.items()}
        self._poll = select.poll()
        for fd in self._by_fd:
            self._poll.register(fd, select.POLLIN)

    def work(self):
        for fd, _ in self._poll.poll(100):
            address, one = self._by_fd[fd]
            with contextlib.suppress(BlockingIOError):
                for _ in range(64):
                    self._take(address, one, *one.recvfrom(65535, socket.MSG_DONTWAIT))
        return True

    def _take(self, address, one, wire, source):
        zone, _ = tsigtool.read_name(wire, 12)
        self.copies[address].append((time.monotonic(), zone, wire))
        key = self.keys[address]
        if key:
            bare, tsig = tsigtool.detach(wire)
            question = bare[12 : 12 + len(zone) + 4]
            answer = bare[:2] + bytes([bare[2] | 0x80, 0, 0, 1]) + bytes(6) + question
            one.sendto(tsigtool.sign(answer, key, request_mac=tsig.mac)[0], source)

    def count(self):
        return sum(map(len, self.copies.values()))

    def close(self):
        for one in self.sockets.values():
            one.close()


class Probes:
    """Signed SOA questions, one after another through `seconds`, as an ordinary client asks: over UDP once more
    after a second. Nothing else may happen to them."""

    def __init__(self, place, source, key, zone, transport="udp"):
        self.place, self.source, self.key, self.zone, self.transport = place, source, key, zone, transport
        self.answered, self.asked, self.again, self.worst, self.descriptors = 0, 0, 0, 0.0, 0

    def run(self, pid, count=100, seconds=2.0):
        began = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
            self.ask()
            self.descriptors = max(self.descriptors, len(os.listdir(f"/proc/{pid}/fd")))
        return self

    def ask(self):
        wire, mac = tsigtool.sign(query(self.zone), self.key)
        began, self.asked = time.monotonic(), self.asked + 1
        with contextlib.suppress(OSError, client.Closed):
            answer = self._exchange(wire)
            assert tsigtool.rcode(tsigtool.verify(answer, self.key, mac)[0]) == 0
            self.answered += 1
        self.worst = max(self.worst, time.monotonic() - began)

    def _exchange(self, wire):
        asking = client.CLIENTS[self.transport](self.place, self.source)
        try:
            return asking.ask(wire, 1 if self.transport == "udp" else 5)
        except TimeoutError:
            if self.transport == "tcp":
                raise
            self.again += 1
            return asking.ask(wire, 3)
        finally:
            asking.close()

    def line(self, name):
        again = f", {self.again} of them asked twice" if self.again else ""
        return f"  {name}: answered {self.answered}/{self.asked}{again}, worst {self.worst * 1000:.0f} ms"
