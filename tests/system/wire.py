"""A wire that is not sound, run as a program: it carries packets between pairs of TUN devices, and on the way loses,
delays, overtakes, doubles and spoils them, or carries none. What it does is drawn from one seed.

    python3 wire.py SEED CONTROL NAME:INNER:OUTER…    (descriptors; a way "in" leads to INNER, "out" to OUTER)

It is asked over CONTROL, one JSON list for each question, and ends when that is closed.
"""

import heapq
import itertools
import json
import os
import random
import select
import socket
import struct
import sys
import time

MOST = 2000  # packets that are on their way at once in one way; what is more is lost
THICK = 400  # octets of TCP payload from which on a packet is taken for a part of a transfer
LEAST = 40  # octets of payload that has two words which can change places
LATE = 0.03  # seconds by which a packet is overtaken
TCP, RST, ACK = 6, 4, 16
COUNTS = ("carried", "lost", "delayed", "overtaken", "doubled", "spoiled", "forged", "cut", "held", "resets")


def checksum(octets):
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Segment:
    """What has to be known of an IP packet: where its TCP begins, if it is TCP, and where its payload does."""

    def __init__(self, packet):
        self.packet = packet
        self.head = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
        self.is_tcp = packet[9 if packet[0] >> 4 == 4 else 6] == TCP
        data = (packet[self.head + 12] >> 4) * 4 if self.is_tcp else 8
        self.payload = self.head + data

    def thick(self):
        size = len(self.packet) - self.payload
        return size if self.is_tcp and size >= THICK else 0

    def reset(self, back):
        """A RST that the receiver takes as the sender's, or `back`, the sender as the receiver's."""
        own, to, seq, ack = struct.unpack_from("!HHII", self.packet, self.head)
        if back:
            own, to, seq, ack = to, own, ack, seq
        tcp = struct.pack("!HHIIBBHHH", own, to, seq, ack, 5 << 4, RST | ACK, 0, 0, 0)
        head = bytearray(self.packet[: self.head])
        first, size = (12, 4) if head[0] >> 4 == 4 else (8, 16)
        source, target = head[first : first + size], head[first + size : first + 2 * size]
        if back:
            head[first : first + 2 * size] = target + source
        pseudo = bytes(source + target) + struct.pack("!II", len(tcp), TCP)
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        if size == 4:
            struct.pack_into("!H", head, 2, self.head + len(tcp))
            struct.pack_into("!H", head, 10, 0)
            struct.pack_into("!H", head, 10, checksum(bytes(head)))
        else:
            struct.pack_into("!H", head, 4, len(tcp))
        return bytes(head) + tcp


