"""Addresses that cannot be listened on, and files that `user` cannot read: `check` says it before `run` fails, in
the same words, with who it is and what to do. Each test does next what the words say."""

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import namespaces
import proxy as proxy_module
from net import Place
from process import Process
from proxy import Proxy, ini, log_pairs
from tsigtool import Key

pytestmark = [pytest.mark.any_workers, pytest.mark.skipif(os.geteuid() != 0, reason="takes root")]
KEY = Key.new("xfr.example")
USER = "nobody"
NUMBER = pwd.getpwnam(USER).pw_uid

# Another program on an address, over UDP and TCP, by a name and a user of its own.
HOLD = """
import os, socket, sys, time
name, user, address, port, device = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kept = [socket.socket(family, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
for one in kept:
    if device:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    one.bind((address, int(port)))
kept[1].listen()
open("/proc/self/comm", "w").write(name)
os.setuid(int(user))
print("ready", flush=True)
time.sleep(3600)
"""

# A kernel without IPv6: socket() knows no such family.
NO_IPV6 = """
import ctypes, errno, os, struct, sys
number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
load, equal, give = 0x20, 0x15, 0x06
steps = [(load, 0, 0, 0), (equal, 0, 3, number), (load, 0, 0, 16), (equal, 0, 1, 10),
         (give, 0, 0, 0x00050000 | errno.EAFNOSUPPORT), (give, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Holder:
    def __init__(self, directory, name, address, port=53, user=0, device=""):
        self.directory = directory
        self.command = [sys.executable, "-c", HOLD, name, user, address, port, device]
        self.process = None

    def start(self):
        self.process = Process("holder", self.command, self.directory)
        self.process.wait_line(lambda line: line == "ready", "the ports")
        return self

    def stop(self):
        self.process.kill()


class Host:
    """A network namespace and a folder that every user can look into."""

    def __init__(self, launch, directory):
        self.launch, self.directory = launch, directory
        self.namespace = launch(namespaces.Namespace("host"))
        self.namespace.ip("link set lo up")
        self.path = directory / "tsig-proxy.ini"
        self.sections = [KEY.section(), ("primary hq", {"address": "192.0.2.1"}),
                         ("secondary east", {"address": "198.51.100.1", "key": KEY.label})]
        self.program = directory / "tsig-proxy"
        shutil.copy(proxy_module.program(), self.program)

    def write(self, *more, primary=None, owner=0, **settings):
        sections = [KEY.section(), ("primary hq", {"address": "192.0.2.1", **(primary or {})}), self.sections[2], *more]
        settings = {"user": "", "control": "", "http": "", **settings}
        self.path.write_text(ini([("proxy", settings), *sections]))
        self.path.chmod(0o640)
        os.chown(self.path, owner, owner)

    def call(self, word, *before):
        return self.namespace.call(*before, self.program, word, "-c", self.path, environment=Proxy.sanitizers)

    def check(self, *before):
        """What it says of ports, the severity first."""
        self.last = self.call("check", *before)
        found = re.findall(r": (error|warning): (cannot listen on .*)", self.last.stderr)
        assert (self.last.returncode == 1) == (": error: " in self.last.stderr), self.last.stderr
        return found

    def run_says_the_same(self, found):
        ended = self.call("run")
        assert ended.returncode == 1 and all(text in ended.stderr for _, text in found), ended.stderr

    def hold(self, *arguments, **more):
        with self.namespace:
            return self.launch(Holder(self.directory, *arguments, **more))

    def serve(self, **settings):
        proxy = Proxy(self.directory / "proxy", self.sections, place=Place("127.0.0.1", 53), **settings)
        proxy.binary = self.program
        shutil.copy(proxy.path, self.path)
        with self.namespace:
            return self.launch(proxy)


@pytest.fixture
def host(launch, stack):
    if namespaces.missing():
        pytest.skip(namespaces.missing())
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsig-proxy-")))
    directory.chmod(0o755)
    return Host(launch, directory)


AS_USER = ["setpriv", f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups"]


@pytest.mark.parametrize("user", ["", USER], ids=["root", "user"])
def test_the_stub_of_systemd_resolved(host, user):
    stub = host.hold("systemd-resolve", "127.0.0.53", device="lo")
    host.write(user=user)
    found = host.check()
    assert len(found) == 1 and found[0][0] == "error"
    for word in ("0.0.0.0@53", "already in use", f"systemd-resolve, process {stub.process.pid}, has 127.0.0.53@53",
                 "DNSStubListener=no", "name in 'listen'"):
        assert word in found[0][1]
    host.run_says_the_same(found)
    host.write(user=user, listen="127.0.0.1")
    assert host.check() == []
    stub.stop()
    host.write(user=user)
    assert host.check() == []


def test_another_server_on_the_wildcard(host):
    server = host.hold("dnsmasq", "0.0.0.0", user=NUMBER)
    host.write()
    found = host.check()
    assert [severity for severity, _ in found] == ["error"]
    assert f"dnsmasq, process {server.process.pid}, has 0.0.0.0@53; stop it" in found[0][1]
    host.run_says_the_same(found)
    host.write(("secondary west", {"address": "198.51.100.2"}), listen="127.0.0.1@5353", primary={"listen": "127.0.0.2"})
    assert [text.split(" has ")[0] for _, text in host.check()] == [
        f"cannot listen on 127.0.0.2@53: address already in use: dnsmasq, process {server.process.pid},"]
    line = host.path.read_text().splitlines().index("listen = 127.0.0.2") + 1
    assert f":{line}: error: cannot listen on 127.0.0.2@53" in host.last.stderr


def test_a_wildcard_of_ipv6_takes_ipv4_as_well(host):
    host.hold("named", "::")
    host.write(listen="127.0.0.1")
    assert "named, process " in host.check()[0][1]


def test_an_address_that_is_not_here(host):
    host.write(listen="192.0.2.77", primary={"source": "192.0.2.78"})
    assert host.check() == []
    assert re.search(r":\d: error: 'listen' has 192.0.2.77@53, which is no address of this host", host.last.stderr)
    assert "warning: 'source' has 192.0.2.78" in host.last.stderr


def test_a_kernel_without_ipv6(host, launch):
    without = [sys.executable, "-c", NO_IPV6]
    host.write()
    found = host.check(*without)
    assert len(found) == 1 and found[0][0] == "warning"
    assert "cannot listen on ::@53: this kernel has no IPv6; leave it out of 'listen'" in found[0][1]
    with host.namespace:
        process = Process("tsig-proxy", [*without, host.program, "run", "-c", host.path], host.directory, Proxy.sanitizers)
    try:
        line = process.wait_line(lambda line: "event=started" in line, "started")[1]
        assert log_pairs(line)["listen"] == "0.0.0.0@53"
    finally:
        process.stop()
    host.write(listen="0.0.0.0, ::")
    assert [severity for severity, _ in host.check(*without)] == ["error"]
    assert "error: cannot listen on ::@53" in host.call("run", *without).stderr
    host.write(listen="0.0.0.0")
    assert host.check(*without) == []


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_key_that_user_cannot_read(host, closed):
    folder = host.directory / "keys"
    folder.mkdir()
    folder.chmod(0o700 if closed == "folder" else 0o755)
    for name in ("one", "two"):
        (folder / name).write_text(KEY.base64)
        (folder / name).chmod(0o644 if closed == "folder" else 0o600)
    host.write(("key one.example", {"secret_file": "keys/one"}), ("key two.example", {"secret_file": "keys/two"}),
               user=USER, owner=NUMBER)

    def warned():
        assert host.check() == []
        return re.findall(r"warning: user 'nobody' cannot read (\S+), so that a reload will fail: (.*)", host.last.stderr)

    found = warned()
    assert host.last.returncode == 0 and len(found) == (1 if closed == "folder" else 2)
    assert [Path(path).name for path, _ in found] == ["one", "two"][:len(found)]
    for _, cure in found:
        subprocess.run(cure, shell=True, check=True, timeout=20)
    assert warned() == []
    host.write(("key one.example", {"secret_file": "keys/one"}), owner=NUMBER)
    assert warned() == []


def test_what_our_own_instance_holds_is_no_finding(host):
    control = host.directory / "sockets"
    control.mkdir()
    os.chown(control, NUMBER, NUMBER)
    for settings in ({}, {"user": USER}, {"user": USER, "control": control / "control", "http": "127.0.0.1@9453"},
                     {"user": USER, "http": "127.0.0.1@9453"}):
        host.sections[1][1]["listen"] = "127.0.0.3@53"
        proxy = host.serve(**settings)
        assert host.check() == [] and host.last.returncode == 0, (settings, host.last.stderr)
        if "control" in settings:
            assert "another tsig-proxy" not in host.last.stderr
        assert "no HTTP" not in host.last.stderr
        proxy.stop()


def test_an_ordinary_user_is_told_no_nonsense(host):
    """Whom it is that holds a port only root sees; the right to a low one is another matter."""
    host.serve(user=USER)
    host.path.chmod(0o644)
    assert [text for _, text in host.check(*AS_USER) if "in use" in text] == []
    assert "without CAP_NET_BIND_SERVICE" in host.last.stderr
    host.namespace.sysctl("ipv4/ip_unprivileged_port_start", 50)
    other = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    assert host.check(*AS_USER) == [] and host.check(*other) == [], host.last.stderr
    host.hold("named", "127.0.0.9")
    host.write(listen="127.0.0.9")
    host.path.chmod(0o644)
    assert "a program of root has 127.0.0.9@53 (which one says, as root, ss -lnptu)" in host.check(*other)[0][1]


def test_a_refused_reload_says_who_has_it(host):
    proxy = host.serve()
    host.hold("named", "127.0.0.9")
    start = proxy.mark()
    proxy.path.write_text(proxy.path.read_text().replace("127.0.0.1@53", "127.0.0.1@53, 127.0.0.9@53"))
    proxy.process.signal(1)
    said = proxy.wait(event="reload-refused", start=start)
    assert "cannot listen on 127.0.0.9@53: address already in use: " in said["advice"]
    assert "has 127.0.0.9@53" in said["advice"] and said["advice"].endswith("; nothing has changed")


def test_a_credential_that_only_the_service_has_is_a_warning(host):
    host.write(("key two.example", {"secret_file": "credential:two"}), listen="127.0.0.1")
    assert host.check() == [] and host.last.returncode == 0
    assert "warning: $CREDENTIALS_DIRECTORY is not set" in host.last.stderr
    assert "error: $CREDENTIALS_DIRECTORY is not set" in host.call("run").stderr
