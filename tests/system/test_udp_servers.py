"""IXFR over UDP with real clients and servers: through the proxy they get what they get directly (P29)."""

import dns.name
import dns.query
import dns.tsig
import dns.versioned
import dns.xfr
import pytest

import net
from keyed import edit
from proxy import Proxy
from servers import Bind, Knot, Nsd
from tools import dig, kdig, wait_records
from tsigtool import Key
from zones import Zone, record

KEY = Key.new("xfr.example")
SMALL, LARGE = 0, 300  # hosts that a change adds


class UdpNsd(Nsd):
    """It asks for IXFR over UDP first."""

    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        edit(self.directory / "nsd.conf", ("request-xfr: ", "request-xfr: UDP "))


def by_name(kind):
    return kind.name


class Scene:
    """A plain primary with a zone of few records, and the proxy."""

    def __init__(self, launch, directory, kind, secondary=None):
        self.zone = Zone(hosts=3)
        place = net.free_place()
        self.source = secondary.address if secondary else net.fresh_address()
        self.primary = launch(kind(directory / "primary").primary(self.zone, notify=place))
        self.proxy = launch(Proxy(directory / "proxy", [
            KEY.section(),
            ("primary legacy", {"address": net.text(self.primary.place)}),
            ("secondary anycast", {"address": net.text(secondary) if secondary else self.source,
                                   "key": KEY.label}),
        ], place=place))

    def change(self, more):
        self.zone.hosts += more
        return self.primary.change()


@pytest.fixture
def make_scene(launch, tmp_path):
    return lambda kind, secondary=None: Scene(launch, tmp_path, kind, secondary)


def inbound(zone, place, source, key=None):
    """dnspython's transfer, over UDP first; the messages' sizes do not matter, the zone in the end does."""
    more = {}
    if key:
        name = dns.name.from_text(key.name)
        more = {"keyring": {name: dns.tsig.Key(name, key.base64, key.algorithm)}, "keyname": name}
    asked, _ = dns.xfr.make_query(zone, **more)  # AXFR while the zone is empty, then IXFR
    dns.query.inbound_xfr(place.address, zone, asked, port=place.port, timeout=5, lifetime=10, source=source,
                          udp_mode=dns.query.UDPMode.TRY_FIRST)


def contents(zone):
    return {record(*one) for one in zone.iterate_rdatas()}


@pytest.mark.parametrize("more", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("kind", [Bind, Nsd, Knot], ids=by_name)
def test_P29_dnspython_udp_first(make_scene, kind, more):
    scene = make_scene(kind)
    ways = [(scene.primary.place, "127.0.0.1", None), (scene.proxy.place, scene.source, KEY)]
    copies = [dns.versioned.Zone(scene.zone.name, relativize=False) for _ in ways]
    for zone, way in zip(copies, ways):
        inbound(zone, *way)
    scene.change(more)
    start = scene.proxy.mark()
    for zone, way in zip(copies, ways):
        inbound(zone, *way)
    assert contents(copies[1]) == contents(copies[0])
    wait_records(scene.primary, scene.zone.name, contents(copies[0]))
    scene.proxy.wait(event="transfer", transport="udp", type="IXFR", serial=scene.zone.serial, start=start)
    if more:
        scene.proxy.wait(event="transfer", transport="udp", result="truncated", start=start)
        scene.proxy.wait(event="transfer", transport="tcp", result="ok", start=start)


@pytest.mark.parametrize("more", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("kind", [Bind, Nsd, Knot], ids=by_name)
def test_P29_dig_and_kdig_over_udp(make_scene, kind, more):
    """The change, whole and in its order when it fits, else the version; BIND and Knot themselves say the
    version whether it fits or not."""
    scene = make_scene(kind)
    words = [scene.zone.name, f"IXFR={scene.zone.serial}"]
    scene.change(more)
    for tool in (dig, kdig):
        whole = tool(scene.primary.place, "127.0.0.1", *words, "+tcp").sequence()
        through = tool(scene.proxy.place, scene.source, *words, "+notcp", key=KEY).sequence()
        assert len(whole) > 4 and through == (whole[:1] if more else whole)


@pytest.mark.parametrize("more", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("secondary_kind", [UdpNsd, Bind], ids=by_name)
@pytest.mark.parametrize("kind", [Bind, Knot], ids=by_name)
def test_P29_real_secondaries(make_scene, launch, tmp_path, kind, secondary_kind, more):
    place = net.free_place()
    scene = make_scene(kind, place)
    secondary = secondary_kind(tmp_path / "secondary", place)
    launch(secondary.secondary(scene.zone.name, KEY, scene.proxy.place))
    secondary.wait_serial(scene.zone.name, scene.zone.serial)
    start = scene.proxy.mark()
    serial = scene.change(more)
    secondary.wait_serial(scene.zone.name, serial)
    wait_records(secondary, scene.zone.name, scene.primary.records(scene.zone.name))
    scene.proxy.wait(event="transfer", type="IXFR", serial=serial, result="ok", start=start)
    if secondary_kind is UdpNsd:
        scene.proxy.wait(event="transfer", type="IXFR", transport="udp", serial=serial, start=start)
    assert scene.proxy.events(event="tsig-failure") == []
