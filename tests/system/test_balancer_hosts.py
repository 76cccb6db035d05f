"""A balancer, the proxy and who asks on hosts of their own."""

import shutil

import pytest

import namespaces
import proxy
import readme
import tsigtool
from balancers import Balanced
from messages import NOERROR, REFUSED, query
from namespaces import Namespace, run
from net import Place
from process import Process, until
from walk import RECIPES, SERIAL, ZONE, End

pytestmark = [
    pytest.mark.any_workers,
    pytest.mark.skipif(bool(namespaces.missing()), reason=str(namespaces.missing())),
    pytest.mark.skipif(not shutil.which("haproxy"), reason="haproxy is not installed"),
]

PRIMARY = f"""
server:
    ip-address: 127.0.0.1
zone:
    name: {ZONE}
    zonefile: {ZONE}.zone
    provide-xfr: 127.0.0.1 NOKEY
    notify: 192.0.2.1 NOKEY
    outgoing-interface: 127.0.0.1
"""


class Host:
    """Where HAProxy and the proxy are: what the recipe writes below /etc goes into a folder."""

    def __init__(self, launch, directory, namespace):
        self.launch, self.etc, self.namespace = launch, directory / "etc", namespace
        for name in ("haproxy", "tsig-proxy/keys"):
            (self.etc / name).mkdir(parents=True)

    def shell(self, text):
        """Packages are here already."""
        lines = "".join(line for line in text.splitlines(True) if not line.startswith("apt-get "))
        run("sh", "-euc", lines.replace("/etc/", f"{self.etc}/"))

    def write(self, path, text):
        (self.etc.parent / path.lstrip("/")).write_text(text.replace("/etc/", f"{self.etc}/"))

    def run(self, name, *command):
        return self.launch(Running(self.namespace, name, command, self.etc))


class Running:
    def __init__(self, namespace, name, command, directory):
        self.namespace, self.name, self.command, self.directory = namespace, name, command, directory
        self.process = None

    def start(self):
        with self.namespace:
            self.process = Process(self.name, self.command, self.directory, proxy.Proxy.sanitizers)

    def stop(self):
        if self.process:
            self.process.stop()

    def log(self, **pairs):
        """Lines that have all of these."""
        return [line for line in map(proxy.log_pairs, self.process.lines) if pairs.items() <= line.items()]

    def wait(self, **pairs):
        return until(lambda: self.log(**pairs), f"{pairs}\n{self.process.text()}")


@pytest.fixture
def hosts(launch, tmp_path):
    """The one of the recipe's proxy, and the secondary's behind a link of its own."""
    here, there = launch(Namespace("proxy")), launch(Namespace("secondary"))
    run("ip", "link", "add", "eth0", "netns", there.name, "type", "veth", "peer", "name", "eth0", "netns", here.name)
    here.ip("link set lo up", "link set eth0 up", "addr add 192.0.2.1/24 dev eth0", "route add 203.0.113.0/24 dev eth0")
    there.ip("link set lo up", "link set eth0 up", "addr add 203.0.113.10/24 dev eth0", "route add 192.0.2.0/24 dev eth0")
    return Host(launch, tmp_path, here), End(tmp_path / "primary", here, "127.0.0.1"), End(tmp_path / "secondary", there, "203.0.113.10")


