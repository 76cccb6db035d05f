#!/usr/bin/python3
"""Writes the inputs that fuzzing begins with: messages as real servers send them, made by dnspython.

    seeds.py FOLDER    FOLDER/TARGET/NAME for each target of tests/fuzz
"""

import base64
import struct
import sys
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rrset
import dns.tsig
import dns.update
import dns.zone

ROOT = Path(__file__).resolve().parents[2]
ZONE = "example."
KEY = dns.tsig.Key("key.example.", b"not what the fuzz targets sign with", "hmac-sha256")
HOP = [dns.edns.GenericOption(10, b"12345678"), dns.edns.GenericOption(11, b"\0\x0a"),
       dns.edns.GenericOption(15, b"\0\x12why")]


# What showed a fault once: target, name and input.
FOUND = [
    ("message", "afsdb-behind-opt",
     "AMgSNIQAAAEAAQAAAAMHZXhhbXBsZQAADwABwAwADwABAAAALAAJAAoETWFpbMAMAAApAAQAAAAAAAAMAAsACDEyMxISEhIBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQESEhISEhIS"
     "EhISEhISEhISEhISEhISEn8AEhISEhISEhISEhIAAAAETWFpbMAMAAApBAAAAAAAAAwACwAIMfAyMxISEhISEhJ/ABISEhISEhIS"
     "EhISEhISEgA7AAAAAXjADAAGwAACAcA8AAS+AAIBwEUAEhISEgAAPAAEAArARQ=="),
    ("message", "name-in-opt-payload",
     "AMgSNIQAAAEAAQAAAAMHZXhhbXBsZQAADwABwAwADwABAAABLAAJAAoETWFpbMAMAAApBAAAAAAAAAwACgAIMTIzNDU2NzgCAAAA"
     "AAQAAQAAADwABMD//wHAMgAPAAEA//88AAQACsBF"),
    ("record", "name-runs-into-tsig",
     "EjSEAAAAAAAABQABB2V4YW1wbGUAAAYAAQAADhAAIAJuc8AMBEhvc3TADAAAAAcAABwgAAACWAABUYAAAAEswAwAAgABAAABLAAC"
     "wB/ADAAPAAEAAAEsAAkACgRNYRI0JAAAAABwNCQAAAAAAATAAAIxwFsAHAABAAABLAADa2V5wAwA+gD/AAAAAAA9C2htYWMtc2hh"
     "MjU2AAAAawITCwEsACActhoSLnhnXThNA+Ax3C8t6SV8qNbE0sm8GoMc54p0lRI0AAAAAA=="),
    ("verify", "pointer-into-header",
     "AgIABQASNIQAAAEADwAAAAAHZXhhbXBsZQAA/AABwAwABgABAAAOEAAgAm5zwAwESG9zdMAMAAAABwAAHCAAAAJYAAFRgAAAASzA"
     "DAACAAEAAAEsAALAJcAMAA8AAQAAASwACQAKBE1haWzADMAlAAEAAQAAASwABMAAAjXAYQAcAAEAAAEsABAgAQ24AAAAAAAAAAAA"
     "AAAlBWFsaWFzwAwABQABAAABLAACwGEBMcAMAAwAAQAAASwAAsAlBF9zaXAEX3RjcMAMACEAAQAAASwACAAAAAUTxMBhAW7ADAAj"
     "AAEAAAEsABkAAQACAXUDc2lwDCFeLiokIXNpcDp4IcBhAXLADAARAAEAAAEsABoESG9zdAdleGFtcGxlAAJucwdleGFtcGxlAAFh"
     "wAwAEgABAAABLAAOAAECbnMHZXhhbXBsZQABdMAMABAAAQAAASwACgRzb21lBHRleHQBb8AM/wAAAQAAASwABMAMAAEDc3ViwAv9"
     "AgABAAABLAAFAm5zwWvADAAGAAEAAA4QABjAJcAqAAAABwAAHCAAAAJYAAFRgAAAASw="),
    ("message", "pointer-to-no-name",
     "AMgSeoQAAAEAAQAAAAMADwMAAAAAAAAAAAAALAAJAAoETWFpbMAMAAApBAAAAAAAAAwACwAIMDMwODYtNzgKAAAAADsAAAABeMAM"
     "AAbAAAIBwDwABAABAgDATwAPAAEAAAA8AAQBAAAI"),
]


