"""M2: NOTIFYs that go no further: of other types than SOA, and for secondaries that take none."""

import dns.message
import dns.opcode
import pytest

import client
import messages
import net
import tsigtool
from messages import NOERROR, NOTIMP, REFUSED, notify
from relay import ZONE
from test_notify import Player, Stage

CDS, CSYNC = 59, 62


def generalized(kind):
    """A NOTIFY(CDS) or NOTIFY(CSYNC) of RFC 9859."""
    message = dns.message.from_wire(messages.query(ZONE, kind))
    message.set_opcode(dns.opcode.NOTIFY)
    return message.to_wire()


@pytest.fixture
def scene(launch, tmp_path):
    """Two secondaries, of which the second has a local address of its own."""
    one, two, place = Player("one"), Player("two"), net.fresh_place()
    two.settings["listen"] = net.text(place)
    made = Stage(launch, tmp_path, [one, two])
    made.own_place = place
    return made


@pytest.mark.parametrize("kind", [CDS, CSYNC], ids=["CDS", "CSYNC"])
def test_M2_a_notify_of_another_type_does_not_fan_out(scene, transport, kind):
    answer = scene.ask(generalized(kind), transport)
    assert tsigtool.rcode(answer) == NOTIMP
    assert messages.question_type(answer) == kind
    assert [player.sent() for player in scene.players] == [[], []]


@pytest.mark.parametrize("kind", [CDS, CSYNC], ids=["CDS", "CSYNC"])
def test_M2_a_notify_of_another_type_goes_to_whom_its_destination_stands_for(scene, transport, kind):
    one, two = scene.players
    asking, message = client.CLIENTS[transport](scene.own_place, scene.source), generalized(kind)
    assert tsigtool.rcode(asking.ask(message)) == NOERROR
    asking.close()
    (request,) = two.sent()
    assert one.sent() == []
    assert (request.kind, request.transport, request.bare[2:]) == (kind, transport, message[2:])


def test_M2_a_secondary_with_notify_no_is_sent_none(launch, tmp_path, transport):
    one, two = Player("one"), Player("two")
    two.settings["notify"] = "no"
    two.settings["zones"] = [ZONE, "two.example"]
    one.settings["zones"] = ZONE
    scene = Stage(launch, tmp_path, [one, two])
    assert tsigtool.rcode(scene.ask(notify(ZONE, 1), transport)) == NOERROR
    assert tsigtool.rcode(scene.ask(notify("two.example", 1), transport)) == NOERROR
    assert tsigtool.rcode(scene.ask(notify("three.example", 1), transport)) == REFUSED
    assert [r.zone for r in one.sent()] == [ZONE]
    assert two.sent() == []
