"""Many at once through the transparent gateway, as released: nothing is lost."""

import os
import resource
import selectors
import socket

import pytest

import messages
import tsigtool
from gateway import Gateway, GatewayBind
from process import until

TRANSFERS = 200
QUESTIONS, IN_FLIGHT = 10000, 64

pytestmark = pytest.mark.skipif("TSIG_PROXY_RELEASE" not in os.environ, reason="TSIG_PROXY_RELEASE is not set")


@pytest.fixture(scope="module")
def gateway(module_stack, tmp_path_factory):
    def launch(thing):
        module_stack.callback(thing.stop)
        thing.start()
        return thing

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    module_stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    directory, binary = tmp_path_factory.mktemp("gateway"), os.environ["TSIG_PROXY_RELEASE"]
    # at debug level, each question would be a line
    gateway = Gateway(launch, directory, [(GatewayBind, 4)], hosts=6000, binary=binary, log_level="info").start()
    gateway.wait_notified()
    # the kernel is not to take a whole transfer off the proxy's hands
    gateway.star.router.sysctl("ipv4/tcp_wmem", "4096 16384 32768")
    return gateway


def read_transfer(asking, verifier):
    """All messages, each verified, without TSIG."""
    found, soas = [], 0
    while soas < 2:
        bare = verifier.check(asking.receive())[0]
        soas += sum(record.type == messages.SOA for record in tsigtool.records(bare) if record.section == 1)
        found.append(bare)
    return found


def read_same(asking, wanted):
    """Reads as many messages as were wanted; but for ID, ARCOUNT and a TSIG they are the same."""
    for bare in wanted:
        wire = asking.receive()
        assert wire[2:10] == bare[2:10]
        assert wire[12 : len(bare)] == bare[12:]
        assert len(wire) > len(bare)


@pytest.mark.parametrize("version", [4, 6])
def test_200_transfers_at_once(gateway, version):
    """All are asked for before any is read."""
    key, start = gateway.keys["east"], gateway.proxy.mark()
    query = messages.query(gateway.zone.name, "AXFR")
    clients = [gateway.client("east", "primary", version=version, transport="tcp", window=16384)
               for _ in range(TRANSFERS)]
    verifiers = []
    for asking in clients:
        wire, mac = tsigtool.sign(query, key)
        asking.send(wire)
        verifiers.append(tsigtool.Verifier(key, mac))
    for asking in clients:
        assert asking.socket.recv(1, socket.MSG_PEEK)  # each transfer has begun, and none is over
    assert gateway.proxy.events(start, event="transfer") == []
    wanted = read_transfer(clients[0], verifiers[0])
    # what the first has verified the others are compared with, which is much quicker; the last is verified too
    for asking in clients[1:-1]:
        read_same(asking, wanted)
    last = read_transfer(clients[-1], verifiers[-1])
    assert [bare[2:] for bare in last] == [bare[2:] for bare in wanted]
    for asking in clients:
        asking.close()
    wanted = {"event": "transfer", "type": "AXFR", "rcode": "NOERROR", "result": "ok"}
    until(lambda: len(gateway.proxy.events(start, **wanted)) == TRANSFERS, "a line for each transfer")
    assert len(gateway.proxy.events(start, event="transfer")) == TRANSFERS


@pytest.mark.parametrize("version", [4, 6])
def test_10000_signed_questions_over_udp(gateway, version):
    """64 in flight, none asked twice; each answer is verified."""
    key, ready = gateway.keys["east"], selectors.DefaultSelector()
    number, answered = 0, 0

    def ask(asking):
        nonlocal number
        wire, mac = tsigtool.sign(messages.query(gateway.zone.name, number=number), key)
        number += 1
        asking.send(wire)
        return wire[:2], mac

    sockets = [gateway.client("east", "primary", version=version) for _ in range(IN_FLIGHT)]
    for asking in sockets:
        ready.register(asking.socket, selectors.EVENT_READ, [asking, *ask(asking)])
    while answered < QUESTIONS:
        events = ready.select(5)
        assert events, f"of {number} questions {number - answered} were not answered within 5 s"
        for event, _ in events:
            asking, head, mac = event.data
            answer = asking.receive()
            assert answer[:2] == head
            assert tsigtool.rcode(tsigtool.verify(answer, key, mac)[0]) == messages.NOERROR
            answered += 1
            if number < QUESTIONS:
                event.data[1:] = ask(asking)
            else:
                ready.unregister(asking.socket)
    for asking in sockets:
        asking.close()
