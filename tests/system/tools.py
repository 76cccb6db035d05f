"""dig, kdig, nsupdate and knsupdate, as people call them; and what a server has, seen with patience."""

import shutil
import subprocess

import dns.name
import dns.rdata
import pytest

import zones
from process import Timeout, until


class Tool:
    """One run that has ended."""

    def __init__(self, command, text=None):
        if not shutil.which(command[0]):
            pytest.skip(f"{command[0]} is not installed")
        self.run = subprocess.run(list(map(str, command)), input=text, capture_output=True, text=True,
                                  timeout=30, check=False)
        self.status = self.run.returncode
        self.output = self.run.stdout + self.run.stderr

    def records(self):
        """The set of records in what was printed (owner, type, TTL, data), without OPT and TSIG."""
        return set(self.sequence())

    def sequence(self):
        found = []
        for line in self.run.stdout.splitlines():
            if line and not line.startswith(";"):
                owner, ttl, klass, kind, data = line.split(None, 4)
                if kind != "TSIG":
                    rdata = dns.rdata.from_text(klass, kind, data)
                    found.append(zones.record(dns.name.from_text(owner), int(ttl), rdata))
        return found


def _credentials(key):
    return ["-y", f"{key.algorithm}:{key.name}:{key.base64}"] if key else []


def dig(place, source, *words, key=None):
    return Tool(["dig", "-b", source, "-p", place.port, f"@{place.address}", *_credentials(key), *words,
                 "+norec", "+time=5", "+tries=1"])


def kdig(place, source, *words, key=None):
    return Tool(["kdig", "-b", source, "-p", place.port, f"@{place.address}", *_credentials(key), *words,
                 "+norec", "+timeout=5", "+retry=0"])


def nsupdate(place, source, zone, *lines, key=None, tcp=False, options=()):
    """Without a zone it finds that out by itself, asking for the SOA of the name to change."""
    text = [f"server {place.address} {place.port}", f"local {source}", *([f"zone {zone}"] if zone else []),
            *lines, "send", ""]
    return Tool(["nsupdate", *(["-v"] if tcp else []), *options, *_credentials(key)], "\n".join(text))


def knsupdate(place, source, zone, *lines, key=None, tcp=False, options=()):
    text = [f"server {place.address} {place.port}", f"local {source}", f"zone {zone}.", *lines, "send", ""]
    return Tool(["knsupdate", *(["-v"] if tcp else []), *options, *_credentials(key)], "\n".join(text))


ASKING = [dig, kdig]
UPDATING = [nsupdate, knsupdate]


def wait_records(server, zone, expected):
    """Until the server has just these records: NSD's old child may take one more connection, or leave it."""

    def has():
        try:
            return server.records(zone) == expected
        except (OSError, EOFError):
            return False

    try:
        until(has, f"{server.name} has the zone", patience=5)
    except Timeout:
        assert server.records(zone) == expected  # says what differs
