"""probe where the primary has the key, and where little is known: no zone by name, no such peer, no secret."""

import dataclasses
import os
import struct

import pytest

import messages
import net
import tsigtool
from keyed import PRIMARIES, KeylessNsd
from proxy import Proxy
from scripted import Scripted, sound
from servers import Nsd
from test_commands import tsig_proxy
from test_probe import Report, by_name, says
from tsigtool import Key
from zones import Zone

pytestmark = pytest.mark.any_workers


class Mirror:
    """A primary with a key, and a secondary that knows none."""

    def __init__(self, launch, directory, kind, **theirs):
        zone, key, place = Zone(hosts=20), Key.new("xfr.example"), net.free_place()
        primary = kind(directory / "primary").keyed(dataclasses.replace(key, **theirs)).primary(zone, notify=place)
        self.primary = launch(primary)
        self.secondary = KeylessNsd(directory / "secondary").secondary(zone.name, key, place)
        self.proxy = launch(Proxy(directory / "proxy", [
            key.section(),
            ("primary hq", {"address": net.text(self.primary.place), "key": key.label}),
            ("secondary anycast", {"address": net.text(self.secondary.place), "zones": zone.name}),
        ], place=place))
        launch(self.secondary)
        if not theirs:
            self.secondary.wait_serial(zone.name, zone.serial)

    def probe(self, *words):
        return probe(self.proxy, *words)


def probe(proxy, *words):
    return Report(tsig_proxy("probe", "-c", proxy.path, *words, patience=60))


EACH = pytest.mark.parametrize("kind", PRIMARIES, ids=by_name)


@EACH
def test_all_is_well_with_each_primary(launch, tmp_path, kind):
    report = Mirror(launch, tmp_path, kind).probe("--notify").well()
    assert any(text.startswith("knows key xfr.example (hmac-sha256)") for text in report.of("ok", "primary hq"))
    assert "example.org: it transfers it to us" in report.of("ok", "primary hq")
    assert "example.org: it transfers it, serial 1000" in report.of("ok", "this proxy")


@EACH
def test_fault_wrong_secret(launch, tmp_path, kind):
    what = says(kind, ["wrong secret", "BADSIG"], powerdns=["wrong secret or wrong key name", "NOTAUTH"])
    Mirror(launch, tmp_path, kind, secret=os.urandom(32)).probe("hq").mends("primary hq", *what)


@EACH
def test_fault_wrong_key_name(launch, tmp_path, kind):
    what = says(kind, ["wrong key name", "BADKEY"], powerdns=["wrong secret or wrong key name", "NOTAUTH"])
    Mirror(launch, tmp_path, kind, name="xfer.example").probe("hq").mends("primary hq", *what)


@pytest.mark.parametrize("kind", [kind for kind in PRIMARIES if kind.name != "nsd"], ids=by_name)
def test_fault_wrong_algorithm(launch, tmp_path, kind):
    """NSD takes any."""
    Mirror(launch, tmp_path, kind, algorithm="hmac-sha512").probe("hq").mends(
        "primary hq", "wrong algorithm", "hmac-sha512, not hmac-sha256")


def refuse(request):
    request.reply(messages.answer(request.wire, rcode=messages.REFUSED))


class Quiet:
    """A scripted primary, and a secondary that is played by nobody."""

    def __init__(self, launch, directory, zones="*", **settings):
        self.keys = [Key.new("new.example"), Key.new("old.example", "hmac-sha512")]
        self.primary = launch(Scripted(lambda request: sound(request) if request.zone.strip(".") else refuse(request)))
        self.source = net.fresh_address()
        self.proxy = launch(Proxy(directory / "proxy", [
            *(key.section() for key in self.keys),
            ("primary hq", {"address": net.text(self.primary.place)}),
            ("secondary anycast", {"address": f"{self.source}@53", "key": "new.example, old.example", "zones": zones,
                                   **settings}),
        ], answer_timeout=1))


def test_without_a_zone_by_name_it_says_so(launch, tmp_path):
    scene = Quiet(launch, tmp_path)
    report = probe(scene.proxy)
    assert "no zone is listed by name: --zone ZONE tries one" in report.of("note", "primary hq"), report.text
    assert "takes questions of anycast; --zone ZONE tries a transfer" in report.of("ok", "this proxy"), report.text
    report = probe(scene.proxy, "--zone", "example.org", "hq").well()
    assert "example.org: it transfers it to us" in report.of("ok", "primary hq"), report.text


def knows_no_edns(request):
    """As some old servers: an OPT record is a mistake to it."""
    if any(record.type == 41 for record in tsigtool.records(request.wire)):
        bare = request.wire[: tsigtool.read_name(request.wire, 12)[1] + 4]
        request.reply(bare[:2] + b"\x80\x01" + messages.with_counts(bare, ar=0)[4:])
    else:
        sound(request)


def test_fault_no_edns(launch, tmp_path):
    scene = Quiet(launch, tmp_path, zones="example.org")
    scene.primary.script = knows_no_edns
    report = probe(scene.proxy, "hq")
    report.mends("primary hq", "knows no EDNS", "FORMERR", "write 'edns = strip' in [primary hq]")
    text = scene.proxy.path.read_text().replace("[primary hq]\n", "[primary hq]\nedns = strip\n")
    scene.proxy.path.write_text(text)
    probe(scene.proxy, "hq").well()


