"""Floods of strangers, of keys that are wrong and of forged addresses, a second and a half each: what is left for who
asks with a good key. Each of its questions is answered; over UDP it may ask once more, as any client does."""

import contextlib
import os
import socket
import struct

import pytest

import net
from bench import STRANGER
from flood import Background, Flood, Probes, Secondaries, notifies
from messages import notify, query
from proxy import Proxy
from relay import ZONE
from scripted import Scripted, sound
from tsigtool import Key, sign

RATE, SECONDS = 5000, 1.5
KEY, OTHER = Key.new("xfr.example"), Key.new("other.example")


class Scene:
    """A plain primary, and two secondaries with a key each, of which the second answers no NOTIFY."""

    def __init__(self, launch, directory):
        self.server = launch(Scripted(sound))
        self.sources = {name: net.fresh_address() for name in ("asker", "other", "nobody", "nobody else")}
        self.sources["primary"] = self.server.place.address
        other = launch(Secondaries({self.sources["other"]: None})).places[self.sources["other"]]
        self.proxy = launch(Proxy(directory / "proxy", [
            KEY.section(), OTHER.section(), ("primary hq", {"address": net.text(self.server.place)}),
            ("secondary asker", {"address": self.sources["asker"], "key": KEY.label, "zones": ZONE}),
            ("secondary other", {"address": net.text(other), "key": OTHER.label,
                                 "zones": [ZONE, f"*.{ZONE}"]}),
        ], log_level="notice"))

    def probe(self, transport="udp"):
        probes = Probes(self.proxy.place, self.sources["asker"], KEY, ZONE, transport)
        return probes.run(self.proxy.pid, 100, SECONDS)


@pytest.fixture(scope="module")
def scene(module_stack, tmp_path_factory):
    def launch(thing):
        module_stack.callback(thing.stop)
        thing.start()
        return thing

    return Scene(launch, tmp_path_factory.mktemp("floods"))


def forged(key):
    return lambda n: sign(query(ZONE, number=n % 65536), key, mac=os.urandom(32))[0]


NOTIFY = notify(ZONE, 0)  # its last 20 octets are the numbers of its SOA
FLOODS = {  # name: (who sends it, what)
    "junk": (["nobody", "nobody else"], lambda n: os.urandom(n % 100)),
    "unknown source with OPT": (["nobody", "nobody else"], lambda n: query(ZONE, number=n % 65536, payload=1232)),
    "unknown source with a known key name": (["nobody"], forged(KEY)),
    "BADKEY": (["other"], forged(STRANGER)),
    "BADSIG": (["other"], forged(OTHER)),
    "BADSIG from the asker's own address": (["asker"], forged(KEY)),
    "no TSIG from a peer": (["other"], lambda n: query(ZONE, number=n % 65536)),
    "no TSIG from the asker's own address": (["asker"], lambda n: query(ZONE, number=n % 65536)),
    "forged NOTIFYs, one zone": (["primary"], lambda n: NOTIFY[:-20] + struct.pack("!I", n) + NOTIFY[-16:]),
    "forged NOTIFYs, any zone": (["primary"], notifies(ZONE)),
}


def judge(name, probes, sent, capsys):
    with capsys.disabled():
        print(f"\n{probes.line(f'flood {name}')}, of {sent} sent")
    assert probes.answered == probes.asked == 100


@pytest.mark.parametrize("name", FLOODS)
def test_L3_a_flood_over_udp_keeps_nobody_from_his_answer(scene, launch, capsys, name):
    who, make = FLOODS[name]
    flood = launch(Flood(scene.proxy.place, [scene.sources[one] for one in who], make, RATE, SECONDS))
    probes = scene.probe()
    flood.wait(5)
    judge(name, probes, flood.sent, capsys)


class Connections(Background):
    """Strangers that connect, say something at most, and stay; beyond `most` the oldest goes."""

    def __init__(self, place, source, said, most, each=10):
        super().__init__()
        self.place, self.source, self.said, self.most, self.each = place, source, said, most, each
        self.open, self.sent = [], 0

    def work(self):
        for _ in range(self.each):
            one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))
            one.settimeout(1)
            self.open.append(one)
            self.sent += 1
            with contextlib.suppress(OSError):
                one.bind((self.source, 0))
                one.connect(self.place)
                one.send(self.said)
        while len(self.open) > self.most:
            self.open.pop(0).close()
        return not self.ended.wait(0.01)

    def close(self):
        for one in self.open:
            one.close()


CONNECTIONS = {
    "idle connections": b"",
    "half a frame": b"\2\0" + bytes(100),
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_L2_connections_of_strangers_keep_nobody_from_his_answer(scene, launch, capsys, name):
    crowd = launch(Connections(scene.proxy.place, scene.sources["nobody"], CONNECTIONS[name], 1500))
    probes = scene.probe("tcp")
    crowd.stop()
    judge(f"{name}, asked over TCP", probes, crowd.sent, capsys)
