"""What a UDP client that has proven no key is given, and what it makes the proxy do."""

import client
import net
import pytest
import tsigtool
from messages import query
from proxy import Proxy
from relay import ZONE
from scripted import Scripted
from test_plain_leg import sized
from tsigtool import Key


class Plain:
    """A scripted primary, the proxy, and a secondary without key that the test plays."""

    def __init__(self, launch, directory, script, primary=None, secondary=None, **settings):
        self.source = net.fresh_address()
        self.primary = launch(Scripted(script))
        self.proxy = launch(Proxy(directory / "proxy", [
            ("primary legacy", {"address": net.text(self.primary.place), **(primary or {})}),
            ("secondary plain", {"address": self.source, **(secondary or {})}),
        ], **settings))

    def ask(self, message):
        asking = client.Udp(self.proxy.place, self.source)
        try:
            return asking.ask(message)
        finally:
            asking.close()


@pytest.fixture
def make_plain(launch, tmp_path):
    return lambda *arguments, **more: Plain(launch, tmp_path, *arguments, **more)


def test_M4_what_is_passed_keeps_its_size(make_plain):
    """A key of the two ends: nothing but the ID changes, whatever udp-size says."""
    plain = make_plain(sized(3000, authority=100, additional=None), secondary={"unknown_key": "pass"})
    message = tsigtool.sign(query(ZONE, payload=4096), Key.new("theirs.example"))[0]
    assert len(plain.ask(message)) == 3000
    assert plain.primary.requests[0].wire[2:] == message[2:]
