"""NOTIFY fans out: rules M2, M3 and X7, with secondaries played by scripted servers."""

import time

import pytest

import client
import messages
import net
import tsigtool
from messages import FORMERR, NOERROR, NOTAUTH, NOTIMP, REFUSED, SERVFAIL, notify
from proxy import Proxy
from scripted import Scripted
from tsigtool import Key

ZONE = "example.org"


class Player:
    """A secondary played by the test: verifies what it is sent and answers with its rcode, or not."""

    def __init__(self, name, rcode=NOERROR):
        self.name = name
        self.key = Key.new(f"{name}.example")
        self.rcode = rcode  # None: silence
        self.server = Scripted(self.script)
        self.settings = {"address": net.text(self.server.place), "key": self.key.label, "zones": "*"}

    def script(self, request):
        bare, tsig = tsigtool.verify(request.wire, self.key)
        request.bare, request.tsig = bare, tsig
        if self.rcode is not None:
            request.reply(self.sign(request, messages.answer(bare, rcode=self.rcode)))

    def sign(self, request, answer):
        return tsigtool.sign(answer, self.key, request_mac=request.tsig.mac)[0]

    def sent(self):
        return self.server.requests


class Stage:
    def __init__(self, launch, directory, players, primary_place=None, **settings):
        """`primary_place`: where a primary answers, if anything is to be asked."""
        self.players = players
        place = primary_place or net.Place(net.fresh_address(), 53)
        self.source = place.address
        self.sections = [("primary legacy", {"address": net.text(place)})]
        for player in players:
            launch(player.server)
            self.sections.append(player.key.section())
            self.sections.append((f"secondary {player.name}", player.settings))
        self.proxy = launch(Proxy(directory / "proxy", self.sections, **settings))

    def primary(self, transport="udp"):
        return client.CLIENTS[transport](self.proxy.place, self.source)

    def ask(self, message, transport="udp"):
        asking = self.primary(transport)
        try:
            return asking.ask(message)
        finally:
            asking.close()


@pytest.fixture
def stage(launch, tmp_path):
    def make(*players, **settings):
        return Stage(launch, tmp_path, players, **settings)

    return make


def test_M3_each_secondary_is_told_with_its_own_key(stage, transport):
    one, two = Player("one"), Player("two")
    scene = stage(one, two)
    message = notify(ZONE, 42)
    answer = scene.ask(message, transport)
    assert (answer[:2], tsigtool.rcode(answer)) == (message[:2], NOERROR)
    assert tsigtool.detach(answer)[1] is None
    assert messages.question(answer) == messages.question(message)
    assert answer[2] & 0xF8 == 0xA0  # QR, NOTIFY
    for player in (one, two):
        (request,) = player.sent()
        assert request.transport == transport
        assert request.bare[2:] == message[2:]  # the hint with it; verified by the player
        assert (request.tsig.error, request.tsig.other) == (0, b"")
        line = scene.proxy.wait(event="notify", peer=player.name)
        assert line["zone"] == ZONE


def test_X7_only_question_hint_and_opt_go_along(stage):
    """What else stands in a NOTIFY would be signed for whoever wrote it."""
    one = Player("one")
    message = notify(ZONE, 42, payload=1232)
    address = bytes.fromhex("c00c 0001 0001 00000e10 0004 c0000201".replace(" ", ""))
    counts = (1, 1, 1, 2)
    assert messages.counts(message) == (1, 1, 0, 1)
    opt_at = len(message) - 11
    message = (message[:4] + b"".join(count.to_bytes(2, "big") for count in counts)
               + message[12:opt_at] + address + message[opt_at:] + address)
    stage(one).ask(message)
    (request,) = one.sent()
    assert messages.counts(request.bare) == (1, 1, 0, 1)
    assert messages.opt(request.bare) is not None
    assert messages.first_serial(request.bare) == 42


def test_M3_every_address_is_told_and_any_may_answer(stage):
    one, deaf = Player("one"), Player("deaf", rcode=None)
    deaf.key = one.key
    one.settings["address"] = [net.text(deaf.server.place), net.text(one.server.place)]
    deaf.server.start()
    try:
        answer = stage(one).ask(notify(ZONE))
        assert tsigtool.rcode(answer) == NOERROR
        deaf.server.wait(1)
        assert len(one.sent()) == 1
    finally:
        deaf.server.stop()