def soa(serial, zone=ZONE):
    return f"{zone} 3600 IN SOA ns.{zone} Host.{zone} {serial} 7200 600 86400 300"


RECORDS = f"""\
{ZONE} 300 IN NS ns.{ZONE}
{ZONE} 300 IN MX 10 Mail.{ZONE}
ns.{ZONE} 300 IN A 192.0.2.53
Mail.{ZONE} 300 IN AAAA 2001:db8::25
alias.{ZONE} 300 IN CNAME mail.{ZONE}
1.{ZONE} 300 IN PTR ns.{ZONE}
_sip._tcp.{ZONE} 300 IN SRV 0 5 5060 Mail.{ZONE}
n.{ZONE} 300 IN NAPTR 1 2 "u" "sip" "!^.*$!sip:x!" mail.{ZONE}
r.{ZONE} 300 IN RP Host.{ZONE} ns.{ZONE}
a.{ZONE} 300 IN AFSDB 1 ns.{ZONE}
t.{ZONE} 300 IN TXT "some" "text"
o.{ZONE} 300 IN TYPE65280 \\# 4 c00c0001
sub.{ZONE} 300 IN NS ns.sub.{ZONE}""".splitlines()


def rrsets(lines):
    """One set for each line, so that the order stays."""
    for line in lines:
        owner, ttl, kind_class, kind, data = line.split(" ", 4)
        yield dns.rrset.from_text(owner, int(ttl), kind_class, kind, data)


def query(kind, *, payload=None, options=None, serial=None):
    edns = {} if payload is None else {"use_edns": 0, "payload": payload, "options": options}
    message = dns.message.make_query(ZONE, kind, id=0x1234, **edns)
    message.flags = 0
    if serial is not None:
        message.authority = list(rrsets([soa(serial)]))
    return message


def answer(kind, lines, *, question=True, additional=(), **more):
    message = dns.message.make_response(query(kind, **more))
    message.flags |= dns.flags.AA
    message.answer = list(rrsets(lines))
    message.additional = list(rrsets(additional))
    if more.get("payload") is not None:
        message.use_edns(0, payload=more["payload"], options=more.get("options"))
    if not question:
        message.question = []
    return message.to_wire()


def signed(message):
    message.use_tsig(KEY)
    return message.to_wire()


def notify():
    message = query("SOA")
    message.set_opcode(dns.opcode.NOTIFY)
    message.flags |= dns.flags.AA
    message.answer = list(rrsets([soa(7)]))
    return message


def update():
    message = dns.update.UpdateMessage(ZONE, id=0x1234)
    message.present("ns")
    message.add("new", 300, "A", "192.0.2.9")
    return message


def opt_first():
    """OPT before the rest of the additional section, where a name points back behind it."""
    wire = answer("MX", RECORDS[1:2], additional=[RECORDS[2], RECORDS[3], RECORDS[1]])
    plain = dns.message.from_wire(wire)
    plain.additional = []
    at = len(plain.to_wire())
    opt = bytes.fromhex("0000290400000000000010") + bytes.fromhex("000a0008") + b"12345678"
    opt = opt[:9] + struct.pack("!H", len(opt) - 11) + opt[11:]
    tail = (b"\1x\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\xc0\0\2\1"
            + struct.pack("!HHHIHH", 0xC000 | at + len(opt), 15, 1, 60, 4, 10)
            + struct.pack("!H", 0xC000 | at + len(opt)))
    return wire[:10] + struct.pack("!H", 3) + wire[12:at] + opt + tail


