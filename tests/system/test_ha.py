"""A pair with an address that moves, as etc/ha says, word for word: keepalived, and real servers that lose nothing."""

import base64
import re
import time

import pytest

import readme
from gateway import GatewayBind, GatewayKnot, GatewayNsd
from lan import Lan
from loaders import Copies
from machine import Machine
from net import Place
from process import until
from retried import Axfrs, Notifies, Soas
from tsigtool import Key
from zones import Zone

GUIDE = readme.ROOT / "etc/ha/README.md"
ZONE = "example.org"
BOTH = ("first", "second")
SECONDARIES = {"bind": GatewayBind, "nsd": GatewayNsd, "knot": GatewayKnot}
KEEPALIVED = ["keepalived", "--dont-fork", "--log-console", "--log-detail", "--no-syslog", "--vrrp"]

pytestmark = pytest.mark.any_workers


class Pair:
    """Two hosts with what the guide has on them, a primary, three secondaries. Traffic goes on from begin() to
    judge(): `outside` is where secondaries ask, `inside` where the primary's NOTIFYs go, `asks` who asks it."""

    def __init__(self, launch, directory, lan, heading, *, outside, inside, asks, told):
        self.launch, self.lan = launch, launch(lan)
        self.blocks = readme.blocks(readme.section(GUIDE, heading))
        self.outside, self.inside = Place(outside, 53), Place(inside, 53)
        self.hosts = {role: Machine(directory / role, lan[role].namespace) for role in BOTH}
        self.zone = Zone(ZONE, hosts=1500)
        self.copies = Copies(self.zone)
        self.primary = GatewayBind(directory / "primary", lan["primary"])
        self.primary.allowed = [Place(address, 53) for address in asks]
        self.primary.primary(self.zone, notify=[Place(address, 53) for address in told])
        self.directory, self.secondaries, self.loaders = directory, [], []

    def on(self, who):
        return [self.hosts[role] for role in (BOTH if who == "both" else (who,))]

    def walk(self):
        """Every block where it belongs; the key is taken from one to the other where scp would."""
        for host in self.hosts.values():
            host.units["keepalived"] = KEEPALIVED
            self.launch(host)
        for words, text in self.blocks:
            for host in self.on(words[1]):
                if words[0] == "sh":
                    host.follow(text)
                else:
                    host.write(words[2], text)
            if "scp -p" in text:
                path = next(word for line in text.splitlines() if line.startswith("scp") for word in line.split() if word[0] == "/")
                self.hosts["second"].write(path, self.hosts["first"].read(path))
        return self

    def key(self):
        text = self.hosts["first"].read("/etc/tsig-proxy/keys/xfr.example.key")
        name, algorithm, secret = re.search(r'key "(.*)".*algorithm "?([^";]*)"?;.*secret "(.*)"', text, re.S).groups()
        return Key(name, algorithm, base64.b64decode(secret), name)

    def begin(self):
        """The servers, then the traffic."""
        key = self.key()
        self.launch(self.primary)
        for name, kind in SECONDARIES.items():
            server = kind(self.directory / name, self.lan[name])
            server.eager = True
            self.secondaries.append(self.launch(server.secondary(ZONE, key, self.outside)))
        self.wait_copies()
        self.loaders = [self.launch(one) for one in (
            Soas(self.lan["bind"], self.outside, key, ZONE), Axfrs(self.lan["nsd"], self.outside, key, self.copies),
            Notifies(self.lan["primary"], self.inside, self.zone))]
        return self

    def wait_copies(self):
        for server in self.secondaries:
            server.wait_serial(ZONE, self.zone.serial)

    def change(self):
        """The zone of the primary, whose NOTIFYs are lost or not."""
        self.zone.change()
        self.copies.keep()
        self.primary.write_zone()
        self.primary.reload()

    def go_on(self):
        """Until every kind of exchange has come through again."""
        counts = [one.count + 3 for one in self.loaders]
        until(lambda: all(one.count >= count or one.error for one, count in zip(self.loaders, counts)), "traffic goes on", 30)

    def moves(self, what, fault, taker):
        """Does something to a host, while the zone changes; the addresses come to this one."""
        self.go_on()
        since = time.monotonic()
        fault()
        self.change()
        self.hosts[taker].wait_here(self.outside.address)
        taken = time.monotonic() - since
        self.go_on()
        self.wait_copies()
        gaps = ", ".join(f"{one.name} {one.gap(since):.2f}" for one in self.loaders)
        print(f"{what}: address taken over after {taken:.2f} s; seconds without an answer: {gaps}; all copies at the new "
              f"serial after {time.monotonic() - since:.2f} s")

    def judge(self):
        """Nothing is lost, and each copy is the zone."""
        for one in self.loaders:
            one.stop()
            assert one.error is None, one.error
        print("\n".join(one.line() for one in self.loaders))
        for server in self.secondaries:
            self.copies.assert_one(server.records(ZONE))
            assert len(server.records(ZONE)) > 1500


def explicit():
    outside = {role: ("eth0", "outside", f"192.0.2.5{number}/24") for number, role in enumerate(BOTH, 1)}
    inside = {role: ("eth1", "inside", f"10.0.0.5{number}/24") for number, role in enumerate(BOTH, 1)}
    return Lan({"inside": None, "outside": "192.0.2.1/24", "far": "203.0.113.1/24"}, {
        **{role: (outside[role], inside[role], "192.0.2.1") for role in BOTH},
        "primary": (("eth0", "inside", "10.0.0.1/24"), None),
        **{role: (("eth0", "far", f"203.0.113.1{number}/24"), "203.0.113.1") for number, role in enumerate(SECONDARIES)},
    })


def test_pair(launch, tmp_path):
    pair = Pair(launch, tmp_path, explicit(), "A pair", outside="192.0.2.53", inside="10.0.0.53", asks=["10.0.0.53"],
                told=["10.0.0.53"])
    pair.walk()
    until(lambda: any(host.here("192.0.2.53") for host in pair.hosts.values()), "one of them has the address")
    holder, standby = BOTH if pair.hosts["first"].here("192.0.2.53") else BOTH[::-1]
    assert not pair.hosts[standby].here("192.0.2.53") and not pair.hosts[standby].here("10.0.0.53")
    assert pair.hosts[holder].healthy() and pair.hosts[standby].healthy()
    pair.begin()

    first, second = pair.hosts[holder], pair.hosts[standby]
    pair.moves("proxy killed", lambda: first.kill("tsig-proxy"), standby)
    assert not first.healthy() and second.healthy() and second.here("10.0.0.53")
    first.begin("tsig-proxy")
    assert first.healthy()
    pair.go_on()
    assert not first.here("192.0.2.53")  # it has no cause to take it back

    pair.moves("cables pulled", lambda: pair.lan.cut(standby), holder)
    assert second.healthy()
    pair.lan.mend(standby)
    pair.go_on()

    def lose():
        pair.lan.cut(holder)
        for unit in list(first.running):
            first.kill(unit)

    pair.moves("host lost", lose, standby)
    pair.judge()
