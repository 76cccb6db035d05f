"""Who means no good, or is not well: what they send, what they may be told, and how much of it there was."""

import contextlib
import random
import time

import client
import flood
import loaders
import messages
import tsigtool
from bench import assert_signed, assert_tsig_error, assert_unsigned
from octets import frame, mutate
from tsigtool import BADKEY, BADSIG, BADTIME, Key

LATE = 4000  # seconds, more than any fudge
SHORT = 0.3  # seconds in which a refusal comes, unless `refusal-rate` keeps it back
BURST, PACE = 400, 4000.0  # datagrams of a flood, and so many a second


class Trouble(loaders.Loader):
    """One bad thing after another, drawn by a seed, from the address of a peer or from a stranger's."""

    def __init__(self, fleet, ledger, seed, pause=0.02):
        super().__init__("bad input", pause)
        self.fleet, self.ledger, self.chance = fleet, ledger, random.Random(seed)
        self.kinds = [self.junk, self.spoiled, self.badsig, self.badkey, self.badtime, self.unsigned, self.elsewhere,
                      self.update_again, self.half_a_frame, self.leave_early, self.nobody_there]
        self.hanging = []

    def work(self):
        kind = self.chance.choice(self.kinds)
        self.ledger.count("bad requests")
        try:
            kind()
        except AssertionError as error:
            self.ledger.tell(self.ledger.wrong, f"{kind.__name__} {self.count}: {error!r}")
        except (OSError, client.Closed):
            self.ledger.count("bad requests without an answer")
        self.count += 1
        return not self.ended.wait(self.pause)

    def close(self):
        for one in self.hanging:
            one.close()

    def query(self):
        return messages.query(self.fleet.zone, number=self.chance.randrange(65536))

    def ask(self, wire, source=None, transport=None):
        """From the peer's address unless another is said. Silence over UDP is an answer, too."""
        transport = transport or self.chance.choice(("udp", "tcp"))
        asking = client.CLIENTS[transport](self.fleet.place, source or self.fleet.source)
        with contextlib.closing(asking):
            return asking.ask(wire, SHORT if transport == "udp" else 5)

    # --- what is sent -------------------------------------------------------------------------------------

    def junk(self):
        """Of octets that no key has seen nothing may come back signed."""
        answer = self.ask(self.chance.randbytes(self.chance.randrange(1, 600)), self.fleet.stranger, "udp")
        assert_unsigned(answer, tsigtool.rcode(answer))

    def spoiled(self):
        wire = mutate(self.chance, tsigtool.sign(self.query(), self.fleet.key)[0])
        answer = self.ask(wire, self.fleet.stranger, "udp")
        assert len(answer) <= 2 * len(wire), f"{len(answer)} octets for {len(wire)}"
        tsig = tsigtool.detach(answer)[1]
        assert not tsig or not tsig.mac, "a stranger has a MAC"

    def badsig(self):
        answer = self.ask(tsigtool.sign(self.query(), self.fleet.key, mac=self.chance.randbytes(32))[0])
        assert_tsig_error(answer, BADSIG, self.fleet.key.name)

    def badkey(self):
        assert_tsig_error(self.ask(tsigtool.sign(self.query(), Key.new("nobody.example"))[0]), BADKEY, "nobody.example")

    def badtime(self):
        wire, mac = tsigtool.sign(self.query(), self.fleet.key, time=int(time.time()) - LATE)
        assert_signed(self.ask(wire), self.fleet.key, mac, messages.NOTAUTH, BADTIME)

    def unsigned(self):
        assert_unsigned(self.ask(self.query()), messages.REFUSED)

    def elsewhere(self):
        """A question as it was recorded, from an address that the key does not belong to."""
        assert_unsigned(self.ask(tsigtool.sign(self.query(), self.fleet.key)[0], self.fleet.stranger), messages.REFUSED)

    def update_again(self):
        """The same octets from another port."""
        zone = self.fleet.dynamic.zone.name
        wire, mac = tsigtool.sign(messages.update(zone, f"again.{zone}", number=self.chance.randrange(65536)),
                                  self.fleet.updating)
        assert_signed(self.ask(wire, transport="tcp"), self.fleet.updating, mac)
        assert_unsigned(self.ask(wire, transport="tcp"), messages.REFUSED)

    def half_a_frame(self):
        """Left at once, or open for who has to end it."""
        octets = frame(tsigtool.sign(self.query(), self.fleet.key)[0])
        asking = client.Tcp(self.fleet.place, self.chance.choice((self.fleet.source, self.fleet.stranger)))
        asking.socket.sendall(octets[: self.chance.randrange(1, len(octets))])
        if self.chance.random() < 0.5:
            asking.close()
            return
        self.hanging.append(asking)
        if len(self.hanging) > 20:
            self.hanging.pop(0).reset()

    def leave_early(self):
        """In the middle of a transfer."""
        asking = client.Tcp(self.fleet.place, self.fleet.source)
        asking.send(tsigtool.sign(messages.query(self.fleet.zone, "AXFR"), self.fleet.key)[0])
        asking.socket.recv(self.chance.randrange(1, 2000))
        asking.reset()

    def nobody_there(self):
        """A zone of a primary that takes no connection."""
        wire, mac = tsigtool.sign(messages.query(self.fleet.dead_zone), self.fleet.key_of_dead)
        asking = client.Tcp(self.fleet.place, self.fleet.source)
        with contextlib.closing(asking):
            assert_signed(asking.ask(wire, 15), self.fleet.key_of_dead, mac, messages.SERVFAIL)


class Floods(flood.Background):
    """Bursts from strangers of what costs most: a question that is signed with a key of somebody else."""

    def __init__(self, place, sources, key, zone, ledger, pause=1.0):
        super().__init__()
        self.place, self.sources, self.key, self.zone, self.ledger = place, sources, key, zone, ledger
        self.pause = pause

    def work(self):
        wire = tsigtool.sign(messages.query(self.zone), self.key)[0]
        burst = flood.Flood(self.place, self.sources, lambda n: tsigtool.with_id(wire, n), PACE, BURST / PACE)
        while not self.ended.is_set() and burst.work():
            pass
        burst.close()
        self.ledger.count("datagrams of floods", burst.sent)
        return not self.ended.wait(self.pause)
