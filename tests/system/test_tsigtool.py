"""tsigtool against other people's TSIG: dnspython both ways, and BIND, NSD and Knot as servers."""

import struct

import dns.message
import dns.tsig
import pytest

import client
import messages
import tsigtool
from servers import Bind
from tsigtool import Key
from zones import Zone

pytestmark = pytest.mark.no_proxy


def dnspython_key(key):
    name = tsigtool.ALGORITHMS[key.algorithm][0]
    return dns.tsig.Key(key.name, key.secret, name)


@pytest.mark.parametrize("algorithm", tsigtool.ALGORITHMS)
def test_dnspython_accepts_ours(algorithm):
    key = Key.new("some.example", algorithm)
    wire, mac = tsigtool.sign(messages.query(), key)
    parsed = dns.message.from_wire(wire, keyring=dnspython_key(key))
    assert parsed.had_tsig and parsed.mac == mac


@pytest.mark.parametrize("algorithm", tsigtool.ALGORITHMS)
def test_we_accept_dnspythons(algorithm):
    key = Key.new("some.example", algorithm)
    query = dns.message.from_wire(messages.query())
    query.use_tsig(dnspython_key(key))
    wire = query.to_wire()
    bare, tsig = tsigtool.verify(wire, key)
    assert tsig.mac == query.mac
    reply = dns.message.make_response(dns.message.from_wire(wire, keyring=dnspython_key(key)))
    tsigtool.verify(reply.to_wire(), key, tsig.mac)
    with pytest.raises(tsigtool.BadTsig):
        tsigtool.verify(reply.to_wire(), key, b"x" * 32)
    assert bare == messages.with_counts(wire, ar=0)[: len(bare)]


@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha512"])
def test_bind_agrees_on_a_transfer(algorithm, launch, tmp_path):
    key, zone = Key.new("some.example", algorithm), Zone()
    server = Bind(tmp_path / "p").primary(zone)
    with open(tmp_path / "p" / "named.conf", "a", encoding="ascii") as config:
        config.write(f'key "{key.name}" {{ algorithm {algorithm}; secret "{key.base64}"; }};\n')
    launch(server)
    wire, mac = tsigtool.sign(messages.query(zone.name, "AXFR"), key)
    asking = client.Tcp(server.place)
    asking.send(wire)
    verifier, soas, count = tsigtool.Verifier(key, mac), 0, 0
    while soas < 2:
        bare, _ = verifier.check(asking.receive())
        soas += sum(r.type == messages.SOA for r in tsigtool.records(bare))
        count += 1
    asking.close()
    assert count > 2


def test_a_wrong_octet_anywhere_is_found():
    key = Key.new("some.example")
    wire, _ = tsigtool.sign(messages.query(), key)
    for at in range(2, len(wire)):
        broken = wire[:at] + bytes([wire[at] ^ 0x10]) + wire[at + 1 :]
        with pytest.raises((tsigtool.BadTsig, IndexError, struct.error)):
            tsigtool.verify(broken, key)
