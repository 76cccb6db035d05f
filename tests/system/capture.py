"""What goes over a wire. Run as a program (capture.py INTERFACE FILE PORT…), it records the packets of these
ports to a pcap file until SIGTERM. Imported, it does so inside a namespace, and reads the DNS messages out of
the file, TCP reassembled."""

import collections
import select
import signal
import socket
import struct
import sys

ALL_PROTOCOLS = 3
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_STATISTICS = 263, 6
IPV4, IPV6 = 0x0800, 0x86DD
FRAGMENT = 44
SYN = 2
FRAME_MAX = 1 << 18


def network(frame):
    """(version, header octets, hops, source, destination, protocol) of an Ethernet frame; None if not IP."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == IPV4:
        size, fragment = (frame[14] & 15) * 4, struct.unpack_from("!H", frame, 20)[0] & 0x3FFF
        return 4, size, frame[22], frame[26:30], frame[30:34], FRAGMENT if fragment else frame[23]
    if kind == IPV6:
        return 6, 40, frame[21], frame[22:38], frame[38:54], frame[20]
    return None


def is_wanted(frame, ports):
    packet = network(frame)
    if not packet:
        return False
    if packet[5] not in (6, 17):
        return packet[5] == FRAGMENT
    return bool(ports.intersection(struct.unpack_from("!2H", frame, 14 + packet[1])))


def record(interface, path, ports):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    wire.bind((interface, ALL_PROTOCOLS))
    wire.setblocking(False)
    end, alarm = socket.socketpair()
    alarm.setblocking(False)
    signal.set_wakeup_fd(alarm.fileno())
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    with open(path, "wb") as out:
        out.write(struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, FRAME_MAX, 1))
        print("ready", flush=True)
        ended = False
        while not ended:
            ended = end in select.select([wire, end], [], [])[0]
            for frame in waiting(wire):
                if is_wanted(frame, ports):
                    out.write(struct.pack("!IIII", 0, 0, len(frame), len(frame)) + frame)
    seen, lost = struct.unpack("=II", wire.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    print(f"seen {seen} lost {lost}", flush=True)


def waiting(wire):
    try:
        while True:
            yield wire.recv(FRAME_MAX)
    except BlockingIOError:
        return


Packet = collections.namedtuple("Packet", "hops source destination protocol payload")
Message = collections.namedtuple("Message", "transport hops source destination wire")


def packets(path):
    """Each packet of a file; the payload is what stands behind the IP header."""
    octets = path.read_bytes()
    at = 24
    while at < len(octets):
        size = struct.unpack_from("!I", octets, at + 8)[0]
        frame = octets[at + 16 : at + 16 + size]
        at += 16 + size
        version, header, hops, source, destination, protocol = network(frame)
        assert protocol != FRAGMENT, "a fragment, which is not put together here"
        total = struct.unpack_from("!H", frame, 16 if version == 4 else 18)[0] + (0 if version == 4 else 40)
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        payload = frame[14 + header : 14 + total]
        ports = struct.unpack_from("!2H", payload)
        yield Packet(hops, (socket.inet_ntop(family, source), ports[0]),
                     (socket.inet_ntop(family, destination), ports[1]), protocol, payload)


class _Stream:
    """One direction of a connection."""

    def __init__(self, packet, start):
        self.packet = packet
        self.start = start
        self.segments = {}

    def octets(self):
        """What arrived, in order; what was sent again counts once."""
        found = bytearray()
        for at, data in sorted(self.segments.items()):
            assert at <= len(found), "a segment is missing in the capture"
            found[at : at + len(data)] = data
        return bytes(found)

    def messages(self):
        octets, at = self.octets(), 0
        while at + 2 <= len(octets):
            size = struct.unpack_from("!H", octets, at)[0]
            if at + 2 + size > len(octets):
                return
            yield Message("tcp", *self.packet[:3], octets[at + 2 : at + 2 + size])
            at += 2 + size


def messages(path):
    """All DNS messages, the datagrams first. What was cut off by the end of its connection is left out."""
    found, streams, open_streams = [], [], {}
    for packet in packets(path):
        ends = packet.source, packet.destination
        if packet.protocol == 17:
            found.append(Message("udp", *packet[:3], packet.payload[8:]))
            continue
        sequence, flags = struct.unpack_from("!I", packet.payload, 4)[0], packet.payload[13]
        data = packet.payload[(packet.payload[12] >> 4) * 4 :]
        if flags & SYN:
            if ends not in open_streams or open_streams[ends].start != sequence + 1:
                open_streams[ends] = _Stream(packet, sequence + 1)
                streams.append(open_streams[ends])
        elif data and ends in open_streams:
            stream = open_streams[ends]
            at = (sequence - stream.start) & 0xFFFFFFFF
            if len(data) > len(stream.segments.get(at, b"")):
                stream.segments[at] = data
    for stream in streams:
        found.extend(stream.messages())
    return found


class Capture:
    """Records on a host's link from start() to stop()."""

    def __init__(self, host, path, ports):
        self.host, self.path, self.ports = host, path, ports
        self.process = None

    def start(self):
        from process import Process  # not needed by the program

        command = [sys.executable, "-B", __file__, "eth0", self.path, *self.ports]
        with self.host.namespace:
            self.process = Process("capture", command, self.path.parent)
        self.process.wait_line(lambda line: line == "ready", "ready")
        return self

    def stop(self):
        if not self.process:
            return
        process, self.process = self.process, None
        process.stop()
        assert process.lines[-1].endswith(" lost 0"), process.text()

    def messages(self):
        """Stops, and returns what was recorded."""
        self.stop()
        return messages(self.path)

    def ends(self):
        """{(source, destination)} of all packets, those without a message too."""
        self.stop()
        return {(packet.source, packet.destination) for packet in packets(self.path)}


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2], set(map(int, sys.argv[3:])))
