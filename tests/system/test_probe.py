"""probe: what it says of servers that are well, and each fault that it finds and names."""

import dataclasses
import glob
import os
import re
import struct
import time

import pytest

import messages
import net
import tsigtool
from keyed import edit
from proxy import Proxy
from scripted import Scripted
from servers import Bind, Dnsmasq, Knot, Nsd, Powerdns, Tinydns
from test_commands import tsig_proxy
from tsigtool import Key
from zones import Zone

pytestmark = pytest.mark.any_workers


def by_name(thing):
    return thing.name


class Scene:
    """A primary without keys, a secondary with one, and the proxy between them."""

    def __init__(self, launch, directory, primary_kind=Bind, secondary_kind=Nsd, *, secondary_key=None,
                 zone=None, settings=None):
        self.zone, self.key = zone or Zone(hosts=20), Key.new("xfr.example")
        place = net.free_place()
        self.primary = launch(primary_kind(directory / "primary").primary(self.zone, notify=place))
        self.secondary = secondary_kind(directory / "secondary")
        self.secondary.asks_ixfr = self.primary.speaks_ixfr
        self.secondary.secondary(self.zone.name, dataclasses.replace(self.key, **(secondary_key or {})), place)
        self.sections = [
            self.key.section(),
            ("primary hq", {"address": net.text(self.primary.place)}),
            ("secondary anycast", {"address": net.text(self.secondary.place), "key": self.key.label,
                                   "zones": self.zone.name, **(settings or {})}),
        ]
        self.proxy = launch(Proxy(directory / "proxy", self.sections, place=place))
        launch(self.secondary)

    def settled(self):
        self.secondary.wait_serial(self.zone.name, self.zone.serial)
        return self

    def probe(self, *words):
        return Report(tsig_proxy("probe", "-c", self.proxy.path, *words, patience=60))


class Report:
    """What probe printed."""

    def __init__(self, result):
        self.result, self.text = result, result.stdout
        self.status = result.returncode
        assert "Sanitizer" not in result.stderr and "runtime error" not in result.stderr, result.stderr
        body, _, self.summary = self.text.rpartition("\n\n")
        self.lines, head = [], ""
        for line in body.splitlines():
            if not line.startswith(" "):
                head = line
            else:
                self.lines.append((head, line[2:6].strip(), line[8:]))

    def of(self, kind, head=""):
        return [text for where, what, text in self.lines if what == kind and where.startswith(head)]

    def well(self):
        assert (self.status, self.of("MEND")) == (0, []), self.text + self.result.stderr
        assert self.summary.startswith("All is well"), self.text
        return self

    def mends(self, head, *words):
        """There is this one thing to mend, said in these words, and again at the end with its cure."""
        found = self.of("MEND")
        assert self.status == 1 and len(found) == 1, self.text + self.result.stderr
        assert self.of("MEND", head) == found, self.text
        said = "\n".join(self.summary.splitlines())
        assert found[0] in said and head in said, self.text
        for word in words:
            assert word in said, self.text
        return self


@pytest.mark.parametrize("kind", [Bind, Nsd, Knot, Powerdns], ids=by_name)
def test_all_is_well_with_each_secondary(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind).settled()
    report = scene.probe("--notify").well()
    assert "answers over UDP and TCP" in report.of("ok", "primary hq")
    assert f"{scene.zone.name}: it transfers it to us" in report.of("ok", "primary hq")
    assert f"{scene.zone.name}: serial 1000, as its primary has" in report.of("ok", "secondary anycast")
    assert f"{scene.zone.name}: it takes our NOTIFY" in report.of("ok", "secondary anycast")
    assert f"{scene.zone.name}: it transfers it, serial 1000, signed" in report.of("ok", "this proxy")


@pytest.mark.parametrize("kind", [Nsd, Knot, Dnsmasq, Tinydns], ids=by_name)
def test_all_is_well_with_each_primary(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, primary_kind=kind, secondary_kind=Bind).settled()
    scene.probe().well()


def clock_ahead(seconds, key):
    """A script that finds each TSIG too old, and says what its own clock shows (RFC 8945 section 5.2.3)."""

    def script(request):
        bare, tsig = tsigtool.detach(request.wire)
        theirs = struct.pack("!Q", int(time.time()) + seconds)[2:]
        answer = messages.answer(bare, rcode=9)
        request.reply(tsigtool.sign(answer, key(), request_mac=tsig.mac, time=tsig.time, error=tsigtool.BADTIME,
                                    other=theirs)[0])

    return script


