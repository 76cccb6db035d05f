"""probe --zonemd: the digest that others have made of a zone (RFC 8976), from the primary and through the proxy."""

import dns.rdatatype
import dns.zone
import pytest

from keyed import edit
from servers import Bind, Knot, Nsd
from test_probe import Scene, by_name
from zones import Zone

pytestmark = pytest.mark.any_workers


class DigestedKnot(Knot):
    """It makes the digest itself."""

    hash = "zonemd-sha384"

    def start(self):
        self.zone.serial += 1  # for the digest
        return super().start()

    def write_primary(self, notify):
        super().write_primary(notify)
        edit(self.directory / "knot.conf", ("    file: zone\n", f"    file: zone\n    zonemd-generate: {self.hash}\n"))


class DigestedKnot512(DigestedKnot):
    hash = "zonemd-sha512"


class DigestedZone(Zone):
    """The digest is dnspython's; `spoiled` has a record more than it was made of."""

    spoiled, serial_of_digest, hash = False, None, 1

    def master_file(self):
        text = super().master_file()
        zone = dns.zone.from_text(text, origin=self.name, relativize=False)
        digest = zone.compute_digest(self.hash).to_text()
        if self.serial_of_digest:
            digest = digest.replace(str(self.serial), str(self.serial_of_digest), 1)
        more = f"more.{self.name}. 60 IN A 192.0.2.99\n" if self.spoiled else ""
        return f"{text}{self.name}. 3600 IN ZONEMD {digest}\n{more}"


def good(zone, serial, records):
    return f"{zone}: its ZONEMD verifies, serial {serial}, {records} records"


@pytest.mark.parametrize("kind", [DigestedKnot, DigestedKnot512], ids=lambda kind: kind.hash)
def test_what_knot_digests_verifies_on_both_sides(launch, tmp_path, kind):
    zone = Zone(hosts=1500)
    scene = Scene(launch, tmp_path, primary_kind=kind, zone=zone)
    report = scene.probe("--zonemd", "hq")
    assert good(zone.name, zone.serial, 1512) in report.of("ok", "primary hq"), report.text
    report = scene.probe("--zonemd", "anycast")
    assert good(zone.name, zone.serial, 1512) in report.of("ok", "this proxy"), report.text


@pytest.mark.parametrize("kind", [Bind, Nsd], ids=by_name)
@pytest.mark.parametrize("number", [1, 2])
def test_what_dnspython_digests_verifies(launch, tmp_path, kind, number):
    zone = DigestedZone(hosts=300)
    zone.hash = number
    scene = Scene(launch, tmp_path, primary_kind=kind, zone=zone).settled()
    report = scene.probe("--zonemd").well()
    assert good(zone.name, 1000, 312) in report.of("ok", "primary hq"), report.text


def test_another_zone_than_the_digest_is_of(launch, tmp_path):
    zone = DigestedZone(hosts=300)
    zone.spoiled = True
    scene = Scene(launch, tmp_path, zone=zone)
    scene.probe("--zonemd", "hq").mends("primary hq", "not the zone that its ZONEMD is of",
                                        "make the digest anew")


def test_a_digest_of_another_serial(launch, tmp_path):
    zone = DigestedZone(hosts=3)
    zone.serial_of_digest = 999
    scene = Scene(launch, tmp_path, zone=zone)
    scene.probe("--zonemd", "hq").mends("primary hq", "its ZONEMD is of another serial than 1000")


def test_a_zone_without_is_told_and_is_no_fault(launch, tmp_path):
    scene = Scene(launch, tmp_path, zone=Zone(hosts=3)).settled()
    report = scene.probe("--zonemd").well()
    assert "example.org: there is no ZONEMD record to verify 15 records with" in report.of("note", "primary hq")
