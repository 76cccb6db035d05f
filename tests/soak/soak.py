#!/usr/bin/python3
"""Everything at once around the released program (TSIG_PROXY_RELEASE), for so many seconds:

    soak.py [--seconds N] [--seed TEXT]

Ends with the figures, one a line; exit status 1 when something was wrong or lost, or has grown."""

import argparse
import itertools
import os
import pathlib
import random
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / folder) for folder in ("system", "hostile")]

import loaders  # noqa: E402
import patient  # noqa: E402
import tools  # noqa: E402
import trouble  # noqa: E402
from fleet import SLOW_MESSAGES, SLOW_RECORDS, Fleet  # noqa: E402
from process import until  # noqa: E402

LONGEST = 600  # seconds
ROUND, ROUNDS = 20.0, 4  # seconds of traffic from one quiet moment to the next; so many at least
# Octets that may be held more than after the warm-up, which is half of the rounds, and so many for each request since:
# tables have their size from the start and take memory as they fill, and the allocator leaves gaps. Measured were half
# a minute's 500 KiB and two minutes' 740; who loses 100 octets with each request is found within a minute.
FLAT, EACH = 768 << 10, 16
RELOAD = 0.5  # seconds from one reload to the next
SHORTEST, SETTLING = 4.0, 2.0  # seconds of traffic at least; what a round takes beside it


class Soak:
    def __init__(self, directory, binary, seed, seconds):
        self.seconds, self.seed = min(seconds, LONGEST), seed
        self.ledger = patient.Ledger()
        self.fleet = Fleet(directory, binary, seed)
        self.rounds = max(ROUNDS, int(self.seconds / ROUND))
        self.asked = []  # requests up to each quiet moment
        self.quiet = []  # (descriptors, threads, memory) at each quiet moment, the first before any traffic
        self.turns = itertools.count()
        self.longest = 0.0
        self.broken = None  # what ended it before its time

    def good(self):
        fleet = self.fleet
        first = fleet.place, fleet.source, fleet.real[0].asking
        found = [
            *(patient.Questions(*first, fleet.zone, transport, kept)
              for transport, kept in (("udp", False), ("tcp", False), ("tcp", True))),
            patient.Bursts(*first, fleet.zone),
            *(patient.ToolTransfers(tool, *first, fleet.real[0].copies, pause=0.5) for tool in tools.ASKING),
            *(patient.Notifies(fleet.place, fleet.scripted.place.address, [fleet.told], transport, pause=0.02)
              for transport in ("udp", "tcp")),
            patient.Updates(fleet.place, fleet.source, fleet.updating, fleet.dynamic),
            patient.Reading(fleet.place, fleet.source, fleet.slow, "slow.example", SLOW_MESSAGES * SLOW_RECORDS + 2),
        ]
        for real in fleet.real:
            asking = fleet.place, fleet.source, real.asking, real.copies
            found += [patient.Transfers(*asking, pause=0.3), patient.Differences(*asking, pause=0.1),
                      patient.Changes(real.primary, real.secondaries, real.copies, pause=0.5)]
        return [one.noting(self.ledger) for one in found]

    def bad(self, number):
        fleet = self.fleet
        return [trouble.Trouble(fleet, self.ledger, f"{self.seed}/{number}"),
                trouble.Floods(fleet.place, fleet.crowd, fleet.key, fleet.zone, self.ledger),
                loaders.Stuck(fleet.place, fleet.source, fleet.slow, "stuck.example")]

    def round(self, number, seconds):
        """All at once, and reloads meanwhile, by signal and because the file changed."""
        good, bad = self.good(), self.bad(number)
        end, began = time.monotonic() + seconds, time.monotonic()
        for one in good + bad:
            one.start()
        try:
            for turn in itertools.count():
                until(lambda: time.monotonic() >= began + turn * RELOAD, "the next reload is due", RELOAD + 1)
                if time.monotonic() > end - 1:
                    break
                (self.fleet.bad if next(self.turns) % 3 == 2 else self.fleet.good)()
        finally:
            for one in good + bad:
                one.ended.set()
            for one in good + bad:
                one.stop()
        for one in good:
            self.longest = max(self.longest, 0 if isinstance(one, (patient.Changes, patient.Reading)) else one.worst)
        self._check(good)

    def _check(self, good):
        """What was answered was done."""
        for one in good:
            if isinstance(one, patient.Notifies):
                one.assert_carried()
            if isinstance(one, patient.Updates):
                one.assert_done()
        for real in self.fleet.real:
            real.assert_same()

    def run(self):
        """Until the time is over, or something happens that must not."""
        try:
            self._run()
        except AssertionError as error:
            self.broken = error
        return self

    def _run(self):
        begin = time.monotonic()
        with self.fleet.running():
            self.fleet.settle()
            self._look()
            rest = self.quiet[0][:2]
            for number in range(self.rounds):
                left = begin + self.seconds - time.monotonic()
                self.round(number, max(SHORTEST, left / (self.rounds - number) - SETTLING))
                self.fleet.settle()
                self._look(*rest)
                print(f"round {number + 1}: {self.line()}", flush=True)

    def line(self):
        descriptors, threads, memory = self.quiet[-1]
        return f"{self.ledger['requests']} requests, {descriptors} descriptors, {threads} threads, {memory >> 10} KiB"

    def _look(self, *rest):
        self.quiet.append(self.fleet.quiet(*rest))
        self.asked.append(self.ledger["requests"])

    def _warm(self):
        """Which quiet moment ended the warm-up, or the last so far."""
        return min(self.rounds // 2, len(self.quiet) - 1)

    def grown(self):
        """(octets since the warm-up, how many may be)"""
        if not self.quiet:
            return 0, 0
        warm = self._warm()
        return self.quiet[-1][2] - self.quiet[warm][2], FLAT + EACH * (self.asked[-1] - self.asked[warm])

    def figures(self):
        """One line each."""
        book, quiet, fleet = self.ledger, self.quiet, self.fleet
        yield f"seed {self.seed}, {self.seconds:.0f} s"
        for what in ("requests", "answers", "tried again", "bad requests", "datagrams of floods", "transfers whole",
                     "differences", "changes"):
            yield f"{what}: {book[what]}"
        yield f"wrong answers: {len(book.wrong)}"
        yield f"lost for good: {len(book.lost)}"
        yield f"reloads: {fleet.reloads} good, {fleet.refused} refused"
        yield (f"memory: {quiet[0][2] >> 10} KiB at start, {quiet[self._warm()][2] >> 10} after the "
               f"warm-up, {quiet[-1][2] >> 10} at the end")
        yield f"descriptors at quiet moments: {', '.join(str(one[0]) for one in quiet)}"
        yield f"threads at quiet moments: {', '.join(str(one[1]) for one in quiet)}"
        yield f"longest wait of a good client: {self.longest * 1000:.0f} ms"

    def faults(self):
        """What must not be, in sentences."""
        found = [*self.ledger.wrong[:5], *self.ledger.lost[:5], *([self.broken] if self.broken else [])]
        grown, most = self.grown()
        if grown > most:
            found.append(f"{grown >> 10} KiB more than after the warm-up, where {most >> 10} may be")
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", default=f"{random.randrange(1 << 32):08x}")
    own = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        soak = Soak(pathlib.Path(directory), os.environ["TSIG_PROXY_RELEASE"], own.seed, own.seconds).run()
    faults = soak.faults()
    print("\n".join([*(soak.figures() if soak.quiet else []), *(f"FAULT: {one}" for one in faults)]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
