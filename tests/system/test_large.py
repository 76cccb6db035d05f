"""A million records through the proxy: complete, verified, and in little memory. Wants a build without
sanitizers, for they keep memory of their own: TSIG_PROXY_RELEASE."""

import hashlib
import os
import re
import struct
import time

import pytest

import messages
import tsigtool
from messages import query, soa
from relay import ZONE, Relay

pytestmark = [
    pytest.mark.own_workers,
    pytest.mark.skipif("TSIG_PROXY_RELEASE" not in os.environ, reason="TSIG_PROXY_RELEASE is not set"),
]

RECORDS = 1_000_000
MEGABYTE = 1 << 20


def memory(pid, name):
    """VmHWM or VmRSS of a process, in octets."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(rf"^{name}:\s+(\d+) kB", status.read(), re.MULTILINE)[1]) * 1024


def build_transfer(records):
    """The messages of an AXFR with so many A records between two SOA, 16 KiB each, ID 0."""
    template = messages.answer(query(ZONE, "AXFR", number=0), [soa(ZONE, 7)])
    end = tsigtool.records(template)[0].end
    apex_soa = template[tsigtool.records(template)[0].start : end]
    head, found = template[:12] + template[12 : len(template) - len(apex_soa)], []
    fixed = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4)
    body, count = [apex_soa], 1
    per_message = 16384 // 24
    for i in range(records):
        body.append(b"\7h%06d" % i + fixed + struct.pack("!I", 0xC0000000 | i))
        count += 1
        if count == per_message:
            found.append(messages.with_counts(head, an=count) + b"".join(body))
            body, count = [], 0
    body.append(apex_soa)
    found.append(messages.with_counts(head, an=count + 1) + b"".join(body))
    return found


@pytest.fixture(scope="module")
def transfer():
    return build_transfer(RECORDS)


def framed(wires, number):
    return b"".join(struct.pack("!HH", len(w), number) + w[2:] for w in wires)


@pytest.fixture
def large(launch, tmp_path, transfer):
    def script(request):
        if request.kind == messages.AXFR:
            request.connection.sendall(framed(transfer, request.number))
        else:
            request.answer(soa(ZONE, 7))

    return Relay(launch, tmp_path, script, binary=os.environ["TSIG_PROXY_RELEASE"], workers=1)


def digest(wires):
    """Of everything but the IDs."""
    total = hashlib.sha256()
    for wire in wires:
        total.update(wire[2:])
    return total.hexdigest()


def test_large_axfr_is_whole_signed_and_needs_little_memory(large, transfer):
    asking = large.client()
    verifier = large.send(asking, query(ZONE, "AXFR"))
    total, began = hashlib.sha256(), time.monotonic()
    for _ in transfer:
        total.update(verifier.check(asking.receive())[0][2:])
    took = time.monotonic() - began
    assert total.hexdigest() == digest(transfer)
    line = large.proxy.wait(event="transfer", result="ok")
    assert line["messages"] == str(len(transfer))
    for what in ("VmHWM", "VmRSS"):
        assert memory(large.proxy.pid, what) < 20 * MEGABYTE, what
    assert took < 60


def test_slow_readers_slow_only_themselves(large, transfer):
    """X9: ten who do not read on cost little memory, and one beside them has its zone at once."""
    sleepers = []
    for _ in range(10):
        asking = large.client()
        verifier = large.send(asking, query(ZONE, "AXFR"))
        verifier.check(asking.receive())
        sleepers.append((asking, verifier))
    asking = large.client()
    verifier = large.send(asking, query(ZONE, "AXFR"))
    for _ in transfer:
        verifier.check(asking.receive())
    assert memory(large.proxy.pid, "VmHWM") < 20 * MEGABYTE
    asking, verifier = sleepers[0]
    for _ in transfer[1:]:
        verifier.check(asking.receive())
    for asking, _ in sleepers:
        asking.close()
