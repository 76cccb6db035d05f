"""Places on the loopback network: addresses of our own, ports from the kernel."""

import collections
import itertools
import os
import socket

Place = collections.namedtuple("Place", "address port")

_hosts = itertools.count()


def text(place):
    """As tsig-proxy, NSD and Knot write it."""
    return f"{place.address}@{place.port}"


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def fresh_address():
    """An address of 127/8 that nobody else on this machine is likely to use: derived from our pid."""
    pid = os.getpid() % (64 * 256)
    return f"127.{64 + pid // 256}.{pid % 256}.{1 + next(_hosts) % 254}"


_given = set()


def free_place(address="127.0.0.1"):
    """A port that is free on `address` for both UDP and TCP, and that nobody here was given before."""
    for _ in range(100):
        with socket.socket(family(address), socket.SOCK_STREAM) as tcp:
            tcp.bind((address, 0))
            port = tcp.getsockname()[1]
            with socket.socket(family(address), socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind((address, port))
                except OSError:
                    continue
        place = Place(address, port)
        if place not in _given:
            _given.add(place)
            return place
    raise AssertionError("no port is free for both UDP and TCP")


def fresh_place():
    return free_place(fresh_address())
