"""The gateway's packet rules and routes on a router that has others' as well, or no IPv6; and what `check` and a
running proxy say when they are not there."""

import os
import re

import pytest

import proxy as proxy_module
import tsigtool
from gateway import Gateway, GatewayKnot, HostedProxy
from messages import NOERROR
from namespaces import Namespace, missing
from test_control import short_path  # noqa: F401  pylint: disable=unused-import
from tsigtool import Key

pytestmark = pytest.mark.any_workers

# What many routers with two uplinks or a VPN have: a connection's mark comes back to its packets.
RESTORE = """
table inet wan {
    chain pre {
        type filter hook prerouting priority mangle; policy accept;
        meta mark set ct mark
    }
    chain out {
        type route hook output priority mangle; policy accept;
        meta mark set ct mark
    }
}
"""


class Version4(Gateway):
    """Its configuration knows no IPv6."""

    def sections(self):
        return [(name, {**settings, "address": [text for text in settings["address"] if ":" not in text]})
                if "address" in settings else (name, settings) for name, settings in super().sections()]


def assert_served(gateway, version=4):
    """A signed question of the secondary reaches the primary, and its answer comes back signed."""
    for transport in ("udp", "tcp"):
        answer = gateway.ask("east", "primary", "SOA", version=version, transport=transport, key=gateway.keys["east"])[1]
        assert tsigtool.rcode(answer) == NOERROR


def test_a_router_without_ipv6_serves_a_configuration_without(launch, tmp_path):
    gateway = Version4(launch, tmp_path, [(GatewayKnot, 4)], hosts=20)
    for place in ("all", "default", "lo"):
        gateway.star.router.sysctl(f"ipv6/conf/{place}/disable_ipv6", 1)
    gateway.start()
    assert_served(gateway)
    assert gateway.star.router.call("ip", "-6", "route", "show", "table", "5301").stdout == ""
    gateway.proxy.rules("down")


@pytest.mark.parametrize("sidecar", [False, True], ids=["gateway", "sidecar"])
@pytest.mark.parametrize("last", ["ours", "theirs"])
def test_a_chain_that_restores_marks_does_not_wipe_ours(launch, tmp_path, last, sidecar):
    gateway = Gateway(launch, tmp_path, [(GatewayKnot, 4)], hosts=20, sidecar=sidecar).start()
    gateway.proxy.namespace.run("nft", "-f", "-", text=RESTORE)
    if last == "ours":
        gateway.proxy.rules("up", more=gateway.more)
    assert_served(gateway)
    start = gateway.proxy.mark()
    gateway.primary.change()
    gateway.wait_serial()
    gateway.wait_notified(start)


@pytest.mark.parametrize("preference", [["pref", "10"], []], ids=["preference", "none"])
def test_a_routing_rule_that_comes_later_does_not_win(launch, tmp_path, preference):
    gateway = Gateway(launch, tmp_path, [(GatewayKnot, 4)], hosts=20).start()
    router = gateway.star.router
    for name in ("primary", "east"):
        for family, address in (("-4", gateway.star[name].v4.address), ("-6", gateway.star[name].v6.address)):
            router.run("ip", family, "rule", "add", *preference, "from", address, "lookup", "100")
            router.run("ip", family, "route", "add", "table", "100", address, "dev", name)
    assert_served(gateway)
    assert_served(gateway, version=6)


# --- what check says ----------------------------------------------------------------------------------------

KEY = Key.new("xfr.example")
V4, V6 = ["192.0.2.1", "198.51.100.1"], ["2001:db8::1", "2001:db8:1::1"]
PLACES = {"IPv4": [V4], "IPv6": [V6], "both": [V4, V6]}
RULES, RULE, ROUTE, BEFORE = "no packet rules", "routing rule for mark", "route in table 5301", "before that for mark"


class Host:
    """A namespace with no rules in it, and a proxy that does not run."""

    def __init__(self, launch, directory, families="both", own=(), port=53):
        if missing():
            pytest.skip(missing())
        self.namespace = launch(Namespace("host"))
        self.namespace.ip("link set lo up", *(f"addr add {address} dev lo" for address in own))
        primary, secondary = zip(*PLACES[families])
        self.proxy = HostedProxy(directory / "proxy", self.namespace, [
            KEY.section(),
            ("primary hq", {"address": [f"{address}@{port}" for address in primary]}),
            ("secondary east", {"address": list(secondary), "key": KEY.label})])

    def lack(self, *before):
        """The warning of `check`; empty: none."""
        found = self.namespace.call(*before, proxy_module.program(), "check", "-c", self.proxy.path)
        lines = [line for line in found.stderr.splitlines() if "passes by the proxy" in line]
        assert len(lines) <= 1 and found.returncode == 0, found
        return "".join(lines)

    def mend(self):
        """The command that the warning names."""
        self.run_advice(self.lack())

    def run_advice(self, advice):
        command = re.search(r"as root: (tsig-proxy .*)", advice)[1]
        place = os.path.dirname(os.path.abspath(proxy_module.program()))
        self.namespace.run("sh", "-c", f"PATH={place}:$PATH; {command}")


