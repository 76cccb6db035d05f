"""The image that the Dockerfile makes, built and run for real. Of its own in tests/run.sh: it takes minutes."""

import os
import re
from pathlib import Path

import pytest

import image as image_module
import net
from composed import Composed, engine_accepts
from container import BIND, Contained
from process import until
from servers import Bind, Knot
from tools import wait_records
from tsigtool import Key
from zones import Zone


@pytest.fixture(scope="module")
def image(module_stack):
    why = image_module.missing()
    if why and os.environ.get("CI") != "true":
        pytest.skip(f"no image can be built here: {why}")
    assert why is None, why
    module_stack.enter_context(image_module.storage())
    return image_module.Image().build()


@pytest.fixture(scope="module")
def composed(image, tmp_path_factory):
    return Composed(tmp_path_factory.mktemp("composed"), image).build()


def status(proxy):
    """/proc/PID/status of the container's process 1."""
    lines = Path(f"/proc/{proxy.first()}/status").read_text(encoding="ascii").splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


def test_image_has_the_program_and_its_libraries_alone(image):
    files = image.files()
    print(f"image: {image.size() / 1e6:.1f} MB, base {sum(image_module.sizes(image.base).values()) / 1e6:.1f} MB")
    for path, size in sorted(files.items()):
        print(f"image: {size:9} {path}")
    print("\n".join(f"image: linked with {line}" for line in image.libraries()))
    assert not any("not found" in line for line in image.libraries())
    libraries = r"usr/lib/[^/]+/lib(uv|ssl|crypto|inih|INIReader|jansson|microhttpd|cap-ng|seccomp|drop_ambient)\.so[.0-9]*"
    expected = re.compile(rf"usr/sbin/tsig-proxy|{libraries}|usr/lib/[^/]+/(engines-3|ossl-modules)/.*|"
                          r"etc/((passwd|group|shadow|gshadow)-?|ld.so.cache|sub[ug]id|hosts)|var/.*")
    assert [path for path in files if not expected.fullmatch(path)] == []
    assert list((image.root / "var/lib/apt/lists").iterdir()) == []
    assert list((image.root / "etc/tsig-proxy").iterdir()) == []
    assert image.healthcheck == [image.command[0], "health"]
    assert ".symtab" not in image_module.run("readelf", "--sections", "--wide", image.root / "usr/sbin/tsig-proxy")


def test_container_between_two_servers(image, launch, tmp_path):
    """As Podman runs it: port 53 by the one capability that it is given."""
    zone, key = Zone(), Key.new("xfr.example")
    place = net.Place(net.fresh_address(), 53)
    primary = launch(Bind(tmp_path / "primary").primary(zone, notify=place))
    secondary = Knot(tmp_path / "secondary").secondary(zone.name, key, place)
    sections = [
        key.section(),
        ("primary legacy", {"address": net.text(primary.place)}),
        ("secondary anycast", {"address": net.text(secondary.place), "key": key.label}),
    ]
    proxy = launch(Contained(tmp_path, sections, image, place=place, bounding=BIND, ambient=BIND))
    launch(secondary)

    secondary.wait_serial(zone.name, zone.serial)
    wait_records(secondary, zone.name, primary.records(zone.name))
    start = proxy.mark()
    serial = primary.change()
    secondary.wait_serial(zone.name, serial)
    assert proxy.wait(event="notify", zone=zone.name, start=start)["peer"] == "anycast"
    assert proxy.wait(event="transfer", serial=serial, start=start)["result"] == "ok"

    health = proxy.health()
    assert health.returncode == 0, health.stderr
    proxy.stop()
    assert proxy.health().returncode != 0


def test_container_without_any_capability(image, launch, tmp_path):
    """As Docker runs it in a network of its own; process 1 ends by SIGTERM with status 0."""
    sections = [("primary legacy", {"address": "192.0.2.1"}), ("secondary anycast", {"address": "192.0.2.2"})]
    proxy = launch(Contained(tmp_path, sections, image, alone=True, listen=["0.0.0.0@53", "::@53"]))
    assert proxy.health().returncode == 0
    found = status(proxy)
    assert found["NSpid"][-1] == "1"
    assert set(found["Uid"]) == {str(image.user[0])} and image.user[0] != 0
    assert [found[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")] == 4 * [["0" * 16]]
    assert found["NoNewPrivs"] == ["1"]
    mounts = Path(f"/proc/{proxy.first()}/mounts").read_text(encoding="ascii").splitlines()
    assert [line.split()[3].split(",")[0] for line in mounts if line.split()[1] in ("/", "/etc/tsig-proxy")] == 2 * ["ro"]
    proxy.stop()


def test_compose_file_runs_as_it_is(image, composed, launch):
    """Played without an engine (composed.py): BIND has dnsmasq's zone, signed by a key that it has never been told."""
    launch(composed)
    secondary = composed.containers["secondary"]

    def answer():
        return secondary.inside("dig", "@127.0.0.1", "www.example.org", "+short").stdout == "192.0.2.80\n"

    until(answer, "the secondary serves the zone", pause=0.2)
    transfers = [line for line in composed.containers["tsig-proxy"].process.lines if "event=transfer" in line]
    assert any("key=xfr.example " in line and "result=ok" in line for line in transfers)
    key = composed.volumes["keys"] / "xfr.example.key"
    assert (key.stat().st_mode & 0o777, key.stat().st_gid) == (0o640, image.user[1])
    # Without the key there is nothing to be had.
    refused = secondary.inside("dig", "@172.30.53.2", "example.org", "AXFR").stdout
    assert "Transfer failed" in refused


@pytest.mark.no_proxy
def test_compose_file_is_one():
    if engine_accepts() is None:
        pytest.skip("docker-compose is not installed")
