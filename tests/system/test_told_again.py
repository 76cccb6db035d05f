"""M3: a secondary that did not answer a NOTIFY is told again by the proxy itself, without the primary."""

import time

import messages
import tsigtool
from client import Udp
from messages import NOERROR, notify, query
from process import until
from relay import ZONE
from scripted import Scripted, sound
from test_notify import Player, Stage


def test_M3_who_comes_back_is_told_the_newest_hint_after_15_s(launch, tmp_path):
    """Takes these 15 seconds. Of five that are dead, each is silent to the primary's own NOTIFYs."""
    back, asks, never, any_zone, wanted = (Player(name, rcode=None) for name in
                                           ("back", "asks", "never", "any-zone", "wanted"))
    well, primary = Player("well"), launch(Scripted(sound))
    for player in (back, asks, never):
        player.settings["zones"] = ZONE
    players = [back, asks, never, any_zone, wanted, well]
    scene = Stage(launch, tmp_path, players, answer_timeout=1, primary_place=primary.place)

    def ask(player):
        asking = Udp(scene.proxy.place, player.server.place.address)
        wire, mac = tsigtool.sign(query(ZONE), player.key)
        tsigtool.verify(asking.ask(wire), player.key, mac)
        asking.close()

    ask(wanted)  # it lists no zone by name, but has asked for this one
    for serial in (1, 2):
        assert tsigtool.rcode(scene.ask(notify(ZONE, serial))) == NOERROR
    until(lambda: len(scene.proxy.events(event="notify", result="timeout")) == 10, "the primary's own are over")
    began, marks = time.monotonic(), {player: len(player.sent()) for player in players}
    ask(asks)
    back.rcode = wanted.rcode = NOERROR
    told = {player: player.server.wait(marks[player] + 1)[-1] for player in (back, never, wanted)}
    for player, request in told.items():
        assert 12 < request.time - began < 17, player.name
        assert messages.first_serial(request.bare) == 2, player.name
        assert request.transport == "udp"
    line = scene.proxy.wait(event="notify", peer="back", result="ok")
    assert (line["zone"], line["serial"]) == (ZONE, "2")
    scene.proxy.wait(event="notify", peer="wanted", result="ok")
    until(lambda: len(scene.proxy.events(event="notify", peer="never", result="timeout")) == 3, "that one is over, too")
    assert {player.name: len(player.sent()) - mark for player, mark in marks.items()} == {
        "back": 1, "asks": 0, "never": 1, "any-zone": 0, "wanted": 1, "well": 0}
    # awake again: nobody waits in vain, and what was told is not told again
    began = time.monotonic()
    never.rcode = any_zone.rcode = asks.rcode = NOERROR
    assert tsigtool.rcode(scene.ask(notify(ZONE, 3))) == NOERROR
    assert messages.first_serial(back.sent()[-1].bare) == 3 and time.monotonic() - began < 1
