#!/usr/bin/python3
"""How long configurations of many peers and zones take to be checked:

    TSIG_PROXY=build/release/tsig-proxy python3 tests/bench/config.py [ROUNDS]

The fastest of some rounds counts. Nothing is asserted, as machines differ."""

import base64
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECRET = base64.b64encode(bytes(range(32))).decode()
HEAD = "[proxy]\nuser =\nlisten = 127.0.0.1@5353\n"
PRIMARY = "[primary hq]\naddress = 192.0.2.1@5300\n"
PEERS, ZONES = 10_000, 100_000


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o640)
    return path


def address(number):
    return f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def secondary(number, rest):
    return f"[secondary s{number}]\naddress = {address(number)}\nzones = zone{number}.example\n{rest}"


def key(number, secret):
    return f"[key k{number}.example]\n{secret}\n"


def cases(folder):
    """Name and configuration."""
    every = range(PEERS)
    for number in every:
        write(folder / "keys" / f"{number}.key", SECRET + "\n")
        write(folder / "conf.d" / f"{number}.ini", key(number, f"secret-file = ../keys/{number}.key")
              + secondary(number, f"key = k{number}.example\n"))
    inline = [key(n, f"secret = {SECRET}") + secondary(n, f"key = k{n}.example\n") for n in every]
    files = [key(n, f"secret-file = keys/{n}.key") + secondary(n, f"key = k{n}.example\n") for n in every]
    zones = [f"zone{n}.example" for n in range(ZONES)]
    random.Random(1).shuffle(zones)
    write(folder / "zones.txt", "\n".join(zones) + "\n")
    one = key(0, f"secret = {SECRET}")
    yield "10,000 secondaries", HEAD + PRIMARY + "".join(inline)
    yield "the same, secrets in files", HEAD + PRIMARY + "".join(files)
    yield "the same, each in a file that is included", HEAD + "include = conf.d/*.ini\n" + PRIMARY
    yield "10,000 secondaries with one key", HEAD + PRIMARY + one + "".join(
        secondary(n, "key = k0.example\n") for n in every)
    yield "10,000 secondaries without a key", HEAD + PRIMARY + "".join(secondary(n, "") for n in every)
    yield "100,000 zones from a file", HEAD + PRIMARY + one + (
        "[secondary s]\naddress = 198.18.0.1\nkey = k0.example\nzones-file = zones.txt\n")


def measure(program, path):
    """Seconds."""
    begin = time.monotonic()
    subprocess.run([program, "check", "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - begin


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    program = os.environ["TSIG_PROXY"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, text in cases(folder):
            path = write(folder / "tsig-proxy.ini", text)
            print(f"{case:42} {min(measure(program, path) for _ in range(rounds)):6.3f} s")


if __name__ == "__main__":
    main()
