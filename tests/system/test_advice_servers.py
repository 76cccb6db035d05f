"""Lines at the usual level that say who refused and what to write (real servers)."""

import json
import subprocess

import net
from proxy import Proxy, program
from servers import Bind, Knot, Nsd
from tsigtool import Key
from zones import Zone


class ClosedBind(Bind):
    """A primary that lets nobody transfer."""

    def options(self):
        return super().options().replace("allow-transfer { any; }", "allow-transfer { none; }")


def stand_between(launch, tmp_path, primary, secondary, here, **settings):
    """The proxy, with the key as it is `here`, behind a primary and before a secondary."""
    proxy = launch(Proxy(tmp_path / "proxy", [
        here.section(),
        ("primary legacy", {"address": net.text(primary.place)}),
        (f"secondary {secondary.name}", {"address": net.text(secondary.place), "key": here.label, **settings}),
    ], place=secondary.primary_place, control=tmp_path / "control.sock", log_level="info"))
    launch(secondary)
    return proxy


def build(tmp_path, kind, zone, key):
    place = net.free_place()
    server = kind(tmp_path / kind.name).secondary(zone.name, key, place)
    server.primary_place = place
    return server


def failures(proxy):
    command = [program(), "events", "--json", "-c", proxy.path]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=20).stdout)["failures"]


def test_a_primary_that_refuses_is_named(launch, tmp_path):
    zone, key = Zone(hosts=5), Key.new("xfr.example")
    primary = launch(ClosedBind(tmp_path / "primary").primary(zone))
    secondary = build(tmp_path, Nsd, zone, key)
    proxy = stand_between(launch, tmp_path, primary, secondary, key)
    line = proxy.wait(event="transfer", result="error", peer=secondary.name)
    assert (line["level"], line["rcode"], line["server"]) == ("warning", "REFUSED", "legacy")
    advice = f"primary legacy answered REFUSED: allow transfers of {zone.name} from 127.0.0.1 there"
    assert line["advice"] == advice
    assert advice in [each["advice"] for each in failures(proxy)]


def test_an_algorithm_that_differs_is_shown_on_both_sides(launch, tmp_path):
    zone, key = Zone(hosts=5), Key.new("xfr.example", "hmac-sha512")
    here = Key(key.name, "hmac-sha256", key.secret, key.label)
    primary = launch(Nsd(tmp_path / "primary").primary(zone))
    secondary = build(tmp_path, Knot, zone, key)
    proxy = stand_between(launch, tmp_path, primary, secondary, here)
    line = proxy.wait(event="tsig-failure", error="BADKEY", peer=secondary.name)
    assert (line["algorithm"], line["expected"]) == ("hmac-sha512", "hmac-sha256")
    assert line["advice"] == (f"knot signs with hmac-sha512, but its key {key.name} has algorithm = hmac-sha256 here; "
                              "write the same on both sides")


def test_a_zone_that_is_not_listed_is_named_with_its_section(launch, tmp_path):
    zone, key = Zone(hosts=5), Key.new("xfr.example")
    primary = launch(Nsd(tmp_path / "primary").primary(zone))
    secondary = build(tmp_path, Bind, zone, key)
    proxy = stand_between(launch, tmp_path, primary, secondary, key, zones="example.net")
    line = proxy.wait(event="refused", result="zone-not-allowed", peer=secondary.name)
    assert line["level"] == "warning"
    assert line["advice"] == f"add {zone.name} to zones in [secondary bind] if it may have it"


def test_a_notify_of_nobody_says_which_section_lacks_the_address(launch, tmp_path):
    zone, key, place = Zone(hosts=5), Key.new("xfr.example"), net.free_place()
    primary = launch(Nsd(tmp_path / "primary").primary(zone, notify=place))
    proxy = launch(Proxy(tmp_path / "proxy", [
        key.section(),
        ("primary legacy", {"address": "192.0.2.1"}),
        ("secondary far", {"address": "192.0.2.2", "key": key.label}),
    ], place=place, control=tmp_path / "control.sock", log_level="info"))
    primary.change()
    line = proxy.wait(event="refused", result="unknown-source", type="NOTIFY")
    assert line["advice"] == f"no [primary] has {primary.place.address} in address or from; add it"
