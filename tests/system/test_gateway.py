"""The transparent gateway on the path between real servers: what the two ends of each link see."""

import pytest

import messages
import tsigtool
from gateway import SIDECAR_PORT, Gateway, GatewayBind, GatewayKnot, GatewayNsd
from messages import IXFR, SOA
from namespaces import NETWORKS
from tools import wait_records

PAIRS = {
    "bind4-nsd6": ((GatewayBind, 4), (GatewayNsd, 6)),
    "knot4-bind6": ((GatewayKnot, 4), (GatewayBind, 6)),
    "nsd4-knot6": ((GatewayNsd, 4), (GatewayKnot, 6)),
}
NOTIFY = 4


def has_tsig(message):
    """Whether TSIG is its last additional record; anywhere else it may not be."""
    kinds = [record.type for record in tsigtool.records(message.wire)]
    assert tsigtool.TSIG not in kinds[:-1]
    return kinds[-1:] == [tsigtool.TSIG]


def signers(found):
    return {tsigtool.detach(message.wire)[1].owner.lower() for message in found}


def kinds(found):
    """{(opcode, type, whether an answer)} of the messages that have a question."""
    return {
        (m.wire[2] >> 3 & 15, messages.question_type(m.wire), bool(m.wire[2] & 0x80))
        for m in found
        if messages.counts(m.wire)[0]
    }


def is_ours(end):
    """Of the test's own networks: a server may also ask the machine's resolver for this host's name."""
    return end[0].startswith(NETWORKS)


def heard(capture):
    return [m for m in capture.messages() if is_ours(m.source) and is_ours(m.destination)]


def ends(capture):
    return {pair for pair in capture.ends() if all(map(is_ours, pair))}


def hosts(capture):
    return {(source[0], destination[0]) for source, destination in ends(capture)}


def both_ways(one, other):
    return {(one, other), (other, one)}


def follow(gateway):
    """The first transfer, then a change by NOTIFY and IXFR, to each secondary with its own key."""
    zone, proxy = gateway.zone, gateway.proxy
    for name, server in gateway.secondaries.items():
        done = proxy.wait(event="transfer", peer=name, serial=zone.serial, result="ok")
        assert done["key"] == gateway.keys[name].name
        wait_records(server, zone.name, gateway.zone_records())
    start = proxy.mark()
    gateway.primary.change()
    gateway.wait_serial()
    for name, server in gateway.secondaries.items():
        proxy.wait(event="notify", peer=name, zone=zone.name, result="ok", start=start)
        done = proxy.wait(event="transfer", peer=name, serial=zone.serial, result="ok", start=start)
        assert (done["type"], done["key"]) == ("IXFR", gateway.keys[name].name)
        wait_records(server, zone.name, gateway.zone_records())
    assert proxy.events(event="tsig-failure") == proxy.events(event="refused") == []


WANTED = {(NOTIFY, SOA, False), (NOTIFY, SOA, True), (0, IXFR, False), (0, IXFR, True)}


def judge_signed_end(gateway, name, capture):
    """Returns which hosts spoke, both ways."""
    found = heard(capture)
    assert all(has_tsig(message) for message in found)
    assert signers(found) == {tsigtool.name_wire(gateway.keys[name].name)}
    assert WANTED <= kinds(found)
    pair = both_ways(gateway.of(name).address, gateway.of("primary", gateway.versions[name]).address)
    assert hosts(capture) == pair
    return pair


@pytest.mark.parametrize("servers", PAIRS.values(), ids=PAIRS)
def test_each_end_sees_the_other_and_one_sees_tsig(servers, launch, tmp_path):
    gateway = Gateway(launch, tmp_path, servers)
    *captures, at_primary = gateway.capture(launch, tmp_path, "east", "west", "primary")
    gateway.start()
    follow(gateway)
    pairs = [judge_signed_end(gateway, *end) for end in zip(gateway.secondaries, captures)]
    found = heard(at_primary)
    assert not any(has_tsig(message) for message in found)
    assert WANTED <= kinds(found)
    assert hosts(at_primary) == pairs[0] | pairs[1]


@pytest.mark.parametrize("servers", PAIRS.values(), ids=PAIRS)
def test_sidecar_shows_tsig_alone_on_the_wire(servers, launch, tmp_path):
    """The proxy has the primary's address and port; the primary is on the same host with another port."""
    gateway = Gateway(launch, tmp_path, servers, sidecar=True)
    *captures, at_primary = gateway.capture(launch, tmp_path, "east", "west", "primary")
    gateway.start()
    follow(gateway)
    pairs = [judge_signed_end(gateway, *end) for end in zip(gateway.secondaries, captures)]
    found = heard(at_primary)
    assert all(has_tsig(message) for message in found)
    assert WANTED <= kinds(found)
    assert hosts(at_primary) == pairs[0] | pairs[1]
    assert all(SIDECAR_PORT not in (source[1], destination[1]) for source, destination in ends(at_primary))
