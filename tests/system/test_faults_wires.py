"""Wires that are not sound, all of them at once, with real servers at their ends."""

import pytest

from faults import Field

pytestmark = pytest.mark.any_workers

WEATHER = {
    "loss": {"loss": 0.2},
    "delay": {"delay": 0.2},
    "reordering_and_duplication": {"delay": 0.005, "overtake": 0.3, "double": 0.4},
    "corruption": {"spoil": 0.1},
}
# Of the packets to and from secondaries: no checksum tells of it, TSIG alone does. Where there is no TSIG,
# nothing would.
FORGED = {"corruption": 0.1}
DIFFERENCES = ("delay", "reordering_and_duplication")
DONE = {"loss": ["lost"], "delay": ["delayed"], "reordering_and_duplication": ["overtaken", "doubled"],
        "corruption": ["spoiled"]}
# How many of the twelve copies have to be there in spite of it, and within how many seconds. How soon a server asks
# again for what got lost is its own affair.
ALL, SOME = (12, 20), (3, 6)
WANTED = {"reordering_and_duplication": ALL}
PATIENT = {"connect_timeout": 5, "answer_timeout": 5, "progress_timeout": 10, "idle_timeout": 3}


@pytest.mark.parametrize("weather", WEATHER)
def test_wires_are_not_sound(weather, launch, tmp_path):
    field = Field(launch, tmp_path, weather, texts=40, differences=weather in DIFFERENCES, **PATIENT).start()
    for role in field.servers:
        field.links.set(role, **WEATHER[weather])
    for role in field.secondaries:
        field.links.set(role, forge=FORGED.get(weather, 0))
    field.change()
    least, seconds = WANTED.get(weather, SOME)
    there, took = field.spread(seconds)
    done = field.links.counts()
    assert all(done[what] > 50 for what in DONE.get(weather, ())), done
    assert there >= least
    for role in field.servers:
        field.links.heal(role)
    for server in field.secondaries.values():
        server.hang_up()  # where a reset got lost, BIND would take a minute to notice
    field.change()
    field.settle(patience=30)
    field.finish(weather, {"copies there meanwhile": there, "within": round(took, 1)})


def test_slow_readers_have_their_zones_in_the_end(launch, tmp_path):
    """Real ones, behind lines that take twice `progress-timeout` and more for a zone: what goes on is not broken
    off."""
    field = Field(launch, tmp_path, "slow readers", connect_timeout=5, answer_timeout=5).start()
    # the kernel is not to take a whole transfer off the proxy's hands
    field.links.router.sysctl("ipv4/tcp_wmem", "4096 16384 16384")
    for role in field.secondaries:
        field.links.set(role, rate=50000)
    start = field.proxy.mark()
    field.change()
    field.settle(patience=30)
    found = [one for role in field.secondaries for one in field.proxy.events(start, event="transfer", peer=role)]
    # which dnsmasq is not there for while it starts anew
    assert {one["result"] for one in found if one["zone"] != "dnsmasq.example"} == {"ok"}
    slowest = max(float(one["seconds"]) for one in found)
    assert slowest > 2
    field.finish("slow readers", {"seconds for the slowest transfer": slowest})


def test_ports_used_up(launch, tmp_path):
    """The proxy's host has two ports for what it connects, and later again all of them."""
    field = Field(launch, tmp_path, "ports").start()
    range_of_ports = "ipv4/ip_local_port_range"
    field.links.router.sysctl(range_of_ports, "60000 60001")
    start = field.proxy.mark()
    field.change()
    there, _ = field.spread(4)
    failed = field.proxy.events(start, event="upstream-failure")
    assert {"no-socket", "address not available"} == {failed[0]["result"], failed[0]["advice"]}
    field.links.router.sysctl(range_of_ports, "32768 60999")
    field.settle()
    field.finish("ports used up", {"copies there meanwhile": there, "connections that failed": len(failed)})
