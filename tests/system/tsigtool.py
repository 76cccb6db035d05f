"""TSIG by hand (RFC 8945), with nothing but hmac and struct: what is sound, and what is odd on purpose."""

import base64
import dataclasses
import hashlib
import hmac
import os
import struct
import time

# configured name: (name on the wire, hash, octets of a full MAC)
ALGORITHMS = {
    "hmac-md5": ("hmac-md5.sig-alg.reg.int", hashlib.md5, 16),
    "hmac-sha1": ("hmac-sha1", hashlib.sha1, 20),
    "hmac-sha224": ("hmac-sha224", hashlib.sha224, 28),
    "hmac-sha256": ("hmac-sha256", hashlib.sha256, 32),
    "hmac-sha256-128": ("hmac-sha256-128", hashlib.sha256, 16),
    "hmac-sha384": ("hmac-sha384", hashlib.sha384, 48),
    "hmac-sha384-192": ("hmac-sha384-192", hashlib.sha384, 24),
    "hmac-sha512": ("hmac-sha512", hashlib.sha512, 64),
    "hmac-sha512-256": ("hmac-sha512-256", hashlib.sha512, 32),
}

TSIG, ANY = 250, 255
BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22


class BadTsig(AssertionError):
    pass


def name_wire(text):
    """A name without escapes in it, uncompressed."""
    labels = [label.encode() for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_name(message, offset):
    """The uncompressed wire form of the name at `offset`, and the offset behind it."""
    labels, end, jumps = b"", None, 0
    while True:
        length = message[offset]
        if length >= 0xC0:
            end = offset + 2 if end is None else end
            offset = struct.unpack_from("!H", message, offset)[0] & 0x3FFF
            jumps += 1
            if jumps > 127:
                raise BadTsig("pointer loop")
            continue
        labels += message[offset : offset + 1 + length]
        offset += 1 + length
        if not length:
            return labels, offset if end is None else end


@dataclasses.dataclass
class Record:
    section: int  # 1 answer, 2 authority, 3 additional
    start: int
    end: int
    name: bytes
    type: int
    klass: int
    ttl: int
    rdata: bytes
    rdata_offset: int


def records(message):
    """Every record of a message, in order."""
    counts = struct.unpack_from("!4H", message, 4)
    offset, found = 12, []
    for _ in range(counts[0]):
        offset = read_name(message, offset)[1] + 4
    for section in (1, 2, 3):
        for _ in range(counts[section]):
            name, at = read_name(message, offset)
            kind, klass, ttl, length = struct.unpack_from("!HHIH", message, at)
            at += 10
            rdata = message[at : at + length]
            found.append(Record(section, offset, at + length, name, kind, klass, ttl, rdata, at))
            offset = at + length
    if offset != len(message):
        raise BadTsig(f"{len(message) - offset} octets behind the last record")
    return found


@dataclasses.dataclass(frozen=True)
class Key:
    """A shared key. `label` is its section in tsig-proxy's configuration."""

    name: str
    algorithm: str = "hmac-sha256"
    secret: bytes = b""
    label: str = ""

    @staticmethod
    def new(name, algorithm="hmac-sha256", label=None):
        size = ALGORITHMS[algorithm][1]().digest_size
        return Key(name, algorithm, os.urandom(size), label or name)

    @property
    def base64(self):
        return base64.b64encode(self.secret).decode()

    @property
    def mac_size(self):
        return ALGORITHMS[self.algorithm][2]

    @property
    def algorithm_wire(self):
        return name_wire(ALGORITHMS[self.algorithm][0])

    def mac(self, data):
        digest = hmac.new(self.secret, data, ALGORITHMS[self.algorithm][1]).digest()
        return digest[: self.mac_size]

    def section(self, **settings):
        """Header and settings for tsig-proxy's configuration."""
        values = {"algorithm": self.algorithm, "secret": self.base64, **settings}
        if self.name != self.label:
            values["name"] = self.name
        return f"key {self.label}", values


@dataclasses.dataclass
class Tsig:
    """The record; every field can be given a wrong value, lengths included."""

    owner: bytes  # in wire form, compressed if one likes
    algorithm: bytes
    time: int
    fudge: int = 300
    mac: bytes = b""
    original_id: int = 0
    error: int = 0
    other: bytes = b""
    klass: int = ANY
    ttl: int = 0
    mac_size: int = None  # the three lengths: what adds up, unless given
    other_size: int = None
    rdata_size: int = None

    def rdata(self):
        mac_size = len(self.mac) if self.mac_size is None else self.mac_size
        other_size = len(self.other) if self.other_size is None else self.other_size
        return (
            self.algorithm
            + struct.pack("!HIHH", self.time >> 32, self.time & 0xFFFFFFFF, self.fudge, mac_size)
            + self.mac
            + struct.pack("!HHH", self.original_id, self.error, other_size)
            + self.other
        )

    def wire(self):
        rdata = self.rdata()
        size = len(rdata) if self.rdata_size is None else self.rdata_size
        return self.owner + struct.pack("!HHIH", TSIG, self.klass, self.ttl, size) + rdata

    def variables(self, name=None):
        """RFC 8945 section 4.3.3; `name` replaces an owner that is compressed."""
        owner = self.owner if name is None else name
        return (
            owner.lower()
            + struct.pack("!HI", self.klass, self.ttl)
            + self.algorithm.lower()
            + self.timers()
            + struct.pack("!HH", self.error, len(self.other))
            + self.other
        )

    def timers(self):
        return struct.pack("!HIH", self.time >> 32, self.time & 0xFFFFFFFF, self.fudge)


def with_id(message, number):
    return struct.pack("!H", number) + message[2:]


def message_id(message):
    return struct.unpack_from("!H", message)[0]


def flags(message):
    return struct.unpack_from("!H", message, 2)[0]


def rcode(message):
    return message[3] & 15


def append(message, record, section=3):
    """The message with one more record at its end, counted in the given section."""
    at = 4 + 2 * section
    count = (struct.unpack_from("!H", message, at)[0] + 1) & 0xFFFF
    return message[:at] + struct.pack("!H", count) + message[at + 2 :] + record


def sign(message, key, *, request_mac=None, length=None, owner=None, **fields):
    """Signs a request, or with `request_mac` a response. `fields` go into the record as they are; `length`
    cuts the MAC; `owner` is the record's owner as sent (the digest has the key's name). Returns the
    message and the MAC that it carries."""
    fields.setdefault("time", int(time.time()))
    fields.setdefault("original_id", message_id(message))
    fields.setdefault("algorithm", key.algorithm_wire)
    sizes = {k: fields.pop(k) for k in ("klass", "ttl", "rdata_size") if k in fields}
    tsig = Tsig(owner=name_wire(key.name), **fields)
    prefix = b"" if request_mac is None else struct.pack("!H", len(request_mac)) + request_mac
    covered = with_id(message, tsig.original_id)
    mac = key.mac(prefix + covered + tsig.variables())[:length]
    if "mac" not in fields:
        tsig.mac = mac
    tsig = dataclasses.replace(tsig, owner=owner or tsig.owner, **sizes)
    return append(message, tsig.wire()), tsig.mac


def detach(message):
    """(message without its TSIG, the TSIG), (message, None) if it has none."""
    all_records = records(message)
    if not all_records or all_records[-1].type != TSIG:
        return message, None
    last = all_records[-1]
    data = last.rdata
    algorithm, at = read_name(data, 0)
    high, low, fudge, mac_size = struct.unpack_from("!HIHH", data, at)
    at += 10
    mac = data[at : at + mac_size]
    at += mac_size
    original_id, error, other_size = struct.unpack_from("!HHH", data, at)
    other = data[at + 6 : at + 6 + other_size]
    if at + 6 + other_size != len(data) or len(mac) != mac_size:
        raise BadTsig("lengths in the TSIG do not add up")
    tsig = Tsig(last.name, algorithm, (high << 32) | low, fudge, mac, original_id, error, other)
    tsig.klass, tsig.ttl = last.klass, last.ttl
    count = struct.unpack_from("!H", message, 10)[0] - 1
    return message[:10] + struct.pack("!H", count) + message[12 : last.start], tsig


class Verifier:
    """Checks the messages of one response, or one request, in their order (RFC 8945 section 5.3.1)."""

    def __init__(self, key, request_mac=None, least=None):
        self.key = key
        self.least = least or key.mac_size
        self.prior = request_mac
        self.first = True
        self.unsigned = b""
        self.time = 0

    def check(self, message, must_sign=True):
        """Returns the message without TSIG, and the TSIG; raises BadTsig."""
        bare, tsig = detach(message)
        if tsig is None:
            if must_sign or self.first:
                raise BadTsig("no TSIG")
            self.unsigned += message
            return bare, None
        self._check_fields(tsig)
        prefix = b"" if self.prior is None else struct.pack("!H", len(self.prior)) + self.prior
        covered = with_id(bare, tsig.original_id)
        tail = tsig.variables() if self.first else tsig.timers()
        if self.key.mac(prefix + self.unsigned + covered + tail)[: len(tsig.mac)] != tsig.mac:
            raise BadTsig(f"the MAC is wrong (RCODE {rcode(message)}, error {tsig.error})")
        if tsig.time < self.time:
            raise BadTsig("Time Signed went back")
        self.first, self.prior, self.unsigned, self.time = False, tsig.mac, b"", tsig.time
        return bare, tsig

    def _check_fields(self, tsig):
        if tsig.owner.lower() != name_wire(self.key.name).lower():
            raise BadTsig(f"key name {tsig.owner!r}")
        if tsig.algorithm.lower() != self.key.algorithm_wire:
            raise BadTsig(f"algorithm {tsig.algorithm!r}")
        if (tsig.klass, tsig.ttl) != (ANY, 0):
            raise BadTsig("class or TTL")
        if not self.least <= len(tsig.mac) <= self.key.mac_size:
            raise BadTsig(f"MAC of {len(tsig.mac)} octets, error {tsig.error}")


def verify(message, key, request_mac=None):
    """One message that must be signed. Returns it without TSIG, and the TSIG."""
    return Verifier(key, request_mac).check(message)


class Signer:
    """Signs the messages of one response, all or every so many-th (RFC 8945 section 5.3.1)."""

    def __init__(self, key, request_mac, every=1):
        self.key = key
        self.prior = request_mac
        self.every = every
        self.count = 0
        self.unsigned = b""

    def message(self, message, last=False, at=None):
        """The message as it is to be sent; `at` is its Time Signed, now unless given."""
        self.count += 1
        if self.count == 1:
            moment = {} if at is None else {"time": at}
            signed, self.prior = sign(message, self.key, request_mac=self.prior, **moment)
            return signed
        if not last and (self.count - 1) % self.every:
            self.unsigned += message
            return message
        tsig = Tsig(name_wire(self.key.name), self.key.algorithm_wire, at or int(time.time()))
        tsig.original_id = message_id(message)
        prior = struct.pack("!H", len(self.prior)) + self.prior
        tsig.mac = self.prior = self.key.mac(prior + self.unsigned + message + tsig.timers())
        self.unsigned = b""
        return append(message, tsig.wire())
