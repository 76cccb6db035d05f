"""What `check`, and `run` at its start, say of the host and of files: what others could do there."""

import os
import re
import subprocess
from pathlib import Path

import pytest

import namespaces
import net
import proxy as proxy_module
from proxy import Proxy, ini
from tsigtool import Key

pytestmark = pytest.mark.any_workers

PRIMARY, SECONDARY = "127.0.0.1@5300", "198.51.100.1"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="takes root")


@pytest.fixture
def warnings(tmp_path):
    """warnings(...): those of `check`, which must find no error."""
    key = Key.new("xfr.example")

    def check(*before, primary=None, listen="127.0.0.1@5353", address=PRIMARY, mode=0o600, owner=0, **settings):
        (tmp_path / "k.key").write_text(key.base64)
        (tmp_path / "k.key").chmod(mode)
        path = tmp_path / "tsig-proxy.ini"
        path.write_text(ini([
            ("proxy", {"user": "", "listen": listen, **settings}),
            ("key xfr.example", {"secret_file": "k.key"}),
            ("primary hq", {"address": address, **(primary or {})}),
            ("secondary anycast", {"address": SECONDARY, "key": "xfr.example"}),
        ]))
        path.chmod(mode)
        if owner:
            os.chown(tmp_path / "k.key", owner, owner)
            os.chown(path, owner, owner)
        command = [*before, proxy_module.program(), "check", "-c", str(path)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert found.returncode == 0, found
        return [line for line in found.stderr.splitlines() if ": warning: " in line]

    return check


def about(lines, *words):
    return [line for line in lines if all(word in line for word in words)]


def test_a_file_that_others_can_write_is_warned_of(warnings):
    assert not about(warnings(mode=0o640), "can write")
    for mode in (0o622, 0o620, 0o602):
        found = warnings(mode=mode)
        assert len(about(found, "others can write this file", "640")) == 1
        assert len(about(found, ":6: ", "others can write the secret file", "640")) == 1


@AS_ROOT
def test_a_file_that_someone_else_owns_is_warned_of(warnings):
    found = warnings(owner=12345)
    assert len(about(found, "12345", "give it to root")) == 2


@AS_ROOT
def test_a_file_of_the_user_of_the_configuration_is_fine(warnings):
    assert not about(warnings(owner=65534, user="nobody"), "give it to root")


@pytest.fixture
def host(launch):
    if namespaces.missing():
        pytest.skip(namespaces.missing())
    namespace = launch(namespaces.Namespace("host"))
    namespace.ip("link set lo up", "link add name one type veth peer name two.5")
    with namespace:
        yield namespace


def test_a_loopback_primary_whose_port_anyone_may_bind_is_warned_of(host, warnings):
    """While it is down any user can take its place, and what that user says is signed."""
    for address in ("127.0.0.1@5300", "127.9.9.9@1024", "::1@5300"):
        assert len(about(warnings(address=address), ":8: ", "hq", address, "127.0.0.2@53")) == 1
    for address in ("127.0.0.2@53", "127.0.0.1@1023", "192.0.2.1@5300"):
        assert not about(warnings(address=address), "local user")


def test_a_primary_with_a_key_needs_no_such_port(host, warnings):
    assert not about(warnings(primary={"key": "xfr.example"}), "local user")


def test_the_host_says_which_ports_anyone_may_bind(host, warnings):
    host.sysctl("ipv4/ip_unprivileged_port_start", 50)
    assert about(warnings(address="127.0.0.2@53"), "below 50")
    host.sysctl("ipv4/ip_unprivileged_port_start", 6000)
    assert not about(warnings(address="127.0.0.1@5300"), "local user")


@pytest.mark.parametrize(("every", "one", "two", "named"), [
    (0, 0, 1, ["one"]), (0, 1, 2, ["two.5"]), (2, 1, 1, ["one", "two.5"]), (1, 0, 1, []), (1, 2, 0, ["one"])])
def test_rp_filter_that_lets_a_primary_be_forged_is_warned_of(host, warnings, every, one, two, named):
    host.sysctl("ipv4/conf/all/rp_filter", every)
    host.sysctl("ipv4/conf/one/rp_filter", one)
    host.sysctl("ipv4/conf/two.5/rp_filter", two)
    found = about(warnings(transparent="yes", listen="0.0.0.0@5353"), "without rp_filter")
    assert len(found) == bool(named)
    if named:
        assert sorted(re.search(r"rp_filter = 1 on (.+): ", found[0])[1].split(", ")) == named
        command = found[0].split("; ")[1]
        assert host.call("sh", "-c", command).returncode == 0
        assert not about(warnings(transparent="yes", listen="0.0.0.0@5353"), "without rp_filter")
    assert not about(warnings(), "without rp_filter")


@AS_ROOT
def test_a_small_receive_buffer_is_warned_of(warnings):
    """Who may not have more than net.core.rmem_max; root may."""
    most = int(Path("/proc/sys/net/core/rmem_max").read_text())
    limited = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-all"]
    found = about(warnings(*limited), "net.core.rmem_max=8388608", "KiB")
    assert len(found) == (most < 1 << 20)
    assert not about(warnings(), "core.rmem_max=")


def test_another_instance_at_the_same_address_is_warned_of(launch, tmp_path, warnings):
    key = Key.new("other.example")
    other = launch(Proxy(tmp_path / "other", [
        key.section(), ("primary hq", {"address": PRIMARY}), ("secondary east", {"address": SECONDARY, "key": key.label})]))
    place = net.text(other.place)
    assert len(about(warnings(listen=place), "another tsig-proxy answers", place)) == 1
    second = Proxy(tmp_path / "second", [
        key.section(), ("primary hq", {"address": PRIMARY}), ("secondary east", {"address": SECONDARY, "key": key.label})],
        place=other.place)
    launch(second)
    said = [line for line in second.process.lines if "another tsig-proxy answers" in line]
    assert len(said) == 1
    second.stop()
    other.stop()
    assert not about(warnings(listen=place), "another tsig-proxy")


def test_setcap_is_advised_for_a_group_alone(host, tmp_path):
    path = tmp_path / "tsig-proxy.ini"
    path.write_text(ini([("proxy", {"user": "", "listen": "127.0.0.1@53"}),
                         ("primary hq", {"address": PRIMARY}), ("secondary east", {"address": SECONDARY})]))
    command = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", proxy_module.program(), "check", "-c", path]
    found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert found.returncode == 1
    assert re.search(r"copy .* chmod 750.* setcap", found.stderr), found.stderr
