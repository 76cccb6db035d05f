"""Traffic that does not give up: each exchange is tried again as servers do, until it is answered well. What was tried twice
is counted, and what is not answered at all is lost."""

import time

import client
import messages
import tsigtool
from loaders import Loader, assert_answers, check_transfer

PATIENCE = 15  # seconds, after which an exchange is lost for good
TRY = 1.0  # seconds that one try waits for octets


class Retried(Loader):
    """A child class says what one attempt() is. `ends`: when each exchange was answered."""

    def __init__(self, name, namespace, pause):
        super().__init__(name, pause)
        self.namespace = namespace
        self.retried = 0
        self.ends = []

    def exchange(self):
        began, tries = time.monotonic(), 0
        while True:
            tries += 1
            try:
                self.attempt()
                break
            except (OSError, client.Closed) as error:
                if time.monotonic() - began > PATIENCE:
                    raise AssertionError(f"lost for good after {tries} tries") from error
                self.ended.wait(0.05)
        self.ends.append(time.monotonic())
        self.retried += tries > 1

    def attempt(self):
        raise NotImplementedError

    def open(self, kind, place, source, **more):
        with self.namespace:
            return kind(place, source, **more)

    def gap(self, since):
        """The longest time without an answer, from this moment on."""
        ends = list(self.ends)
        return max((after - before for before, after in zip(ends, ends[1:]) if after > since), default=0.0)

    def line(self):
        return f"  {self.name}: {self.count}, of these {self.retried} tried again, worst {self.worst:.2f} s, lost 0"


class Soas(Retried):
    """Signed SOA questions over UDP."""

    def __init__(self, host, place, key, zone):
        six = ":" in place.address
        super().__init__("SOA over UDP, IPv6" if six else "SOA over UDP", host.namespace, 0.02)
        self.source = (host.v6 if six else host.v4).address
        self.place, self.key, self.zone = place, key, zone

    def attempt(self):
        wire, mac = tsigtool.sign(messages.query(self.zone, number=self.count % 65536), self.key)
        asking = self.open(client.Udp, self.place, self.source)
        try:
            answer = asking.ask(wire, TRY / 4)
        finally:
            asking.close()
        bare, _ = tsigtool.verify(answer, self.key, mac)
        assert_answers(wire, bare)


class Axfrs(Retried):
    """Transfers, each compared with the zone record by record."""

    def __init__(self, host, place, key, copies):
        super().__init__("AXFR over TCP", host.namespace, 0.1)
        self.source, self.place, self.key, self.copies = host.v4.address, place, key, copies

    def attempt(self):
        asking = self.open(client.Tcp, self.place, self.source, patience=TRY)
        try:
            check_transfer(asking, self.key, self.copies)
        finally:
            asking.close()


class Notifies(Retried):
    """NOTIFYs of the primary, whose zone has not changed."""

    def __init__(self, host, place, zone):
        super().__init__("NOTIFY over UDP", host.namespace, 0.02)
        self.source, self.place, self.zone = host.v4.address, place, zone

    def attempt(self):
        wire = messages.notify(self.zone.name, self.zone.serial)
        asking = self.open(client.Udp, self.place, self.source)
        try:
            answer = asking.ask(wire, TRY)
        finally:
            asking.close()
        assert_answers(wire, answer)
