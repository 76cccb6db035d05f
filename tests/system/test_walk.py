"""A newcomer's walk: what the README tells people to do, done word for word in a fresh system, once for each of its ways;
each ends with a signed transfer between real servers. Of its own in tests/run.sh: it installs the package."""

import os
import shutil
import subprocess

import pytest

import image
import namespaces
import readme
from installed import System
from process import until
from walk import README, SERIAL, ZONE, Way


def missing():
    if "TSIG_PROXY_RELEASE" not in os.environ:
        return "TSIG_PROXY_RELEASE is not set"
    return image.missing() or namespaces.missing() or None


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
    way.ends["secondary"].wait_serial(SERIAL)
    done = way.service.events(event="transfer", peer="provider", result="ok", zone=ZONE, key="xfr.example")
    assert len(done) == len(way.service.events(event="transfer")) == 2, way.service.text()
    assert not way.service.events(event="tsig-failure"), way.service.text()
    see_and_mend(way)


def follow(way):
    """A change goes through by NOTIFY."""
    way.ends["primary"].change(SERIAL + 1)
    way.service.wait(event="notify", peer="provider", result="ok", key="xfr.example")
    way.ends["secondary"].wait_serial(SERIAL + 1)


def see_and_mend(way):
    """The commands that show how it is, and what has failed."""
    (see,), (mend,) = (readme.blocks(readme.section(README, heading)) for heading in ("See how it is", "When something fails"))
    until(lambda: way.on_proxy(see.text).startswith("secondary provider has every zone\n"), "status says that all is well")
    way.on_proxy(mend.text)


def test_sidecar(system, launch, tmp_path):
    way = Way(launch, system, tmp_path, "Sidecar")
    way.host("secondary", "203.0.113.10", "192.0.2.1/24", ["route add 192.0.2.0/24 dev eth0"])
    way.proxy.ip("route add 203.0.113.0/24 dev secondary")
    way.add("primary", way.proxy, "127.0.0.1")
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