class Way:
    """One direction of one wire. The chances are between 0 and 1; `delay` is in seconds, `rate` in octets a second.
    `trip`: so many octets of transfers still pass, and then what `then` says happens."""

    def __init__(self, name, target, chance):
        self.name, self.target, self._chance = name, target, chance
        self.counts = dict.fromkeys(COUNTS, 0)
        self.octets, self.waiting, self.free = 0, 0, 0.0
        self.then, self.tripped, self.kept = "", False, []
        self.clear()

    def clear(self):
        self.loss = self.overtake = self.double = self.spoil = self.forge = self.delay = 0.0
        self.rate, self.trip, self.cut, self.hold = 0, None, False, False

    def set(self, settings):
        if settings.get("trip") is not None:
            self.tripped = False
        for name, value in settings.items():
            setattr(self, name, value)

    def draw(self, chance, what):
        hit = chance > 0 and self._chance.random() < chance
        self.counts[what] += hit
        return hit

    def trips(self, segment):
        """Whether this is the packet that is too much."""
        self.octets += segment.thick()
        if self.trip is None or not segment.thick():
            return False
        self.trip -= segment.thick()
        if self.trip >= 0:
            return False
        self.trip, self.tripped = None, True
        return True

    def leaves(self, packet, now):
        """When this packet arrives: not at all, once or twice; and what it is then."""
        if self.cut:
            self.counts["cut"] += 1
            return [], packet
        if self.draw(self.loss, "lost"):
            return [], packet
        if self.forge and self._forgeable(packet) and self.draw(self.forge, "forged"):
            packet = self._forged(packet)
        if self.draw(self.spoil, "spoiled"):
            packet = self._spoiled(packet)
        due = now + self.delay
        self.counts["delayed"] += self.delay > 0
        if self.rate:
            self.free = max(self.free, now) + len(packet) / self.rate
            due += self.free - now
        if self.draw(self.overtake, "overtaken"):
            due += LATE
        return [due] * (2 if self.draw(self.double, "doubled") else 1), packet

    def _spoiled(self, packet):
        """One bit is another: a checksum tells."""
        at = self._chance.randrange(len(packet))
        return packet[:at] + bytes([packet[at] ^ 1 << self._chance.randrange(8)]) + packet[at + 1 :]

    @staticmethod
    def _forgeable(packet):
        return len(packet) > Segment(packet).payload + LEAST

    def _forged(self, packet):
        """Two words have changed places, which no checksum tells."""
        start = Segment(packet).payload
        at = start + 2 * self._chance.randrange((len(packet) - start) // 2 - 1)
        return packet[:at] + packet[at + 2 : at + 4] + packet[at : at + 2] + packet[at + 4 :]


class Wires:
    def __init__(self, seed, control, pairs):
        self.control = control
        self.poll = select.epoll()
        self.poll.register(control, select.EPOLLIN)
        self.ways, self.from_device = {}, {}
        self.due, self.numbers = [], itertools.count()
        for name, inner, outer in pairs:
            ways = {way: Way(way, target, random.Random(f"{seed} {name} {way}"))
                    for way, target in (("in", inner), ("out", outer))}
            self.ways[name] = ways
            for device, way, back in ((outer, "in", "out"), (inner, "out", "in")):
                os.set_blocking(device, False)
                self.from_device[device] = (ways[way], ways[back])
                self.poll.register(device, select.EPOLLIN)

    def run(self):
        while True:
            wait = max(0.0, self.due[0][0] - time.monotonic()) if self.due else -1
            for device, _ in self.poll.poll(wait):
                if device == self.control.fileno():
                    if not self.obey():
                        return
                else:
                    self.carry(device)
            self.deliver()

    def carry(self, device):
        """No more than a handful at once, so that other wires have their turn."""
        way, back = self.from_device[device]
        for _ in range(32):
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                return
            self.take(packet, way, back)

    def take(self, packet, way, back):
        segment = Segment(packet)
        if not way.cut and way.trips(segment):
            if way.then == "reset":
                way.counts["resets"] += 1
                self.deliver()  # what came before
                self.put(way.target, segment.reset(back=False))
                self.put(back.target, segment.reset(back=True))
                return
            for one in (way, back):
                one.cut = way.then in ("cut", f"cut-{one.name}")
                one.hold = way.then == "hold"
        if way.hold and len(way.kept) < MOST:
            way.counts["held"] += 1
            way.kept.append(packet)
            return
        self.send(packet, way)

    def send(self, packet, way):
        times, packet = way.leaves(packet, time.monotonic())
        for due in times:
            if way.waiting >= MOST:
                way.counts["lost"] += 1
                continue
            way.waiting += 1
            heapq.heappush(self.due, (due, next(self.numbers), way, packet))

    def deliver(self):
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, _, way, packet = heapq.heappop(self.due)
            way.waiting -= 1
            way.counts["carried"] += 1
            self.put(way.target, packet)

    @staticmethod
    def put(target, packet):
        try:
            os.write(target, packet)
        except OSError:
            pass  # spoilt so that the kernel takes it for no packet, or the device has no room

    def obey(self):
        text = self.control.recv(65536)
        if not text:
            return False
        word, name, ways, settings = json.loads(text)
        found = [self.ways[name][way] for way in ways]
        if word == "clear":
            for way in found:
                way.clear()
                while way.kept:
                    self.send(way.kept.pop(0), way)
        for way in found:
            way.set(settings)
        answer = [{"tripped": way.tripped, "octets": way.octets, **way.counts} for way in found]
        self.control.send(json.dumps(answer).encode())
        return True


def main(seed, control, *pairs):
    split = [pair.split(":") for pair in pairs]
    with socket.socket(fileno=int(control)) as asked:
        Wires(seed, asked, [(name, int(inner), int(outer)) for name, inner, outer in split]).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
