"""Memory that the host refuses (L8): to the program and its libraries, at their start, while they serve, at a reload
and when they are asked; by a bound of the address space, and by one of a control group."""

import collections
import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

import messages
import net
from client import Tcp
from host_faults import Asker, Demand, Refusals, Scene, binaries, released
from messages import query
from process import Timeout, until
from proxy import SIGNS, Proxy, ini, log_pairs, own_settings
from scripted import Scripted
from tsigtool import Key, sign

pytestmark = pytest.mark.own_workers


def numbers(ratio):
    """1, 2, 3 …, and from some number on each so much larger than the one before."""
    number = 1
    while True:
        yield number
        number = max(number + 1, int(number * ratio))


# While it serves


class Idle:
    """Connections of a peer that asks nothing."""

    def __init__(self, place, source):
        self.place, self.source, self.open = place, source, []

    def start(self):
        return self

    def grow(self, count):
        for _ in range(count):
            with contextlib.suppress(OSError):
                self.open.append(Tcp(self.place, self.source))

    def stop(self):
        while self.open:
            self.open.pop().close()


@pytest.mark.parametrize("binary", binaries())
def test_L8_allocations_are_refused_while_it_serves(launch, tmp_path, capsys, binary):
    """One of 3, then one of 50, then all."""
    refusals = Refusals(tmp_path / "refusals")
    plain = net.fresh_address()
    scene = Scene(launch, tmp_path, refusals.before, binary(), answer_timeout=1,
                  sections=[("secondary plain", {"address": plain, "primary": "hq", "zones": "none.example"})])
    demand, told, crowd = launch(Demand(scene.asker)), [], launch(Idle(scene.place, plain))
    for one_in, least in ((3, 100), (50, 20), (1, 50)):
        refusals.refuse("memory", one_in)
        scene.change()
        crowd.grow(250)  # descriptors of higher numbers take room, too
        until(lambda least=least: refusals.count("memory")[1] >= least, "it is refused memory")
        asked, refused = refusals.allow("memory")
        demand.wait_right(2)
        told.append(f"one of {one_in}: {refused} of {asked} refused")
    demand.stop()
    crowd.stop()
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  {'; '.join(told)}\n  {demand.line()}\n  then {well}")
    assert any(count[Asker.TOLD] for count in demand.counts.values()), "nothing was refused that mattered"


# At the start


