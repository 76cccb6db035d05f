#!/usr/bin/python3
"""Computes TSIG test vectors for every algorithm from RFC 8945 alone, with Python's hmac.

    make_vectors.py           writes tsig_vectors.h beside this file
    make_vectors.py --check   exit 1 when tsig_vectors.h is not what would be written
"""

import hmac
import pathlib
import struct
import sys

OUTPUT = pathlib.Path(__file__).with_name("tsig_vectors.h")
NOERROR, BADTIME = 0, 18
NOW, FUDGE, SERVER_TIME = 1700000000, 300, 1700009999
KEY_NAME = "xfr.example"

# text, name on the wire, hash, octets of the hash, octets of the full MAC (RFC 8945 section 6)
ALGORITHMS = [
    ("hmac-md5", "hmac-md5.sig-alg.reg.int", "md5", 16, 16),
    ("hmac-sha1", "hmac-sha1", "sha1", 20, 20),
    ("hmac-sha224", "hmac-sha224", "sha224", 28, 28),
    ("hmac-sha256", "hmac-sha256", "sha256", 32, 32),
    ("hmac-sha384", "hmac-sha384", "sha384", 48, 48),
    ("hmac-sha512", "hmac-sha512", "sha512", 64, 64),
    ("hmac-sha256-128", "hmac-sha256-128", "sha256", 32, 16),
    ("hmac-sha384-192", "hmac-sha384-192", "sha384", 48, 24),
    ("hmac-sha512-256", "hmac-sha512-256", "sha512", 64, 32),
]


def name(text):
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(owner, rtype, rdata):
    return name(owner) + struct.pack("!HHIH", rtype, 1, 3600, len(rdata)) + rdata


def soa(serial):
    return record("example.com", 6, name("ns.example.com") + name("host.example.com") +
                  struct.pack("!5I", serial, 7200, 3600, 604800, 300))


def message(flags, question, answers):
    """Header ID 0x1234, the question example.com AXFR unless left out, and the answers."""
    octets = struct.pack("!6H", 0x1234, flags, int(question), len(answers), 0, 0)
    if question:
        octets += name("example.com") + struct.pack("!HH", 252, 1)
    return octets + b"".join(answers)


class Signer:
    """One key, and one exchange that it signs."""

    def __init__(self, algorithm):
        self.text, self.wire, self.hash, self.hash_size, self.mac_size = algorithm
        self.secret = bytes((7 * i + self.hash_size) & 0xFF for i in range(self.hash_size))

    def sign(self, octets, prior=None, timers_only=False, **fields):
        """The signed message and its MAC. `prior` is the request MAC or the prior MAC."""
        time = fields.get("time", NOW)
        error = fields.get("error", NOERROR)
        other = fields.get("other", b"")
        mac_size = fields.get("mac_size", self.mac_size)
        original_id = fields.get("original_id", struct.unpack("!H", octets[:2])[0])
        spelled = fields.get("key_name", KEY_NAME)

        digested = b"" if prior is None else struct.pack("!H", len(prior)) + prior
        digested += struct.pack("!H", original_id) + octets[2:]
        timers = time.to_bytes(6, "big") + struct.pack("!H", FUDGE)
        if timers_only:
            digested += timers
        else:
            digested += name(spelled.lower()) + struct.pack("!HI", 255, 0) + name(self.wire)
            digested += timers + struct.pack("!HH", error, len(other)) + other
        mac = hmac.new(self.secret, digested, self.hash).digest()[:mac_size]

        rdata = name(self.wire) + timers + struct.pack("!H", len(mac)) + mac
        rdata += struct.pack("!HHH", original_id, error, len(other)) + other
        tsig = name(spelled) + struct.pack("!HHIH", 250, 255, 0, len(rdata)) + rdata
        arcount = struct.unpack("!H", octets[10:12])[0]
        return octets[:10] + struct.pack("!H", arcount + 1) + octets[12:] + tsig, mac


def exchange(algorithm):
    """All the messages of one algorithm, by field name of the C struct."""
    s = Signer(algorithm)
    query = message(0x0000, True, [])
    first = message(0x8400, True, [soa(5), record("a.example.com", 1, bytes([192, 0, 2, 1]))])
    later = message(0x8400, False, [record("B.Example.com", 1, bytes([192, 0, 2, 2]))])
    last = message(0x8400, False, [soa(5)])
    refused = message(0x8009, True, [])
    least = max(10, s.hash_size // 2)

    request, request_mac = s.sign(query)
    response, prior = s.sign(first, request_mac)
    continuation, prior = s.sign(later, prior, timers_only=True, time=NOW + 1)
    final, _ = s.sign(last, prior, timers_only=True, time=NOW + 1)
    badtime, _ = s.sign(refused, request_mac, error=BADTIME, other=SERVER_TIME.to_bytes(6, "big"))
    relayed, _ = s.sign(query, original_id=0xABCD, key_name="XFR.Example")
    cut, cut_mac = s.sign(query, mac_size=least)
    cut_response, _ = s.sign(first, cut_mac)
    return {
        "algorithm": s.text, "secret": s.secret, "least_mac": least,
        "query": query, "first": first, "later": later, "last": last, "refused": refused,
        "request": request, "response": response, "continuation": continuation, "final": final,
        "badtime": badtime, "relayed": relayed, "cut": cut, "cut_response": cut_response,
    }


def c_field(field, value):
    if isinstance(value, int):
        return f"        .{field} = {value},\n"
    if isinstance(value, str):
        return f'        .{field} = "{value}",\n'
    text = value.hex()
    lines = [f'\n            "{text[i:i + 80]}"' for i in range(0, len(text), 80)]
    return f"        .{field} ={''.join(lines)},\n"


HEAD = f"""/* Written by make_vectors.py; do not edit. Messages and secrets are hexadecimal text. */
/* clang-format off */
#ifndef TSIG_VECTORS_H
#define TSIG_VECTORS_H

#define TSIG_VECTORS_KEY_NAME    "{KEY_NAME}"
#define TSIG_VECTORS_NOW         {NOW}
#define TSIG_VECTORS_LATER       {NOW + 1} /* Time Signed of continuation and final */
#define TSIG_VECTORS_FUDGE       {FUDGE}
#define TSIG_VECTORS_SERVER_TIME {SERVER_TIME} /* Other Data of badtime */

struct tsig_vector {{
    const char *algorithm;
    const char *secret;
    unsigned least_mac;

    /* without TSIG */
    const char *query;
    const char *first;
    const char *later;
    const char *last;
    const char *refused;

    /* with it */
    const char *request;      /* query */
    const char *response;     /* first, answering request */
    const char *continuation; /* later, after response */
    const char *final;        /* last, after continuation */
    const char *badtime;      /* refused, answering request */
    const char *relayed;      /* query, Original ID 0xabcd, the key name in mixed case */
    const char *cut;          /* query, its MAC cut to least_mac octets */
    const char *cut_response; /* first, answering cut */
}};

static const struct tsig_vector tsig_vectors[] = {{
"""


def header():
    text = HEAD
    for algorithm in ALGORITHMS:
        text += "    {\n"
        for field, value in exchange(algorithm).items():
            text += c_field(field, value)
        text += "    },\n"
    return text + "};\n\n#endif\n"


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    if sys.argv[1:]:
        if not OUTPUT.exists() or OUTPUT.read_text() != header():
            sys.exit(f"{OUTPUT.name} is out of date: run {pathlib.Path(__file__).name}")
    else:
        OUTPUT.write_text(header())


if __name__ == "__main__":
    main()
