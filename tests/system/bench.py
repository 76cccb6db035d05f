"""The bench of the request matrix: one scripted primary, one proxy, and secondaries of every kind, each
at an address of its own."""

import client
import messages
import net
import tsigtool
from proxy import Proxy
from scripted import Scripted, sound
from tsigtool import Key

ZONE = "example.org"
KEYS = {algorithm: Key.new(f"{algorithm}.alpha.example", algorithm) for algorithm in tsigtool.ALGORITHMS}
MAIN = KEYS["hmac-sha256"]
SUFFIX = Key.new(f"key.{ZONE}")  # can be compressed against the question
BETA = Key.new("beta.example")
CUT = Key.new("cut.example")
TWINS = Key.new("one.twin.example"), Key.new("two.twin.example")
SAME = Key.new("same.example", label="same-1"), Key.new("same.example", label="same-2")
OBSERVED = Key.new("observed.example")
OPEN = Key.new("open.example")
STRANGER = Key.new("stranger.example")

# name: (keys, settings); twins share an address
SECONDARIES = {
    "alpha": ([*KEYS.values(), SUFFIX], {"zones": [ZONE, f"*.{ZONE}"]}),
    "beta": ([BETA], {"zones": "beta.example", "allow": "soa"}),
    "cut": ([CUT], {"zones": "*"}),
    "twin-1": ([TWINS[0]], {"zones": "*"}),
    "twin-2": ([TWINS[1]], {"zones": "*"}),
    "same-1": ([SAME[0]], {"zones": "*"}),
    "same-2": ([SAME[1]], {"zones": "*"}),
    "plain": ([], {"zones": "*"}),
    "observed": ([OBSERVED], {"zones": "*", "mode": "observe", "allow": "soa, axfr, ixfr, update"}),
    "open": ([OPEN], {"zones": "*", "allow": "soa, query, update"}),
}


class Bench:
    def __init__(self, directory):
        self.primary = Scripted(sound)
        self.sources = {name: net.fresh_address() for name in SECONDARIES}
        self.sources["twin-2"] = self.sources["twin-1"]
        self.sources["nobody"] = net.fresh_address()
        self.sources["primary"] = self.primary.place.address
        sections = [("primary legacy", {"address": net.text(self.primary.place)})]
        for name, (keys, settings) in SECONDARIES.items():
            for key in keys:
                sections.append(key.section(**({"minimum_mac": 16} if key is CUT else {})))
            own = {"address": f"{self.sources[name]}@53", **settings}
            if keys:
                own["key"] = [key.label for key in keys]
            sections.append((f"secondary {name}", own))
        self.proxy = Proxy(directory, sections)
        self.clients = []

    def start(self):
        self.primary.start()
        self.proxy.start()
        return self

    def stop(self):
        self.primary.stop()
        self.proxy.stop()

    def client(self, transport, source="alpha"):
        made = client.CLIENTS[transport](self.proxy.place, self.sources[source])
        self.clients.append(made)
        return made

    def close_clients(self):
        while self.clients:
            self.clients.pop().close()

    def ask(self, transport, message, source="alpha"):
        """One question on a socket of its own; the answer's ID is checked."""
        answer = self.client(transport, source).ask(message)
        assert answer[:2] == message[:2]
        return answer

    def forwarded(self, zone):
        """What the primary was asked about a zone."""
        return [r for r in self.primary.requests if r.zone == zone]


def assert_unsigned(answer, rcode):
    assert tsigtool.rcode(answer) == rcode
    assert tsigtool.detach(answer)[1] is None


def assert_tsig_error(answer, error, key_name):
    """NOTAUTH with an error in a TSIG that signs nothing."""
    assert tsigtool.rcode(answer) == messages.NOTAUTH
    tsig = tsigtool.detach(answer)[1]
    assert (tsig.error, tsig.mac) == (error, b"")
    assert tsig.owner.lower() == tsigtool.name_wire(key_name).lower()


def assert_signed(answer, key, mac, rcode=messages.NOERROR, error=0):
    """Returns the message without its TSIG, and the TSIG."""
    bare, tsig = tsigtool.verify(answer, key, mac)
    assert (tsigtool.rcode(bare), tsig.error) == (rcode, error)
    return bare, tsig