JOINS = [
    ((NOERROR, NOERROR), NOERROR),
    ((NOERROR, REFUSED), REFUSED),
    ((SERVFAIL, REFUSED), SERVFAIL),
    ((REFUSED, NOTAUTH), NOTAUTH),
    ((FORMERR, NOERROR), FORMERR),
    ((FORMERR, REFUSED), REFUSED),
    ((NOTIMP, NOERROR), NOERROR),
    ((NOTIMP, NOTIMP), NOTIMP),
    ((NOTIMP, REFUSED), REFUSED),
]


def test_M3_answers_are_joined(stage):
    one, two = Player("one"), Player("two")
    scene = stage(one, two)
    for serial, (rcodes, joined) in enumerate(JOINS):
        one.rcode, two.rcode = rcodes
        answer = scene.ask(notify(ZONE, serial))
        assert tsigtool.rcode(answer) == joined, rcodes


def test_M3_silence_is_asked_again_freshly_signed_and_holds_nobody_back(stage):
    deaf, well = Player("deaf", rcode=None), Player("well")
    scene = stage(deaf, well, answer_timeout=4)
    asking = scene.primary()
    began = time.monotonic()
    assert tsigtool.rcode(asking.ask(notify(ZONE, 1))) == NOERROR
    assert 0.9 < time.monotonic() - began < 2, "a second is what it waits for one"
    requests = deaf.server.wait(3)
    offsets = [r.time - requests[0].time for r in requests]
    assert 0.8 < offsets[1] < 2 and 2.6 < offsets[2] < 4
    assert len({r.tsig.mac for r in requests}) == 3
    assert [r.tsig.time for r in requests] == sorted({r.tsig.time for r in requests})
    assert scene.proxy.wait(event="notify", peer="deaf", result="asleep")
    assert scene.proxy.wait(event="notify", peer="deaf", result="timeout")
    assert len(well.sent()) == 1
    began = time.monotonic()
    assert tsigtool.rcode(asking.ask(notify(ZONE, 2))) == NOERROR
    assert time.monotonic() - began < 0.5, "nobody waits for who is asleep"
    asking.close()


def test_M3_with_nobody_awake_udp_is_answered_with_silence(stage):
    deaf = Player("deaf", rcode=None)
    scene = stage(deaf, answer_timeout=2)
    asking = scene.primary()
    asking.send(notify(ZONE, 1))
    assert scene.proxy.wait(event="notify", peer="deaf", result="timeout")
    assert asking.silent(0.5)
    assert len(deaf.sent()) == 2
    asking.close()


def test_M3_with_nobody_awake_tcp_is_answered_with_servfail(stage):
    scene = stage(Player("deaf", rcode=None), answer_timeout=2)
    began = time.monotonic()
    answer = scene.ask(notify(ZONE, 1), "tcp")
    assert tsigtool.rcode(answer) == SERVFAIL
    assert 1.5 < time.monotonic() - began < 4


def test_M3_retry_is_not_sent_to_who_has_acknowledged(stage):
    late, well = Player("late", rcode=None), Player("well")
    scene = stage(late, well, answer_timeout=2)
    asking, message = scene.primary(), notify(ZONE, 1)
    assert tsigtool.rcode(asking.ask(message)) == NOERROR
    late.server.wait(2)  # at 0 and 1 s
    scene.proxy.wait(event="notify", peer="late", result="timeout")
    late.rcode = NOERROR
    assert tsigtool.rcode(asking.ask(message)) == NOERROR
    late.server.wait(3)
    assert len(well.sent()) == 1
    count = len(late.sent())
    assert tsigtool.rcode(asking.ask(message)) == NOERROR  # by now both have
    assert (len(well.sent()), len(late.sent())) == (1, count)
    other_hint = messages.with_flags(notify(ZONE, 2, number=tsigtool.message_id(message)), 0x2400)
    assert tsigtool.rcode(asking.ask(other_hint)) == NOERROR
    assert (len(well.sent()), len(late.sent())) == (2, count + 1)
    asking.close()