def test_transport_tcp_needs_no_udp(launch, tmp_path):
    primary = launch(Scripted(sound, udp=False))
    proxy = launch(Proxy(tmp_path / "proxy", [
        ("primary hq", {"address": net.text(primary.place), "transport": "tcp"}),
        ("secondary anycast", {"address": "127.0.0.2@9", "zones": "example.org"}),
    ]))
    report = probe(proxy, "hq").well()
    assert "answers over TCP, which is what 'transport = tcp' takes" in report.of("note", "primary hq"), report.text


def test_fault_macs_that_are_cut(launch, tmp_path):
    key = Key.new("cut.example")

    def script(request):
        bare, tsig = tsigtool.detach(request.wire)
        answer = messages.answer(bare, [messages.soa("example.org", 7)])
        request.reply(tsigtool.sign(answer, key, request_mac=tsig.mac, length=16)[0])

    secondary = launch(Scripted(script))
    proxy = launch(Proxy(tmp_path / "proxy", [
        key.section(), ("primary hq", {"address": "127.0.0.1@9"}),
        ("secondary anycast", {"address": net.text(secondary.place), "key": key.label, "zones": "example.org"}),
    ], answer_timeout=1))
    report = probe(proxy, "anycast")
    assert report.of("MEND", "secondary") == [
        "its MACs are cut to 16 octets, and the key does not allow that"], report.text
    assert "(BIND's hmac-sha256-128), write 'minimum-mac = 16' in [key cut.example]" in report.summary


def test_of_many_zones_ten_are_tried(launch, tmp_path):
    scene = Quiet(launch, tmp_path, zones=", ".join(f"z{i}.example" for i in range(25)))
    report = probe(scene.proxy, "hq").well()
    assert "15 zones more are listed; one of them: --zone ZONE" in report.of("note", "primary hq"), report.text
    assert len([text for text in report.of("ok", "primary hq") if "it transfers it to us" in text]) == 10


def test_a_peer_that_is_not_there(launch, tmp_path):
    scene = Quiet(launch, tmp_path)
    done = tsig_proxy("probe", "-c", scene.proxy.path, "anycats")
    assert (done.returncode, done.stdout) == (1, "") and "names no peer 'anycats'" in done.stderr


def test_the_second_key_need_not_be_there(launch, tmp_path):
    key, place = Key.new("new.example"), net.free_place()
    primary = launch(Scripted(sound))
    secondary = Nsd(tmp_path / "secondary").secondary("example.org", key, place)
    proxy = launch(Proxy(tmp_path / "proxy", [
        key.section(), Key.new("old.example").section(),
        ("primary hq", {"address": net.text(primary.place)}),
        ("secondary anycast", {"address": net.text(secondary.place), "key": "new.example, old.example",
                               "zones": "example.org"}),
    ], place=place))
    launch(secondary)
    secondary.wait_serial("example.org", 7)
    report = probe(proxy).well()
    assert "key old.example (hmac-sha256): it does not have it, too" not in report.text
    assert "key old.example (hmac-sha256): it does not have it" in report.of("note", "secondary"), report.text


def test_a_credential_is_there_for_the_service_alone(launch, tmp_path, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    path = tmp_path / "tsig-proxy.ini"
    path.write_text("[proxy]\nuser =\nlisten = 127.0.0.1@5353\n[key x.example]\nalgorithm = sha256\n"
                    "secret-file = credential:x\n[primary hq]\naddress = 127.0.0.1@9\n"
                    "[secondary s]\naddress = 127.0.0.2@9\nkey = x.example\nzones = example.org\n")
    path.chmod(0o600)
    report = Report(tsig_proxy("probe", "-c", path, "s", patience=60))
    report.mends("secondary s", "the secret of [key x.example] is not to be had here", "LoadCredential")


def test_what_a_server_says_does_no_harm(launch, tmp_path):
    """A proxy that is none: its explanation has control characters in it."""
    def script(request):
        why = b"\x1b[31mre\n"
        option = struct.pack("!HHH", 15, 2 + len(why), 18) + why
        opt = struct.pack("!BHHIH", 0, 41, 1232, 0, len(option)) + option
        end = tsigtool.read_name(request.wire, 12)[1] + 4
        request.reply(request.wire[:2] + struct.pack("!5H", 0x8005, 1, 0, 0, 1) + request.wire[12:end] + opt)

    scene = Quiet(launch, tmp_path, zones="example.org")
    stranger = launch(Scripted(script))
    text = scene.proxy.path.read_text().replace(net.text(scene.proxy.place), net.text(stranger.place), 1)
    (tmp_path / "other.ini").write_text(text)
    (tmp_path / "other.ini").chmod(0o600)
    report = Report(tsig_proxy("probe", "-c", tmp_path / "other.ini", "anycast", patience=60))
    assert "REFUSED ?[31mre?" in report.text and "\x1b" not in report.text, report.text