def messages():
    """Name and wire form, without TSIG."""
    yield "soa", query("SOA").to_wire()
    yield "edns", query("SOA", payload=1232, options=HOP).to_wire()
    yield "axfr", query("AXFR").to_wire()
    yield "ixfr", query("IXFR", serial=5).to_wire()
    yield "a", query("A", payload=4096).to_wire()
    yield "notify", notify().to_wire()
    yield "update", update().to_wire()
    yield "soa-answer", answer("SOA", [soa(7)], additional=RECORDS[2:4], payload=1232, options=HOP)
    yield "zone", answer("AXFR", [soa(7), *RECORDS, soa(7)])
    yield "zone-edns", answer("AXFR", [soa(7), *RECORDS, soa(7)], payload=1232, options=HOP[2:])
    yield "zone-bare", answer("AXFR", [soa(7), *RECORDS[:4]], question=False)
    yield "changes", answer("IXFR", [soa(7), soa(5), RECORDS[2], soa(7), RECORDS[3], soa(7)])
    yield "opt-first", opt_first()


def frame(wire):
    return struct.pack("!H", len(wire)) + wire


def streams():
    """Name and (fate, wire form) of each message."""
    first = answer("AXFR", [soa(7), *RECORDS[:3]])
    second = answer("AXFR", RECORDS[3:6], question=False)
    last = answer("AXFR", [soa(7)], question=False)
    bare = struct.pack("!6H", 0x1234, 0x8400, 0, 0, 0, 0)
    yield "all-signed", [(0, first), (0, second), (0, last)]
    yield "some-signed", [(0, first), (1, second), (1, second), (0, last)]
    yield "altered", [(0, first), (2, second), (0, last)]
    yield "altered-unsigned", [(0, first), (3, second), (0, last)]
    yield "lost", [(0, first), (4, second), (0, last)]
    yield "put-in", [(0, first), (5, second), (0, last)]
    yield "most-unsigned", [(0, bare)] + [(1, bare)] * 99 + [(0, bare)]
    yield "too-many-unsigned", [(0, bare)] + [(1, bare)] * 100 + [(0, bare)]


def transfers():
    """Name and the wire forms of a request and its answers."""
    axfr, ixfr = query("AXFR").to_wire(), query("IXFR", serial=5).to_wire()
    steps = [soa(7), soa(5), RECORDS[2], soa(6), RECORDS[3], soa(6), RECORDS[3], soa(7), RECORDS[4], soa(7)]
    refused = dns.message.make_response(query("AXFR"))
    refused.set_rcode(5)
    yield "axfr", [axfr, answer("AXFR", [soa(7), *RECORDS[:5]]), answer("AXFR", [*RECORDS[5:], soa(7)])]
    yield "axfr-one-each", [axfr] + [answer("AXFR", [line]) for line in [soa(7), *RECORDS[:3], soa(7)]]
    yield "axfr-after-end", [axfr, answer("AXFR", [soa(7), soa(7), RECORDS[0]])]
    yield "axfr-refused", [axfr, refused.to_wire()]
    yield "axfr-empty", [axfr, answer("AXFR", [soa(7)]), answer("AXFR", []), answer("AXFR", [soa(7)])]
    yield "ixfr", [ixfr, answer("IXFR", steps[:4]), answer("IXFR", steps[4:])]
    yield "ixfr-none", [ixfr, answer("IXFR", [soa(5)])]
    yield "ixfr-full", [ixfr, answer("IXFR", [soa(7), *RECORDS[:3]]), answer("IXFR", [soa(7)])]
    yield "ixfr-out-of-turn", [ixfr, answer("IXFR", [soa(7), soa(6)])]
    yield "ixfr-past-zero", [query("IXFR", serial=0xfffffff0).to_wire(), answer("IXFR", [soa(7)]), answer("IXFR", [soa(7)])]
    yield "ixfr-wrapped", [ixfr, answer("IXFR", [soa(0x80000004)]), answer("IXFR", [RECORDS[0], soa(0x80000004)])]


def digested():
    """Name and the wire forms of a zone's messages, with a digest that is good, and one that is not."""
    for number in (1, 2):
        text = "\n".join([soa(7), *RECORDS])
        zone = dns.zone.from_text(text, origin=ZONE, relativize=False, check_origin=False)
        claim = f"{ZONE} 300 IN ZONEMD {zone.compute_digest(number).to_text()}"
        parts = [[soa(7), *RECORDS[:7], claim], [*RECORDS[7:], soa(7)]]
        yield f"good-{number}", [answer("AXFR", part) for part in parts]
        yield f"bad-{number}", [answer("AXFR", part) for part in (parts[0], RECORDS[8:])]
        yield f"twice-{number}", [answer("AXFR", part) for part in (parts[0], *parts)]


