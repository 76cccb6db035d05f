"""A standby: it starts and is ready while its address is another host's, and serves when that comes."""

import json

import pytest

import client
import messages
import net
import proxy as proxy_module
import tsigtool
from asked import Asked
from messages import NOERROR, SERVFAIL, notify, query
from namespaces import Star
from net import Place
from process import until
from proxy import Proxy, ini, own_settings
from scripted import Scripted, sound
from test_control import short_path  # noqa: F401
from tsigtool import Key

ZONE = "example.org"
KEY = Key.new("xfr.example")
# In the network of the proxy's host, which the router asks for its neighbours.
SHARED = {4: Place("10.53.1.100", 53), 6: Place("fd53:1::100", 53)}


def signed(request):
    """A secondary that takes a NOTIFY."""
    bare, tsig = tsigtool.verify(request.wire, KEY)
    request.reply(tsigtool.sign(messages.answer(bare), KEY, request_mac=tsig.mac)[0])


class Scene:
    """A primary, a secondary, and the host of the standby, which has an address of its own as well."""

    def __init__(self, launch, directory, version):
        self.launch, self.directory, self.version = launch, directory, version
        self.star = launch(Star("standby", "primary", "secondary"))
        self.shared = SHARED[version]
        self.own, self.primary_at, self.secondary_at = (
            self.star[role][1 if version == 4 else 2] for role in ("standby", "primary", "secondary"))
        self.listen = f"{self.own.address}, {self.shared.address}"
        self.sections = [
            KEY.section(),
            ("primary hq", {"address": self.primary_at.address}),
            ("secondary east", {"address": self.secondary_at.address, "key": KEY.label, "zones": ZONE,
                                "source": self.shared.address}),
        ]
        self.path = directory / "other.ini"

    def command(self, word, **settings):
        """A command on the standby, to its end."""
        text = ini([("proxy", own_settings(self.own, **{**settings, "listen": self.listen})), *self.sections])
        self.path.write_text(text)
        self.path.chmod(0o600)
        return self.star["standby"].namespace.call(proxy_module.program(), word, "-c", self.path)

    def serve(self, role, script, place):
        with self.star[role].namespace:
            return self.launch(Scripted(script, place=place))

    def start(self, **settings):
        proxy = Proxy(self.directory / "proxy", self.sections, listen=self.listen, freebind="yes", **settings)
        with self.star["standby"].namespace:
            return self.launch(proxy)

    def ask(self, role, target, wire, transport):
        with self.star[role].namespace:
            asking = client.CLIENTS[transport](target, self.star[role][1 if self.version == 4 else 2].address)
        try:
            return asking.ask(wire)
        finally:
            asking.close()

    def take_address(self):
        length = 24 if self.version == 4 else 64
        self.star["standby"].namespace.ip(f"addr add {self.shared.address}/{length} dev eth0")


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def scene(request, launch, tmp_path):
    return Scene(launch, tmp_path, request.param)


def lines_about(done, address, word):
    return [line for line in done.stderr.splitlines() if address in line and word in line]


def test_M8_an_address_that_is_not_here_is_an_error_that_names_the_cure(scene):
    address = scene.shared.address
    for word in ("check", "run"):
        done = scene.command(word)
        assert done.returncode == 1, done
        (line,) = lines_about(done, address, "'listen'")
        assert f"{scene.path}:2: error: " in line
        assert "freebind = yes" in line
        (line,) = lines_about(done, address, "'source'")
        assert ": warning: " in line


def test_M8_check_notes_what_is_not_here_yet_and_says_no_more_once_it_is(scene):
    address = scene.shared.address
    done = scene.command("check", freebind="yes")
    assert done.returncode == 0, done
    assert [": note: " in line for line in lines_about(done, address, "")] == [True, True]
    scene.take_address()
    for settings in ({}, {"freebind": "yes"}):
        done = scene.command("check", **settings)
        assert (done.returncode, lines_about(done, address, "")) == (0, []), done


