"""The transparent gateway: what may pass it without TSIG, what may not, and what is none of its business."""

import functools

import pytest

import messages
import tsigtool
from gateway import Gateway, GatewayKnot, GatewayNsd
from messages import NOERROR, NOTAUTH, REFUSED

VERSIONS = [4, 6]
TRANSPORTS = ["udp", "tcp"]
BOTH_WAYS = [("east", "primary"), ("primary", "east")]
# What is left of the usual 64 hops behind a router. A proxy's packets are its own.
FORWARDED = 63


@pytest.fixture(scope="module")
def gateway(module_stack, tmp_path_factory):
    def launch(thing):
        module_stack.callback(thing.stop)
        thing.start()
        return thing

    directory = tmp_path_factory.mktemp("gateway")
    gateway = Gateway(launch, directory, [(GatewayNsd, 4), (GatewayKnot, 6)], hosts=100).start()
    gateway.wait_notified()
    return gateway


@pytest.fixture
def capture(gateway, launch, tmp_path):
    """capture(role, …): recordings there, begun."""
    return functools.partial(gateway.capture, launch, tmp_path)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("source,target", BOTH_WAYS)
def test_ordinary_questions_of_a_pair_pass_unsigned(gateway, capture, source, target, version, transport):
    ends = capture(source, target)
    for kind, name in (("A", f"host00007.{gateway.zone.name}"), ("SOA", None)):
        wire, answer = gateway.ask(source, target, kind, name=name, version=version, transport=transport)
        assert tsigtool.rcode(answer) == NOERROR and messages.counts(answer)[1] == 1
    sent, received = (end.messages() for end in ends)
    assert len(sent) == len(received) == 4
    pair = {gateway.of(role, version).address for role in (source, target)}
    for here, there in zip(sent, received):
        assert {here.source[0], here.destination[0]} == {there.source[0], there.destination[0]} == pair
        assert here.source[0] == there.source[0]
        assert here.wire[2:] == there.wire[2:]  # but for the ID


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source,target", BOTH_WAYS)
def test_unsigned_transfers_and_changes_never_pass(gateway, capture, source, target, version):
    (at_target,) = capture(target)
    zone = gateway.zone
    tries = [
        (messages.query(zone.name, "AXFR"), "tcp"),
        (messages.ixfr_query(zone.name, zone.serial - 1), "tcp"),
        (messages.ixfr_query(zone.name, zone.serial - 1), "udp"),
        (messages.update(zone.name), "tcp"),
        (messages.update(zone.name), "udp"),
    ]
    if source == "east":
        tries += [(messages.notify(zone.name), "tcp"), (messages.notify(zone.name), "udp")]
    for wire, transport in tries:
        answer = gateway.exchange(source, target, wire, version=version, transport=transport)
        assert tsigtool.rcode(answer) == REFUSED
        assert tsigtool.detach(answer)[1] is None
    assert at_target.messages() == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_key_is_good_from_its_own_secondary_alone(gateway, capture, transport):
    (at_primary,) = capture("primary")
    wire, _ = tsigtool.sign(messages.query(gateway.zone.name), gateway.keys["west"])
    answer = gateway.exchange("east", "primary", wire, transport=transport)
    assert tsigtool.rcode(answer) == REFUSED
    assert tsigtool.detach(answer)[1] is None
    stranger = tsigtool.Key.new("stranger.example")
    answer = gateway.exchange("east", "primary", tsigtool.sign(messages.query(gateway.zone.name), stranger)[0],
                              transport=transport)
    assert tsigtool.rcode(answer) == NOTAUTH
    assert at_primary.messages() == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    "source,target", [("east", "west"), ("west", "east"), ("public", "primary"), ("public", "east")]
)
def test_others_talk_past_the_proxy(gateway, capture, source, target, version, transport):
    """Between the two secondaries, and with one of the public: forwarded packet by packet, whatever it is."""
    ends = capture(source, target)
    before = gateway.proxy.mark()
    key = gateway.keys["east"]
    asked = [messages.query(gateway.zone.name, "A"), tsigtool.sign(messages.query(gateway.zone.name), key)[0]]
    if transport == "tcp":
        asked.append(messages.query(gateway.zone.name, "AXFR"))
    for wire in asked:
        gateway.exchange(source, target, wire, version=version, transport=transport)
    assert gateway.proxy.process.lines[before:] == []
    sent, received = (end.messages() for end in ends)
    assert len(sent) == len(received) >= 2 * len(asked)
    for here, there in zip(sent, received):
        assert here._replace(hops=None) == there._replace(hops=None)
        assert min(here.hops, there.hops) == FORWARDED and max(here.hops, there.hops) == FORWARDED + 1
