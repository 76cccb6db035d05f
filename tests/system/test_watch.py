"""`watch`: what the configuration was read from changes, and is read anew without a signal, each change
once and none by half."""

import os
import shutil
import signal
import time

import client
import net
import pytest
import tsigtool
from messages import query
from proxy import ini
from relay import Relay, ZONE
from tsigtool import Key

pytestmark = pytest.mark.any_workers

REFUSED, NOERROR, NOTAUTH = 5, 0, 9


def write(path, text):
    """A whole file takes the place of what has that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + "~")
    new.write_text(text)
    new.chmod(0o600)
    new.rename(path)


class Other:
    """A file with one more secondary, which has a key of its own."""

    def __init__(self, path, **settings):
        self.path, self.key, self.address = path, Key.new("other.example"), net.fresh_address()
        self.settings = {"address": self.address, "key": self.key.label, **settings}

    def write(self, **key):
        header, values = self.key.section(**key)
        if "secret_file" in key:
            del values["secret"]
        write(self.path, ini([(header, values), ("secondary other", self.settings)]))
        return self


class Watched:
    """A relay that looks every so many seconds, at conf.d too."""

    def __init__(self, launch, directory, watch):
        self.directory = directory / "proxy"
        self.other = Other(self.directory / "conf.d" / "other.ini")
        self.arguments = launch, directory
        self.settings = {"watch": watch, "include": "conf.d/*.ini"}
        self.proxy = None

    def start(self):
        self.proxy = Relay(*self.arguments, **self.settings).proxy
        return self

    def edit(self, old, new):
        text = self.proxy.path.read_text()
        assert old in text
        write(self.proxy.path, text.replace(old, new))

    def rcode(self, zone=ZONE):
        """What the other secondary is told."""
        wire, _ = tsigtool.sign(query(zone), self.other.key)
        asking = client.Udp(self.proxy.place, self.other.address)
        try:
            return tsigtool.rcode(asking.ask(wire, 5))
        finally:
            asking.close()

    def wait(self, event, start=0, **pairs):
        return self.proxy.wait(event=event, start=start, **pairs)

    def after_looks(self):
        """How often which event was logged, when some looks more have passed: this is about time."""
        time.sleep(3.5)
        return [len(self.proxy.events(event=e)) for e in ("changed", "reloaded", "reload-refused")]


@pytest.fixture
def watched(launch, tmp_path):
    return lambda watch=1: Watched(launch, tmp_path, watch)


def test_an_edit_of_the_main_file_is_taken_once(watched):
    scene = watched().start()
    scene.edit("log-level = debug", "log-level = info")
    assert scene.wait("changed")["file"] == str(scene.proxy.path)
    scene.wait("reloaded")
    assert scene.after_looks() == [1, 1, 0]


def test_what_reads_as_before_is_no_change(watched):
    scene = watched().start()
    write(scene.proxy.path, scene.proxy.path.read_text())
    os.utime(scene.proxy.path, (1, 1))
    assert scene.after_looks() == [0, 0, 0]


def test_an_included_file_comes_changes_and_goes(watched):
    scene = watched().start()
    assert scene.rcode() == REFUSED
    scene.other.write()
    assert scene.wait("changed")["file"].endswith("conf.d/*.ini")
    scene.wait("reloaded")
    assert scene.rcode() == NOERROR
    mark, scene.other.settings["zones"] = scene.proxy.mark(), "elsewhere.example"
    scene.other.write()
    assert scene.wait("changed", mark)["file"] == str(scene.other.path)
    scene.wait("reloaded", mark)
    assert scene.rcode() == REFUSED
    mark = scene.proxy.mark()
    scene.other.path.unlink()
    scene.wait("reloaded", mark)
    assert len(scene.proxy.events(event="reloaded")) == 3


def test_a_file_of_zones_is_looked_at(watched):
    scene = watched()
    zones = scene.directory / "conf.d" / "zones"
    write(zones, "elsewhere.example\n")
    scene.other.settings["zones_file"] = "zones"
    scene.other.write()
    scene.start()
    assert scene.rcode() == REFUSED
    write(zones, f"elsewhere.example\n{ZONE}\n")
    assert scene.wait("changed")["file"] == str(zones)
    scene.wait("reloaded")
    assert scene.rcode() == NOERROR


def test_a_secret_is_rotated_as_kubernetes_does(watched):
    """The file is a link into `..data`, which is a link to a folder and is swapped for another."""
    scene = watched()
    volume, old, name = scene.directory / "secret", scene.other.key, "other.key"

    def put(folder, key):
        write(volume / folder / name, key.base64 + "\n")
        (volume / "..data_tmp").symlink_to(folder)
        (volume / "..data_tmp").rename(volume / "..data")

    put("..2026_01", old)
    (volume / name).symlink_to(f"..data/{name}")
    scene.other.write(secret_file=volume / name)
    scene.start()
    assert scene.rcode() == NOERROR
    scene.other.key = Key.new(old.name)
    assert scene.rcode() == NOTAUTH
    put("..2026_02", scene.other.key)
    shutil.rmtree(volume / "..2026_01")
    assert scene.wait("changed")["file"] == str(volume / name)
    scene.wait("reloaded")
    assert scene.rcode() == NOERROR


def test_what_is_half_written_is_not_taken(watched):
    scene = watched(2).start()
    with open(scene.proxy.path, "a", encoding="ascii") as text:
        for i in range(25):  # slowly: more than two looks
            text.write(f"; line {i}\n")
            text.flush()
            time.sleep(0.2)
        assert not scene.proxy.events(event="changed")
    scene.wait("reloaded")


def test_a_mistake_is_said_once_until_it_is_mended(watched):
    scene = watched().start()
    scene.other.settings["nonsense"] = "1"
    scene.other.write()
    scene.wait("reload-refused")
    assert scene.after_looks() == [1, 0, 1]
    mark = scene.proxy.mark()
    scene.other.path.unlink()
    scene.wait("reloaded", mark)
    del scene.other.settings["nonsense"]
    mark = scene.proxy.mark()
    scene.other.write()
    scene.wait("reloaded", mark)
    assert scene.rcode() == NOERROR
    assert scene.after_looks() == [3, 2, 1]


def test_a_file_that_a_refused_configuration_misses_may_appear(watched):
    scene = watched().start()
    late = scene.directory / "keys" / "late.key"
    scene.other.write(secret_file=late)
    scene.wait("reload-refused")
    write(late, scene.other.key.base64)
    assert scene.wait("changed", file=late)
    scene.wait("reloaded")
    assert scene.rcode() == NOERROR


def test_what_a_signal_has_reloaded_is_not_reloaded_again(watched):
    scene = watched(2).start()
    scene.edit("log-level = debug", "log-level = info")
    scene.proxy.process.signal(signal.SIGHUP)
    scene.wait("reloaded")
    assert scene.after_looks() == [0, 1, 0]


def test_a_reload_turns_it_off_and_on(watched):
    scene = watched().start()
    scene.edit("watch = 1", "watch = no")
    scene.wait("reloaded")
    scene.edit("watch = no", "watch = 1")
    assert scene.after_looks() == [1, 1, 0]
    mark = scene.proxy.mark()
    scene.proxy.process.signal(signal.SIGHUP)
    scene.wait("reloaded", mark)
    mark = scene.proxy.mark()
    scene.edit("log-level = debug", "log-level = info")
    scene.wait("reloaded", mark)
    assert scene.after_looks() == [2, 3, 0]
