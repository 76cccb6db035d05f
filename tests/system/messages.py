"""DNS messages without TSIG, to ask with and to answer with."""

import random
import struct

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rdataclass
import dns.rrset

import tsigtool

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH = 0, 1, 2, 3, 4, 5, 9
SOA, IXFR, AXFR = 6, 251, 252
QR, AA, TC, RD, AD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0020


def query(name="example.org", kind="SOA", *, number=None, klass="IN", payload=None, options=None):
    """A question in wire form; `payload` adds OPT."""
    edns = {} if payload is None else {"use_edns": 0, "payload": payload, "options": options}
    message = dns.message.make_query(name, kind, klass, **edns)
    message.flags = 0
    message.id = random.randrange(65536) if number is None else number
    return message.to_wire()


def ixfr_query(name, serial, **more):
    """An IXFR question with the client's serial in its authority section."""
    wire = query(name, "IXFR", **more)
    rdata = b"\0\0" + struct.pack("!5I", serial, 0, 0, 0, 0)
    record = tsigtool.name_wire(name) + struct.pack("!HHIH", 6, 1, 0, len(rdata)) + rdata
    opt = tsigtool.records(wire)
    if not opt:
        return tsigtool.append(wire, record, section=2)
    at = opt[0].start
    return wire[:8] + b"\0\1" + wire[10:at] + record + wire[at:]


def notify(name="example.org", serial=None, **more):
    """A NOTIFY, with its SOA as hint if `serial` is given."""
    message = dns.message.from_wire(query(name, "SOA", **more))
    message.set_opcode(dns.opcode.NOTIFY)
    message.flags |= dns.flags.AA
    if serial is not None:
        message.answer = rrsets([soa(name, serial)])
    return message.to_wire()


def update(zone="example.org", owner="new.example.org", klass=1, number=None):
    """An UPDATE that adds one address; `klass` is that of the zone section."""
    wire = query(zone, "SOA", number=number)
    wire = wire[:2] + b"\x28\0" + wire[4:-2] + struct.pack("!H", klass)
    record = tsigtool.name_wire(owner) + struct.pack("!HHIH", 1, 1, 60, 4) + b"\xc0\0\2\1"
    return tsigtool.append(wire, record, section=2)


def soa(zone, serial):
    return f"{zone}. 3600 IN SOA ns.{zone}. hostmaster.{zone}. {serial} 3600 60 86400 300"


def rrsets(lines):
    """Text lines, one record each, in their order."""
    found = []
    for line in lines:
        owner, ttl, klass, kind, data = line.split(" ", 4)
        found.append(dns.rrset.from_text(owner, int(ttl), klass, kind, data))
    return found


def answer(request, lines=(), authority=(), additional=(), *, rcode=NOERROR, question=True, flags=AA):
    """An answer to `request` (wire form) in wire form; OPT is given back if asked with."""
    asked = dns.message.from_wire(tsigtool.detach(request)[0])
    message = dns.message.make_response(asked)
    message.flags = (asked.flags & 0x7800) | QR | flags
    message.set_rcode(rcode)
    if not question:
        message.question = []
    message.answer = rrsets(lines)
    message.authority = rrsets(authority)
    message.additional = rrsets(additional)
    return message.to_wire(max_size=65535)


def with_flags(message, flags):
    return message[:2] + struct.pack("!H", flags) + message[4:]


def with_counts(message, **counts):
    """Overwrites header counts: qd, an, ns, ar."""
    for name, value in counts.items():
        at = 4 + 2 * ("qd", "an", "ns", "ar").index(name)
        message = message[:at] + struct.pack("!H", value) + message[at + 2 :]
    return message


def counts(message):
    return struct.unpack_from("!4H", message, 4)


def question(message):
    """The octets of the question section, names in lower case."""
    if not counts(message)[0]:
        return b""
    name, at = tsigtool.read_name(message, 12)
    return name.lower() + message[at : at + 4]


def question_name(message):
    """As text in lower case, without the last dot."""
    labels, at, wire = [], 0, tsigtool.read_name(message, 12)[0]
    while wire[at]:
        labels.append(wire[at + 1 : at + 1 + wire[at]].decode().lower())
        at += 1 + wire[at]
    return ".".join(labels)


def question_type(message):
    return struct.unpack("!H", question(message)[-4:-2])[0]


def opt(message):
    """The OPT record, None without."""
    found = [r for r in tsigtool.records(message) if r.type == 41]
    assert len(found) < 2, "more than one OPT"
    return found[0] if found else None


def opt_options(message):
    """EDNS options as {code: data}."""
    record, found, at = opt(message), {}, 0
    while record and at < len(record.rdata):
        code, size = struct.unpack_from("!HH", record.rdata, at)
        found[code] = record.rdata[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def first_serial(message):
    """The serial of the first SOA record, None without."""
    for record in tsigtool.records(message):
        if record.type == 6:
            return struct.unpack("!I", record.rdata[-20:-16])[0]
    return None
