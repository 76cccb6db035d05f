"""The real servers by themselves: a test that fails here says nothing about tsig-proxy."""

import dns.message
import dns.query
import dns.rrset
import dns.zone
import pytest

import net
import tsigtool
import zones
from servers import PRIMARIES, SECONDARIES, Bind
from tools import wait_records
from zones import Zone

pytestmark = pytest.mark.no_proxy

HOSTS = {"dnsmasq": 200}


class SigningBind(Bind):
    """A primary that insists on a key itself."""

    key = None

    def write_primary(self, notify):
        super().write_primary(notify)
        path, key = self.directory / "named.conf", self.key
        text = path.read_text().replace("allow-transfer { any; }", f'allow-transfer {{ key "{key.name}"; }}')
        text = text.replace(f"port {notify.port};", f'port {notify.port} key "{key.name}";')
        text += f'key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.base64}"; }};\n'
        path.write_text(text)


def by_name(server):
    return server.name


@pytest.mark.parametrize("kind", PRIMARIES, ids=by_name)
def test_primary_without_keys(kind, launch, tmp_path):
    zone = Zone(hosts=HOSTS.get(kind.name, 1500))
    server = launch(kind(tmp_path / "p").primary(zone))
    before = server.records(zone.name)
    assert len(before) > zone.hosts
    serial = server.change()
    added = server.records(zone.name) - before
    assert any(str(serial) in data for _, _, _, data in added)


@pytest.mark.parametrize("kind", [k for k in PRIMARIES if k.speaks_ixfr], ids=by_name)
def test_primary_answers_ixfr_with_differences(kind, launch, tmp_path):
    zone = Zone()
    server = launch(kind(tmp_path / "p").primary(zone))
    server.change()
    query = dns.message.make_query(zone.name, "IXFR")
    soa = f"{zone.name}. 0 IN SOA a. b. 1000 0 0 0 0"
    query.authority.append(dns.rrset.from_text(*soa.split(" ", 4)))
    answer = dns.query.tcp(query, server.place.address, port=server.place.port, timeout=5)
    assert sum(len(rrset) for rrset in answer.answer) < 10


@pytest.mark.parametrize("kind", SECONDARIES, ids=by_name)
def test_secondary_with_key(kind, launch, tmp_path):
    """It transfers with its key, takes a signed NOTIFY, and then asks for IXFR."""
    zone, key = Zone(hosts=50), tsigtool.Key.new("xfr.example")
    primary, place = SigningBind(tmp_path / "p"), net.free_place()
    primary.key = key
    primary.primary(zone, notify=place)
    launch(primary)
    secondary = launch(kind(tmp_path / "s", place).secondary(zone.name, key, primary.place))
    secondary.wait_serial(zone.name, zone.serial)
    serial = primary.change()
    secondary.wait_serial(zone.name, serial)
    wait_records(secondary, zone.name, zone_file_records(primary, zone))
    primary.process.wait_line(lambda line: "IXFR started" in line, "an IXFR")


def zone_file_records(primary, zone):
    """What the zone file says, since this primary refuses an unsigned transfer."""
    parsed = dns.zone.from_file(str(primary.directory / "zone"), zone.name, relativize=False)
    return {zones.record(name, ttl, rdata) for name, ttl, rdata in parsed.iterate_rdatas()}
