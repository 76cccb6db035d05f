"""The mirror image with real servers: primaries that give their zone away for a key only, and clients
and secondaries that know none."""

import pytest

import keyed
import net
from proxy import Proxy
from tools import ASKING, dig, wait_records
from tsigtool import Key
from zones import Zone


def by_name(thing):
    return getattr(thing, "name", thing.__name__)


@pytest.fixture(params=keyed.PRIMARIES, ids=by_name)
def primary_kind(request):
    return request.param


class Scene:
    """A primary with a key, the proxy that holds it, and places of secondaries that know nothing of it."""

    def __init__(self, launch, directory, kind, *names, **settings):
        self.zone, self.key = Zone(), Key.new("far.example", "hmac-sha256")
        self.place = net.free_place()
        primary = kind(directory / "primary").keyed(self.key)
        self.primary = launch(primary.primary(self.zone, notify=self.place))
        far = {"address": net.text(primary.place), "key": self.key.label, **settings}
        sections = [self.key.section(), ("primary far", far)]
        self.places = {name: net.fresh_place() for name in names}
        for name, place in self.places.items():
            sections.append((f"secondary {name}", {"address": net.text(place), "zones": "*"}))
        self.proxy = launch(Proxy(directory / "proxy", sections, place=self.place))


@pytest.fixture
def scene(primary_kind, launch, tmp_path):
    return lambda *names: Scene(launch, tmp_path, primary_kind, *names)


def answer_of(done):
    assert done.status == 0 and "NOERROR" in done.output, done.output
    assert "TSIG" not in done.output, done.output
    return done.records()


def test_mirror_clients_without_keys(scene):
    """SOA by UDP and by TCP, AXFR and IXFR, with dig and kdig; the primary itself refuses them."""
    stage = scene("legacy")
    zone, source = stage.zone, stage.places["legacy"].address
    whole = stage.primary.records(zone.name)
    assert len(whole) > zone.hosts
    serial = zone.serial
    stage.primary.change()
    changed = stage.primary.records(zone.name)
    for ask in ASKING:
        refused = ask(stage.primary.place, source, zone.name, "AXFR")
        assert refused.records() == set(), refused.output
        for words in (["SOA", "+notcp"], ["SOA", "+tcp"]):
            (soa,) = answer_of(ask(stage.place, source, zone.name, *words, "+noauthority", "+noadditional"))
            assert soa[1] == "SOA" and f" {zone.serial} " in soa[3]
        assert ask(stage.place, source, zone.name, "AXFR").records() == changed
        records = ask(stage.place, source, zone.name, f"IXFR={serial}").sequence()
        assert records[0] == records[-1] and f" {zone.serial} " in records[0][3]
        if ask is dig or stage.primary.speaks_ixfr:  # kdig ends at an SOA that comes alone
            assert changed - whole <= set(records)
            assert (len(records) < 10) == stage.primary.speaks_ixfr
    assert stage.proxy.events(event="tsig-failure") == []


def test_mirror_secondaries_without_keys(scene, launch, tmp_path):
    """Each transfers, is told of a change by the primary's NOTIFY, and then has the new zone."""
    stage = scene(*(kind.name for kind in keyed.SECONDARIES))
    zone, secondaries = stage.zone, []
    for kind in keyed.SECONDARIES:
        server = kind(tmp_path / kind.name, stage.places[kind.name])
        secondaries.append(launch(server.secondary(zone.name, stage.key, stage.place)))
    before = stage.primary.records(zone.name)
    for server in secondaries:
        server.wait_serial(zone.name, zone.serial)
        wait_records(server, zone.name, before)

    start = stage.proxy.mark()
    serial = stage.primary.change()
    after = stage.primary.records(zone.name)
    assert after != before
    for server in secondaries:
        server.wait_serial(zone.name, serial)
        stage.proxy.wait(event="notify", peer=server.name, zone=zone.name, start=start)
        done = stage.proxy.wait(event="transfer", peer=server.name, serial=serial, result="ok", start=start)
        assert done["type"] == "IXFR"
        wait_records(server, zone.name, after)
    assert stage.proxy.events(event="tsig-failure") == []


@pytest.mark.parametrize("setting", ["refuse", "accept"])
def test_mirror_unsigned_notify_of_a_primary_that_cannot_sign_it(launch, tmp_path, setting):
    """With `accept` it brings the new zone; with `refuse` nothing of it reaches the secondary."""
    stage = Scene(launch, tmp_path, keyed.UnsignedNotifyNsd, "legacy", **{"unsigned-notify": setting})
    zone = stage.zone
    server = keyed.KeylessKnot(tmp_path / "knot", stage.places["legacy"])
    launch(server.secondary(zone.name, stage.key, stage.place))
    before = zone.serial
    server.wait_serial(zone.name, before)
    start = stage.proxy.mark()
    stage.primary.change()
    if setting == "accept":
        server.wait_serial(zone.name, zone.serial)
        wait_records(server, zone.name, stage.primary.records(zone.name))
    else:
        line = stage.proxy.wait(event="refused", peer="far", start=start)
        assert line["type"] == "NOTIFY", line
        assert stage.proxy.events(event="notify") == []
        assert server.serial(zone.name) == before
