"""Requests and NOTIFYs that a hostile client sends: legal ones, and legal ones spoilt before or after signing."""

import struct
import time

import messages
import tsigtool
from octets import mutate, pick

KINDS = {"soa": 5, "axfr": 4, "ixfr": 4, "query": 3, "update": 2, "notify": 1, "odd": 1}
OPTIONS = (3, 8, 9, 10, 11, 12, 15, 65001)  # NSID, subnet, expire, cookie, keepalive, padding, EDE, private


def plain(chance, zone, kinds=None):
    """A request without TSIG that is sound, at least in its form."""
    kind, number = pick(chance, kinds or KINDS), chance.randrange(65536)
    more = {"number": number}
    if chance.random() < 0.5:
        more["payload"] = chance.choice((0, 100, 512, 600, 1232, 1400, 4096, 65535))
    if kind == "ixfr":
        wire = messages.ixfr_query(zone, chance.choice((1, 5, 6, 7, 2**31, 2**32 - 1)), **more)
    elif kind == "notify":
        wire = messages.notify(zone, chance.choice((None, 1, 7, 2**32 - 1)), **more)
    elif kind == "update":
        wire = messages.update(zone, f"new.{zone}", chance.choice((1, 1, 1, 3, 254, 255)), number)
    elif kind == "odd":
        wire = messages.query(zone, chance.choice(("ANY", "TKEY", "TSIG", "OPT", "TYPE0", "TYPE65535", "CDS")),
                              klass=chance.choice(("IN", "IN", "CH", "ANY")), **more)
    else:
        kind = chance.choice(("A", "TXT", "NS", "DNSKEY")) if kind == "query" else kind.upper()
        wire = messages.query(zone, kind, **more)
    if "payload" in more and kind != "update" and chance.random() < 0.3:
        wire = _with_option(chance, wire)
    if chance.random() < 0.2:
        wire = messages.with_flags(wire, tsigtool.flags(wire) ^ (1 << chance.randrange(16)) & 0x87FF)
    return wire


def _with_option(chance, wire):
    """Its OPT is the last record, without options."""
    options = b""
    for _ in range(chance.randrange(1, 4)):
        data = chance.randbytes(chance.choice((0, 2, 8, 24, 100)))
        size = len(data) if chance.random() < 0.9 else chance.randrange(65536)
        options += struct.pack("!HH", chance.choice(OPTIONS), size) + data
    return wire[:-2] + struct.pack("!H", len(options)) + options


def tsig_fields(chance, wire, key):
    """What may be odd in a TSIG; the MAC covers it."""
    now = int(time.time())
    full = key.mac_size
    return chance.choice((
        {"length": chance.choice((0, 1, 9, 10, full // 2, full - 1, full))},
        {"time": chance.choice((0, 1, now - 301, now - 299, now + 299, now + 301, 2**48 - 1, 2**32 + now))},
        {"fudge": chance.choice((0, 1, 299, 301, 65535))},
        {"other": chance.randbytes(chance.choice((1, 6, 7, 1000)))},
        {"error": chance.choice((1, 16, 17, 18, 22, 65535))},
        {"original_id": chance.randrange(65536)},
        {"algorithm": tsigtool.name_wire(chance.choice(("hmac-sha1", "hmac-sha512", "x.example", "")))},
        {"algorithm": key.algorithm_wire.upper()},
        {"algorithm": b"\xc0\x0c"},
        {"owner": tsigtool.name_wire(key.name).upper()},
        {"owner": b"\xc0\x0c"},
        {"owner": b"\0"},
        {"klass": chance.choice((0, 1, 254))},
        {"ttl": chance.choice((1, 2**31, 2**32 - 1))},
        {"mac": chance.randbytes(chance.choice((0, 1, full, full + 1, 64, 300)))},
        {"mac_size": chance.choice((0, full - 1, full + 1, 65535))},
        {"other_size": chance.choice((1, 6, 65535))},
        {"rdata_size": chance.choice((0, 10, 40, 65535))},
        {"request_mac": chance.randbytes(full)},
    ))


def _moved(chance, signed):
    """The TSIG is not the last record, or not in the last section, or there twice."""
    last = tsigtool.records(signed)[-1]
    bare = messages.with_counts(signed[: last.start], ar=messages.counts(signed)[3] - 1)
    record = signed[last.start :]
    way = chance.randrange(4)
    if way == 0:
        return tsigtool.append(signed, record)
    if way == 1:
        return tsigtool.append(signed, b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0))
    if way == 2 and not any(messages.counts(bare)[2:]):
        return tsigtool.append(bare, record, chance.choice((1, 2)))
    at = 12 + len(messages.question(bare))
    return messages.with_counts(bare[:at] + record + bare[at:], ar=messages.counts(signed)[3])


WAYS = {"legal": 14, "mutated": 6, "fields": 6, "broken": 4, "moved": 2, "twice": 1, "unsigned": 2,
        "unsigned broken": 2, "noise": 1}


def spoil(chance, wire, keys, ways=None, **more):
    """Signs the message with one of the keys, soundly or not; `more` goes to tsigtool.sign."""
    way = pick(chance, ways or WAYS)
    if way == "noise":
        return chance.randbytes(chance.choice((0, 1, 2, 11, 12, 13, 100, 600)))
    if way == "mutated":
        wire = mutate(chance, wire, 2)
    if way == "unsigned broken":
        return mutate(chance, wire)
    if way == "unsigned" or not keys or len(wire) < 12:
        return wire
    key = chance.choice(keys)
    odd = tsig_fields(chance, wire, key) if way == "fields" else {}
    signed = tsigtool.sign(wire, key, **{**more, **odd})[0]
    if way == "twice":
        return tsigtool.sign(signed, chance.choice(keys), **more)[0]
    if way == "moved":
        return _moved(chance, signed)
    return mutate(chance, signed) if way == "broken" else signed
