"""The transparent gateway between wires that fail: it speaks with the addresses of others."""

import collections
import threading

import pytest

import messages
import tsigtool
from faults import report
from gateway import Gateway, GatewayKnot, GatewayNsd
from link import Links
from tools import wait_records

pytestmark = pytest.mark.any_workers

WEATHER = {"loss": 0.05, "delay": 0.02, "overtake": 0.1, "double": 0.1, "spoil": 0.02}
SHORT = {"connect_timeout": 1, "answer_timeout": 1, "progress_timeout": 1}
KINDS = ((GatewayKnot, 4), (GatewayNsd, 6))
BROKEN = ("error", "reset")
MIDDLE = 10000  # octets of a transfer that still pass


def assert_all_have_it(gateway):
    gateway.wait_serial(20)
    for server in gateway.secondaries.values():
        wait_records(server, gateway.zone.name, gateway.zone_records())


def transfer(gateway):
    """An AXFR from the host of a secondary, of which no more than the first messages arrive: how it ends."""
    key = gateway.keys["east"]
    asking = gateway.client("east", "primary", transport="tcp")
    wire, mac = tsigtool.sign(messages.query(gateway.zone.name, "AXFR"), key)
    verifier, soas = tsigtool.Verifier(key, mac), 0
    try:
        asking.send(wire)
        while soas < 2:
            bare = verifier.check(asking.receive(5))[0]
            if tsigtool.rcode(bare) == messages.SERVFAIL:
                return "error"
            soas += sum(record.type == messages.SOA for record in tsigtool.records(bare) if record.section == 1)
        return "whole"
    except ConnectionResetError:
        return "reset"
    finally:
        asking.close()


def kill_when_tripped(gateway):
    gateway.star.wait_tripped("primary", "out")
    gateway.primary.process.kill()
    gateway.star.heal("primary")


def killed_in_mid_transfer(gateway):
    gateway.star.arm("primary", "out", MIDDLE, "cut")
    killer = threading.Thread(target=kill_when_tripped, args=(gateway,))
    killer.start()
    try:
        assert transfer(gateway) in BROKEN
    finally:
        killer.join()
    gateway.primary.start()


def test_faults_on_the_path_of_the_gateway(launch, tmp_path):
    """One after the other: a wire that is cut, and one that is reset at either end, in mid-transfer; a primary that is
    killed; all wires bad at once."""
    gateway = Gateway(launch, tmp_path, KINDS, hosts=3000, eager=True, star=Links, **SHORT)
    # the kernel of who is killed is not to have most of a zone to send
    gateway.star["primary"].namespace.sysctl("ipv4/tcp_wmem", "4096 16384 16384")
    gateway.start()
    links, ends = gateway.star, collections.Counter()
    for role, way, then in (("primary", "out", "cut"), ("primary", "out", "reset"), ("east", "in", "reset")):
        links.arm(role, way, MIDDLE, then)
        ends[transfer(gateway)] += 1
        links.heal(role)
        gateway.primary.change()
        assert_all_have_it(gateway)
    killed_in_mid_transfer(gateway)
    for role in ("primary", "east", "west"):
        links.set(role, **WEATHER)
    gateway.primary.change()
    assert_all_have_it(gateway)
    for role in ("primary", "east", "west"):
        links.heal(role)
    assert set(ends) <= set(BROKEN)
    assert transfer(gateway) == "whole"
    carried = {"transfers that broke off": sum(ends.values()) + 1, "changes carried": len(gateway.zone.marks)}
    report("gateway", carried, links.counts())
