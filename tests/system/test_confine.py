"""Least privilege: what /proc says of the running program, what somebody else's code in it cannot do, where its
secrets are, and what it does on a host that has less."""

import ctypes
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import net
from client import Udp
from messages import NOERROR, query
from process import PATIENCE, thread_statuses
from relay import ZONE
from test_commands import SOUND, tsig_proxy
from tsigtool import Key, rcode

SOURCES = Path(__file__).parents[1] / "intruder"
INTRUDER = "INTRUDER"
HERE = pytest.mark.skipif(not Path("/proc/sys/kernel/seccomp").is_dir(), reason="this kernel has no seccomp")

pytestmark = [pytest.mark.any_workers, HERE]


def landlock():
    """The version that this kernel has; 0: none."""
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def number_of(call):
    library = ctypes.CDLL("libseccomp.so.2")
    return library.seccomp_syscall_resolve_name(call.encode())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The two programs of tests/intruder."""
    folder = tmp_path_factory.mktemp("intruder")
    folder.chmod(0o755)
    common = ["cc", "-D_GNU_SOURCE", "-O1"]
    subprocess.run([*common, "-shared", "-fPIC", "-o", folder / "intruder.so", SOURCES / "intruder.c"], check=True)
    subprocess.run([*common, "-o", folder / "without", SOURCES / "without.c", "-lseccomp"], check=True)
    return folder


def released():
    """Sanitizers need to do more, and see to it that nothing is loaded before them."""
    if "TSIG_PROXY_RELEASE" not in os.environ:
        pytest.skip("TSIG_PROXY_RELEASE is not set")
    return os.environ["TSIG_PROXY_RELEASE"]


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def status_of(proxy):
    return {name: {status.get(name, "").strip() for status in thread_statuses(proxy.pid)}
            for name in ("NoNewPrivs", "Seccomp", "Seccomp_filters", "CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")}


def assert_serves(relay):
    assert rcode(relay.ask("udp", query(ZONE))) == NOERROR
    assert rcode(relay.ask("tcp", query(ZONE))) == NOERROR


def test_it_gives_up_all_it_can_in_each_thread(make_relay, tmp_path):
    control = tmp_path / "control.sock"
    relay = make_relay(control=control)
    assert_serves(relay)
    of = status_of(relay.proxy)
    assert (of["NoNewPrivs"], of["Seccomp"]) == ({"1"}, {"2"})
    assert all(int(value, 16) == 0 for name in ("CapInh", "CapAmb", "CapBnd") for value in of[name])
    assert all(int(value, 16) & ~(1 << 10) == 0 for name in ("CapEff", "CapPrm") for value in of[name])
    limits = Path(f"/proc/{relay.proxy.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits), limits
    said = relay.proxy.wait(event="confined")
    assert (said["level"], said["seccomp"], said["landlock"]) == ("notice", "yes", str(landlock()))
    assert (said["secrets"], said["capabilities"]) == ("locked", "net_bind_service")
    shown = asked_of(relay, control)
    assert shown == {"summary": f"seccomp and Landlock {landlock()}, secrets locked", "uid": 0, "capabilities": "net_bind_service", "no_new_privileges": True, "seccomp": True,
                     "landlock": landlock(), "secrets": "locked"}
    text = tsig_proxy("status", "-c", relay.proxy.path).stdout
    assert f"confined by seccomp and Landlock {landlock()}, secrets locked" in text, text


def asked_of(relay, control):
    answer = tsig_proxy("status", "-c", relay.proxy.path, "-s", control, "--json")
    assert answer.returncode == 0, answer
    return json.loads(answer.stdout)["confinement"]


def test_check_says_what_will_be_in_force(tmp_path):
    path = tmp_path / "a.ini"
    path.write_text(SOUND)
    path.chmod(0o600)
    result = tsig_proxy("check", "-c", path)
    assert result.stdout.splitlines() == [
        f"{path}: ok", f"{path}: confined by seccomp and Landlock {landlock()}, secrets locked"]
    path.write_text(SOUND.replace("user =", "confine = no\nuser ="))
    result = tsig_proxy("check", "-c", path)
    assert f"{path}: confined by its user alone, secrets locked" in result.stdout.splitlines()


def test_where_it_stands_in_the_way_it_can_be_left_out(make_relay):
    relay = make_relay(confine="no")
    assert_serves(relay)
    assert status_of(relay.proxy)["Seccomp"] == {"0"}
    said = relay.proxy.wait(event="confined")
    assert (said["seccomp"], said["landlock"]) == ("no", "no")


class Intruded:
    """A relay of the released program with somebody else's code in it."""

    def __init__(self, make_relay, folder, built, **settings):
        wrapped = script(folder / "intruded", f'exec env LD_PRELOAD={built}/intruder.so {released()} "$@"')
        self.relay = make_relay(binary=wrapped, **settings)
        self.proxy = self.relay.proxy

    def send(self, call, *arguments):
        words = [INTRUDER, str(number_of(call)), *map(str, arguments)]
        asking = Udp(self.proxy.place, net.fresh_address())
        asking.send(" ".join(words).encode())
        asking.close()

    def act(self, call, *arguments):
        """The name of the error; None: it was done."""
        start = self.proxy.mark()
        self.send(call, *arguments)
        wanted = f"intruder: {number_of(call)}: "
        line = self.proxy.process.wait_line(lambda l: l.startswith(wanted), wanted, start=start)[1]
        number = int(line.removeprefix(wanted))
        return errno.errorcode[number] if number else None