class Start:
    """One start of the program, which is stopped as soon as it says that it serves, or says no more: its line may be
    lost, as the next one tells."""

    def __init__(self, before, binary, path):
        environment = {**os.environ, **Proxy.sanitizers, "LSAN_OPTIONS": f"suppressions={path.with_name('leaks')}"}
        environment["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        command = ["setpriv", "--pdeathsig", "KILL", *before, binary, "run", "-c", path]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment) as child:
            read, stopped = b"", False
            while stopped < 2:
                quiet = not select.select([child.stderr], [], [], 10 if stopped else 2)[0]
                more = b"" if quiet else os.read(child.stderr.fileno(), 65536)
                read += more
                if not quiet and not more:
                    break
                if quiet or (not stopped and b"started" in read):
                    child.terminate()
                    stopped += 1
            child.kill()
            self.status = child.wait()
        self.text = read.decode()
        self.events = [line_event(line) for line in self.text.splitlines() if re.match("time=|{", line)]
        self.served = "started" in self.events or ("dropped" in self.events and "stopped" in self.events)


def line_event(line):
    """A line is whole, or it is not there."""
    if line.startswith("{"):
        return json.loads(line)["event"]
    found = log_pairs(line)
    assert list(found)[:3] == ["time", "level", "event"] and line.count("time=") == 1, line
    return found["event"]


def small(directory, **settings):
    """A configuration that asks for all that there is."""
    key, path = Key.new("xfr.example"), directory / "tsig-proxy.ini"
    own = own_settings(net.free_place(), control=directory / "control", http=net.text(net.free_place()), workers=2)
    path.write_text(ini([("proxy", {**own, **settings}), key.section(), ("primary hq", {"address": "127.0.0.1@9"}),
                         ("secondary one", {"address": net.fresh_address(), "key": key.label})]))
    path.chmod(0o600)
    (directory / "leaks").write_text("leak:libcrypto\n")  # at a failure of its own it forgets some octets
    return path


@pytest.mark.parametrize("binary", binaries())
def test_L8_one_allocation_is_refused_at_the_start(tmp_path, capsys, binary):
    """It says that it cannot serve, or serves; it never crashes, and no line is torn."""
    fast = binary is released
    refusals, ends = Refusals(tmp_path / "refusals"), collections.Counter()
    # libseccomp 2.5 frees twice what it had, when it is refused more: that is not ours to try.
    path = small(tmp_path, log_format="logfmt" if fast else "json", confine="no")
    for number in numbers(1.04 if fast else 1.15):
        refusals.refuse("memory", nth=number)
        start = Start(refusals.before, binary(), path)
        refused = refusals.allow("memory")[1]
        said = f"allocation {number}: status {start.status}\n{start.text}"
        assert not any(sign in start.text for sign in SIGNS), said
        assert start.status == (0 if start.served else 1), said
        assert start.served or "memory" in start.text, said
        ends["served" if start.served else start.text.splitlines()[-1].split(": ", 1)[-1]] += 1
        if not refused:
            break
    with capsys.disabled():
        print(f"\n  {sum(ends.values())} starts, up to allocation {number}: {dict(ends)}")
    assert number > 1000 and ends["served"] > 1


# At a reload, and when it is asked


@pytest.mark.parametrize("binary", binaries())
def test_L8_one_allocation_is_refused_at_a_reload(launch, tmp_path, capsys, binary):
    """All or nothing, and the old one goes on."""
    refusals = Refusals(tmp_path / "refusals")
    scene = Scene(launch, tmp_path, refusals.before, binary())
    demand, ends = launch(Demand(scene.asker)), collections.Counter()
    threads = scene.proxy.threads()
    for number in numbers(1.05):
        start = scene.proxy.mark()
        refusals.refuse("memory", nth=number)
        scene.proxy.process.signal(signal.SIGHUP)
        try:
            line = scene.proxy.process.wait_line(lambda line: "event=reload" in line, "a reload", 1, start)[1]
        except Timeout:
            line = 'event="its line had no memory"'  # which is counted, and told with the next
        found = log_pairs(line)
        ends[found.get("result", found["event"])] += 1
        assert found["event"] != "reload-refused" or "nothing has changed" in found["advice"] or \
            found["result"] == "malformed", line
        if not refusals.allow("memory")[1] or number > 5000:
            break
    demand.stop()
    assert scene.reload()["event"] == "reloaded"
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  {sum(ends.values())} reloads, up to allocation {number}: {dict(ends)}\n  {demand.line()}")
        print(f"  then {well}")
    assert scene.proxy.threads() == threads
    assert ends["reloaded"] > 1 and ends["malformed"] > 1 and ends["no-socket"] > 1


@pytest.mark.parametrize("binary", binaries())
def test_L8_allocations_are_refused_to_who_asks_how_it_is(launch, tmp_path, capsys, binary):
    """The control socket and HTTP: no answer, or a whole one."""
    refusals, page, ends = Refusals(tmp_path / "refusals"), net.free_place(), collections.Counter()
    scene = Scene(launch, tmp_path, refusals.before, binary(), http=net.text(page))
    calls = [("control", word) for word in ("status", "events", "config", "health")]
    calls += [("http", path) for path in ("status.json", "metrics", "", "healthz", "readyz")]
    for one_in in (50, 5, 1):
        refusals.refuse("memory", one_in)
        for way, what in calls * 5:
            answer = control(tmp_path / "control", what) if way == "control" else get(page, what)
            ends[way, bool(answer)] += 1
        refused = refusals.allow("memory")[1]
    assert all(control(tmp_path / "control", what) for way, what in calls if way == "control")
    assert all(get(page, what) for way, what in calls if way == "http")
    well = scene.assert_well()
    with capsys.disabled():
        print(f"\n  {dict(ends)}\n  then {well}")
    assert refused and ends["control", False] and ends["http", False]


def control(path, word):
    """A whole document, or nothing."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(10)
        asking.connect(str(path))
        text = b""
        with contextlib.suppress(ConnectionError):
            asking.sendall(word.encode() + b"\n")
            while more := asking.recv(65536):
                text += more
    return json.loads(text) if text else None


def get(place, what):
    """The body of a good answer that is whole, or nothing."""
    try:
        with urllib.request.urlopen(f"http://{place.address}:{place.port}/{what}", timeout=10) as answer:
            body = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    return json.loads(body) if what == "status.json" else body


# Bounds


class Crowd:
    """So many clients that ask for a zone without end and never read."""

    def __init__(self, place, source, key, zone, count):
        self.open = []
        wire, _ = sign(query(zone, "AXFR"), key)
        for _ in range(count):
            with contextlib.suppress(OSError):
                one = Tcp(place, source, window=4096)
                self.open.append(one)
                one.send(wire)

    def start(self):
        return self

    def stop(self):
        while self.open:
            self.open.pop().close()


def without_end(request):
    """The script of a primary whose zone has no end, and costs nothing to make."""
    lines = [f'h{number}.{request.zone}. 60 IN TXT "{"x" * 250}"' for number in range(50)]
    request.answer(messages.soa(request.zone, 7))
    wire = messages.answer(request.wire, lines)
    while True:
        request.reply(wire)


class Crowded:
    """The program as released, and a peer more, whose zones have no end."""

    def __init__(self, launch, directory):
        self.launch, self.peer, self.key = launch, net.fresh_address(), Key.new("much.example")
        source = launch(Scripted(without_end))
        self.scene = Scene(launch, directory, (), released(), sections=[
            self.key.section(), ("primary endless", {"address": net.text(source.place), "connections": 1000}),
            ("secondary much", {"address": f"{self.peer}@53", "key": self.key.label, "primary": "endless",
                                "zones": "endless.example", "notify": "no", "share": 90})])

    def press(self, count):
        """What became of the questions of others while so many want all that there is."""
        demand = self.launch(Demand(self.scene.asker))
        crowd = self.launch(Crowd(self.scene.place, self.peer, self.key, "endless.example", count))
        demand.wait_asked(5)
        size, held = self.scene.proxy.memory() >> 20, len(crowd.open)
        limits = collections.Counter(line["result"] for line in self.scene.proxy.events(event="limit"))
        crowd.stop()
        demand.stop()
        return f"{held} in the crowd, {size} MiB, {dict(limits)}; {demand.line()}"


@pytest.mark.skipif(not os.environ.get("TSIG_PROXY_RELEASE"), reason="sanitizers want much more")
def test_L8_its_address_space_is_bounded(launch, tmp_path, capsys):
    """Just enough to start, a little more, and much more; a crowd wants all of it."""
    binary, path, least, most = released(), small(tmp_path), 1, 1024  # MiB
    while most - least > 1:
        middle = (least + most) // 2
        start = Start(["prlimit", f"--as={middle << 20}"], binary, path)
        least, most = (least, middle) if start.served else (middle, most)
    crowded, told = Crowded(launch, tmp_path / "scene"), []
    for more in (1, 64):
        crowded.scene.restart(["prlimit", f"--as={most + more << 20}"])
        told.append(f"{more} MiB more: {crowded.press(100)}; then {crowded.scene.assert_well()}")
    with capsys.disabled():
        print(f"\n  starts with {most} MiB\n  " + "\n  ".join(told))


class Group:
    """A control group with a bound of its memory, of either version."""

    def __init__(self, octets):
        self.path, self.octets = None, octets

    def start(self):
        one, two = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
        top, bound = (one, "memory.limit_in_bytes") if one.is_dir() else (two, "memory.max")
        path = top / f"tsig-proxy-test-{os.getpid()}"
        try:
            path.mkdir()
            self.path = path
            (path / bound).write_text(str(self.octets))
        except OSError as error:
            self.stop()
            pytest.skip(f"no control group with a bound of memory can be made here: {error}")
        return self

    def most(self):
        """Octets that were used at once, what the kernel keeps for its sockets included."""
        names = "memory.max_usage_in_bytes", "memory.peak", "memory.current"
        return next(int((self.path / name).read_text()) for name in names if (self.path / name).exists())

    def stop(self):
        if self.path:
            until(self._is_gone, "the control group is empty")

    def _is_gone(self):
        with contextlib.suppress(OSError):
            self.path.rmdir()
        return not self.path.exists()


def test_L8_a_control_group_bounds_its_memory(launch, tmp_path, capsys):
    """Those who read nothing of what they have asked for do not have it killed."""
    group = launch(Group(64 << 20))
    crowded = Crowded(launch, tmp_path / "scene")
    crowded.scene.restart(["sh", "-c", f'echo $$ >{group.path}/cgroup.procs && exec "$0" "$@"'])
    pid = crowded.scene.proxy.pid
    pressed = crowded.press(100)
    well = crowded.scene.assert_well()
    with capsys.disabled():
        print(f"\n  64 MiB for all, {group.most() >> 20} MiB used; {pressed}; then {well}")
    assert crowded.scene.proxy.pid == pid and crowded.scene.proxy.process.alive()
