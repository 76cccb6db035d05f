"""A minute of everything at once; tests/soak says what goes on in it, and what must not."""

import os

import pytest
from soak import Soak

pytestmark = [
    pytest.mark.own_workers,
    pytest.mark.skipif("TSIG_PROXY_RELEASE" not in os.environ, reason="TSIG_PROXY_RELEASE is not set"),
]

SECONDS = 60


def test_nothing_is_wrong_or_lost_or_grows(tmp_path):
    soak = Soak(tmp_path, os.environ["TSIG_PROXY_RELEASE"], "system", SECONDS).run()
    print("\n".join(soak.figures()))
    assert not soak.faults()
    for what in ("answers", "bad requests", "datagrams of floods", "transfers whole", "differences", "changes"):
        assert soak.ledger[what] > 20, what
    assert soak.fleet.reloads > 10 and soak.fleet.refused > 3
