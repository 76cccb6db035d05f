"""NOTIFYs that anyone may have sent who can forge a plain primary's address: what they can cause at most (L4)."""

import itertools
import random
import struct

import pytest

import client
import messages
import net
import tsigtool
from asked import Asked
from flood import Flood, Probes, Secondaries, notifies
from gateway import HostedProxy
from messages import NOERROR, REFUSED, notify
from namespaces import Star
from process import until
from proxy import Proxy
from relay import ZONE
from scripted import Scripted, sound
from test_notify import Player, Stage
from tsigtool import Key

DEAD = 50
COPY_MAX = 600
RATE = 200  # notify-rate unless set


def junk(message, size):
    """The NOTIFY with records behind its answer that belong to no NOTIFY, up to so many octets."""
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, 201) + b"\xc8" + random.randbytes(200)
                    for _ in range((size - len(message)) // 213))
    count = len(body) // 213
    return messages.with_counts(message, ns=count // 2, ar=count - count // 2) + body


def test_X7_of_a_large_notify_no_more_than_question_and_hint_are_signed(launch, tmp_path, transport):
    one = Player("one")
    scene = Stage(launch, tmp_path, [one])
    message = notify(ZONE, 42)
    assert tsigtool.rcode(scene.ask(junk(message, 60000), transport)) == NOERROR
    (request,) = one.sent()
    print(f"60,000 octets in, {len(request.wire)} out")
    assert len(request.wire) < COPY_MAX
    assert request.bare[2:] == message[2:]


class Forged:
    """A primary without a key, which says nothing itself, and secondaries that hear what is said in its name.
    `addresses`: so many of each secondary; `sections`: of others."""

    def __init__(self, launch, directory, secondaries, addresses=1, sections=(), **settings):
        self.server = launch(Scripted(sound))
        self.source = self.server.place.address
        self.keys = {f"s{n}": Key.new(f"s{n}.example") for n in range(secondaries)}
        homes = {name: [net.fresh_address() for _ in range(addresses)] for name in self.keys}
        self.dead = launch(Secondaries({address: None for home in homes.values() for address in home}))
        sections = [("primary hq", {"address": net.text(self.server.place)}), *sections]
        for name, key in self.keys.items():
            places = [net.text(self.dead.places[address]) for address in homes[name]]
            sections += [key.section(), (f"secondary {name}", {"address": places, "key": key.label, "zones": "*"})]
        self.asker, self.asker_key = homes["s0"][0], self.keys["s0"]
        http = net.free_place()
        self.proxy = launch(Proxy(directory / "proxy", sections, http=net.text(http), **settings))
        self.asked = Asked(self.proxy, place=http)

    def say(self, *wires):
        asking = client.Udp(self.proxy.place, self.source)
        for wire in wires:
            asking.send(wire)
        asking.close()

    def settled(self):
        """So many secondaries were given up, fan-out by fan-out. Of the lines that tell of it, some may be lost."""
        lines = self.asked.get("/metrics").text.splitlines()
        return sum(int(line.split()[-1]) for line in lines
                   if line.startswith("tsig_proxy_notify_total{") and 'result="timeout"' in line)


def test_M3_one_forged_notify_makes_three_copies_for_an_address_and_one_when_it_sleeps(launch, tmp_path, capsys):
    scene = Forged(launch, tmp_path, DEAD, answer_timeout=4)
    wire = junk(notify("a.example", 1), 2000)
    lines = []

    def tell(what, said, since):
        copies = [copy for kept in scene.dead.copies.values() for copy in kept[since:]]
        size = sum(len(copy[2]) for copy in copies)
        lines.append(f"  {what}: {said} NOTIFY of {len(wire)} octets, {len(copies)} copies, {size} octets, "
                     f"x{size / (said * len(wire)):.1f}")
        return len(copies), max(len(copy[2]) for copy in copies)

    scene.say(wire)
    until(lambda: scene.settled() == DEAD, "all are asleep, and the fan-out is over")
    count, size = tell("awake ", 1, 0)
    assert count == 3 * DEAD and size < COPY_MAX
    # a zone of its own each, for of one zone there is one fan-out at a time
    scene.say(*(junk(notify(f"{letter}.example", 1), 2000) for letter in "bcdef"))
    until(lambda: scene.settled() == 6 * DEAD, "the five are over")
    count, size = tell("asleep", 5, 3)
    assert count == 5 * DEAD and size < COPY_MAX
    with capsys.disabled():
        print("\n" + "\n".join(lines))


def test_M3_of_one_zone_there_is_one_fan_out_and_one_that_waits(launch, tmp_path):
    scene = Forged(launch, tmp_path, 1, answer_timeout=1)
    scene.say(*(notify(ZONE, serial) for serial in range(200)))
    until(lambda: scene.settled() == 2, "two fan-outs are over")
    (copies,) = scene.dead.copies.values()
    serials = [messages.first_serial(wire) for _, _, wire in copies]
    assert len(set(serials)) == 2 and serials[-1] == 199
    assert len(copies) <= 2 * 2  # answer-timeout leaves no time for a third


@pytest.mark.parametrize("secondaries,addresses,rate", [(2, 2, 3000), (1, 1, 4700)])
def test_L4_a_flood_for_zones_without_number_begins_notify_rate_fan_outs_a_second(
        launch, tmp_path, capsys, secondaries, addresses, rate):
    seconds = 3
    scene = Forged(launch, tmp_path, secondaries, addresses, log_level="notice")
    flood = launch(Flood(scene.proxy.place, [scene.source], notifies("example"), rate, seconds))
    probes = Probes(scene.proxy.place, scene.asker, scene.asker_key, ZONE).run(scene.proxy.pid, 100, seconds)
    flood.wait(5)
    begun = {}
    for moment, zone, _ in itertools.chain(*scene.dead.copies.values()):
        begun[zone] = min(moment, begun.get(zone, moment))
    each = [sum(flood.began + s <= moment < flood.began + s + 1 for moment in begun.values()) for s in range(seconds)]
    with capsys.disabled():
        print(f"\n  {flood.sent} NOTIFYs, {rate}/s, {secondaries * addresses} addresses: fan-outs begun each second {each}, "
              f"{scene.dead.count()} copies, {probes.descriptors} descriptors at most")
        print(probes.line("  signed questions meanwhile"))
    assert 0 < sum(each) <= RATE * (seconds + 1)
    assert probes.answered == probes.asked == 100
    # a socket for each address of a fan-out, for answer-timeout
    assert probes.descriptors < 100 + RATE * (seconds + 1) * secondaries * addresses


def test_L4_a_flood_for_the_same_thousands_of_zones_leaves_places_to_others(launch, tmp_path, capsys):
    """Long enough that all that wait would be more than there is room for."""
    live, zones, seconds = Player("live"), 4000, 4
    live.settings["zones"] = ZONE
    launch(live.server)
    scene = Forged(launch, tmp_path, 1, sections=[live.key.section(), ("secondary live", live.settings)],
                   log_level="notice", answer_timeout=10)
    pattern, hint = notifies("example"), notify("a.example", 0)[-20:]

    def make(number):
        wire = tsigtool.with_id(pattern(number % zones), number % 65536)
        return wire[:-20] + struct.pack("!I", number) + hint[4:]

    flood = launch(Flood(scene.proxy.place, [scene.source], make, 5000, seconds))
    probes = Probes(scene.proxy.place, scene.asker, scene.asker_key, ZONE).run(scene.proxy.pid, 100, seconds)
    flood.wait(5)
    with capsys.disabled():
        print("\n" + probes.line(f"{flood.sent} NOTIFYs for {zones} zones: signed questions meanwhile"))
    assert probes.answered == probes.asked == 100
    scene.proxy.wait(event="limit", result="too-many-notifies")
    primary = client.Udp(scene.proxy.place, scene.source)
    assert tsigtool.rcode(primary.ask(notify(ZONE, 1), 5)) == NOERROR, "of a zone that is listed"
    primary.close()
    assert len(live.sent()) == 1


def test_a_forged_notify_does_not_stand_for_the_primarys_own(launch, tmp_path):
    """Of the same ID, question and serial, from another port, and acknowledged."""
    one = Player("one")
    scene = Stage(launch, tmp_path, [one])
    message = notify(ZONE, 42)
    for count in (1, 2):
        assert tsigtool.rcode(scene.ask(message)) == NOERROR
        assert len(one.sent()) == count


def test_acknowledged_forgeries_of_many_ids_swallow_nothing(launch, tmp_path):
    one = Player("one")
    one.settings["zones"] = ZONE  # listed by name: ten times notify-rate
    scene = Stage(launch, tmp_path, [one], log_level="notice")
    primary, forger = scene.primary(), scene.primary()
    for asking in (forger, primary):
        for number in range(200):
            count = len(one.sent())
            assert tsigtool.rcode(asking.ask(notify(ZONE, 42, number=number))) == NOERROR
            assert len(one.sent()) == count + 1
    forger.close()
    primary.close()


@pytest.fixture
def two_sided(launch, tmp_path):
    """two_sided(settings): a proxy with an address inside and one outside, which stands for its primary. Returns
    ask(place), a NOTIFY in the primary's name sent there, and the secondary."""

    def make(**settings):
        one, inside, outside = Player("one"), net.fresh_place(), net.fresh_place()
        launch(one.server)
        source = net.fresh_address()
        places = {"inside": inside, "outside": outside}
        own = {name: places[side].address if name == "heard_at" else net.text(places[side])
               for name, side in settings.items()}
        proxy = launch(Proxy(tmp_path / "proxy", [
            one.key.section(), ("primary hq", {"address": f"{source}@53", **own}), ("secondary one", one.settings),
        ], listen=[net.text(place) for side, place in places.items() if side != settings.get("listen")]))

        def ask(side, transport="udp"):
            asking = client.CLIENTS[transport](places[side], source)
            try:
                return tsigtool.rcode(asking.ask(notify(ZONE, 1)))
            finally:
                asking.close()

        return ask, one, proxy

    return make


def test_M1_a_plain_primary_is_not_heard_where_secondaries_ask_for_it(two_sided, transport):
    ask, one, proxy = two_sided(listen="outside")
    assert ask("outside", transport) == REFUSED
    proxy.wait(event="refused", result="not-heard-here")
    assert one.sent() == []
    assert ask("inside", transport) == NOERROR
    assert len(one.sent()) == 1


def test_M1_with_heard_at_a_plain_primary_is_heard_there_alone(two_sided, transport):
    ask, one, proxy = two_sided(heard_at="inside")
    assert ask("outside", transport) == REFUSED
    proxy.wait(event="refused", result="not-heard-here")
    assert one.sent() == []
    assert ask("inside", transport) == NOERROR
    assert len(one.sent()) == 1


@pytest.mark.parametrize("rp_filter,heard", [(1, False), (0, True)])
def test_a_notify_forged_from_the_other_side_of_a_gateway_is_for_rp_filter_to_drop(launch, tmp_path, rp_filter, heard):
    """In transparent mode a NOTIFY is for the secondary's own address, so where it came in is all that tells."""
    star = launch(Star("primary", "east", "public"))
    star.router.sysctl("ipv4/conf/all/rp_filter", rp_filter)
    one = Player("one")
    place = star["east"].v4
    with star["east"].namespace:
        one.server = launch(Scripted(one.script, place=place))
    proxy = launch(HostedProxy(tmp_path / "proxy", star.router, [
        one.key.section(), ("primary hq", {"address": star["primary"].v4.address}),
        ("secondary one", {"address": place.address, "key": one.key.label, "zones": ZONE})]))
    proxy.rules("up")
    star["public"].namespace.ip(f"addr add {star['primary'].v4.address}/32 dev lo")
    with star["public"].namespace:
        forger = client.Udp(place, star["primary"].v4.address)
    forger.send(notify(ZONE, 1))
    forger.close()
    with star["primary"].namespace:
        primary = client.Udp(place, star["primary"].v4.address)
    assert tsigtool.rcode(primary.ask(notify(ZONE, 2))) == NOERROR
    primary.close()
    assert sorted(messages.first_serial(r.bare) for r in one.server.wait(1 + heard)) == ([1, 2] if heard else [2])
