"""Translation with real servers: both insist on TSIG, with different keys and algorithms."""

import pytest

import net
from keyed import KeyedBind, KeyedKnot, KeyedNsd
from proxy import Proxy
from servers import Bind, Knot, Nsd
from tools import dig, wait_records
from tsigtool import Key
from zones import Zone

PAIRS = [
    (KeyedBind, "hmac-sha512", Knot, "hmac-sha256"),
    (KeyedKnot, "hmac-md5", Bind, "hmac-sha512"),
    (KeyedNsd, "hmac-sha256", Bind, "hmac-md5"),
    (KeyedBind, "hmac-md5", Nsd, "hmac-sha1"),
]


def by_name(value):
    return value if isinstance(value, str) else value.name


@pytest.mark.parametrize("primary_kind,far,secondary_kind,near", PAIRS, ids=by_name)
def test_translation_pair(launch, tmp_path, primary_kind, far, secondary_kind, near):
    """Transfer, NOTIFY and IXFR; neither side's key is worth anything on the other."""
    zone, place = Zone(), net.free_place()
    far_key, near_key = Key.new("far.example", far), Key.new("near.example", near)
    primary = primary_kind(tmp_path / "primary").keyed(far_key)
    launch(primary.primary(zone, notify=place))
    secondary = secondary_kind(tmp_path / "secondary").secondary(zone.name, near_key, place)
    sections = [
        far_key.section(),
        near_key.section(),
        ("primary hq", {"address": net.text(primary.place), "key": far_key.label}),
        ("secondary anycast", {"address": net.text(secondary.place), "key": near_key.label}),
    ]
    proxy = launch(Proxy(tmp_path / "proxy", sections, place=place))
    launch(secondary)
    secondary.wait_serial(zone.name, zone.serial)
    first = proxy.wait(event="transfer", peer="anycast", serial=zone.serial, result="ok")
    assert first["key"] == near_key.name
    wait_records(secondary, zone.name, primary.records(zone.name))

    start = proxy.mark()
    serial = primary.change()
    secondary.wait_serial(zone.name, serial)
    proxy.wait(event="notify", peer="anycast", zone=zone.name, start=start)
    second = proxy.wait(event="transfer", peer="anycast", serial=serial, result="ok", start=start)
    assert (second["type"], second["key"]) == ("IXFR", near_key.name)
    assert int(second["octets"]) < int(first["octets"]) / 10
    wait_records(secondary, zone.name, primary.records(zone.name))
    assert proxy.events(event="tsig-failure") == []

    source = secondary.place.address
    for key in (None, far_key):
        assert dig(place, source, zone.name, "AXFR", key=key).records() == set()
    assert dig(primary.place, source, zone.name, "AXFR", key=near_key).records() == set()
    assert dig(place, source, zone.name, "AXFR", key=near_key).records() == primary.records(zone.name)
