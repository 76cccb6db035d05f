"""Reload by SIGHUP: all or nothing, and nothing in flight notices."""

import signal
import threading

import client
import messages
import net
import process
import pytest
import tsigtool
from messages import query, soa
from proxy import ini, own_settings
from relay import Relay, ZONE, answers
from scripted import Scripted, sound
from tsigtool import Key

REFUSED, NOERROR = 5, 0


class Changing:
    """A relay whose configuration is written anew."""

    def __init__(self, launch, directory, script=sound, **settings):
        self.relay = Relay(launch, directory, script, **settings)
        self.launch = launch
        self.primary = ("primary legacy", {"address": net.text(self.relay.primary.place)})
        self.secondary = ("secondary anycast", {"address": net.text(self.relay.secondary_place),
                                                "key": self.relay.key.label})
        self.settings = own_settings(self.relay.proxy.place, **settings)

    @property
    def proxy(self):
        return self.relay.proxy

    def hup(self, text, event):
        start = self.proxy.mark()
        self.proxy.path.write_text(text)
        self.proxy.process.signal(signal.SIGHUP)
        return self.proxy.wait(event=event, start=start)

    def reload(self, *sections, event="reloaded", **settings):
        own = {**self.settings, **settings}
        return self.hup(ini([("proxy", own), *sections]), event)


@pytest.fixture
def changing(launch, tmp_path):
    def make(*arguments, **settings):
        return Changing(launch, tmp_path, *arguments, **settings)

    return make


def rcode_of(place, source, key, transport="udp"):
    wire, _ = tsigtool.sign(query(ZONE), key)
    asking = client.CLIENTS[transport](place, source)
    try:
        return tsigtool.rcode(asking.ask(wire, 5))
    finally:
        asking.close()


def test_peers_keys_and_listeners_come_and_go(changing):
    scene, other, source = changing(), Key.new("other.example"), net.fresh_address()
    keys = scene.relay.key.section(), other.section()
    assert rcode_of(scene.proxy.place, source, other) == REFUSED
    second = net.free_place()
    scene.reload(*keys, scene.primary, scene.secondary,
                 ("secondary new", {"address": source, "key": other.label}),
                 listen=[net.text(scene.proxy.place), net.text(second)])
    for place in (scene.proxy.place, second):
        for transport in ("udp", "tcp"):
            assert rcode_of(place, source, other, transport) == NOERROR
            assert rcode_of(place, scene.relay.source, scene.relay.key, transport) == NOERROR
    scene.reload(*keys[:1], scene.primary, scene.secondary)
    assert rcode_of(scene.proxy.place, source, other) == REFUSED
    with pytest.raises(ConnectionRefusedError):
        client.CLIENTS["tcp"](second, source)


@pytest.mark.parametrize("mistake", ["syntax", "key", "port", "restart"])
def test_a_reload_that_is_refused_changes_nothing(changing, mistake):
    scene, other = changing(), Key.new("other.example")
    taken = Scripted(sound)
    scene.launch(taken)
    more = {"port": {"listen": [net.text(scene.proxy.place), net.text(taken.place)]},
            "restart": {"status_zones": 7}}.get(mistake, {})
    secondary = dict(scene.secondary[1], key=other.label, **({"nonsense": 1} if mistake == "syntax" else {}))
    keys = [] if mistake == "key" else [other.section()]
    line = scene.reload(*keys, scene.primary, ("secondary anycast", secondary), event="reload-refused", **more)
    assert "nothing has changed" in line["advice"]
    assert rcode_of(scene.proxy.place, scene.relay.source, scene.relay.key) == NOERROR
    assert not scene.proxy.events(event="reloaded")


class Halves:
    """A transfer whose second half comes when the test says so."""

    def __init__(self):
        self.go = threading.Event()

    def __call__(self, request):
        if request.kind != messages.AXFR:
            sound(request)
            return
        request.answer(soa(ZONE, 7), f"a.{ZONE}. 60 IN A 192.0.2.1")
        self.go.wait(process.PATIENCE)
        try:
            request.answer(f"b.{ZONE}. 60 IN A 192.0.2.2", soa(ZONE, 7))
        except OSError:
            pass  # it was broken off


def begin_transfer(scene):
    asking = scene.relay.client()
    verifier = scene.relay.send(asking, query(ZONE, "AXFR"))
    first = verifier.check(asking.receive())[0]
    return asking, verifier, first


def test_what_is_in_flight_ends_with_the_key_it_began_with(changing):
    halves, new = Halves(), Key.new("new.example")
    scene = changing(halves)
    asking, verifier, first = begin_transfer(scene)
    secondary = ("secondary anycast", dict(scene.secondary[1], key=new.label))
    line = scene.reload(new.section(), scene.relay.key.section(), scene.primary, secondary)
    assert line["old-in-use"] == "1"
    assert rcode_of(scene.proxy.place, scene.relay.source, new) == NOERROR
    halves.go.set()
    rest = verifier.check(asking.receive())[0]
    assert len(answers([first, rest])) == 4
    asking.close()


def test_a_transfer_of_a_peer_that_is_gone_ends_after_the_drain_timeout(changing):
    halves, other = Halves(), Key.new("other.example")
    scene = changing(halves)
    asking, _, _ = begin_transfer(scene)
    scene.reload(other.section(), scene.primary,
                 ("secondary other", {"address": net.fresh_address(), "key": other.label}))
    assert scene.proxy.wait(event="transfer")["result"] == "reloaded"
    with pytest.raises((ConnectionResetError, client.Closed)):
        asking.receive()
    halves.go.set()
    asking.close()


def test_questions_are_answered_throughout(changing):
    scene, stop, lost = changing(), threading.Event(), []

    def ask_on(transport):
        while not stop.is_set():
            try:
                if rcode_of(scene.proxy.place, scene.relay.source, scene.relay.key, transport) != NOERROR:
                    lost.append("refused")
            except OSError as error:
                lost.append(repr(error))

    asking = [threading.Thread(target=ask_on, args=(t,)) for t in ("udp", "tcp")]
    for thread in asking:
        thread.start()
    try:
        for i in range(40):
            extra = [("secondary extra", {"address": f"192.0.2.{i + 1}", "key": scene.relay.key.label,
                                          "zones": "extra.example"})] if i % 2 else []
            scene.reload(scene.relay.key.section(), scene.primary, scene.secondary, *extra,
                         fudge=300 + i, log_level=["debug", "info"][i % 2])
    finally:
        stop.set()
        for thread in asking:
            thread.join()
    assert lost == []


def test_a_secret_changes_under_the_name_of_the_key(changing):
    """The other side changes over when it likes, and nobody is refused before, then or after."""
    it = changing()
    old = it.relay.key
    fresh = Key.new(old.name, label="fresh")
    asks = it.relay.proxy.place, it.relay.source
    assert it.reload(old.section(), fresh.section(), it.primary,
                     (it.secondary[0], {**it.secondary[1], "key": f"{old.label}, fresh"}))
    assert [rcode_of(*asks, key) for key in (old, fresh, old)] == [NOERROR] * 3
    assert it.reload(fresh.section(), it.primary, (it.secondary[0], {**it.secondary[1], "key": "fresh"}))
    assert rcode_of(*asks, fresh) == NOERROR