def test_M2b_transfers_over_tls_as_the_recipe_says(launch, hosts):
    """Word for word: HAProxy, tsig-proxy and NSD without keys on one host, BIND and dig on another."""
    host, primary, secondary = hosts
    certificate, haproxy, ini, bind, dig = [
        block.text for block in readme.blocks(readme.section(RECIPES, "Transfers over TLS (RFC 9103)"))]
    host.shell(certificate)
    host.write("/etc/haproxy/haproxy.cfg", haproxy)
    host.write("/etc/tsig-proxy/tsig-proxy.ini", ini.replace("[proxy]\n", "[proxy]\nuser =\ncontrol =\nlog-level = debug\n"))
    key = host.etc / "tsig-proxy/keys/xfr.example.key"
    key.touch(0o600)
    key.write_text(run(proxy.program(), "keygen", "xfr.example"))
    for path in (key, host.etc / "haproxy/xot.crt"):
        shutil.copy(path, secondary.directory)

    primary.write_zone(SERIAL)
    primary.write("nsd.conf", PRIMARY)
    launch(primary)
    with host.namespace:
        until(lambda: primary.serial() == SERIAL, "the primary serves the zone")
    running = host.run("tsig-proxy", proxy.program(), "run", "-c", host.etc / "tsig-proxy/tsig-proxy.ini")
    running.wait(event="started")
    host.run("haproxy", "haproxy", "-db", "-f", host.etc / "haproxy/haproxy.cfg")
    until(lambda: host.namespace.run("ss", "-Htln", "sport", "=", ":853"), "HAProxy listens")

    secondary.write("named.conf", bind)
    launch(secondary)
    secondary.wait_serial(SERIAL)
    dug = secondary.shell(dig)
    assert dug.returncode == 0 and "TSIG" in dug.stdout and f"www.{ZONE}." in dug.stdout, dug.stdout + dug.stderr
    primary.change(SERIAL + 1)
    secondary.wait_serial(SERIAL + 1)
    running.wait(event="transfer", peer="provider", serial=str(SERIAL + 1), result="ok")
    done = running.log(event="transfer", peer="provider", result="ok", transport="tcp")
    assert len(done) >= 3 and all(line["address"].startswith("203.0.113.10@") for line in done), running.process.text()
    assert not running.log(event="refused") and not running.log(event="tsig-failure"), running.process.text()


def begin(host, text):
    """A proxy at 192.0.2.1@8853 for the balancer 203.0.113.10."""
    own = "user =\ncontrol =\nhttp =\nlisten = 192.0.2.1\nproxy-listen = 192.0.2.1@8853\nproxy-from = 203.0.113.10\n"
    host.write("/etc/tsig-proxy/tsig-proxy.ini", f"[proxy]\n{own}{text}")
    running = host.run("tsig-proxy", proxy.program(), "run", "-c", host.etc / "tsig-proxy/tsig-proxy.ini")
    running.wait(event="started")
    return running


def ask(balancer, source, message):
    with balancer.namespace:
        asking = Balanced(Place("192.0.2.1", 8853), source, balancer=balancer.address)
    try:
        return asking.ask(message)
    finally:
        asking.close()


def test_M2b_a_loopback_address_behind_a_balancer_is_not_ours(hosts):
    """Who asks from there is on the balancer's host, and no peer that lives on this one."""
    host, _, balancer = hosts
    running = begin(host, "[primary here]\naddress = 127.0.0.1@5300\n[secondary too]\naddress = 127.0.0.1@5301\n")
    assert tsigtool.rcode(ask(balancer, "127.0.0.1", query(ZONE))) == REFUSED
    (told,) = running.wait(event="refused")
    assert told["result"] == "unknown-source" and told["address"].startswith("203.0.113.10@")


def test_M2b_a_gateway_on_the_path_takes_balancers_for_itself(launch, hosts):
    """It asks the primary from its own address, which alone may transfer, and not from that of who asked."""
    host, primary, balancer = hosts
    primary.write_zone(SERIAL)
    primary.write("nsd.conf", PRIMARY)
    launch(primary)
    running = begin(host, "transparent = yes\n[primary here]\naddress = 127.0.0.1\n[secondary far]\naddress = 198.51.100.7\n")
    assert tsigtool.rcode(ask(balancer, "198.51.100.7", query(ZONE, "AXFR"))) == NOERROR
    (done,) = running.wait(event="transfer", peer="far")
    assert done["result"] == "ok" and done["address"].startswith("198.51.100.7@")
    assert tsigtool.rcode(ask(balancer, "198.51.100.8", query(ZONE, "AXFR"))) == REFUSED
    path = host.etc / "tsig-proxy/tsig-proxy.ini"
    path.write_text(path.read_text().replace("192.0.2.1@8853", "192.0.2.2@8853"))
    said = host.namespace.call(proxy.program(), "check", "-c", path)
    assert said.returncode == 1 and "error: 'proxy-listen' has 192.0.2.2@8853, which is no address of this host now" in said.stderr
