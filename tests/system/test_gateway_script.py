"""The script of `show --tproxy`: may be run twice, and leaves nothing behind."""

import os
import shutil

import pytest

from gateway import HostedProxy
from namespaces import Namespace, missing
from tsigtool import Key

KEY = Key.new("xfr.example")
OTHERS = """
table inet other {
    chain c {
        type filter hook prerouting priority mangle; policy accept;
        tcp dport 80 meta mark set 7 accept
    }
}
"""
VARIANTS = {"gateway": (53, ()), "sidecar": (5300, ("--sidecar",))}


@pytest.fixture(params=VARIANTS.values(), ids=VARIANTS)
def bench(request, launch, tmp_path):
    """(namespace with rules of others in it, the script)"""
    if missing():
        pytest.skip(missing())
    port, more = request.param
    namespace = launch(Namespace("host"))
    namespace.run("nft", "-f", "-", text=OTHERS)
    namespace.ip("link set lo up", "rule add fwmark 7 lookup 77", "route add local default dev lo table 77")
    sections = [
        KEY.section(),
        ("primary hq", {"address": [f"192.0.2.1@{port}", f"2001:db8::1@{port}"]}),
        ("secondary east", {"address": "198.51.100.1, 2001:db8:1::1", "from": "198.51.100.0/24, 2001:db8:1::/64",
                            "key": KEY.label}),
    ]
    return namespace, HostedProxy(tmp_path / "proxy", namespace, sections).script(*more)


def state(namespace):
    commands = ["nft list ruleset", "ip rule", "ip -6 rule", "ip route show table 5301",
                "ip -6 route show table 5301", "ip route show table all", "ip -6 route show table all"]
    return {command: namespace.call(*command.split()).stdout for command in commands}


def run(namespace, script, *words):
    done = namespace.call("sh", "-s", *words, text=script)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("way", [["up"], ["up", "open"], ["up", "closed"]], ids=" ".join)
def test_twice_up_is_once_and_twice_down_is_nothing(bench, way):
    namespace, script = bench
    before = state(namespace)
    if "closed" in way and "sidecar" in script:
        # Beside the primary there is nothing to close: refused, and nothing done.
        assert namespace.call("sh", "-s", *way, text=script).returncode == 2
        assert state(namespace) == before
        return
    run(namespace, script, "down")
    assert state(namespace) == before
    run(namespace, script, *way)
    once = state(namespace)
    assert all(once[command] != before[command] for command in before)
    run(namespace, script, *way)
    assert state(namespace) == once
    for _ in range(2):
        run(namespace, script, "down")
        assert state(namespace) == before


BROKEN = """#!/bin/sh
case $* in
*"-f -"* | *"-6 rule add"*) echo broken >&2; exit 1 ;;
esac
exec {real} "$@"
"""


@pytest.mark.parametrize("tool", ["nft", "ip"])
def test_what_fails_half_way_leaves_nothing(bench, tmp_path, tool):
    namespace, script = bench
    before = state(namespace)
    fake = tmp_path / "bin" / tool
    fake.parent.mkdir()
    fake.write_text(BROKEN.format(real=shutil.which(tool)))
    fake.chmod(0o755)
    done = namespace.call("sh", "-s", "up", text=script, environment={"PATH": f"{fake.parent}:{os.environ['PATH']}"})
    assert done.returncode == 1 and "broken" in done.stderr
    assert state(namespace) == before


def test_wrong_words_change_nothing(bench):
    namespace, script = bench
    before = state(namespace)
    for words in ([], ["sideways"], ["up", "sideways"], ["down", "now"]):
        done = namespace.call("sh", "-s", *words, text=script)
        assert done.returncode == 2 and "usage" in done.stderr
    assert state(namespace) == before
