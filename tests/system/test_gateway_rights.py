"""What the proxy may do, and as whom: an ordinary user with two capabilities, or with none; and what `check` says
when one is missing."""

import os
import pwd
import shutil
import tempfile
from pathlib import Path

import pytest

import client
import messages
import net
import proxy as proxy_module
import tsigtool
from gateway import SANITIZERS, Gateway, GatewayBind, GatewayKnot
from messages import NOERROR
from namespaces import Namespace, missing
from process import thread_statuses
from proxy import Proxy
from scripted import Scripted, sound
from tsigtool import Key

USER = "nobody"
NET_BIND_SERVICE, NET_RAW = 1 << 10, 1 << 13
ZONE = "example.org"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def common(stack):
    """A directory that other users can look into, with the program in it."""
    path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsig-proxy-")))
    path.chmod(0o755)
    shutil.copy(proxy_module.program(), path / "tsig-proxy")
    return path


def as_user(*capabilities):
    """The beginning of a command line that makes the rest run as the user, with these capabilities alone."""
    group = pwd.getpwnam(USER).pw_gid
    command = ["setpriv", "--pdeathsig", "KILL", "--reuid", USER, "--regid", str(group), "--clear-groups"]
    if capabilities:
        some = ",".join(f"+{name}" for name in capabilities)
        command += ["--inh-caps", some, "--ambient-caps", some]
    return command


def wrapped(common, *capabilities):
    """A program that is tsig-proxy, run as the user."""
    path = common / "as-user"
    path.write_text(f'#!/bin/sh\nexec {" ".join(as_user(*capabilities))} {common}/tsig-proxy "$@"\n')
    path.chmod(0o755)
    return path


def give(path):
    user = pwd.getpwnam(USER)
    os.chown(path, user.pw_uid, user.pw_gid)


def assert_is_user_with(pid, capabilities):
    user = pwd.getpwnam(USER)
    for status in thread_statuses(pid):
        assert set(status["Uid"].split()) == {str(user.pw_uid)}
        assert set(status["Gid"].split()) == {str(user.pw_gid)}
        assert set(status["Groups"].split()) <= {str(user.pw_gid)}
        sets = {name: int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")}
        assert sets == {"CapEff": capabilities, "CapPrm": capabilities, "CapInh": 0, "CapAmb": 0}


@pytest.mark.parametrize("begun_by", ["root", "user"])
def test_gateway_works_with_two_capabilities(launch, common, begun_by):
    """Begun by root it becomes the user; begun as the user (as systemd does it) it gives up what it does not need."""
    given = ["net_raw", "net_bind_service", "net_admin"]
    binary = None if begun_by == "root" else wrapped(common, *given)
    servers = [(GatewayBind, 4), (GatewayKnot, 6)]
    gateway = Gateway(launch, common / "bench", servers, hosts=50, binary=binary, user=USER)
    give(gateway.proxy.path)
    gateway.start()
    assert_is_user_with(gateway.proxy.pid, NET_RAW | NET_BIND_SERVICE)
    start = gateway.proxy.mark()
    gateway.primary.change()
    gateway.wait_serial()
    gateway.wait_notified(start)
    assert_is_user_with(gateway.proxy.pid, NET_RAW | NET_BIND_SERVICE)


@pytest.mark.parametrize("given", [[], ["net_raw", "net_admin"]], ids=["given-none", "given-some"])
def test_explicit_mode_on_high_ports_keeps_nothing(launch, common, given):
    key, source = Key.new("xfr.example"), net.fresh_address()
    primary = launch(Scripted(sound))
    sections = [key.section(), ("primary hq", {"address": net.text(primary.place)}),
                ("secondary east", {"address": f"{source}@53", "key": key.label})]
    proxy = Proxy(common / "proxy", sections, binary=wrapped(common, *given))
    give(proxy.path)
    launch(proxy)
    assert_is_user_with(proxy.pid, 0)
    wire, mac = tsigtool.sign(messages.query(ZONE), key)
    asking = client.Udp(proxy.place, source)
    assert tsigtool.rcode(tsigtool.verify(asking.ask(wire), key, mac)[0]) == NOERROR
    asking.close()


BIND_MISSING = (
    "{file}: error: cannot listen on {place} without CAP_NET_BIND_SERVICE; run it as root, or give it "
    "CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; a container: --cap-add; by hand: on "
    "a copy of the program that only a trusted group can run, chown root:GROUP and chmod 750, then "
    "setcap cap_net_bind_service+ep: whoever can run it has them)"
)
RAW_MISSING = (
    "{file}: error: 'transparent' needs CAP_NET_RAW; run it as root, or give it CAP_NET_RAW CAP_NET_BIND_SERVICE "
    "(systemd: AmbientCapabilities=CAP_NET_RAW CAP_NET_BIND_SERVICE; a container: --cap-add; by hand: on "
    "a copy of the program that only a trusted group can run, chown root:GROUP and chmod 750, then "
    "setcap cap_net_raw,cap_net_bind_service+ep: whoever can run it has them)"
)


@pytest.mark.parametrize(
    "transparent,port,capabilities,wanted",
    [
        ("yes", 53, [], [BIND_MISSING, RAW_MISSING]),
        ("yes", 53, ["net_raw"], [BIND_MISSING]),
        ("yes", 53, ["net_bind_service"], [RAW_MISSING]),
        ("yes", 5353, [], [RAW_MISSING]),
        ("no", 53, [], [BIND_MISSING]),
        ("yes", 53, ["net_raw", "net_bind_service"], []),
        ("yes", 53, ["net_admin", "net_bind_service"], []),
        ("no", 5353, [], []),
    ],
)
def test_what_is_missing_is_said(launch, common, transparent, port, capabilities, wanted):
    if missing():
        pytest.skip(missing())
    key = Key.new("xfr.example")
    sections = [("primary hq", {"address": "192.0.2.1"}), key.section(),
                ("secondary east", {"address": "198.51.100.1", "key": key.label})]
    listen = f"0.0.0.0@{port}, ::@{port}"
    path = Proxy(common / "proxy", sections, listen=listen, transparent=transparent).path
    give(path)
    host = launch(Namespace("host"))  # there, ports below 1024 are low ports
    for command in ["check", "run"] if wanted else ["check"]:
        told = host.call(*as_user(*capabilities), common / "tsig-proxy", command, "-c", path, environment=SANITIZERS)
        found = [line for line in told.stderr.splitlines() if ": error: " in line]
        assert found == [line.format(file=path, place=f"0.0.0.0@{port}") for line in wanted]
        assert told.returncode == (1 if wanted else 0)
