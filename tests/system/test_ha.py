"""More than one instance: what etc/ha/README.md says, between real servers. With -rP: the seconds that each move took, and
what was tried again."""

import shutil

import pytest

import client
from ha import BOTH, SECONDARIES, Pair
from lan import Lan
from process import until

pytestmark = pytest.mark.any_workers


def lan(networks, plugs, primary, route):
    """`plugs` of the two hosts, and a default route for them; the primary's plug and route."""
    return Lan(networks, {
        **{role: (*((name, network, address.format(number)) for name, network, address in plugs), route)
           for number, role in enumerate(BOTH, 1)},
        "primary": (("eth0", "inside", "10.0.0.1/24"), primary),
        **{role: (("eth0", "far", f"203.0.113.1{number}/24"), "203.0.113.1" if route else "203.0.113.254")
           for number, role in enumerate(SECONDARIES)},
    })


def test_a_pair_whose_addresses_move(launch, tmp_path):
    network = lan({"inside": None, "outside": "192.0.2.1/24", "far": "203.0.113.1/24"},
                  [("eth0", "outside", "192.0.2.5{}/24"), ("eth1", "inside", "10.0.0.5{}/24")], None, "192.0.2.1")
    pair = Pair(launch, tmp_path, network, "A pair", asked="192.0.2.53", told=["10.0.0.53"], asks=["10.0.0.53"],
                moves="192.0.2.53", by_key=True, more="2001:db8:2::53").walk()
    holder, standby = pair.wait_turn()
    first, second = pair.hosts[holder], pair.hosts[standby]
    for address in ("192.0.2.53", "10.0.0.53", "2001:db8:2::53"):
        assert first.here(address) and not second.here(address)
    assert first.healthy() and second.healthy()
    pair.begin()

    pair.moves("proxy killed", lambda: first.kill("tsig-proxy"), standby)
    assert not first.healthy() and second.healthy() and second.here("10.0.0.53")
    pair.begin_again(holder)
    assert first.healthy()
    assert not first.here("192.0.2.53")  # it has no cause to take it back

    pair.moves("cables pulled", lambda: pair.lan.cut(standby), holder)
    assert second.healthy()
    pair.lan.mend(standby)
    pair.go_on()

    pair.wait_copies()
    joined = pair.joined()
    assert {one["instance"]: one["absent"] for one in joined["instances"]} == {
        f"192.0.2.5{BOTH.index(holder) + 1}": [], f"192.0.2.5{BOTH.index(standby) + 1}": ["10.0.0.53", "192.0.2.53", "2001:db8:2::53"]}
    (copy,) = joined["zones"]
    assert (copy["secondary"], copy["state"], copy["serial"]) == ("provider", "current", pair.zone.serial)

    pair.moves("host lost", lambda: pair.lose(holder), standby)
    pair.judge()


def test_a_transparent_pair(launch, tmp_path):
    network = lan({"inside": None, "far": None}, [("eth0", "far", "203.0.113.25{}/24"), ("eth1", "inside", "10.0.0.25{}/24")],
                  "10.0.0.254", None)
    pair = Pair(launch, tmp_path, network, "A transparent pair", asked="10.0.0.1", told=["203.0.113.10"],
                asks=["203.0.113.10", "203.0.113.11", "203.0.113.12"], moves="203.0.113.254").walk()
    holder, standby = pair.wait_turn()
    first, second = pair.hosts[holder], pair.hosts[standby]
    until(lambda: first.here("10.0.0.254"), "both sides move together")
    assert not second.here("10.0.0.254")
    assert first.healthy() and second.healthy()
    pair.begin()

    def kill():
        first.kill("tsig-proxy")
        with pytest.raises(TimeoutError), pair.lan["knot"].namespace:  # nothing passes by unsigned meanwhile
            client.Tcp(pair.asked, pair.lan["knot"].v4.address, patience=0.3)

    pair.moves("proxy killed", kill, standby)
    until(lambda: second.here("10.0.0.254"), "both sides move together")
    assert not first.here("10.0.0.254")
    pair.begin_again(holder)
    assert first.healthy() and not first.here("203.0.113.254")

    # one side alone
    pair.moves("one cable pulled", lambda: pair.lan.cut(standby, "inside"), holder)
    until(lambda: first.here("10.0.0.254") and not second.here("203.0.113.254"), "both sides move together")
    pair.lan.mend(standby)
    pair.go_on()
    pair.moves("host lost", lambda: pair.lose(holder), standby)
    pair.judge()


class Anycast(Pair):
    """Who has its turn is the router's choice."""

    def has_its_turn(self, role):
        via = self.lan[role].v4.address
        return f" via {via} " in self.hosts["router"].run("ip", "route", "show", self.address) + " "


def test_anycast(launch, tmp_path):
    network = lan({"inside": "10.0.0.254/24", "outside": "192.0.2.1/24", "far": "203.0.113.1/24"},
                  [("eth0", "outside", "192.0.2.5{}/24")], "10.0.0.254", "192.0.2.1")
    pair = Anycast(launch, tmp_path, network, "Anycast", asked="198.51.100.53", told=["198.51.100.53"],
                   asks=["192.0.2.51", "192.0.2.52"], moves="198.51.100.53", by_key=True).walk()
    pair.hosts["router"].begin("bird")
    holder, standby = pair.wait_turn()
    first, second = pair.hosts[holder], pair.hosts[standby]
    until(lambda: second.here("198.51.100.53"), "both announce it")
    assert first.healthy() and second.healthy()
    if shutil.which("systemd-analyze"):
        said = first.call("systemd-analyze", "--man=no", "verify", "tsig-proxy-announce.service")
        assert said.returncode == 0 and "tsig-proxy" not in said.stderr, said.stderr
    pair.begin()

    pair.moves("proxy killed", lambda: first.kill("tsig-proxy"), standby)
    first.begin("tsig-proxy")
    pair.moves("announcement stopped", lambda: second.end("tsig-proxy-announce"), holder)
    assert second.healthy() and not second.here("198.51.100.53")
    second.begin("tsig-proxy-announce")
    until(lambda: second.here("198.51.100.53"), "it announces it again")
    pair.moves("host lost, without a word", lambda: pair.lose(holder), standby)
    pair.judge()
