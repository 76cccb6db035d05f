"""The documents of several instances made one by etc/ha/joined.jq: what each of them has seen alone, and what is then true."""

import json
import shutil
import subprocess

import pytest

import readme
from pages import NOW, document, failure, peer, zone

pytestmark = pytest.mark.no_proxy
BEFORE, BETWEEN, AFTER = NOW - 900, NOW - 600, NOW - 300


@pytest.fixture
def join(tmp_path):
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")

    def made(*documents):
        paths = [tmp_path / f"{name}.json" for name in ("first", "second", "third")[: len(documents)]]
        for path, one in zip(paths, documents):
            path.write_text(json.dumps(one))
        done = subprocess.run(["jq", "-n", "-f", readme.ROOT / "etc/ha/joined.jq", *paths], capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return made


def joined_zone(join, *rows):
    (one,) = join(*(document("", [row] if row else []) for row in rows))["zones"]
    return one


def row(state="current", **more):
    return zone("example.org", "provider", state, **more)


def test_who_was_told_here_and_has_fetched_there_is_current(join):
    told = row("behind", serial=7, newest=8, behind_since=BETWEEN, confirmed=BEFORE, why="told, and has not asked since")
    fetched = row(serial=8, newest=8, confirmed=AFTER)
    for rows in ((told, fetched), (fetched, told)):
        one = joined_zone(join, *rows)
        assert (one["state"], one["serial"], one["newest"], one["why"], one["behind_since"]) == ("current", 8, 8, None, None)


def test_who_has_fetched_before_it_was_told_is_behind_and_one_says_why(join):
    told = row("behind", serial=7, newest=8, behind_since=BETWEEN, confirmed=None, why="told, and has not asked since")
    fetched = row(serial=7, newest=7, confirmed=BEFORE)
    one = joined_zone(join, fetched, told)
    assert (one["state"], one["serial"], one["newest"], one["behind_since"]) == ("behind", 7, 8, BETWEEN)
    assert one["why"] == "told, and has not asked since"


def test_silent_is_who_asks_none_of_them(join):
    silent = row("silent", silent_since=BETWEEN, why="it asked every 2 h before")
    assert joined_zone(join, silent, silent)["state"] == "silent"
    assert joined_zone(join, silent, row())["state"] == "current"
    assert joined_zone(join, silent, row("unknown", serial=None, confirmed=None, asked=None, expires=None))["state"] == "silent"
    assert joined_zone(join, silent, None)["state"] == "silent"


def test_a_copy_expires_by_what_was_confirmed_last(join):
    old = row("expired", expires=NOW - 60, confirmed=BEFORE)
    assert joined_zone(join, old, row(expires=NOW + 3600, confirmed=AFTER))["state"] == "current"
    assert joined_zone(join, old, old)["state"] == "expired"


def test_serials_are_a_circle(join):
    assert joined_zone(join, row(newest=4294967290), row(newest=3))["newest"] == 3
    assert joined_zone(join, row(newest=3), row(newest=4294967290))["newest"] == 3
    assert joined_zone(join, row(newest=None), row(newest=3))["newest"] == 3


def test_who_answers_one_of_them_is_up_and_what_fails_has_its_instance(join):
    first = document("", [], peers=[peer("provider", "secondary", up=False, last_heard=BEFORE)], failures=[failure(time=BEFORE)],
                     absent=["192.0.2.53"])
    second = document("", [], peers=[peer("provider", "secondary", up=True, last_heard=AFTER)], failures=[failure(time=AFTER)],
                      absent=[])
    one = join(first, second)
    (provider,) = one["peers"]
    assert (provider["up"], provider["last_heard"]) == (True, AFTER)
    assert [failed["instance"] for failed in one["failures"]] == ["second", "first"]
    assert [(instance["instance"], instance["absent"]) for instance in one["instances"]] == [
        ("first", ["192.0.2.53"]), ("second", [])]


def test_every_copy_of_many_is_counted_once(join):
    zones = [zone(f"zone-{number}.example", secondary) for number in range(500) for secondary in ("east", "west")]
    one = join(document("", zones), document("", zones[::2]), document("", []))
    assert one["zone_counts"] == {"current": 1000}
    assert len(one["zones"]) == 1000
