"""What hosts that are no peers can make of a key's name, and of a request that they have recorded."""

import os

import pytest

import net
import tsigtool
from client import CLIENTS
from messages import REFUSED, query
from proxy import Proxy, program
from relay import ZONE
from tsigtool import Key

PACKETS = 2000
TICKS = os.sysconf("SC_CLK_TCK")


def test_M1b_a_recorded_request_sent_from_elsewhere_is_refused_without_a_tsig(make_relay, transport):
    """A MAC in the answer would be good for the victim, whose request it is."""
    relay, source = make_relay(), net.fresh_address()
    wire, _ = tsigtool.sign(query(ZONE, payload=1232), relay.key)
    asking = CLIENTS[transport](relay.proxy.place, source)
    answer = asking.ask(wire)
    asking.close()
    assert tsigtool.rcode(answer) == REFUSED
    assert tsigtool.detach(answer)[1] is None
    told = relay.proxy.wait(event="refused", result="key-from-elsewhere", key=relay.key.name)
    assert told["address"].startswith(source)
    assert relay.primary.requests == []


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@pytest.mark.parametrize("peers", [1, 500])
def test_M1b_a_forged_packet_costs_about_the_same_with_many_peers(launch, tmp_path, peers):
    """Unit tests count the HMACs; here is what they cost (pytest -s)."""
    key, source = Key.new("many.example"), net.fresh_address()
    proxy = launch(Proxy(tmp_path / "proxy", [
        key.section(),
        ("primary hq", {"address": net.text(net.fresh_place())}),
        *((f"secondary s{i}", {"address": f"10.9.{i // 250}.{i % 250 + 1}", "key": key.label})
          for i in range(peers)),
    ], binary=os.environ.get("TSIG_PROXY_RELEASE") or program(), log_level="notice", refusal_rate=1000000))
    wire, mac = tsigtool.sign(query(ZONE), key)
    at = wire.rindex(mac)
    forged = wire[:at] + bytes(len(mac)) + wire[at + len(mac):]
    asking = CLIENTS["udp"](proxy.place, source)
    before, answered = cpu_seconds(proxy.pid), 0
    for _ in range(PACKETS):
        asking.send(forged)
        try:
            answered += tsigtool.rcode(asking.receive(0.05)) == REFUSED
        except TimeoutError:
            pass
    spent = cpu_seconds(proxy.pid) - before
    asking.close()
    assert answered > 0
    print(f"{peers} peers: {spent / PACKETS * 1e6:.0f} us a forged packet, {answered} answered")
