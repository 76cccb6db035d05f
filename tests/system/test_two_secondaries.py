"""Two real secondaries with different keys behind one primary (M2, M3)."""

import pytest

import net
from client import CLIENTS
from messages import notify
from proxy import Proxy
from servers import Bind, Knot, Nsd
from tools import wait_records
from tsigtool import Key
from zones import Zone


def test_M3_bind_and_knot_behind_one_nsd(launch, tmp_path):
    """One NOTIFY of the primary reaches both, each signed with its own key and algorithm; both transfer."""
    zone, proxy_place = Zone(), net.free_place()
    keys = [Key.new("one.example", "hmac-sha512"), Key.new("two.example", "hmac-sha256")]
    primary = launch(Nsd(tmp_path / "primary").primary(zone, notify=proxy_place))
    secondaries = [
        kind(tmp_path / kind.name).secondary(zone.name, key, proxy_place)
        for kind, key in zip((Bind, Knot), keys)
    ]
    sections = [("primary legacy", {"address": net.text(primary.place)})]
    for server, key in zip(secondaries, keys):
        place = {"address": net.text(server.place), "key": key.label, "zones": "*"}
        sections += [key.section(), (f"secondary {server.name}", place)]
    proxy = launch(Proxy(tmp_path / "proxy", sections, place=proxy_place))
    for server in secondaries:
        launch(server)
        server.wait_serial(zone.name, zone.serial)
    start = proxy.mark()
    serial = primary.change()
    for server, key in zip(secondaries, keys):
        server.wait_serial(zone.name, serial)
        proxy.wait(event="notify", peer=server.name, zone=zone.name, start=start)
        done = proxy.wait(event="transfer", peer=server.name, serial=serial, result="ok", start=start)
        assert (done["type"], done["key"]) == ("IXFR", key.name)
        wait_records(server, zone.name, primary.records(zone.name))
    assert proxy.events(event="tsig-failure") == []


@pytest.mark.parametrize("kind", [Nsd, Knot], ids=["nsd", "knot"])
def test_P23_a_secondary_without_the_zone_is_told_as_such(launch, tmp_path, kind):
    """It answers a NOTIFY unsigned; the key is not doubted, and does not change."""
    keys = [Key.new("new.example"), Key.new("old.example")]
    source, proxy_place = net.fresh_address(), net.free_place()
    server = launch(kind(tmp_path / kind.name).secondary("other.example", keys[0], proxy_place))
    proxy = launch(Proxy(tmp_path / "proxy", [
        *(key.section() for key in keys),
        ("primary legacy", {"address": f"{source}@53"}),
        ("secondary far", {"address": net.text(server.place), "key": [key.label for key in keys], "zones": "*"}),
    ], place=proxy_place, answer_timeout=2))
    asking = CLIENTS["udp"](proxy.place, source)
    asking.send(notify("lacking.example", 7))
    told = proxy.wait(event="tsig-failure", result="unsigned-answer", peer="far", zone="lacking.example")
    assert "no such zone" in told["advice"]
    assert told["rcode"] in ("NXDOMAIN", "NOTAUTH", "REFUSED")
    proxy.wait(event="notify", result="timeout", peer="far")
    asking.close()
    assert proxy.events(result="next-key") == []