def exchanges():
    """Name, how it begins (source and transport; key), the request, and (happening, wire form) of what follows."""
    parts = [answer("AXFR", [soa(7), *RECORDS[:5]]), answer("AXFR", [*RECORDS[5:], soa(7)], question=False)]
    axfr, changes = query("AXFR").to_wire(), answer("IXFR", [soa(7), soa(5), RECORDS[2], soa(7), RECORDS[3], soa(7)])
    ixfr, whole = query("IXFR", serial=5).to_wire(), answer("SOA", [soa(7)], payload=1232, options=HOP)
    asked = query("SOA", payload=1232, options=HOP).to_wire()
    told, changed = dns.message.make_response(notify()).to_wire(), dns.message.make_response(update()).to_wire()
    refused = dns.message.make_response(query("SOA"))
    refused.set_rcode(5)
    for name, where, key in (("plain", 0, 4), ("signed", 12, 4), ("either", 4, 5), ("bare", 8, 0), ("observed", 4, 0)):
        yield f"axfr-{name}", where + 1, key, axfr, [(0, wire) for wire in parts]
        yield f"axfr-bare-{name}", where + 1, key, axfr, [(0, answer("AXFR", [soa(7), soa(7)], question=False))]
        yield f"axfr-broken-off-{name}", where + 1, key, axfr, [(0, parts[0]), (4, b"")]
        yield f"axfr-forged-{name}", where + 1, key, axfr, [(0, parts[0]), (1, parts[1]), (0, parts[1])]
        yield f"ixfr-{name}", where + 1, key, ixfr, [(0, changes)]
        yield f"ixfr-udp-{name}", where, key, ixfr, [(0, changes)]
        yield f"soa-{name}", where, key, asked, [(1, whole), (2, whole), (3, whole), (5, b""), (0, whole)]
        yield f"soa-silent-{name}", where, key, asked, [(5, b"")] * 6
        yield f"soa-refused-{name}", where, key, asked, [(0, refused.to_wire())]
        yield f"update-{name}", where + 1, key, update().to_wire(), [(0, changed)]
    for name, where, key in (("signed", 20, 5), ("plain", 24, 0)):
        for kind in (0, 1):
            yield f"notify-{name}-{kind}", where + kind, key, notify().to_wire(), [(6 * leg, told) for leg in range(3)]
        yield f"notify-silent-{name}", where, key, notify().to_wire(), [(0, told)] + [(5, b"")] * 4


def bind_file():
    return 'key "k" {\n\talgorithm hmac-sha256-128;\n\tsecret "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";\n};\n'


SMALL = """[proxy]
listen = 192.0.2.1, ::1@5353
[key k]
secret-file = k.key
[primary hq]
address = 10.0.0.1@53
from = 10.0.0.0/28
[secondary any]
address = 192.0.2.2, 2001:db8::1@5353
primary = hq
key = k
zones = example, *.example.net
allow = soa, axfr, ixfr, notify, query, update
mode = observe
"""


def configurations():
    """Name, text, and what stands in the files it names and includes: the example files without comments,
    settings that are left out there put in."""
    secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==\n"
    for path in sorted((ROOT / "etc" / "examples").glob("*.ini")):
        lines = [line.lstrip(";") for line in path.read_text().splitlines() if not line.startswith("; ")]
        lines = [line for line in lines if not line.startswith("secret =")]
        yield path.stem, "\n".join(filter(None, lines)) + "\n", secret
        for number, section in enumerate("\n".join(lines).split("\n\n")):
            yield f"{path.stem}-{number}", section + "\n", secret
    yield "small", SMALL, secret
    keys, peers = SMALL.split("[primary")
    listed = SMALL.replace("secret-file = k.key", "secret = " + secret.strip()).replace("zones =", "zones-file =")
    yield "small-zones-file", listed, "# zones\nexample\n\n*.example.net ; below\na\\;b.example\n"
    yield "small-included", keys.replace("[proxy]", "[proxy]\ninclude = *"), secret + "\0[primary" + peers
    yield "small-key-file", SMALL, bind_file()


