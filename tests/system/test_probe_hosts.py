"""probe between hosts: from the secondary's own address, and what packet filters on the way make of it."""

import pytest

import net
import proxy as proxy_module
from gateway import SANITIZERS, Gateway, GatewayBind, GatewayKnot, GatewayNsd, HostedProxy
from namespaces import Star
from test_probe import Report
from tsigtool import Key
from zones import Zone

pytestmark = pytest.mark.any_workers


class Hosts:
    """A primary, the proxy and a secondary, each on a host of its own, all addressed as they are."""

    def __init__(self, launch, directory, kinds=(GatewayBind, GatewayNsd), listen="0.0.0.0@53", version=4, **settings):
        self.star = launch(Star("primary", "proxy", "secondary"))
        places = {role: self.star[role].v4 if version == 4 else self.star[role].v6 for role in self.star.hosts}
        self.key, zone = Key.new("xfr.example"), Zone(hosts=20)
        self.primary = kinds[0](directory / "primary", self.star["primary"])
        self.primary.allowed = [places["proxy"]]
        launch(self.primary.primary(zone, notify=[places["proxy"]]))
        self.proxy = HostedProxy(directory / "proxy", self.star["proxy"].namespace, [
            self.key.section(),
            ("primary hq", {"address": net.text(places["primary"])}),
            ("secondary anycast", {"address": net.text(places["secondary"]), "key": self.key.label,
                                   "zones": zone.name}),
        ], listen=listen, transparent="no", answer_timeout=1, **settings)
        launch(self.proxy)
        self.secondary = launch(kinds[1](directory / "secondary", self.star["secondary"]).secondary(
            zone.name, self.key, places["proxy"]))
        self.secondary.wait_serial(zone.name, zone.serial)

    def drop(self, role, rule):
        """A packet filter on this host."""
        self.star[role].namespace.run("nft", "-f", "-", text=f"""
            table inet filter {{
                chain input {{
                    type filter hook input priority filter;
                    {rule} drop;
                }}
            }}
        """)

    def probe(self, *words, user=()):
        command = [*user, proxy_module.program(), "probe", "-c", self.proxy.path, *words]
        return Report(self.star["proxy"].namespace.call(*command, environment=SANITIZERS))


@pytest.mark.parametrize(("listen", "version"), [("0.0.0.0@53", 4), ("10.53.2.2@53", 4), ("::@53", 6)])
def test_M1_root_asks_from_the_secondarys_own_address(launch, tmp_path, listen, version):
    """And leaves nothing behind; the secondary itself goes on as before."""
    hosts = Hosts(launch, tmp_path, listen=listen, version=version)
    router = hosts.star["proxy"].namespace
    before = [router.run("ip", family, "rule") for family in ("-4", "-6")]
    start = hosts.proxy.mark()
    report = hosts.probe("--notify").well()
    address = hosts.star["secondary"].v4.address if version == 4 else hosts.star["secondary"].v6.address
    head = report.of("ok", "this proxy")
    assert f"asked as anycast from {address}" in report.text, report.text
    assert "example.org: it transfers it, serial 1000, signed" in head
    assert hosts.proxy.events(start=start, event="transfer", peer="anycast", key="xfr.example")
    assert [router.run("ip", family, "rule") for family in ("-4", "-6")] == before
    assert "local 10.53.3.2" not in router.run("ip", "route", "show", "table", "all")
    assert "local fd53:3::2" not in router.run("ip", "-6", "route", "show", "table", "all")
    hosts.primary.change()
    hosts.secondary.wait_serial("example.org", 1001)


def test_M1_others_are_shown_by_a_refusal_that_the_key_is_there(launch, tmp_path):
    hosts = Hosts(launch, tmp_path)
    hosts.proxy.path.chmod(0o644)
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == 0 and path != path.parent:
            path.chmod(path.stat().st_mode | 0o011)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    report = hosts.probe(user=nobody).well()
    assert "has the key of anycast, and refuses it from here as it must (key-from-elsewhere)" in report.of(
        "ok", "this proxy"), report.text
    assert "asked with the key of anycast" in report.text


def test_a_proxy_with_another_configuration_is_told(launch, tmp_path):
    """The file has a new secret, and nobody has reloaded."""
    hosts = Hosts(launch, tmp_path)
    text = hosts.proxy.path.read_text().replace(hosts.key.base64, Key.new("xfr.example").base64)
    hosts.proxy.path.write_text(text)
    report = hosts.probe("anycast")
    found = report.of("MEND", "this proxy")
    assert found == ["example.org: does not accept the key of anycast (BADSIG)"], report.text
    assert "it may run with another configuration" in report.summary


@pytest.mark.parametrize(("role", "kind"), [("primary", GatewayNsd), ("secondary", GatewayNsd),
                                            ("secondary", GatewayBind), ("secondary", GatewayKnot)])
