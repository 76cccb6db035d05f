"""M4: what goes on by 'other = pass' is never signed, and what came for the gateway itself never goes on."""

import pytest

import client
import tsigtool
from bench import assert_unsigned
from gateway import HostedProxy
from messages import NOERROR, REFUSED, TC, query
from namespaces import Star
from relay import ZONE
from scripted import Scripted, signing, sound
from tsigtool import Key

SECRET = "db.internal.corp"  # no zone of the secondary
HQ = Key.new("hq.example")
EAST = Key.new("east.example")
PASS = {"other": "pass", "zones": ZONE}


def test_M4_a_primary_with_a_key_hears_nothing_that_was_not_signed(make_relay, transport):
    relay = make_relay(signing(HQ, sound), sections=[HQ.section()], primary={"key": HQ.label}, secondary=PASS)
    for wire in (query(SECRET, "A"), query(f"www.{ZONE}", "A"), query(ZONE)):
        asking = relay.client(transport)
        assert_unsigned(asking.ask(wire), REFUSED)
        asking.close()
    relay.proxy.wait(event="refused", result="no-tsig", peer="anycast")
    assert (relay.primary.requests, relay.primary.connections) == ([], [])
    assert tsigtool.rcode(relay.ask(transport, query(ZONE))) == NOERROR


def test_M4_to_a_plain_primary_it_goes_unsigned_over_tcp(make_relay):
    relay = make_relay(secondary=PASS)
    asking, wire = relay.client("tcp"), query(SECRET, "A")
    assert_unsigned(asking.ask(wire), NOERROR)
    asking.close()
    (request,) = relay.primary.requests
    assert (request.transport, request.wire[2:]) == ("tcp", wire[2:])


def test_P29_over_udp_it_is_told_to_come_back_and_causes_no_connection(make_relay):
    relay = make_relay(secondary=PASS)
    asking = relay.client("udp")
    answer = asking.ask(query(SECRET, "A"))
    asking.close()
    assert_unsigned(answer, NOERROR)
    assert tsigtool.flags(answer) & TC
    assert (relay.primary.requests, relay.primary.connections) == ([], [])


class Path:
    """A primary with a key and a secondary, the gateway between them."""

    def __init__(self, launch, directory):
        self.star = launch(Star("primary", "east"))
        places = {role: self.star[role].v4 for role in ("primary", "east")}
        self.primary, self.east = places["primary"], places["east"]
        self.gateway = self.east._replace(address=self.east.address.rpartition(".")[0] + ".1")
        sections = [HQ.section(), EAST.section(),
                    ("primary hq", {"address": self.primary.address, "key": HQ.label}),
                    ("secondary east", {"address": self.east.address, "key": EAST.label, "zones": ZONE})]
        self.proxy = launch(HostedProxy(directory / "proxy", self.star.router, sections))
        self.proxy.rules("up")
        with self.star["primary"].namespace:
            self.server = launch(Scripted(sound, place=self.primary))

    def ask(self, place, wire, transport):
        with self.star["east"].namespace:
            asking = client.CLIENTS[transport](place, self.east.address)
        try:
            return asking.ask(wire)
        finally:
            asking.close()


@pytest.fixture(scope="module")
def path(module_stack, tmp_path_factory):
    def launch(thing):
        module_stack.callback(thing.stop)
        thing.start()
        return thing

    return Path(launch, tmp_path_factory.mktemp("path"))


def test_M4_on_the_path_it_goes_on_as_it_came(path, transport):
    before, wire = len(path.server.requests), query(SECRET, "A")
    assert_unsigned(path.ask(path.primary, wire, transport), NOERROR)
    (request,) = path.server.requests[before:]
    assert (request.transport, request.source[0]) == (transport, path.east.address)
    assert request.wire[2:] == wire[2:]


def test_M4_what_is_asked_of_the_gateway_itself_does_not_go_on(path, transport):
    before = len(path.server.requests), len(path.server.connections)
    for wire in (query(SECRET, "A"), query(ZONE)):
        assert_unsigned(path.ask(path.gateway, wire, transport), REFUSED)
    assert (len(path.server.requests), len(path.server.connections)) == before
    path.proxy.wait(event="refused", result="no-tsig")
