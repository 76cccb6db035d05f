"""Every legacy primary with every secondary that insists on TSIG: the zone arrives, and so does a change."""

import pytest

import client
import messages
import net
from proxy import Proxy
from servers import PRIMARIES, SECONDARIES
from tools import wait_records
from tsigtool import Key
from zones import Zone

HOSTS = {"dnsmasq": 200}


def by_name(server):
    return server.name


@pytest.fixture(params=PRIMARIES, ids=by_name)
def primary_kind(request):
    return request.param


@pytest.fixture(params=SECONDARIES, ids=by_name)
def secondary_kind(request):
    return request.param


def send_notify(primary, proxy, zone):
    """What a primary that knows no NOTIFY would send. The answer comes once the secondary has answered."""
    sender = client.Udp(proxy.place, primary.place.address)
    try:
        answer = sender.ask(messages.notify(zone.name, zone.serial))
    finally:
        sender.close()
    assert answer[3] & 15 == messages.NOERROR


def test_pair(primary_kind, secondary_kind, launch, tmp_path):
    zone, key = Zone(hosts=HOSTS.get(primary_kind.name, 1500)), Key.new("xfr.example")
    proxy_place = net.free_place()
    primary = launch(primary_kind(tmp_path / "primary").primary(zone, notify=proxy_place))
    secondary = secondary_kind(tmp_path / "secondary")
    # PowerDNS asks for IXFR only when told to, and then never again for AXFR if there is none
    secondary.asks_ixfr = primary.speaks_ixfr
    secondary.secondary(zone.name, key, proxy_place)
    sections = [
        key.section(),
        ("primary legacy", {"address": net.text(primary.place)}),
        ("secondary anycast", {"address": net.text(secondary.place), "key": key.label}),
    ]
    proxy = launch(Proxy(tmp_path / "proxy", sections, place=proxy_place))
    launch(secondary)

    secondary.wait_serial(zone.name, zone.serial)
    first = proxy.wait(event="transfer", peer="anycast", zone=zone.name, result="ok")
    assert (first["serial"], first["key"]) == (str(zone.serial), key.name)
    wait_records(secondary, zone.name, primary.records(zone.name))

    start = proxy.mark()
    serial = primary.change()
    if not primary.sends_notify:
        send_notify(primary, proxy, zone)
    secondary.wait_serial(zone.name, serial)
    proxy.wait(event="notify", zone=zone.name, start=start)
    second = proxy.wait(event="transfer", serial=serial, result="ok", start=start)
    if primary.speaks_ixfr and secondary.speaks_ixfr:
        assert second["type"] == "IXFR"
        assert int(second["octets"]) < int(first["octets"]) / 10
    wait_records(secondary, zone.name, primary.records(zone.name))
    assert proxy.events(event="tsig-failure") == []