def headers():
    """Name and what a balancer writes first (PROXY protocol), with what comes behind it."""
    four, six = bytes([192, 0, 2, 1, 198, 51, 100, 1, 18, 52, 0, 53]), bytes(range(32)) + bytes([18, 52, 0, 53])
    tlvs = bytes([4, 0, 3, 0, 0, 0, 3, 0, 4, 1, 2, 3, 4])
    for name, command, family, rest in (
            ("ipv4", 0x21, 0x11, four), ("ipv6", 0x21, 0x21, six), ("tlvs", 0x21, 0x11, four + tlvs),
            ("local", 0x20, 0, b""), ("local-tlvs", 0x20, 0, tlvs), ("udp", 0x21, 0x12, four),
            ("unspec", 0x21, 0, b""), ("unix", 0x21, 0x31, bytes(216)), ("short", 0x21, 0x21, six[:-1]),
            ("version-1", 0x11, 0x11, four), ("long", 0x21, 0x11, four + bytes(2037))):
        yield name, b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, family, len(rest)) + rest + b"\0\x11"
    yield "text", b"PROXY TCP4 192.0.2.1 198.51.100.1 4660 53\r\n"
    yield "message", frame(dns.message.make_query(ZONE, "SOA").to_wire())


def inputs():
    """Target, name and input."""
    for target, name, text in FOUND:
        yield target, name, base64.b64decode(text)
    for name, wire in messages():
        yield "message", name, struct.pack("!H", 200) + wire
        yield "record", name, signed(dns.message.from_wire(wire))
        yield "verify", name + "-stranger", bytes([0, 0, 0, 0, 0]) + signed(dns.message.from_wire(wire))
        for way in range(1, 4):
            yield "verify", f"{name}-{way}", bytes([way, way, 0, 5, 0]) + wire
        yield "verify", name + "-altered", bytes([0, 1, 0, 5, 1, 0, 20, 32]) + wire
        for at in range(len(wire), len(wire) + 84, 3) if name == "soa" else ():
            yield "verify", f"{name}-altered-{at}", struct.pack("!BBHBHB", 0, 1, 5, 1, at, 1) + wire
        yield "verify", name + "-late", bytes([0, 1, 2, 0, 0]) + wire
        for kind, limit in ((0, 65535), (1, 300), (3, 250), (3, 100)):
            yield "split", f"{name}-{limit}", struct.pack("!BH", kind, limit) + wire
        for where in range(0, 32, 5):
            yield "policy", f"{name}-{where}", bytes([where, 4 + where % 3, 0, 0, 0]) + wire
        yield "policy", name + "-unsigned", bytes([5, 0, 0, 0, 0]) + wire
        yield "policy", name + "-altered", bytes([1, 4, 9, 0, 0]) + wire
        yield "policy", name + "-late", bytes([1, 4, 0, 2, 0]) + wire
        yield "policy", name + "-stranger", bytes([1, 0, 0, 0, 0]) + signed(dns.message.from_wire(wire))
    everything = b"".join(frame(wire) for _, wire in messages()) + frame(b"")
    for name, sizes in (("whole", b""), ("one", b"\0"), ("odd", bytes([0, 6, 99, 255, 2]))):
        yield "frame", name, struct.pack("!HB", 511, len(sizes)) + sizes + everything
    for name, stream in streams():
        yield "stream", name, b"".join(bytes([fate]) + frame(wire) for fate, wire in stream)
    for name, wires in transfers():
        yield "transfer", name, b"".join(map(frame, wires))
    for name, wires in digested():
        yield "zonemd", name, b"".join(map(frame, wires))
    for name, where, key, wire, happenings in exchanges():
        begin = bytes([where, key, 0, 0, 0, 0]) + frame(wire)
        yield "exchange", name, begin + b"".join(bytes([what]) + frame(wire) for what, wire in happenings)
    for name, text, secret in configurations():
        yield "config", name, text.encode() + b"\0" + secret.encode()
    yield "key", "bind", bind_file().encode()
    for name, header in headers():
        yield "proxied", name, b"\0" + header
        yield "proxied", name + "-odd", bytes([3, 4, 0, 11]) + header


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, name, octets in inputs():
        path = Path(sys.argv[1]) / target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)


if __name__ == "__main__":
    main()
