"""PowerDNS as autosecondary: a signed NOTIFY of a zone that it has never heard of makes it ask SOA and NS, unsigned, and
create the zone. Then it transfers it with the key."""

import os
import subprocess

import pytest

import net
import zones
from proxy import Proxy
from servers import Nsd, Powerdns
from tsigtool import Key
from zones import Zone

KEY = Key.new("xfr.example")


class Autosecondary(Powerdns):
    """It creates zones of this primary with this name server, after signed NOTIFYs alone."""

    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        self.util("delete-zone", zone)
        path = self.directory / "pdns.conf"
        path.write_text(path.read_text() + "autosecondary=yes\nallow-unsigned-autoprimary=no\n")
        self.util("add-autoprimary", primary.address, f"ns.{zone}", "hq")

    def zones(self):
        command = ["pdnsutil", f"--config-dir={self.directory}", "list-all-zones"]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.split()

    def wait_line(self, part):
        self.process.wait_line(lambda line: part in line, part)


class Scene:
    def __init__(self, launch, directory, zone, **settings):
        self.zone = zone
        self.primary, self.secondary = Nsd(directory / "primary"), Autosecondary(directory / "secondary")
        place = net.Place(net.fresh_address(), 53)  # that port of the sender of a NOTIFY is what it asks
        self.secondary.secondary(zone.name, KEY, place)
        self.primary.primary(zone, notify=place)
        launch(self.secondary)
        self.proxy = launch(Proxy(directory / "proxy", [
            KEY.section(), ("primary hq", {"address": net.text(self.primary.place), **settings.get("primary", {})}),
            ("secondary auto", {"address": net.text(self.secondary.place), "source": place.address, "key": KEY.label,
                                "zones": "*", **settings.get("secondary", {})})], place=place))
        launch(self.primary)  # it tells of its zone
        self.proxy.wait(event="notify", peer="auto")


pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has port 53")


def test_powerdns_creates_a_zone_after_a_signed_notify_and_transfers_it_signed(launch, tmp_path):
    zone = Zone(hosts=50)
    scene = Scene(launch, tmp_path, zone, primary={"transport": "same"}, secondary={"other": "pass"})
    scene.secondary.wait_serial(zone.name, zone.serial)
    assert zone.name in scene.secondary.zones()
    assert scene.secondary.records(zone.name) == zones.transfer(scene.primary.place, zone.name)
    done = scene.proxy.wait(event="transfer", peer="auto", zone=zone.name, result="ok")
    assert done["key"] == KEY.name


def test_without_other_pass_its_questions_are_refused_and_it_creates_nothing(launch, tmp_path):
    scene = Scene(launch, tmp_path, Zone(hosts=5))
    scene.proxy.wait(event="refused", peer="auto", result="no-tsig")
    scene.secondary.wait_line("Error resolving SOA or NS")
    assert scene.secondary.zones() == []


def test_without_transport_same_its_question_for_ns_is_told_to_come_over_tcp_and_it_creates_nothing(launch, tmp_path):
    """P29: it never comes over TCP."""
    scene = Scene(launch, tmp_path, Zone(hosts=5), secondary={"other": "pass"})
    scene.secondary.wait_line("did not find NS")
    assert scene.secondary.zones() == []
