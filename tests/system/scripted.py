"""Name servers that do exactly what a test says, be it wrong, late or nothing at all."""

import socket
import struct
import threading
import time

import messages
import net
import tsigtool
from process import PATIENCE, Timeout


class Request:
    """One message that a scripted server was sent, and the ways to respond."""

    def __init__(self, wire, transport, source, send, connection=None):
        self.wire = wire
        self.transport = transport
        self.source = source
        self.time = time.monotonic()
        self._send = send
        self.connection = connection

    @property
    def number(self):
        return struct.unpack_from("!H", self.wire)[0]

    @property
    def opcode(self):
        return self.wire[2] >> 3 & 15

    @property
    def kind(self):
        return messages.question_type(self.wire)

    @property
    def zone(self):
        """The name in the question, in lower case."""
        return messages.question_name(self.wire)

    def reply(self, *wires):
        for wire in wires:
            self._send(wire)

    def answer(self, *lines, **more):
        self.reply(messages.answer(self.wire, lines, **more))

    def close(self):
        self.connection.shutdown(socket.SHUT_RDWR)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def read_exactly(connection, size):
    """So many octets, or nothing if the other side ends before."""
    found = b""
    while len(found) < size:
        chunk = connection.recv(size - len(found))
        if not chunk:
            return b""
        found += chunk
    return found


class Scripted:
    """Calls script(request) for every message, each UDP datagram and TCP connection in a thread of its
    own, and keeps the requests."""

    def __init__(self, script, place=None, udp=True, tcp=True):
        self.script = script
        self.place = place or net.fresh_place()
        self.requests = []
        self.connections = []
        self.errors = []
        self._stopped = False
        self._news = threading.Condition()
        self._sockets = []
        self._udp, self._tcp = udp, tcp

    def start(self):
        family = net.family(self.place.address)
        if self._udp:
            udp = socket.socket(family, socket.SOCK_DGRAM)
            self._listen(udp, self._serve_udp)
        if self._tcp:
            tcp = socket.socket(family, socket.SOCK_STREAM)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listen(tcp, self._serve_tcp)
        return self

    def _listen(self, listener, serve):
        listener.bind(self.place)
        if serve == self._serve_tcp:
            listener.listen(100)
        self._sockets.append(listener)
        threading.Thread(target=serve, args=(listener,), daemon=True).start()

    def stop(self):
        self._stopped = True
        for one in self._sockets + self.connections:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        assert not self.errors, self.errors

    def _handle(self, request):
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
        try:
            self.script(request)
        except OSError:
            pass  # the other side has left
        except Exception as error:  # the test shall see it
            self.errors.append(error)

    def _serve_udp(self, udp):
        while True:
            try:
                wire, source = udp.recvfrom(65535)
            except OSError:
                return
            if self._stopped:
                return

            def send(answer, source=source):
                udp.sendto(answer, source)

            request = Request(wire, "udp", source, send)
            threading.Thread(target=self._handle, args=(request,), daemon=True).start()

    def _serve_tcp(self, listener):
        while True:
            try:
                connection, source = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._news:
                self.connections.append(connection)
                self._news.notify_all()
            worker = threading.Thread(target=self._converse, args=(connection, source), daemon=True)
            worker.start()

    def _converse(self, connection, source):
        def send(wire):
            connection.sendall(struct.pack("!H", len(wire)) + wire)

        try:
            while head := read_exactly(connection, 2):
                wire = read_exactly(connection, struct.unpack("!H", head)[0])
                self._handle(Request(wire, "tcp", source, send, connection))
            connection.close()
        except OSError:
            pass

    def wait(self, count=1, patience=PATIENCE, matches=lambda request: True):
        """The requests that match, once there are at least `count`."""
        deadline = time.monotonic() + patience
        with self._news:
            while True:
                found = [r for r in self.requests if matches(r)]
                if len(found) >= count:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Timeout(f"{len(found)} of {count} requests within {patience} s")
                self._news.wait(left)


def signing(key, script, sign_every=1):
    """The script of a primary that knows `key`: requests must be signed and are handed on without TSIG;
    every so many-th message of an answer is signed, the first always, and the last by finish()."""

    def signed_script(request):
        bare, tsig = tsigtool.verify(request.wire, key)
        request.wire = bare
        request.signer = tsigtool.Signer(key, tsig.mac, sign_every)
        plain_reply = request.reply

        def reply(*wires):
            plain_reply(*[request.signer.message(wire) for wire in wires])

        request.reply = reply
        script(request)

    return signed_script


def sound(request, serial=7, hosts=3):
    """A sound little primary for any zone: SOA, AXFR, IXFR answered AXFR-style. What is asked of a name
    that begins with "slow" gets no answer but the one that the test itself gives."""
    zone = request.zone
    if zone.startswith("slow"):
        return
    soa = messages.soa(zone, serial)
    if request.kind in (messages.AXFR, messages.IXFR):
        body = [f"h{i}.{zone}. 60 IN A 192.0.2.{i + 1}" for i in range(hosts)]
        request.answer(soa, *body, soa)
    elif request.opcode == 5:
        request.answer()
    elif request.kind == messages.SOA:
        request.answer(soa)
    else:
        request.answer(authority=[soa])
