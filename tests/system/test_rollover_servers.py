"""A key is changed while real servers go on: the proxy holds both, the secondary moves when it likes."""

import pytest

import net
from proxy import Proxy
from servers import Bind, Knot, Nsd
from tools import wait_records
from tsigtool import Key
from zones import Zone

OLD, NEW = Key.new("old.example"), Key.new("new.example", "hmac-sha512")


def by_name(kind):
    return kind.name


class Scene:
    def __init__(self, launch, directory, kind):
        self.launch, self.directory, self.kind = launch, directory, kind
        self.zone, self.place = Zone(hosts=50), net.free_place()
        self.primary = launch(Bind(directory / "primary").primary(self.zone, notify=self.place))
        self.secondary = kind(directory / "secondary")
        self.secondary.secondary(self.zone.name, OLD, self.place)
        self.proxy = launch(Proxy(directory / "proxy", [
            OLD.section(),
            NEW.section(),
            ("primary hq", {"address": net.text(self.primary.place)}),
            ("secondary anycast", {"address": net.text(self.secondary.place),
                                   "key": [OLD.label, NEW.label]}),
        ], place=self.place, answer_timeout=2))

    def move(self, key):
        """The secondary is stopped, and starts anew with nothing but this key."""
        self.secondary.stop()
        self.secondary = self.kind(self.directory / f"with-{key.name}", self.secondary.place)
        self.secondary.secondary(self.zone.name, key, self.place)
        self.launch(self.secondary)

    def arrives(self, start, key):
        """The present zone reaches the secondary, and was asked for with this key."""
        self.secondary.wait_serial(self.zone.name, self.zone.serial)
        done = self.proxy.wait(event="transfer", peer="anycast", serial=self.zone.serial, result="ok",
                               start=start)
        assert done["key"] == key.name
        wait_records(self.secondary, self.zone.name, self.primary.records(self.zone.name))

    def next_key(self, start=0):
        return self.proxy.events(event="tsig-failure", result="next-key", start=start)


@pytest.mark.parametrize("kind", [Bind, Nsd, Knot], ids=by_name)
def test_key_rollover(kind, launch, tmp_path):
    scene = Scene(launch, tmp_path, kind)
    proxy = scene.proxy
    launch(scene.secondary)
    scene.arrives(0, OLD)

    # the first key signs what the proxy originates
    start = proxy.mark()
    scene.primary.change()
    scene.arrives(start, OLD)
    proxy.wait(event="notify", peer="anycast", result="ok", start=start)
    assert scene.next_key() == []

    # the secondary asks with the new one, and is answered with it
    start = proxy.mark()
    scene.move(NEW)
    scene.arrives(start, NEW)

    # it does not know the first any more: the next has its turn, and keeps it
    start = proxy.mark()
    scene.primary.change()
    line = proxy.wait(event="tsig-failure", result="next-key", peer="anycast", start=start)
    assert line["key"] == NEW.name
    scene.arrives(start, NEW)
    proxy.wait(event="notify", peer="anycast", result="ok", start=start)
    start = proxy.mark()
    scene.primary.change()
    scene.arrives(start, NEW)
    proxy.wait(event="notify", peer="anycast", result="ok", start=start)
    assert proxy.events(event="tsig-failure", start=start) == []
