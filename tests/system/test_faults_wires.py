"""Wires that are not sound, all of them at once, with real servers at their ends."""

import pytest

from faults import Field

pytestmark = pytest.mark.any_workers

WEATHER = {
    "loss": {"loss": 0.2},
    "delay": {"delay": 0.2},
    "reordering_and_duplication": {"delay": 0.005, "overtake": 0.3, "double": 0.4},
    "corruption": {"spoil": 0.1},
    "a_slow_line": {"rate": 50000},
}
# Of the packets to secondaries: no checksum tells of it, TSIG alone does. Where there is no TSIG, nothing would.
FORGED = {"corruption": 0.1}
DIFFERENCES = ("delay", "reordering_and_duplication")
DONE = {"loss": ["lost"], "delay": ["delayed"], "reordering_and_duplication": ["overtaken", "doubled"],
        "corruption": ["spoiled"]}
# How many of the twelve copies have to be there in spite of it, and within how many seconds. How soon a server asks
# again for what got lost is its own affair.
ALL, SOME = (12, 20), (3, 6)
WANTED = {"reordering_and_duplication": ALL, "a_slow_line": ALL}
PATIENT = {"connect_timeout": 5, "answer_timeout": 5, "progress_timeout": 10, "idle_timeout": 3}


@pytest.mark.parametrize("weather", WEATHER)
def test_wires_are_not_sound(weather, launch, tmp_path):
    field = Field(launch, tmp_path, weather, texts=40, differences=weather in DIFFERENCES, **PATIENT).start()
    for role in field.servers:
        field.links.set(role, **WEATHER[weather])
    for role in field.secondaries:
        field.links.set(role, "in", forge=FORGED.get(weather, 0))
    field.change()
    least, seconds = WANTED.get(weather, SOME)
    there, took = field.spread(seconds)
    done = field.links.counts()
    assert all(done[what] > 50 for what in DONE.get(weather, ())), done
    assert there >= least
    for role in field.servers:
        field.links.heal(role)
    field.change()
    field.settle(patience=30)
    field.finish(weather, {"copies there meanwhile": there, "within": round(took, 1)})