def test_M3_late_answers_to_a_joined_duplicate(stage):
    """A retry while the first is in flight gets one answer."""
    slow = Player("slow", rcode=None)
    scene = stage(slow)
    asking, message = scene.primary(), notify(ZONE, 1)
    asking.send(message)
    (request,) = slow.server.wait(1)
    asking.send(message)
    request.reply(slow.sign(request, messages.answer(request.bare)))
    assert tsigtool.rcode(asking.receive()) == NOERROR
    slow.rcode = NOERROR
    second = notify(ZONE, 2)
    assert asking.ask(second)[:2] == second[:2]
    asking.close()


def test_M2_zones_say_who_is_told(stage):
    one, two = Player("one"), Player("two")
    one.settings["zones"] = ["one.example", "*.both.example"]
    two.settings["zones"] = ["two.example", "*.both.example"]
    scene = stage(one, two)
    for zone in ("one.example", "two.example", "a.both.example"):
        assert tsigtool.rcode(scene.ask(notify(zone))) == NOERROR
    assert [r.zone for r in one.sent()] == ["one.example", "a.both.example"]
    assert [r.zone for r in two.sent()] == ["two.example", "a.both.example"]
    assert tsigtool.rcode(scene.ask(notify("nobodys.example"))) == REFUSED
    assert len(one.sent() + two.sent()) == 4


def test_M2_listen_of_a_secondary_stands_for_it_alone(stage):
    one, two = Player("one"), Player("two")
    place = net.fresh_place()
    two.settings["listen"] = net.text(place)
    scene = stage(one, two)
    asking = client.Udp(place, scene.source)
    assert tsigtool.rcode(asking.ask(notify(ZONE))) == NOERROR
    asking.close()
    assert (len(one.sent()), len(two.sent())) == (0, 1)


def test_M3_source_of_the_secondary(stage, transport):
    one = Player("one")
    one.settings["source"] = net.fresh_address()
    stage(one).ask(notify(ZONE), transport)
    assert one.sent()[0].source[0] == one.settings["source"]


def test_M5_notify_from_an_unknown_address_is_refused(stage, transport):
    one = Player("one")
    scene = stage(one)
    asking = client.CLIENTS[transport](scene.proxy.place, net.fresh_address())
    assert tsigtool.rcode(asking.ask(notify(ZONE))) == REFUSED
    asking.close()
    assert one.sent() == []


def test_P23_answer_without_good_tsig_is_dropped_by_udp(stage):
    """And the proxy waits on for the right one."""
    one = Player("one", rcode=None)
    scene = stage(one)
    asking = scene.primary()
    asking.send(notify(ZONE, 1))
    (request,) = one.server.wait(1)
    plain = messages.answer(request.bare, rcode=SERVFAIL)
    request.reply(plain)
    request.reply(tsigtool.sign(plain, Key(one.key.name, secret=b"x" * 32), request_mac=request.tsig.mac)[0])
    request.reply(tsigtool.sign(plain, one.key, request_mac=b"y" * 32)[0])
    request.reply(tsigtool.sign(plain, Key.new("other.example"), request_mac=request.tsig.mac)[0])
    scene.proxy.wait(event="tsig-failure", peer="one")
    request.reply(one.sign(request, messages.answer(request.bare)))
    assert tsigtool.rcode(asking.receive()) == NOERROR
    asking.close()


def test_P23_badtime_of_a_secondary_is_logged_and_never_adopted(stage):
    one = Player("one", rcode=None)
    scene = stage(one)
    asking = scene.primary()
    asking.send(notify(ZONE, 1))
    request = one.server.wait(1)[0]
    ahead = int(time.time()) + 5000
    answer = messages.answer(request.bare, rcode=NOTAUTH)
    request.reply(
        tsigtool.sign(answer, one.key, request_mac=request.tsig.mac, time=request.tsig.time, error=18,
                      other=ahead.to_bytes(6, "big"))[0])
    line = scene.proxy.wait(event="clock-skew", peer="one")
    assert any(value.lstrip("+-").rstrip("s") in ("4999", "5000", "5001") for value in line.values())
    assert tsigtool.rcode(asking.receive()) == NOTAUTH  # it verifies: an answer like any other
    asking.close()
    one.rcode = NOERROR
    assert tsigtool.rcode(scene.ask(notify(ZONE, 2))) == NOERROR
    assert abs(one.sent()[-1].tsig.time - time.time()) < 5
