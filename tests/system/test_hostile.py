"""Hostile peers of all kinds at once, on real sockets; tests/hostile says what must hold meanwhile."""

import scene

SEED = "system"  # always the same, so that a fault is new with the change at hand; tests/hostile/run.sh finds others


def test_whoever_is_hostile_to_whom_what_must_not_happen_does_not(tmp_path):
    played = scene.Scene(tmp_path / "proxy", SEED)
    with played.running():
        played.round(30)
    counts = played.book.counts
    for what in ("answers that verify", "whole transfers", "transfers begun", "sound exchanges", "reloads"):
        assert counts[what] > 3, counts
