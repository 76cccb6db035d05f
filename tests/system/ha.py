"""More than one instance, as the guide etc/ha says, word for word: its files on hosts of their own, and traffic between real
servers that goes on while what brings packets to one or the other is made to choose anew."""

import base64
import json
import re
import shutil
import subprocess
import time

import pytest

import readme
from gateway import GatewayBind, GatewayKnot, GatewayNsd
from loaders import Copies
from machine import Machine
from net import Place
from process import until
from retried import Axfrs, Notifies, Soas
from tsigtool import Key
from zones import Zone

GUIDE = readme.ROOT / "etc/ha/README.md"
ZONE = "example.org"
EXAMPLES = "/usr/share/doc/tsig-proxy/examples"
BOTH = ("first", "second")
SECONDARIES = {"bind": GatewayBind, "nsd": GatewayNsd, "knot": GatewayKnot}
UNITS = {
    "keepalived": ["keepalived", "--dont-fork", "--log-console", "--log-detail", "--no-syslog", "--vrrp"],
    "bird": ["bird", "-f"],
}

class Pair:
    """Two hosts with what the guide has on them, a primary, three secondaries. Traffic goes on from begin() to
    judge(). `asked`: where secondaries ask; `told`: where the primary's NOTIFYs go; `asks`: who asks the primary;
    `moves`: the address by which one sees who has its turn. `by_key`: secondaries take NOTIFYs from anywhere. `more`:
    another address where they could ask."""

    def __init__(self, launch, directory, lan, heading, *, asked, told, asks, moves, by_key=False, more=None):
        for tool in ("keepalived", "bird", "birdc", "curl", "jq", "nft"):
            if not shutil.which(tool):
                pytest.skip(f"{tool} is not installed")
        self.launch, self.lan = launch, launch(lan)
        self.blocks = readme.blocks(readme.section(GUIDE, heading))
        self.asked, self.told, self.address, self.by_key = Place(asked, 53), Place(told[0], 53), moves, by_key
        self.hosts = {role: Machine(directory / role, lan[role].namespace) for role in BOTH}
        self.hosts["router"] = Machine(directory / "router", lan.router)
        self.zone = Zone(ZONE, hosts=800)
        self.copies = Copies(self.zone)
        self.primary = GatewayBind(directory / "primary", lan["primary"])
        self.primary.allowed = [Place(address, 53) for address in asks]
        self.primary.primary(self.zone, notify=[Place(address, 53) for address in told])
        self.more = [Place(more, 53)] if more else []
        self.directory, self.secondaries, self.loaders = directory, [], []

    def on(self, who):
        return [self.hosts[role] for role in (BOTH if who == "both" else (who,))]

    def walk(self):
        """Every block where it belongs; the key is taken from one to the other where scp would."""
        for host in self.hosts.values():
            host.units.update(UNITS)
            host.ready["bird"] = ["birdc", "show", "status"]
            self.launch(host)
            host.shell(f"mkdir -p {EXAMPLES}; cp -rT {readme.ROOT}/etc {EXAMPLES}")
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
            self.secondaries.append(self.launch(self._secondary(server, key)))
        self.wait_copies()
        self.loaders = [self.launch(one) for one in (
            Soas(self.lan["bind"], self.asked, key, ZONE), Axfrs(self.lan["nsd"], self.asked, key, self.copies),
            Notifies(self.lan["primary"], self.told, self.zone), *(Soas(self.lan["bind"], place, key, ZONE) for place in self.more))]
        return self

    def _secondary(self, server, key):
        server.secondary(ZONE, key, self.asked)
        if self.by_key:
            (path,) = server.directory.glob("*.conf")
            text = path.read_text()
            for before, after in (('file "copy";', f'file "copy"; allow-notify {{ key "{key.name}"; }};'),
                                  (f"allow-notify: {self.asked.address} ", "allow-notify: 0.0.0.0/0 "),
                                  (f"  - id: notify\n    address: {self.asked.address}\n", "  - id: notify\n")):
                text = text.replace(before, after)
            path.write_text(text)
        return server

    def joined(self):
        """One document of both, by the guide's command; each is asked where it runs, which is what ssh would do."""
        ((_, text),) = readme.blocks(readme.section(GUIDE, "One truth"))
        for number, role in enumerate(BOTH, 1):
            (self.directory / f"192.0.2.5{number}.json").write_text(self.hosts[role].run("/usr/sbin/tsig-proxy", "status", "--json"))
        loop, commands = text.split("done\n")
        assert "tsig-proxy status --json" in loop
        done = subprocess.run(["sh", "-euc", commands.replace(EXAMPLES, f"{readme.ROOT}/etc")], cwd=self.directory,
                              capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        print(done.stdout, end="")
        return json.loads((self.directory / "joined.json").read_text())

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

    def has_its_turn(self, role):
        return self.hosts[role].here(self.address)

    def wait_turn(self):
        """Who has its turn first, and who waits."""
        until(lambda: any(map(self.has_its_turn, BOTH)), "one of them has its turn")
        return BOTH if self.has_its_turn(BOTH[0]) else BOTH[::-1]

    def moves(self, what, fault, taker):
        """Does something to a host, while the zone changes; the other has its turn. Secondaries may have the change later."""
        self.go_on()
        since = time.monotonic()
        fault()
        self.change()
        until(lambda: self.has_its_turn(taker), f"{taker} has its turn")
        taken = time.monotonic() - since
        self.go_on()
        gaps = ", ".join(f"{one.name} {one.gap(since):.2f}" for one in self.loaders)
        print(f"{what}: taken over after {taken:.2f} s; longest without an answer: {gaps}")

    def begin_again(self, role):
        """Its proxy, until keepalived has seen that it serves."""
        keepalived = self.hosts[role].running["keepalived"]
        start = len(keepalived.lines)
        self.hosts[role].begin("tsig-proxy")
        keepalived.wait_line(lambda line: "BACKUP STATE" in line, "BACKUP STATE", start=start)
        self.go_on()

    def lose(self, role):
        """A host that is no more."""
        self.lan.cut(role)
        for unit in list(self.hosts[role].running):
            self.hosts[role].kill(unit)

    def judge(self):
        """Nothing is lost, and each copy is the zone."""
        since = time.monotonic()
        self.wait_copies()
        print(f"all copies have the last change {time.monotonic() - since:.2f} s later")
        for one in self.loaders:
            one.stop()
            assert one.error is None, one.error
        print("\n".join(one.line() for one in self.loaders))
        for server in self.secondaries:
            self.copies.assert_one(server.records(ZONE))
            assert len(server.records(ZONE)) > 800