AT, RDONLY, WRONLY, CREAT = -100, os.O_RDONLY, os.O_WRONLY, os.O_CREAT
# What an intruder tries, and what it is told.
REFUSED = [
    ("EACCES", "openat", AT, "/etc/passwd", RDONLY),
    ("EACCES", "openat", AT, "/etc/shadow", RDONLY),
    ("EACCES", "openat", AT, "/proc/self/mem", os.O_RDWR),
    ("EACCES", "openat", AT, "/tmp/intruder", WRONLY | CREAT, 0o600),
    ("EACCES", "openat", AT, "/dev/null", os.O_RDWR),
    ("EACCES", "openat", AT, "{config}", WRONLY),
    ("EACCES", "unlinkat", AT, "{config}"),
    ("ENOSYS", "chmod", "{config}", 0o4755),
    ("ENOSYS", "fchmodat", AT, "{config}", 0o4755),
    ("ENOSYS", "renameat2", AT, "{config}", AT, "{config}.old", 0),
    ("ENOSYS", "symlinkat", "/etc/shadow", AT, "/tmp/intruder"),
    ("ENOSYS", "mkdirat", AT, "/tmp/intruder", 0o700),
    ("ENOSYS", "chdir", "/"),
    ("ENOSYS", "memfd_create", "/", 0),
    ("ENOSYS", "clone", signal.SIGCHLD),
    ("ENOSYS", "clone3", "&", 88),
    ("ENOSYS", "fork"),
    ("ENOSYS", "vfork"),
    ("ENOSYS", "mprotect", "&", 4096, 5),
    ("ENOSYS", "mmap", 0, 4096, 7, 0x22, -1, 0),
    ("ENOSYS", "socket", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    ("ENOSYS", "socket", socket.AF_PACKET, socket.SOCK_RAW, 0),
    ("ENOSYS", "socket", socket.AF_NETLINK, socket.SOCK_RAW, 12),
    ("ENOSYS", "kill", 1, 0),
    ("ENOSYS", "tgkill", 1, 1, 0),
    ("ENOSYS", "setresuid", 0, 0, 0),
    ("ENOSYS", "setgroups", 0, "&"),
    ("ENOSYS", "capset", "&", "&"),
    ("ENOSYS", "prctl", 4, 1),
    ("ENOSYS", "prlimit64", 0, 4, "&", 0),
    ("ENOSYS", "rt_sigaction", signal.SIGSYS, "&", 0, 8),
    ("ENOSYS", "ioctl", 0, 0x5412, "&"),
    ("ENOSYS", "io_uring_setup", 8, "&"),
    ("ENOSYS", "landlock_restrict_self", -1, 0),
    ("ENOSYS", "seccomp", 0, 0, 0),
    ("ENOSYS", "personality", 0x0040000),
]


@pytest.mark.skipif(landlock() < 3, reason="this kernel keeps nobody from files")
def test_somebody_elses_code_in_it_is_refused_what_it_wants(make_relay, tmp_path, built):
    """And it serves on. What serving takes is let through all the same."""
    folder = tmp_path / "run"
    folder.mkdir()
    scene = Intruded(make_relay, tmp_path, built, control=folder / "control.sock")
    for wanted, call, *arguments in REFUSED:
        if number_of(call) >= 0:
            given = [str(a).format(config=scene.proxy.path) for a in arguments]
            assert scene.act(call, *given) == wanted, (call, given)
    assert scene.act("openat", AT, scene.proxy.path, RDONLY) is None
    assert scene.act("openat", AT, "/proc/self/statm", RDONLY) is None
    assert scene.act("mprotect", "&", 4096, 3) is None
    assert scene.act("tgkill", scene.proxy.pid, scene.proxy.pid, 0) is None, "as abort() does"
    assert_serves(scene.relay)


DEADLY = [("execve", "/bin/true", "&", "&"), ("ptrace", 0, 0, 0, 0), ("process_vm_readv", 1, "&", 1, "&", 1, 0),
          ("bpf", 0, "&", 0), ("unshare", 0x10000000), ("userfaultfd", 0)]


@pytest.mark.parametrize("call,arguments", [(call, rest) for call, *rest in DEADLY], ids=[c[0] for c in DEADLY])
def test_what_only_an_intruder_does_ends_it(make_relay, tmp_path, built, call, arguments):
    scene = Intruded(make_relay, tmp_path, built)
    scene.send(call, *arguments)
    process, scene.proxy.process = scene.proxy.process, None
    process.wait()
    assert any(line.startswith(f"tsig-proxy: forbidden system call: {call}; ") for line in process.lines), process.text()
    assert process.child.returncode == -signal.SIGSYS


def mappings_with(pid, wanted):
    """The flags of each mapping that has these octets, by what is mapped."""
    found = []
    lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in lines:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
            if match:
                begin, end, name = int(match[1], 16), int(match[2], 16), match[4]
                has = match[3].startswith("r") and not name.startswith("[v") and wanted in read(memory, begin, end)
            elif line.startswith("VmFlags:") and has:
                found.append((name, set(line.split()[1:])))
    return found


def read(memory, begin, end):
    try:
        return os.pread(memory.fileno(), end - begin, begin)
    except OSError:
        return b""


def test_secrets_are_in_locked_memory_alone(launch, make_relay, tmp_path):
    """Given in each way, used in each way, and after a reload: the octets, and the text in the files."""
    inline, filed, signed = (Key.new(f"{name}.example") for name in ("inline", "filed", "signed"))
    file = tmp_path / "proxy" / "filed.key"
    file.parent.mkdir()
    file.write_text(f'key "{filed.name}" {{ algorithm {filed.algorithm}; secret "{filed.base64}"; }};\n')
    file.chmod(0o600)
    relay = make_relay(
        key=inline, binary=released(),
        sections=[("key filed", {"name": filed.name, "secret_file": file})],
        secondary={"key": f"{inline.label}, filed"}, log_level="info")
    for text in (relay.proxy.path.read_text(), relay.proxy.path.read_text() + "\n"):
        for transport in 3 * ["udp", "tcp"]:
            assert rcode(relay.ask(transport, query(ZONE))) == NOERROR
        for key in (inline, filed):
            assert_locked(relay.proxy.pid, key)
        assert mappings_with(relay.proxy.pid, signed.secret) == []
        start = relay.proxy.mark()
        relay.proxy.path.write_text(text)
        relay.proxy.process.signal(signal.SIGHUP)
        relay.proxy.wait(event="reloaded", start=start)


def assert_locked(pid, key):
    flags = mappings_with(pid, key.secret)
    assert flags, "it has it somewhere"
    assert all({"lo", "dd"} <= has for _name, has in flags), flags
    assert mappings_with(pid, key.base64.encode()) == [], "the text in the file"


def test_a_reload_reads_what_the_start_did_and_says_so(make_relay, tmp_path):
    """A file that comes to a folder of the start is one; a file or socket elsewhere is refused, and what is served
    goes on."""
    new = Key.new("new.example")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    relay = make_relay()
    before = relay.proxy.path.read_text()
    for folder, event in ((elsewhere, "reload-refused"), (relay.proxy.directory, "reloaded")):
        file = folder / "new.key"
        file.write_text(new.base64)
        file.chmod(0o600)
        start = relay.proxy.mark()
        relay.proxy.path.write_text(f"{before}\n[key new.example]\nsecret-file = {file}\n")
        relay.proxy.process.signal(signal.SIGHUP)
        relay.proxy.wait(event=event, start=start)
        told = f"cannot read '{file}': it is outside of the folders that this program may read since its start"
        assert any(told in line for line in relay.proxy.process.lines[start:]) == (folder == elsewhere)
        assert_serves(relay)
    start = relay.proxy.mark()
    relay.proxy.path.write_text(before.replace("control = ", f"control = {elsewhere}/control.sock"))
    relay.proxy.process.signal(signal.SIGHUP)
    relay.proxy.wait(event="reload-refused", start=start)
    told = "it is not where this program may write since its start"
    assert any(told in line for line in relay.proxy.process.lines[start:])


LESS = {
    "seccomp": {"seccomp": "no: Invalid argument", "landlock": str(landlock())},
    "landlock_create_ruleset": {"seccomp": "yes", "landlock": "no: Operation not supported"},
    "seccomp,landlock_create_ruleset,mlock,mlock2": {"landlock": "no: Operation not supported", "secrets": "unlocked"},
}


@pytest.mark.parametrize("calls", LESS, ids=["no seccomp", "no Landlock", "nothing"])
def test_a_kernel_that_has_less_runs_it_and_it_says_so(make_relay, tmp_path, built, calls):
    wrapped = script(tmp_path / "less", f'exec {built}/without {calls} {released()} "$@"')
    relay = make_relay(binary=wrapped)
    assert_serves(relay)
    said = relay.proxy.wait(event="confined")
    assert {name: said[name] for name in LESS[calls]} == LESS[calls]


def test_a_user_that_may_lock_little_memory_is_told_what_to_write(make_relay, tmp_path, built):
    """And is served."""
    shutil.copy(released(), built / "tsig-proxy")
    limited = f"prlimit --memlock=65536:65536 setpriv --reuid=nobody --regid=nogroup --clear-groups {built}/tsig-proxy"
    wrapped = script(built / "limited", f'[ "$1" != run ] || chown nobody "$3"; exec {limited} "$@"')
    for folder in list(tmp_path.parents)[:3]:
        folder.chmod(0o755)
    tmp_path.chmod(0o755)
    relay = make_relay(binary=wrapped)
    assert_serves(relay)
    said = relay.proxy.wait(event="confined")
    assert (said["secrets"], said["capabilities"]) == ("unlocked", "none")
    assert "LimitMEMLOCK=4M" in said["advice"] and "ulimit -l 4096" in said["advice"]


def test_many_more_keys_after_a_reload_are_told(make_relay, tmp_path):
    control = tmp_path / "control.sock"
    relay = make_relay(binary=released(), workers=1, control=control)
    assert asked_of(relay, control)["secrets"] == "locked"
    secret = Key.new("k.example").base64
    keys = "".join(f"[key k{i}.example]\nsecret = {secret}\n" for i in range(1000))
    relay.proxy.path.write_text(f"{relay.proxy.path.read_text()}\n{keys}")
    assert tsig_proxy("reload", "-c", relay.proxy.path).returncode == 0
    assert asked_of(relay, control)["secrets"] == "crowded"
    assert_serves(relay)


@pytest.mark.parametrize("command", ["health", "status", "reload"])
def test_a_command_that_asks_has_little_when_it_is_answered(tmp_path, command):
    """Whoever has taken the program's place."""
    place, path = tmp_path / "control.sock", tmp_path / "a.ini"
    path.write_text(f"[proxy]\ncontrol = {place}\nhttp =\n")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        listener.settimeout(PATIENCE)
        asking = subprocess.Popen([released(), command, "-c", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            answering, _ = listener.accept()
            with answering:
                status = thread_statuses(asking.pid)[0]
                answering.sendall(b"[]\n")
            said = asking.communicate(timeout=PATIENCE)[0]
        finally:
            asking.kill()
            asking.wait()
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert (asking.returncode, b"forbidden" in said) == (1, False), said
