#!/usr/bin/python3
"""The program beside what people would take instead, in turn. By way of run.sh:

    sh tests/bench/run.sh [N1 N2 N3 N5 N10]
    sh tests/bench/run.sh --size [sizes at-once records in-flight]

One line a figure: the median, the least and the most of some rounds, and the ratio of each round. Nothing is
asserted, as machines differ."""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[1] / "system"))

import asking  # noqa: E402
import bulk  # noqa: E402
import bursts  # noqa: E402
import delivery  # noqa: E402
import table  # noqa: E402

MEASURES = {"N1": bulk.n1, "N2": asking.n2, "N3": delivery.n3, "N5": asking.n5, "N10": bursts.n10}
SIZES = {"sizes": bulk.sizes, "at-once": bulk.at_once, "records": bulk.records, "in-flight": asking.in_flight}


def main():
    words = sys.argv[1:]
    measures = SIZES if words[:1] == ["--size"] else MEASURES
    wanted = [word for word in words if word in measures] or list(measures)
    print(f"load average {os.getloadavg()[0]:.1f}")
    table.sides_head()
    for word in wanted:
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            measures[word](stack, Path(name))
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