SECONDARIES = pytest.mark.parametrize("kind", [Bind, Nsd, Knot, Powerdns], ids=by_name)


def says(kind, words, powerdns=None, nsd=None):
    """What is said of a fault; some servers do not show all of it."""
    return {"powerdns": powerdns or words, "nsd": nsd or words}.get(kind.name, words)


@SECONDARIES
def test_fault_wrong_secret(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind, secondary_key={"secret": os.urandom(32)})
    what = says(kind, ["wrong secret", "BADSIG"], powerdns=["wrong secret or wrong key name", "NOTAUTH"])
    scene.probe("anycast").mends("secondary anycast", *what, "copy the secret of [key xfr.example]")


@SECONDARIES
def test_fault_wrong_algorithm(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind, secondary_key={"algorithm": "hmac-sha512"})
    what = says(kind, ["wrong algorithm", "hmac-sha512, not hmac-sha256",
                       "write 'algorithm = hmac-sha512' in [key xfr.example]"],
                nsd=["wrong algorithm", "as NSD does", "where it is hmac-sha256"])
    scene.probe("anycast").mends("secondary anycast", *what)


@SECONDARIES
def test_fault_wrong_key_name(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind, secondary_key={"name": "xfer.example"})
    what = says(kind, ["wrong key name", "BADKEY"], powerdns=["wrong secret or wrong key name", "NOTAUTH"])
    scene.probe("anycast").mends("secondary anycast", *what, "xfr.example")


class ClosedBind(Bind):
    def write_primary(self, notify):
        super().write_primary(notify)
        edit(self.directory / "named.conf", ("allow-transfer { any; }", "allow-transfer { 192.0.2.1; }"))


class ClosedNsd(Nsd):
    def write_primary(self, notify):
        super().write_primary(notify)
        edit(self.directory / "nsd.conf", ("provide-xfr: 127.0.0.0/8 NOKEY", "provide-xfr: 192.0.2.1 NOKEY"))


class ClosedKnot(Knot):
    def write_primary(self, notify):
        super().write_primary(notify)
        edit(self.directory / "knot.conf", ("address: 127.0.0.0/8\n", "address: 192.0.2.1\n"))


class ClosedDnsmasq(Dnsmasq):
    def write_primary(self, notify):
        super().write_primary(notify)
        edit(self.directory / "dnsmasq.conf", ("auth-peer=127.0.0.1", "auth-peer=192.0.2.1"))


class ClosedTinydns(Tinydns):
    def environment(self):
        return {**super().environment(), "AXFR": ""}


@pytest.mark.parametrize("kind", [ClosedBind, ClosedNsd, ClosedKnot, ClosedDnsmasq, ClosedTinydns], ids=by_name)
def test_fault_primary_refuses_transfer(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, primary_kind=kind)
    scene.probe("hq").mends("primary hq", "example.org: it refuses to transfer it to us", "let 127.0.0.1 transfer it there",
                            "tsig-proxy show -f bind hq")
    # seen from the other end as well, and named as the primary's
    text = scene.probe("anycast").text
    why = "its primary does not answer it" if kind is ClosedTinydns else "so the primary answers"
    assert "example.org: answers" in text and why in text, text


def test_fault_primary_down(launch, tmp_path):
    scene = Scene(launch, tmp_path, secondary_kind=Bind).settled()
    scene.primary.stop()
    scene.probe("hq").mends("primary hq", "down or out of reach", "connection refused",
                            "start it, or correct 'address' in [primary hq]")
    text = scene.probe("anycast").text
    assert "answers SERVFAIL" in text and "its primary does not answer it" in text, text


@pytest.mark.parametrize("kind", [Bind, Nsd], ids=by_name)
def test_fault_secondary_down(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind).settled()
    scene.secondary.stop()
    scene.probe().mends("secondary anycast", "down or out of reach", "connection refused",
                        "start it, or correct 'address' in [secondary anycast]")


