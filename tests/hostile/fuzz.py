#!/usr/bin/python3
"""Hostile peers on the loopback network against the program that TSIG_PROXY names (the one with sanitizers):

    fuzz.py [--seconds N] [--seed TEXT] [--rate PLAYS] [--role NAME]... [--play NUMBER [--plays COUNT]]

A fault tells the seed, the role and the play; `--seed S --role R --play N` sends the same messages again, as far
as clocks and the network allow."""

import argparse
import pathlib
import random
import resource
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "system"))

from judge import Fault  # noqa: E402
from scene import Scene  # noqa: E402

ROUND = 60.0  # seconds


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default=None)
    parser.add_argument("--rate", type=float, default=15, help="plays a second of each role")
    parser.add_argument("--role", action="append")
    parser.add_argument("--play", type=int, default=0)
    parser.add_argument("--plays", type=int, default=None)
    return parser.parse_args()


def play(scene, own):
    """Rounds until the time is over."""
    end = time.monotonic() + own.seconds
    with scene.running():
        while (left := end - time.monotonic()) > 1:
            scene.round(min(left, ROUND), own.plays)
            descriptors, gained = scene.figures[-1]
            counts = ", ".join(f"{n} {what}" for what, n in sorted(scene.book.counts.items()))
            print(f"quiet: {descriptors} descriptors, {gained / 2**20:+.1f} MiB; {counts}", flush=True)
            if own.plays:
                break


def main():
    own = arguments()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    seed = own.seed or f"{random.randrange(1 << 32):08x}"
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        scene = Scene(pathlib.Path(directory), seed, own.rate, own.role, own.play)
        try:
            play(scene, own)
        except (Fault, AssertionError) as error:
            print(f"FAULT, seed {seed}: {error}", flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
