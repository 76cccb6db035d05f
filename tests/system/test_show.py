"""show PEER: what it tells people, and what the other side's server makes of what is pasted into it."""

import pytest

import net
from pasted import (PRIMARIES, SECONDARIES, PastedAxfrdns, PastedBind, PastedDnsmasq, PastedKnot, PastedNsd,
                    PastedPowerdns, PastedUnbound, PastedYadifa)
from proxy import Proxy
from test_commands import tsig_proxy
from tsigtool import Key
from zones import Zone

pytestmark = pytest.mark.any_workers


def by_format(kind):
    return kind.format


class Scene:
    """A primary and a secondary that know of each other and of the proxy what `show` printed for them."""

    def __init__(self, launch, directory, primary_kind, secondary_kind, *, primary_key=False, secondary_key=True,
                 algorithm="hmac-sha256"):
        self.zone, self.key = Zone(hosts=20), Key.new("xfr.example", algorithm)
        place = net.free_place()
        own = {PastedAxfrdns: None}
        self.primary = primary_kind(directory / "primary", own.get(primary_kind, net.free_place())).serves(self.zone)
        self.secondary = secondary_kind(directory / "secondary", net.free_place())
        keyed = [{"key": self.key.label} if has else {} for has in (primary_key, secondary_key)]
        proxy = Proxy(directory / "proxy", [
            self.key.section(),
            ("primary hq", {"address": net.text(self.primary.place), **keyed[0]}),
            ("secondary anycast", {"address": net.text(self.secondary.place), "zones": self.zone.name, **keyed[1]}),
        ], place=place)
        self.primary.paste(show(proxy, "--secret", "-f", primary_kind.format, "hq"))
        self.secondary.paste(show(proxy, "--secret", "-f", secondary_kind.format, "anycast"))
        launch(self.primary)
        self.proxy = launch(proxy)
        launch(self.secondary)

    def arrives(self):
        """The zone does; the line of its transfer is returned."""
        self.secondary.wait_serial(self.zone.name, self.zone.serial)
        return self.proxy.wait(event="transfer", zone=self.zone.name, result="ok", peer="anycast")

    def follows(self):
        """A change of it does as well, because of a NOTIFY."""
        start = self.proxy.mark()
        self.secondary.wait_serial(self.zone.name, self.primary.change())
        self.proxy.wait(event="notify", zone=self.zone.name, result="ok", peer="anycast", start=start)


def show(proxy, *words):
    done = tsig_proxy("show", "-c", proxy.path, *words)
    assert done.returncode == 0 and "Sanitizer" not in done.stderr, done
    return done.stdout


@pytest.mark.parametrize("kind", SECONDARIES, ids=by_format)
def test_each_secondary_takes_what_is_pasted(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, PastedBind, kind)
    assert scene.arrives()["key"] == "xfr.example"
    scene.follows()


@pytest.mark.parametrize("kind", PRIMARIES, ids=by_format)
def test_each_primary_gives_what_is_pasted(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, kind, PastedNsd)
    assert scene.arrives()["key"] == "xfr.example"
    if kind not in (PastedDnsmasq, PastedAxfrdns, PastedYadifa):
        scene.follows()


@pytest.mark.parametrize("kind", [PastedBind, PastedNsd, PastedKnot, PastedPowerdns, PastedYadifa], ids=by_format)
def test_mirror_image_the_primary_has_the_key(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, kind, PastedNsd, primary_key=True, secondary_key=False)
    scene.arrives()
    if kind is not PastedYadifa:
        scene.follows()


@pytest.mark.parametrize("kind", [PastedBind, PastedNsd, PastedKnot, PastedPowerdns, PastedYadifa, PastedUnbound],
                         ids=by_format)
def test_a_secondary_without_a_key(launch, tmp_path, kind):
    scene = Scene(launch, tmp_path, PastedBind, kind, secondary_key=False)
    scene.arrives()
    scene.follows()


SECRET = "c2VjcmV0IG9mIHRoaXJ0eS10d28gb2N0ZXRzIGluIGFsbC4u"
CONFIG = f"""\
[proxy]
user =
listen = 192.0.2.1@5353, 2001:db8::1@5353
[key xfr.example]
algorithm = hmac-sha256
secret = {SECRET}
[key old.example]
algorithm = hmac-sha512
secret = {SECRET}{SECRET}
[primary hq]
address = 10.0.0.1@53
source = 10.0.0.5
[primary dc]
address = 10.0.1.1@5300
listen = 192.0.2.2@53
key = old.example
[secondary anycast]
primary = hq
address = 203.0.113.10@53, 2001:db8:53::10@5300
from = 203.0.113.0/28
source = 192.0.2.9, 2001:db8::9
key = xfr.example, old.example
zones = example.org, 0/25.2.0.192.in-addr.arpa
[secondary plain]
primary = dc
address = 198.51.100.1@53
zones = *
"""


@pytest.fixture
def shown(tmp_path):
    """shown(words…) of CONFIG, or of another."""

    def run(*words, config=CONFIG):
        path = tmp_path / "tsig-proxy.ini"
        path.write_text(config)
        path.chmod(0o600)
        done = tsig_proxy("show", "-c", path, *words)
        assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        return done

    return run


def sheet(text):
    """A worksheet as lists by label."""
    found, label = {}, None
    for line in text.splitlines():
        if line.startswith("  "):
            label = line[2:22].strip() or label
            found.setdefault(label, []).append(line[23:])
    return found


