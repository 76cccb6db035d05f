"""The transparent gateway stops, dies and comes again under way."""

import socket

import pytest

import client
import messages
import net
import tsigtool
from gateway import Gateway, GatewayBind, GatewayKnot, GatewayNsd, HostedProxy
from messages import NOERROR

ENDS = {"SIGTERM": HostedProxy.stop, "SIGKILL": HostedProxy.kill}
PAIRS = {"bind4-nsd6": ((GatewayBind, 4), (GatewayNsd, 6)), "knot4-bind6": ((GatewayKnot, 4), (GatewayBind, 6))}
BOTH_WAYS = [("east", "primary"), ("primary", "east")]
VERSIONS = [4, 6]


class SlowTransfer:
    """One under way, whose client has read the first message and then stands still."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.client = gateway.client("east", "primary", transport="tcp", window=4096)
        wire, mac = tsigtool.sign(messages.query(gateway.zone.name, "AXFR"), gateway.keys["east"])
        self.client.send(wire)
        self.verifier = tsigtool.Verifier(gateway.keys["east"], mac)
        self.soas = 0
        self.read()
        self.place = "%s@%d" % self.client.socket.getsockname()
        assert self.log_lines() == []

    def log_lines(self):
        return self.gateway.proxy.events(event="transfer", address=self.place)

    def read_on(self):
        """To the end of the zone, or of the connection."""
        while self.soas < 2:
            self.read()

    def read(self):
        bare = self.verifier.check(self.client.receive())[0]
        self.soas += sum(r.type == messages.SOA for r in tsigtool.records(bare) if r.section == 1)


def dig(gateway, source, target, version, transport, patience=5):
    """An ordinary question; true when it is answered."""
    name = f"host00007.{gateway.zone.name}"
    try:
        answer = gateway.ask(source, target, "A", name=name, version=version, transport=transport, patience=patience)
    except TimeoutError:
        return False
    assert tsigtool.rcode(answer[1]) == NOERROR and messages.counts(answer[1])[1] == 1
    return True


def connects(gateway, source, target, version):
    place = gateway.of(target, version)
    with gateway.star[source].namespace, socket.socket(net.family(place.address)) as tcp:
        tcp.settimeout(0.3)
        return tcp.connect_ex(place) == 0


def assert_digs_pass(gateway):
    for version in VERSIONS:
        for transport in ("udp", "tcp"):
            for source, target in BOTH_WAYS:
                assert dig(gateway, source, target, version, transport)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("servers", PAIRS.values(), ids=PAIRS)
def test_secondaries_catch_up(servers, end, launch, tmp_path):
    """While the proxy is away, everything passes as if it had never been. Once it is back, what was missed is
    made good without anyone's help, and the next change goes its usual way."""
    gateway = Gateway(launch, tmp_path, servers, hosts=20000, eager=True, drain_timeout=1).start()
    slow = SlowTransfer(gateway)
    end(gateway.proxy)
    with pytest.raises((client.Closed, ConnectionResetError)):
        slow.read_on()
    gateway.primary.change()
    assert_digs_pass(gateway)
    gateway.proxy.restart()
    gateway.wait_serial()
    assert_digs_pass(gateway)
    start = gateway.proxy.mark()
    gateway.primary.change()
    gateway.wait_serial()
    gateway.wait_notified(start)


def test_fail_closed(launch, tmp_path):
    """`up closed`: with the proxy gone nothing of the pair passes, everything else does; with it back, all is well."""
    gateway = Gateway(launch, tmp_path, PAIRS["knot4-bind6"], hosts=10)
    gateway.start("closed")
    gateway.wait_notified()
    assert_digs_pass(gateway)
    captures = gateway.capture(launch, tmp_path, "east", "primary")
    gateway.proxy.kill()
    for version in VERSIONS:
        for source, target in BOTH_WAYS:
            assert not dig(gateway, source, target, version, "udp", patience=0.3)
            assert not connects(gateway, source, target, version)
    for role, capture in zip(("east", "primary"), captures):
        own = {gateway.of(role, version).address for version in VERSIONS}
        assert {message.source[0] for message in capture.messages()} == own
    assert dig(gateway, "west", "east", 4, "udp")
    assert dig(gateway, "public", "primary", 6, "tcp")
    gateway.proxy.restart()
    assert_digs_pass(gateway)
    gateway.primary.change()
    gateway.wait_serial()


def test_the_next_instance_takes_over_while_the_last_one_drains(launch, tmp_path):
    """The transfer in flight ends well, and nothing else is lost meanwhile."""
    gateway = Gateway(launch, tmp_path, PAIRS["bind4-nsd6"], hosts=4000, drain_timeout=60).start()
    gateway.wait_notified()
    slow = SlowTransfer(gateway)
    gateway.proxy.terminate()
    gateway.proxy.wait(event="draining")
    for version in VERSIONS:
        for _ in range(5):
            assert dig(gateway, "east", "primary", version, "udp", patience=1)
    following = launch(HostedProxy(tmp_path / "next", gateway.star.router, gateway.sections()))
    start = following.mark()
    for version in VERSIONS:
        for _ in range(20):
            assert dig(gateway, "east", "primary", version, "udp", patience=1)
            assert dig(gateway, "east", "primary", version, "tcp", patience=1)
    gateway.primary.change()
    gateway.wait_serial()
    for name in gateway.secondaries:
        following.wait(event="transfer", peer=name, serial=gateway.zone.serial, result="ok", start=start)
    slow.read_on()
    gateway.proxy.wait(event="transfer", address=slow.place, result="ok")
    gateway.proxy.stop()