class DeafBind(Bind):
    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        edit(self.directory / "named.conf", ("notify no;", "notify no; allow-notify { none; };"),
             (f"{primary.address} port", "127.0.0.2 port"))


class DeafNsd(Nsd):
    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        edit(self.directory / "nsd.conf", ("allow-notify: 127.0.0.0/8", "allow-notify: 192.0.2.1"))


class DeafKnot(Knot):
    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        edit(self.directory / "knot.conf", ("action: notify", "action: transfer"))


@pytest.mark.parametrize("kind", [DeafNsd, DeafKnot], ids=by_name)
def test_fault_notify_refused(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind).settled()
    scene.probe("anycast").well()
    scene.probe("anycast", "--notify").mends("secondary anycast", "example.org: it refuses our NOTIFY",
                                             "let 127.0.0.1 notify it there", "tsig-proxy show anycast")


def test_fault_notify_refused_by_bind(launch, tmp_path):
    """It takes NOTIFYs of its primaries always, so it has another one here, and no zone."""
    scene = Scene(launch, tmp_path, secondary_kind=DeafBind)
    report = scene.probe("anycast", "--notify")
    assert "example.org: it refuses our NOTIFY (REFUSED)" in report.of("MEND", "secondary"), report.text


@pytest.mark.parametrize("kind", [Bind, Nsd, Knot, Dnsmasq], ids=by_name)
def test_fault_zone_missing_at_the_primary(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, primary_kind=kind, settings={"zones": "example.net, example.org"})
    scene.probe("hq").mends("primary hq", "example.net: it does not serve this zone", "zone missing")


def test_fault_zone_missing_where_tinydns_is_silent(launch, tmp_path):
    scene = Scene(launch, tmp_path, primary_kind=Tinydns, settings={"zones": "example.net"})
    scene.probe("hq").mends("primary hq", "example.net", "has it this zone?")


@SECONDARIES
def test_fault_zone_missing_at_the_secondary(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind, settings={"zones": "example.net, example.org"}).settled()
    text = scene.probe("anycast", "--zone", "example.net").text
    assert "MEND  example.net: it does not have this zone" in text and "zone missing: add it there" in text, text


def test_fault_zone_not_listed_here(launch, tmp_path):
    scene = Scene(launch, tmp_path).settled()
    text = scene.probe("anycast", "--zone", "example.net").text
    assert "MEND  its 'zones' do not have example.net" in text, text
    assert "example.net: answers REFUSED zone-not-allowed" in text, text
    assert "add the zone to 'zones' in [secondary anycast]" in text, text


def test_fault_skewed_clock(launch, tmp_path):
    """A server whose clock is an hour ahead: it says BADTIME, signed, and what its own clock shows."""
    key, secondary = Key.new("xfr.example"), launch(Scripted(clock_ahead(3600, lambda: key)))
    proxy = launch(Proxy(tmp_path / "proxy", [
        key.section(),
        ("primary hq", {"address": "127.0.0.1@9"}),
        ("secondary anycast", {"address": net.text(secondary.place), "key": key.label, "zones": "example.org"}),
    ], answer_timeout=1))
    report = Report(tsig_proxy("probe", "-c", proxy.path, "anycast", patience=60))
    found = report.of("MEND", "secondary anycast")
    assert found == ["clocks: its clock is 3600 s ahead of ours, and 'fudge' is 300 s (BADTIME)"], report.text
    assert "set the clock that is wrong" in report.summary


FAKE = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), "")


class LateKnot(Knot):
    def environment(self):
        return {"LD_PRELOAD": FAKE, "FAKETIME": "-1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class LateNsd(Nsd):
    """Its clock is an hour behind."""

    def environment(self):
        return {"LD_PRELOAD": FAKE, "FAKETIME": "-1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@pytest.mark.skipif(not os.path.exists(FAKE), reason="libfaketime is not installed")
@pytest.mark.parametrize("kind", [LateNsd, LateKnot], ids=by_name)
def test_fault_skewed_clock_of_a_real_server(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, secondary_kind=kind)
    report = scene.probe("anycast")
    found = report.of("MEND", "secondary anycast")
    assert len(found) == 1 and re.fullmatch(
        r"clocks: its clock is 3[56]\d\d s behind ours, and 'fudge' is 300 s \(BADTIME\)", found[0]), report.text
