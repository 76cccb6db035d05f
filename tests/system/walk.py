"""The README's ways, word for word: its blocks run where it says, on a booted system and hosts of their own, between real
servers. What a block is for stands behind its fence: `sh build`, `sh proxy`, `sh secondary`, `ini proxy FILE`,
`conf primary FILE`, `conf secondary FILE`."""

import shutil
import signal
import subprocess

import pytest

import installed
import net
import readme
import zones
from booted import Booted
from namespaces import Namespace, run
from process import Process, until
from proxy import log_pairs

README = readme.ROOT / "README.md"
RECIPES = readme.ROOT / "docs/recipes.md"
ZONE = "example.org"
SERIAL = 2026112701


def zone_file(serial):
    return f"""$ORIGIN {ZONE}.
$TTL 3600
@ SOA ns hostmaster {serial} 3600 600 86400 600
@ NS ns
ns A 192.0.2.1
www A 192.0.2.80
"""


class Root(installed.System):
    """A copy of a system that costs nothing, and forgets what was changed in it."""

    def __init__(self, system, directory):
        self.root = directory / "root"
        for name in ("root", "upper", "work"):
            (directory / name).mkdir()
        self.options = f"lowerdir={system.root},upperdir={directory}/upper,workdir={directory}/work"

    def start(self):
        run("mount", "-t", "overlay", "overlay", "-o", self.options, self.root)
        return self

    def stop(self):
        run("umount", self.root)


def bind(directory):
    (directory / "named.conf").write_text(f"""
        options {{
            directory "{directory}"; pid-file none; session-keyfile "{directory}/session.key";
            managed-keys-directory "{directory}"; listen-on-v6 {{ none; }};
            recursion no; dnssec-validation no; notify-delay 0;
        }};
        controls {{ }};
    """ + (directory / "named.conf").read_text())
    return ["named", "-g", "-n", "1", "-c", directory / "named.conf"]


def nsd(directory):
    (directory / "nsd.conf").write_text(f"""
server:
    username: ""
    chroot: ""
    zonesdir: "{directory}"
    pidfile: ""
    database: ""
    xfrdfile: "{directory}/xfrd.state"
    zonelistfile: "{directory}/zone.list"
    xfrdir: "{directory}"
    do-ip6: no
    server-count: 1
    verbosity: 3
remote-control:
    control-enable: no
""" + (directory / "nsd.conf").read_text())
    return ["nsd", "-d", "-c", directory / "nsd.conf"]


def dnsmasq(directory):
    return ["dnsmasq", "--keep-in-foreground", "--log-facility=-", "--user=root", "--pid-file=", "--no-resolv", "--no-hosts",
            f"--conf-file={directory}/dnsmasq.conf"]


def axfrdns(directory):
    """tinydns is started beside it."""
    with open(directory / "tcp", encoding="ascii") as rules:
        subprocess.run(["tcprules", "tcp.cdb", "tcp.tmp"], stdin=rules, cwd=directory, check=True)
    subprocess.run(["tinydns-data"], cwd=directory, check=True)
    return ["tcpserver", "-vHRl0", "-x", directory / "tcp.cdb", "127.0.0.1", "53", "axfrdns"]


def unbound(directory):
    (directory / "unbound.conf").write_text(f"""
server:
    directory: "{directory}"
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    verbosity: 2
    interface: 127.0.0.1
    do-ip6: no
remote-control:
    control-enable: no
""" + (directory / "unbound.conf").read_text())
    return ["unbound", "-d", "-c", directory / "unbound.conf"]


# By the last file that the page has people write. Where a program is to be found is the machine's business.
SERVERS = {"named.conf": bind, "nsd.conf": nsd, "dnsmasq.conf": dnsmasq, "tcp": axfrdns, "unbound.conf": unbound}


