"""A newcomer's walk: what the README tells people to do, done word for word in a fresh system, once for each of its ways;
each ends with a signed transfer between real servers. Of its own in tests/run.sh: it installs the package."""

import os
import re
import shutil
import subprocess

import pytest

import booted
import image
import namespaces
import readme
from installed import System
from process import until
from walk import README, RECIPES, SERIAL, ZONE, Way


def missing():
    if "TSIG_PROXY_RELEASE" not in os.environ:
        return "TSIG_PROXY_RELEASE is not set"
    return image.missing() or namespaces.missing() or booted.missing()


@pytest.fixture(scope="module")
def system(module_stack):
    """A fresh Debian in which the README's package has been built and installed."""
    why = missing()
    if why and os.environ.get("CI") != "true":
        pytest.skip(why)
    assert why is None, why
    module_stack.enter_context(image.storage())
    made = System()
    build, install = readme.blocks(readme.section(README, "Install"))
    assert (build.words, install.words) == (["sh", "build"], ["sh", "proxy"])
    for old in (readme.ROOT / "build").glob("tsig-proxy_*.deb"):
        old.unlink()
    done = subprocess.run(["sh", "-euc", build.text], cwd=readme.ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made.root / "root/build").mkdir()
    for package in (readme.ROOT / "build").glob("tsig-proxy_*.deb"):
        shutil.copy(package, made.root / "root/build")
    made.shell(f"cd /root\n{install.text}")
    return made


def judge(way, dug):
    """The transfer by hand was signed and is whole; the secondary has the zone by a signed one of its own."""
    assert dug.returncode == 0, dug.stdout + dug.stderr
    assert "TSIG" in dug.stdout and "failed" not in dug.stdout.lower(), dug.stdout
    assert f"www.{ZONE}." in dug.stdout, dug.stdout
    way.ends["secondary"].wait_serial(way.ends["primary"].serial())
    done = way.events(event="transfer", peer="provider", result="ok", zone=ZONE, key="xfr.example")
    assert len(done) == len(way.events(event="transfer")) == 2, way.machine.journal()
    assert not way.events(event="tsig-failure"), way.machine.journal()
    see_and_mend(way)


def follow(way):
    """A change goes through by NOTIFY."""
    way.ends["primary"].change(SERIAL + 1)
    until(lambda: way.events(event="notify", peer="provider", result="ok", key="xfr.example"), "the NOTIFY is answered")
    way.ends["secondary"].wait_serial(SERIAL + 1)


def see_and_mend(way):
    """The commands that show how it is, and what has failed."""
    (see,), (mend,) = (readme.blocks(readme.section(README, heading)) for heading in ("See how it is", "When something fails"))
    until(lambda: way.on_proxy(see.text).startswith("secondary provider has every zone\n"), "status says that all is well")
    way.on_proxy(mend.text)


def sidecar(way):
    """Its hosts: the primary is beside the proxy."""
    way.host("secondary", "203.0.113.10", "192.0.2.1/24", ["route add 192.0.2.0/24 dev eth0"])
    way.proxy.ip("route add 203.0.113.0/24 dev secondary")
    way.add("primary", way.proxy, "127.0.0.1")
    return way


def test_sidecar(system, launch, tmp_path):
    way = sidecar(Way(launch, system, tmp_path, "Sidecar"))
    judge(way, way.go())


def test_explicit_gateway(system, launch, tmp_path):
    way = Way(launch, system, tmp_path, "Explicit gateway")
    way.host("primary", "10.0.0.1", "10.0.0.53/24", [])
    way.host("secondary", "203.0.113.10", "192.0.2.53/24", ["route add 192.0.2.0/24 dev eth0"])
    way.proxy.ip("route add 203.0.113.0/24 dev secondary")
    judge(way, way.go())
    follow(way)


def test_transparent_gateway(system, launch, tmp_path):
    """Its primary is not touched: it has lived there for long."""
    way = Way(launch, system, tmp_path, "Transparent gateway")
    way.host("primary", "10.0.0.1", "10.0.0.254/24", ["route add default via 10.0.0.254"])
    way.host("secondary", "203.0.113.10", "203.0.113.254/24", ["route add default via 203.0.113.254"])
    way.proxy.sysctl("ipv4/ip_forward", 1)
    way.ends["primary"].write("nsd.conf", f"""
zone:
    name: {ZONE}
    zonefile: {ZONE}.zone
    provide-xfr: 203.0.113.10 NOKEY
    notify: 203.0.113.10 NOKEY
""")
    way.begin("primary")
    judge(way, way.go())
    unsigned = way.ends["secondary"].shell(f"dig @10.0.0.1 {ZONE} AXFR")
    assert "Transfer failed" in unsigned.stdout, unsigned.stdout
    follow(way)


def test_tinydns_and_axfrdns(system, launch, tmp_path):
    """The recipe in place of the sidecar's primary and configuration."""
    way = sidecar(Way(launch, system, tmp_path, "tinydns and axfrdns", RECIPES))
    rest = readme.blocks(readme.section(README, "Sidecar"))[2:]
    judge(way, way.go([*way.blocks, *rest]))


def test_unbound_behind_a_primary_that_wants_tsig(system, launch, tmp_path):
    way = Way(launch, system, tmp_path, "Unbound", RECIPES)
    way.host("primary", "198.51.100.1", "192.0.2.1/24", ["route add 192.0.2.0/24 dev eth0"])
    way.proxy.ip("route add 198.51.100.0/24 dev primary")
    way.add("secondary", way.proxy, "127.0.0.1")
    secondary, proxy, primary = way.blocks
    key, start = re.split(r"(?=systemctl start)", readme.blocks(readme.section(README, "Sidecar"))[2].text)
    way.on_proxy(key.replace("tsig-proxy check", ""))
    way.go([proxy, primary])
    way.on_proxy(start.replace("probe legacy", "probe hq --zone example.org"))
    way.go([secondary])
    way.ends["secondary"].wait_serial(SERIAL)
    way.ends["primary"].change(SERIAL + 1)
    until(lambda: way.events(event="notify", peer="unbound", result="ok"), "Unbound is told")
    way.ends["secondary"].wait_serial(SERIAL + 1)
