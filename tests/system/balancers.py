"""Balancers and TLS terminators in front of the proxy, which say who is behind them (PROXY protocol, version 2)."""

import shutil
import socket
import struct
import subprocess

import pytest

import net
from client import Tcp
from process import Process, until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21


def header(source, port=4660, to="192.0.2.53", command=PROXY, tlvs=b""):
    """What a balancer writes first; without a source it speaks for itself."""
    family, addresses = 0, b""
    if source:
        kind = net.family(source)
        family = 0x21 if kind == socket.AF_INET6 else 0x11
        to = "::1" if kind == socket.AF_INET6 else to
        addresses = socket.inet_pton(kind, source) + socket.inet_pton(kind, to) + struct.pack("!HH", port, 853)
    rest = addresses + tlvs
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


class Balanced(Tcp):
    """A connection as a balancer would make it, for a client somewhere."""

    def __init__(self, place, source, balancer="127.0.0.1", **more):
        super().__init__(place, balancer)
        self.socket.sendall(header(source, **more))


def is_reset(place, source, octets):
    """Whether a connection that begins with these octets is, be it before they are sent."""
    try:
        asking = Tcp(place, source)
    except ConnectionResetError:
        return True
    try:
        asking.socket.sendall(octets)
        return asking.ends() == "reset"
    except ConnectionError:
        return True
    finally:
        asking.close()


def certificate(path, name):
    """Its own authority, key and certificate in one file."""
    key, cert = path.with_suffix(".key"), path.with_suffix(".crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "7", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
                   check=True, capture_output=True, timeout=30)
    path.write_text(cert.read_text() + key.read_text())
    path.chmod(0o600)
    return path


class Balancer:
    """A program that listens at `plain` and `tls`, where each is there, and connects from `address`."""

    program = "?"

    def __init__(self, directory, proxy, pem):
        if not shutil.which(self.program):
            pytest.skip(f"{self.program} is not installed")
        directory.mkdir()
        self.directory, self.proxy, self.pem = directory, proxy, pem
        self.plain, self.tls = net.fresh_place(), net.fresh_place()
        self.process = None

    def command(self):
        raise NotImplementedError

    def places(self):
        return [self.plain, self.tls]

    def start(self):
        self.process = Process(self.program, self.command(), self.directory)
        for place in self.places():
            until(lambda place=place: self.listens(place), f"{self.program} listens at {net.text(place)}")
        return self

    def listens(self, place):
        assert self.process.alive(), self.process.text()
        with socket.socket() as asking:
            return asking.connect_ex(place) == 0

    def stop(self):
        if self.process:
            self.process.stop()


class Haproxy(Balancer):
    """`source`: where it connects from; `check`: what else it is to do with its server; `ready`: where it asks whether
    that is ready."""

    program = "haproxy"
    source, check, ready = None, "", None

    def command(self):
        source = f"source {self.source}" if self.source else ""
        (self.directory / "haproxy.cfg").write_text(f"""
global
    stats socket {self.directory}/s level admin
defaults
    mode tcp
    timeout connect 5s
    timeout client 2m
    timeout server 2m
listen plain
    bind {self.plain.address}:{self.plain.port}
    server proxy {self.proxy.address}:{self.proxy.port} send-proxy-v2 {source} {self.check}
listen tls
    bind {self.tls.address}:{self.tls.port} ssl crt {self.pem} alpn dot
    server proxy {self.proxy.address}:{self.proxy.port} send-proxy-v2 {source}
""" + (f"""
backend ready
    option httpchk GET /readyz
    server proxy {self.proxy.address}:{self.proxy.port} send-proxy-v2 check inter 50ms addr {self.ready.address} port {self.ready.port}
""" if self.ready else ""))
        return ["haproxy", "-db", "-f", "haproxy.cfg"]

    def say(self, line):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(f"{self.directory}/s")
            asking.sendall(line.encode() + b"\n")
            with asking.makefile() as answer:
                return answer.read()

    def stat(self, proxy, name):
        names, *lines = [line.split(",") for line in self.say("show stat").strip().splitlines()]
        found = [dict(zip(names, line)) for line in lines]
        return next(one for one in found if (one["# pxname"], one["svname"]) == (proxy, name))

    def server(self):
        """What it thinks of the proxy behind its plain port."""
        return self.stat("plain", "proxy")["status"]

    def connections(self, listener):
        return int(self.stat(listener, "FRONTEND")["stot"])


class Hitch(Balancer):
    """TLS alone."""

    program = "hitch"

    def command(self):
        return ["hitch", f"--frontend=[{self.tls.address}]:{self.tls.port}", f"--backend=[{self.proxy.address}]:{self.proxy.port}",
                "--write-proxy-v2=on", "--alpn-protos=dot", "--quiet", "--daemon=off", "--user=nobody", self.pem]

    def places(self):
        return [self.tls]
