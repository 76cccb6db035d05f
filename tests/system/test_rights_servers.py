"""What else a secondary may be let through with, tools and a real primary at the ends: `allow = query`,
`unknown-key = pass`, `mode = observe`."""

import pytest

import net
from keyed import KeyedBind
from proxy import Proxy
from servers import Bind
from tools import ASKING, dig
from tsigtool import Key
from zones import Zone

NEAR = Key.new("near.example", "hmac-sha512")
SHARED = Key.new("shared.example")
WORDS = [["+notcp", "+bufsize=1232"], ["+tcp"]]


@pytest.fixture(scope="module")
def bind(module_stack, tmp_path_factory):
    server = Bind(tmp_path_factory.mktemp("bind") / "primary").primary(Zone(hosts=300))
    module_stack.callback(server.stop)
    return server.start()


@pytest.fixture(scope="module")
def keyed_bind(module_stack, tmp_path_factory):
    server = KeyedBind(tmp_path_factory.mktemp("keyed") / "primary").keyed(SHARED)
    module_stack.callback(server.stop)
    return server.primary(Zone(hosts=300)).start()


@pytest.fixture(params=ASKING, ids=lambda tool: tool.__name__)
def tool(request):
    return request.param


class Scene:
    def __init__(self, launch, directory, primary, **settings):
        self.source = net.fresh_address()
        self.zone = primary.zone.name
        self.proxy = launch(Proxy(directory / "proxy", [
            NEAR.section(),
            ("primary hq", {"address": net.text(primary.place)}),
            ("secondary anycast", {"address": f"{self.source}@53", **settings}),
        ]))

    def ask(self, tool, *words, key=None):
        return tool(self.proxy.place, self.source, *words, key=key)


def assert_verified(done, key, rcode="NOERROR"):
    """An answer with a TSIG that the tool finds right."""
    assert f"status: {rcode}" in done.output, done.output
    assert f"{key.name}." in done.output and "TSIG" in done.output, done.output
    for complaint in ("Couldn't verify", "could not be validated", ";; WARNING", ";; ERROR"):
        assert complaint not in done.output, done.output


@pytest.mark.parametrize("words", WORDS, ids=["udp", "tcp"])
def test_query_is_answered_signed(bind, launch, tmp_path, tool, words):
    """Address, negative answer, and one of several kilobytes: as the primary gives it."""
    scene = Scene(launch, tmp_path, bind, key=NEAR.label, allow="soa, query")
    for name, kind in ((f"host00007.{scene.zone}", "A"), (scene.zone, "MX"), (f"long.{scene.zone}", "TXT"),
                       (f"odd.{scene.zone}", "TYPE65280"), (f"alias.{scene.zone}", "AAAA")):
        done = scene.ask(tool, name, kind, *words, key=NEAR)
        assert_verified(done, NEAR)
        direct = tool(bind.place, "127.0.0.1", name, kind, *words)
        assert done.records() == direct.records() != set()
    assert_verified(scene.ask(tool, f"nowhere.{scene.zone}", "A", *words, key=NEAR), NEAR, "NXDOMAIN")


def test_query_without_allow_is_refused_signed(bind, launch, tmp_path, tool):
    scene = Scene(launch, tmp_path, bind, key=NEAR.label)
    assert_verified(scene.ask(tool, scene.zone, "MX", key=NEAR), NEAR, "REFUSED")
    assert "REFUSED" in scene.ask(tool, scene.zone, "SOA").output


@pytest.mark.parametrize("words", WORDS, ids=["udp", "tcp"])
def test_M4_pass_verifies_from_end_to_end(keyed_bind, launch, tmp_path, tool, words):
    """The primary and its secondary share a key that the proxy does not know."""
    scene = Scene(launch, tmp_path, keyed_bind, **{"unknown-key": "pass"}, allow="soa, axfr, ixfr, query")
    for name, kind in ((scene.zone, "SOA"), (f"host00007.{scene.zone}", "A")):
        done = scene.ask(tool, name, kind, *words, key=SHARED)
        assert_verified(done, SHARED)
        assert done.records() == tool(keyed_bind.place, "127.0.0.1", name, kind, *words).records() != set()


def test_M4_pass_of_a_transfer(keyed_bind, launch, tmp_path, tool):
    scene = Scene(launch, tmp_path, keyed_bind, **{"unknown-key": "pass"})
    done = scene.ask(tool, scene.zone, "AXFR", key=SHARED)
    assert done.records() == keyed_bind.records(scene.zone)
    assert "Couldn't verify" not in done.output and "WARNING" not in done.output
    assert scene.ask(tool, scene.zone, "AXFR").records() == set()  # the primary's own refusal
    wrong = Key(SHARED.name, SHARED.algorithm, b"w" * 32)
    assert scene.ask(tool, scene.zone, "AXFR", key=wrong).records() == set()
    assert scene.ask(tool, scene.zone, "AXFR", key=Key.new("other.example")).records() == set()


def test_M4_without_pass_the_same_is_badkey(keyed_bind, launch, tmp_path):
    scene = Scene(launch, tmp_path, keyed_bind)
    done = scene.ask(dig, scene.zone, "SOA", key=SHARED)
    assert "NOTAUTH" in done.output and "BADKEY" in done.output, done.output


def test_M4_observe(bind, launch, tmp_path, tool):
    """Without TSIG: served unsigned, and logged. With: signed as ever. With a bad one: refused."""
    scene = Scene(launch, tmp_path, bind, key=NEAR.label, mode="observe")
    whole = bind.records(scene.zone)
    for words in WORDS:
        start = scene.proxy.mark()
        done = scene.ask(tool, scene.zone, "SOA", *words)
        assert "NOERROR" in done.output and "TSIG" not in done.output, done.output
        line = scene.proxy.wait(event="observed", peer="anycast", start=start)
        assert (line["zone"], line["type"]) == (scene.zone, "SOA")
        assert_verified(scene.ask(tool, scene.zone, "SOA", *words, key=NEAR), NEAR)
    assert scene.ask(tool, scene.zone, "AXFR").records() == whole
    assert scene.ask(tool, scene.zone, "AXFR", key=NEAR).records() == whole
    bad = scene.ask(tool, scene.zone, "AXFR", key=Key(NEAR.name, NEAR.algorithm, b"w" * 64))
    assert bad.records() == set()
    assert "REFUSED" in scene.ask(tool, f"host00007.{scene.zone}", "A").output