def test_the_worksheet_of_a_secondary(shown):
    done = shown("anycast")
    assert done.returncode == 0
    assert sheet(done.stdout) == {
        "zones": ["example.org", "0/25.2.0.192.in-addr.arpa"],
        "primary (to ask)": ["192.0.2.1 port 5353", "2001:db8::1 port 5353"],
        "NOTIFYs come from": ["192.0.2.9", "2001:db8::9"],
        "its NOTIFY address": ["203.0.113.10 port 53", "2001:db8:53::10 port 5300"],
        "its requests from": ["203.0.113.10", "2001:db8:53::10", "203.0.113.0/28"],
        "TSIG key": ["xfr.example"],
        "algorithm": ["hmac-sha256"],
        "secret": ["tsig-proxy show --secret anycast"],
    }
    assert SECRET not in done.stdout
    assert sheet(shown("anycast", "--secret").stdout)["secret"] == [SECRET]


def test_the_worksheet_of_a_primary(shown):
    found = sheet(shown("hq").stdout)
    assert found["NOTIFYs go to"] == ["192.0.2.1 port 5353"]  # it speaks IPv4 alone
    assert found["transfers go to"] == ["10.0.0.5"]
    assert found["its NOTIFYs from"] == ["10.0.0.1"]
    assert found["it is asked at"] == ["10.0.0.1 port 53"]
    assert found["TSIG key"] == ["none"]
    found = sheet(shown("dc").stdout)
    assert found["TSIG key"] == ["old.example"] and found["algorithm"] == ["hmac-sha512"]
    assert found["zones"] == ["as the two sides agree: patterns stand for them here"]


def test_an_address_that_only_this_host_reaches_is_for_who_is_on_it(shown):
    config = CONFIG.replace("192.0.2.1@5353", "127.0.0.1@5353, 192.0.2.1@5353").replace("10.0.0.1@53\n", "127.0.0.2@53\n")
    assert sheet(shown("anycast", config=config).stdout)["primary (to ask)"] == [
        "192.0.2.1 port 5353", "2001:db8::1 port 5353"]
    assert "127.0.0.1 port 5353" in sheet(shown("hq", config=config).stdout)["NOTIFYs go to"]
    config = CONFIG.replace("192.0.2.1@5353, 2001:db8::1@5353", "127.0.0.1@5353")
    assert sheet(shown("anycast", config=config).stdout)["primary (to ask)"] == ["127.0.0.1 port 5353"]


def test_what_stands_for_one_primary_is_what_its_secondary_asks(shown):
    found = sheet(shown("plain").stdout)
    assert found["primary (to ask)"] == ["192.0.2.2 port 53"]
    assert found["NOTIFYs come from"] == ["192.0.2.2"]


def test_in_transparent_mode_each_side_keeps_the_others_addresses(shown):
    config = CONFIG.replace("[proxy]\n", "[proxy]\ntransparent = yes\n").replace("listen = 192.0.2.2@53\n", "")
    found = sheet(shown("anycast", config=config).stdout)
    assert found["primary (to ask)"] == ["10.0.0.1 port 53"]
    assert found["NOTIFYs come from"] == ["10.0.0.1"]
    found = sheet(shown("hq", config=config).stdout)
    assert found["NOTIFYs go to"] == ["203.0.113.10 port 53"]
    assert found["transfers go to"] == ["203.0.113.10"]


@pytest.mark.parametrize("form", ["bind", "nsd", "knot", "powerdns", "yadifa"])
def test_a_secret_is_never_shown_unasked(shown, form):
    plain, secret = shown("-f", form, "anycast").stdout, shown("-f", form, "--secret", "anycast").stdout
    assert SECRET not in plain and "show --secret prints it" in plain
    assert SECRET in secret and "the-secret-goes-here" not in secret


@pytest.mark.parametrize(("form", "peer", "why"), [
    ("unbound", "anycast", "knows no TSIG"), ("unbound", "hq", "gives no zones away"),
    ("dnsmasq", "anycast", "takes no zones from others"), ("axfrdns", "plain", "takes no zones from others"),
    ("dnsmasq", "dc", "knows no TSIG"), ("axfrdns", "dc", "knows no TSIG")])
def test_what_a_server_cannot_be_is_said(shown, form, peer, why):
    done = shown("-f", form, peer)
    assert (done.returncode, done.stdout) == (1, "") and why in done.stderr


def test_a_peer_that_is_not_there_and_those_that_are(shown):
    done = shown("anycats")
    assert (done.returncode, done.stdout) == (1, "")
    assert "names no peer 'anycats'; there are hq dc anycast plain" in done.stderr


def test_a_zone_may_be_named_where_none_is_listed(shown):
    assert 'zone "example.net" {' in shown("-f", "bind", "--zone", "example.net", "plain").stdout
    done = shown("-f", "bind", "plain").stdout
    assert 'zone "example.org" {' in done and "the like for each of the zones" in done


def test_addresses_of_both_families_and_slashes_in_names(shown, tmp_path):
    """Whatever the server, its own checker takes it."""
    import subprocess

    words = ["--secret", "anycast"]
    (tmp_path / "named.conf").write_text(shown("-f", "bind", *words).stdout)
    (tmp_path / "nsd.conf").write_text(f'server:\n zonesdir: "{tmp_path}"\n' + shown("-f", "nsd", *words).stdout)
    (tmp_path / "knot.conf").write_text(shown("-f", "knot", *words).stdout)
    for command in (["named-checkconf", tmp_path / "named.conf"], ["nsd-checkconf", tmp_path / "nsd.conf"],
                    ["knotc", "-c", tmp_path / "knot.conf", "conf-check"]):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
    assert "'[2001:db8::1]:5353'" in shown("-f", "powerdns", *words).stdout
    assert "0-25.2.0.192.in-addr.arpa.zone" in (tmp_path / "named.conf").read_text()
