#!/usr/bin/python3
"""What grows with peers, zones, connections and workers, beside its goal. By way of run.sh:

    sh tests/bench/run.sh --scale [N4 N6 N7 N8 N9 N11]

One line a figure: the median, the least and the most of some rounds. Nothing is asserted, as machines differ."""

import contextlib
import sys
import tempfile
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[1] / "system"))

import connections  # noqa: E402
import memory  # noqa: E402
import notices  # noqa: E402
import queries  # noqa: E402
import starts  # noqa: E402
import table  # noqa: E402

MEASURES = [
    ("N4", memory.n4),
    ("N6", connections.n6),
    ("N7", queries.n7),
    ("N7", queries.n7_zones),
    ("N8", notices.n8),
    ("N9", queries.n9),
    ("N11", starts.n11),
]


def main():
    wanted = set(sys.argv[1:]) or {number for number, _ in MEASURES}
    table.head()
    for number, measure in MEASURES:
        if number in wanted:
            with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
                measure(stack, Path(name))


if __name__ == "__main__":
    main()