def test_fault_udp_blocked(launch, tmp_path, role, kind):
    hosts = Hosts(launch, tmp_path, (GatewayBind, kind))
    hosts.drop(role, "udp dport 53")
    head, label = {"primary": ("primary hq", "hq"), "secondary": ("secondary anycast", "anycast")}[role]
    hosts.probe(label).mends(head, "answers over TCP but not over UDP", "UDP is blocked", "let UDP through")


def test_fault_tcp_blocked(launch, tmp_path):
    hosts = Hosts(launch, tmp_path)
    hosts.drop("primary", "tcp dport 53")
    report = hosts.probe("hq")
    assert "answers over UDP but not over TCP: no answer in time" in report.of("MEND", "primary hq"), report.text
    hosts.drop("secondary", "tcp dport 53")
    report = hosts.probe("anycast")
    assert "answers over UDP, not over TCP (no answer in time): enough for NOTIFYs" in report.of(
        "note", "secondary anycast"), report.text


@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_fault_a_host_that_is_silent(launch, tmp_path, role):
    hosts = Hosts(launch, tmp_path)
    hosts.drop(role, "meta l4proto { tcp, udp }")
    head, label = {"primary": ("primary hq", "hq"), "secondary": ("secondary anycast", "anycast")}[role]
    report = hosts.probe(label)
    assert "down or out of reach; UDP: no answer in time; TCP: no answer in time" in report.of("MEND", head), report.text
    assert "start the host or its server, let UDP and TCP through" in report.summary


def test_an_address_that_takes_NOTIFYs_alone(launch, tmp_path):
    """As some providers have: questions get no answer, which --notify takes for no fault."""
    hosts = Hosts(launch, tmp_path)
    hosts.drop("secondary", "tcp dport 53 drop; udp dport 53 @th,80,5 != 4")
    report = hosts.probe("anycast")
    assert "try --notify" in report.summary
    report = hosts.probe("anycast", "--notify").well()
    assert "example.org: it takes our NOTIFY" in report.of("ok", "secondary anycast"), report.text


def test_M1_nothing_leaves_this_host_from_anothers_address(launch, tmp_path):
    """The listener is another host's address; there may be a proxy, but it is not this one. Nor does a kernel that
    binds anything have one believe that the secondary is here."""
    hosts = Hosts(launch, tmp_path)
    hosts.star["proxy"].namespace.sysctl("ipv4/ip_nonlocal_bind", 1)
    text = hosts.proxy.path.read_text().replace("listen = 0.0.0.0@53", "listen = 10.53.2.1@53")
    hosts.proxy.path.write_text(text)
    report = hosts.probe("anycast")
    assert report.of("MEND", "this proxy, 10.53.2.1@53") == [
        "not tried: this host does not have the address"], report.text


def test_it_does_not_run(launch, tmp_path):
    hosts = Hosts(launch, tmp_path)
    hosts.proxy.stop()
    hosts.proxy.terminated = False
    report = hosts.probe("anycast")
    assert report.of("MEND", "this proxy") == [
        "does not answer over TCP: connection refused: nothing listens there"], report.text
    assert "systemctl start tsig-proxy" in report.summary
    hosts.proxy.start()


def test_a_transparent_gateway_asks_from_the_addresses_of_both_sides(launch, tmp_path):
    """And as each secondary, at its own address, where the primary would not let it transfer."""
    gateway = Gateway(launch, tmp_path, [(GatewayBind, 4), (GatewayNsd, 6)], hosts=20)
    gateway.start()
    command = [proxy_module.program(), "probe", "-c", gateway.proxy.path, "--zone", gateway.zone.name]
    report = Report(gateway.star.router.call(*command, environment=SANITIZERS)).well()
    assert "example.org: it transfers it to us" in report.of("ok", "primary hq, 10.53.1.2@53"), report.text
    assert "example.org: it transfers it to us" in report.of("ok", "primary hq, fd53:1::2@53"), report.text
    assert "example.org: serial 1000, as its primary has" in report.of("ok", "secondary west, fd53:4::2@53"), report.text
    assert report.of("ok", "this proxy").count("example.org: it answers with serial 1000") == 2, report.text


def test_fault_packet_rules_missing(launch, tmp_path):
    gateway = Gateway(launch, tmp_path, [(GatewayBind, 4)], hosts=20)
    gateway.start()
    gateway.proxy.rules("down")
    command = [proxy_module.program(), "probe", "-c", gateway.proxy.path, "hq"]
    report = Report(gateway.star.router.call(*command, environment=SANITIZERS))
    assert report.status == 1
    assert "are the packet rules missing" in report.summary and "show --tproxy | sh -s up" in report.summary