@pytest.mark.parametrize("families", PLACES)
def test_check_misses_what_is_not_there_and_says_what_mends_it(launch, tmp_path, families):
    host = Host(launch, tmp_path, families)
    versions = [version for version in (4, 6) if families in (f"IPv{version}", "both")]
    first = host.lack()
    assert RULES in first
    assert [version for version in (4, 6) if f"no IPv{version} {RULE}" in first] == versions
    assert "--sidecar" not in first
    host.mend()
    assert host.lack() == ""

    host.namespace.run("nft", "flush", "ruleset")
    assert RULES in host.lack() and RULE not in host.lack()
    for version in versions:
        host.mend()
        host.namespace.run("ip", f"-{version}", "rule", "del", "fwmark", "0x5301")
        assert f"no IPv{version} {RULE}" in host.lack() and RULES not in host.lack()
        host.mend()
        host.namespace.run("ip", f"-{version}", "route", "flush", "table", "5301")
        assert f"no IPv{version} {ROUTE}" in host.lack() and RULE not in host.lack()
    host.mend()
    assert host.lack() == ""


def test_check_names_the_rules_of_a_sidecar(launch, tmp_path):
    host = Host(launch, tmp_path, own=[V4[0], V6[0]], port=5300)
    assert "--tproxy --sidecar |" in host.lack()
    host.mend()
    assert "chain out" in host.namespace.run("nft", "list", "table", "inet", "tsig_proxy")
    assert host.lack() == ""


def test_check_sees_a_routing_rule_that_comes_first(launch, tmp_path):
    host = Host(launch, tmp_path, "IPv4")
    host.namespace.ip("rule add pref 0 from 203.0.113.0/24 lookup 100")
    host.mend()
    assert f"another IPv4 routing rule {BEFORE}" in host.lack()
    host.namespace.ip("rule del pref 0 from 203.0.113.0/24 lookup 100", "rule add pref 9 from 203.0.113.0/24 lookup 100",
                      "rule add pref 0 fwmark 7 lookup 100")
    assert host.lack() == ""


def test_check_without_privilege_sees_rule_and_route_alone(launch, tmp_path):
    host = Host(launch, tmp_path, "IPv4")
    less = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-all"]
    found = host.lack(*less)
    assert RULE in found and RULES not in found
    host.mend()
    assert host.lack(*less) == ""
    host.namespace.run("nft", "flush", "ruleset")
    assert host.lack(*less) == "" != host.lack()


def test_check_asks_for_no_rules_where_none_are_needed(launch, tmp_path):
    host = Host(launch, tmp_path)
    settings = host.proxy.path.read_text().replace("transparent = yes", "transparent = no")
    host.proxy.path.write_text(settings)
    assert host.lack() == ""


# --- what a running proxy says ------------------------------------------------------------------------------


def test_a_running_proxy_says_that_it_is_passed_by_and_when_no_more(launch, tmp_path):
    """Once at once, not at each look."""
    host = Host(launch, tmp_path)
    launch(host.proxy)
    first = host.proxy.wait(event="gateway")
    assert (first["level"], first["result"]) == ("warning", "bypassed")
    assert RULE in first["lack"]
    host.run_advice(first["advice"])
    assert host.proxy.wait(event="gateway", result="ok")["level"] == "notice"

    start = host.proxy.mark()
    host.namespace.run("ip", "-6", "rule", "del", "fwmark", "0x5301")
    found = host.proxy.wait(event="gateway", result="bypassed", start=start)
    assert f"no IPv6 {RULE}" in found["lack"] and "IPv4" not in found["lack"]
    host.run_advice(found["advice"])
    host.proxy.wait(event="gateway", result="ok", start=start)
    said = [line["result"] for line in host.proxy.events(event="gateway")]
    assert said == 2 * ["bypassed", "ok"]


def test_a_running_proxy_looks_for_nothing_unless_it_is_transparent(launch, tmp_path):
    host = Host(launch, tmp_path)
    settings = host.proxy.path.read_text().replace("transparent = yes", "transparent = no")
    host.proxy.path.write_text(settings)
    launch(host.proxy)
    process = host.proxy.process
    host.proxy.stop()
    assert "event=gateway" not in process.text()


def test_health_and_status_say_that_it_is_passed_by(launch, tmp_path, short_path):  # noqa: F811
    host = Host(launch, tmp_path)
    text = host.proxy.path.read_text()
    assert "control = \n" in text
    host.proxy.path.write_text(text.replace("control = \n", f"control = {short_path}/c.sock\n"))
    launch(host.proxy)

    def ask(command):
        return host.namespace.call(proxy_module.program(), command, "-c", host.proxy.path)

    found = host.proxy.wait(event="gateway", result="bypassed")
    health = ask("health")
    assert health.returncode == 1 and "packets pass by process" in health.stderr
    assert "Packets pass by, unsigned" in ask("status").stdout
    host.run_advice(found["advice"])
    host.proxy.wait(event="gateway", result="ok")
    assert ask("health").returncode == 0
    assert "pass by" not in ask("status").stdout
    host.namespace.run("nft", "flush", "ruleset")  # which root alone can see
    health = ask("health")
    assert health.returncode == 1 and "packets pass by process" in health.stderr
