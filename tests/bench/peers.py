"""The peers that load/ plays: their addresses, keys and zones, and sections of a configuration with them."""

import base64
import os
import struct
import subprocess

import net
from proxy import Proxy


def load(*arguments):
    """One run of the load program, which ends by itself: what it has counted."""
    command = [os.environ["TSIG_PROXY_LOAD"], *map(str, arguments)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    return pairs(output.splitlines()[-1])


def pairs(text):
    return {name: float(value) for name, value in (pair.split("=") for pair in text.split())}


def address(number):
    """As net_secondary of load/net.c."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def key(number):
    """As sign_keys of load/sign.c."""
    return f"key k{number}.example", {"secret": base64.b64encode(struct.pack("!I", number) * 8).decode()}


def secondary(number, port=53, **settings):
    return f"secondary s{number}", {"address": f"{address(number)}@{port}", "key": f"k{number}.example", **settings}


def primary(place, **settings):
    return "primary hq", {"address": net.text(place), **settings}


def each(count, port=53, zones=None, first=()):
    """A primary's sections and those of so many secondaries, each with a key and, unless `zones` says so, a zone of
    its own."""
    sections = [*first, *map(key, range(count))]
    for number in range(count):
        sections.append(secondary(number, port, zones=zones or f"zone{number}.example"))
    return sections


def proxy(directory, sections, **settings):
    """The program as most will run it; its log is read, as a service manager's is."""
    return Proxy(directory, sections, log_level="info", **settings)


def takes(directory, sections, **settings):
    """Does this build find no error in such a configuration?"""
    trial = proxy(directory, sections, **settings)
    return subprocess.run([trial.binary, "check", "-c", trial.path], capture_output=True, check=False).returncode == 0