def test_a_standby_serves_an_address_when_it_comes(scene):
    scene.serve("primary", sound, scene.primary_at)
    secondary = scene.serve("secondary", signed, scene.secondary_at)
    proxy = scene.start()

    # Nothing is sent from an address that is elsewhere.
    with scene.star["primary"].namespace:
        sender = client.Udp(scene.own, scene.primary_at.address)
    sender.send(notify(ZONE, 7))
    told = proxy.wait(event="notify", peer="east", result="no-socket")
    assert "address not available" in told["advice"]
    sender.close()
    assert secondary.requests == []

    scene.take_address()
    for transport in ("udp", "tcp"):
        wire, mac = tsigtool.sign(query(ZONE), KEY)
        answer = scene.ask("secondary", scene.shared, wire, transport)
        bare, _ = tsigtool.verify(answer, KEY, mac)
        assert messages.first_serial(bare) == 7

        before = len(secondary.requests)
        answer = scene.ask("primary", scene.shared, notify(ZONE, 8 + before), transport)
        assert tsigtool.rcode(answer) == NOERROR
        until(lambda count=before: len(secondary.requests) > count, "the secondary is told")
        request = secondary.requests[-1]
        assert (request.transport, request.source[0]) == (transport, scene.shared.address)


def test_M8_status_says_what_is_not_here_and_nothing_is_asked_from_it(scene, short_path):  # noqa: F811
    """`source` of the primary, `listen` and `source` that secondaries know; the standby is healthy all the time."""
    address = scene.shared.address
    scene.sections[1] = ("primary hq", {**scene.sections[1][1], "source": address})
    primary = scene.serve("primary", sound, scene.primary_at)
    scene.star["standby"].namespace.ip("link set lo up")
    place = net.Place("127.0.0.1", 9453)
    proxy = scene.start(control=short_path / "c.sock", http=net.text(place))

    def ask(word, *more):
        return scene.star["standby"].namespace.call(proxy_module.program(), word, "-c", proxy.path, *more)

    def metrics():
        with scene.star["standby"].namespace:
            return Asked(proxy, place=place).get("/metrics").text

    def wanted(shared):
        return {f'tsig_proxy_address_here{{address="{one}"}} {number:d}'
                for one, number in ((address, shared), (scene.own.address, True))}

    def here():
        """As the document and the metrics have it; they agree."""
        absent = json.loads(ask("status", "--json").stdout)["absent"]
        assert absent in ([], [address])
        assert (f"Not on this host now: {address}\n" in ask("status").stdout) == bool(absent)
        until(lambda: wanted(not absent) <= set(metrics().splitlines()), "the metrics agree")
        return not absent

    def answer():
        wire, mac = tsigtool.sign(query(ZONE), KEY)
        return tsigtool.verify(scene.ask("secondary", scene.own, wire, "tcp"), KEY, mac)[0]

    assert not here() and ask("health").returncode == 0
    assert tsigtool.rcode(answer()) == SERVFAIL
    assert primary.requests == []
    scene.take_address()
    assert here() and ask("health").returncode == 0
    assert messages.first_serial(answer()) == 7
    assert {request.source[0] for request in primary.requests} == {address}


def test_a_reload_takes_an_address_that_is_to_come(scene):
    scene.serve("primary", sound, scene.primary_at)
    scene.listen = scene.own.address
    proxy = Proxy(scene.directory / "proxy", scene.sections, listen=scene.listen)
    with scene.star["standby"].namespace:
        scene.launch(proxy)

    def reload(**settings):
        start = proxy.mark()
        listen = f"{scene.own.address}, {scene.shared.address}"
        proxy.path.write_text(ini([("proxy", own_settings(scene.own, **{**settings, "listen": listen})),
                                   *scene.sections]))
        proxy.process.signal(1)
        return start

    refused = proxy.wait(start=reload(), event="reload-refused", result="no-socket")
    assert "freebind = yes" in refused["advice"]
    proxy.wait(start=reload(freebind="yes"), event="reloaded")
    scene.take_address()
    wire, mac = tsigtool.sign(query(ZONE), KEY)
    bare, _ = tsigtool.verify(scene.ask("secondary", scene.shared, wire, "udp"), KEY, mac)
    assert messages.first_serial(bare) == 7