class End:
    """A server at one end, with what the README writes into its configuration."""

    def __init__(self, directory, namespace, address):
        directory.mkdir()
        self.directory, self.namespace, self.address = directory, namespace, address
        self.file = None
        self.process = self.beside = None

    def write(self, name, text):
        self.file = name
        (self.directory / name).write_text(text)

    def write_zone(self, serial):
        zones.write(self.directory / f"{ZONE}.zone", zone_file(serial))

    def start(self):
        command = SERVERS[self.file](self.directory)
        if not shutil.which(command[0]):
            pytest.skip(f"{command[0]} is not installed")
        environment = {"ROOT": str(self.directory), "IP": self.address, "UID": "0", "GID": "0"}
        with self.namespace:
            self.process = Process(self.file, command, self.directory, environment)
            if self.file == "tcp":
                self.beside = Process("tinydns", ["tinydns"], self.directory, environment)
        return self

    def stop(self):
        for process in filter(None, (self.process, self.beside)):
            process.stop()

    def change(self, serial):
        self.write_zone(serial)
        self.process.signal(signal.SIGHUP)

    def serial(self):
        with self.namespace:
            return zones.serial(net.Place(self.address, 53), ZONE)

    def wait_serial(self, serial):
        until(lambda: self.serial() == serial, f"{self.file} serves {serial}\n{self.process.text()}")

    def shell(self, script):
        with self.namespace:
            return subprocess.run(["sh", "-euc", script], cwd=self.directory, capture_output=True, text=True, timeout=30,
                                  check=False)


class Way:
    """One of the README's ways, or a recipe in one: its hosts, and each of its blocks where it belongs."""

    def __init__(self, launch, system, directory, heading, page=README):
        self.launch, self.directory = launch, directory
        self.blocks = readme.blocks(readme.section(page, heading))
        self.root = launch(Root(system, directory))
        self.proxy = launch(Namespace("proxy"))
        self.proxy.ip("link set lo up")
        self.machine = launch(Booted(self.root, self.proxy))
        self.ends = {}

    def host(self, role, address, beside, route):
        """A host behind a link of its own to the proxy's, which has the address `beside` there; `route`: what else lies
        behind the proxy."""
        namespace = self.launch(Namespace(role))
        run("ip", "link", "add", "eth0", "netns", namespace.name, "type", "veth", "peer", "name", role, "netns", self.proxy.name)
        namespace.ip("link set lo up", "link set eth0 up", f"addr add {address}/24 dev eth0", *route)
        self.proxy.ip(f"link set {role} up", f"addr add {beside} dev {role}")
        self.add(role, namespace, address)
        return namespace

    def add(self, role, namespace, address):
        self.ends[role] = End(self.directory / role, namespace, address)

    def begin(self, role):
        if role == "primary":
            self.ends[role].write_zone(SERIAL)
        return self.launch(self.ends[role])

    def write(self, path, text):
        """As an editor of root's would."""
        (self.root.root / path.lstrip("/")).write_text(text)

    def on_proxy(self, text):
        """As root, in root's home; what it said. Packages come by the network of the machine that all this runs on."""
        fetched = [line for line in text.splitlines() if line.startswith("apt-get ")]
        for line in fetched:
            self.root.shell(line)
        script = "\n".join(line for line in text.splitlines() if line not in fetched)
        return self.machine.run("sh", "-euc", f"cd /root\n{script}")

    def events(self, **pairs):
        """Lines of the log that have all of these."""
        lines = map(log_pairs, self.machine.journal().splitlines())
        return [line for line in lines if pairs.items() <= line.items()]

    def on_end(self, role, name, text):
        """A piece of a server's configuration; files that it names come from the proxy's host."""
        end = self.ends[role]
        for path in ("root/provider.conf", "etc/tsig-proxy/keys/xfr.example.key"):
            if (self.root.root / path).exists():
                shutil.copy(self.root.root / path, end.directory)
        end.write(name, text)

    def go(self, blocks=None):
        """All of it, or these blocks; what the last dig at the secondary said. A server is begun when its files are written."""
        dug = None
        blocks = blocks or self.blocks
        for number, (words, text) in enumerate(blocks):
            if words[:2] == ["sh", "secondary"]:
                dug = self.ends["secondary"].shell(text)
            elif words[0] == "sh":
                self.on_proxy(text)
            elif words[0] == "ini":
                self.write(words[2], text)
            else:
                self.on_end(*words[1:], text)
                if words[:2] not in (later.words[:2] for later in blocks[number + 1 :]):
                    self.begin(words[1])
        return dug
