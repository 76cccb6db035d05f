"""UPDATE with nsupdate and knsupdate, through the proxy to a primary that takes it by address: X8."""

import time

import pytest

import messages
import net
import tsigtool
from client import CLIENTS
from messages import NOERROR, REFUSED, SERVFAIL
from proxy import Proxy
from scripted import Scripted
from servers import Bind, OpenBind
from tools import UPDATING, dig, knsupdate, nsupdate
from tsigtool import Key
from zones import Zone

KEY = Key.new("update.example")
ZONE = "example.org"
PATIENT = {nsupdate: ["-u", "9", "-t", "9", "-r", "0"], knsupdate: ["-t", "9", "-r", "0"]}  # ask but once


class Scene:
    """`places` are the primary's; `trusted` is the address that the proxy speaks to them from."""

    def __init__(self, launch, directory, places, trusted=None, primary=None, secondary=None, **settings):
        self.source = net.fresh_address()
        primary = {"address": [net.text(place) for place in places], **(primary or {})}
        if trusted:
            primary["source"] = trusted
        self.proxy = launch(Proxy(directory / "proxy", [
            KEY.section(),
            ("primary hq", primary),
            ("secondary ddns", {"address": f"{self.source}@53", "key": KEY.label, "allow": "soa, update",
                                **(secondary or {})}),
        ], **settings))

    def update(self, tool, owner, **more):
        more.setdefault("key", KEY)
        return tool(self.proxy.place, self.source, ZONE, f"update add {owner}. 60 A 192.0.2.77", **more)


@pytest.fixture(scope="module")
def bind(module_stack, tmp_path_factory):
    server = OpenBind(tmp_path_factory.mktemp("bind") / "primary")
    server.trusted = net.fresh_address()
    server.primary(Zone(ZONE, hosts=5))
    module_stack.callback(server.stop)
    return server.start()


@pytest.fixture(params=UPDATING, ids=lambda tool: tool.__name__)
def tool(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["udp", "tcp"])
def tcp(request):
    return request.param


def addresses(bind, owner):
    done = dig(bind.place, "127.0.0.1", owner, "A", "+noall", "+answer")
    return {data for _, _, _, data in done.records()}


def test_X8_update_is_applied_and_answered_signed(bind, launch, tmp_path, tool, tcp):
    """The tool ends with 0 only if the answer's TSIG verifies. By itself it gets nowhere."""
    scene = Scene(launch, tmp_path, [bind.place], bind.trusted)
    owner = f"{tool.__name__}-{tcp}.{ZONE}"
    direct = tool(bind.place, scene.source, ZONE, f"update add {owner}. 60 A 192.0.2.66", tcp=tcp)
    assert "REFUSED" in direct.output
    done = scene.update(tool, owner, tcp=tcp)
    assert (done.status, done.output.strip()) == (0, "")
    assert addresses(bind, owner) == {"192.0.2.77"}
    assert scene.proxy.events(event="tsig-failure") == []


def test_X8_a_failing_prerequisite_comes_back_as_it_is(bind, launch, tmp_path, tcp):
    scene = Scene(launch, tmp_path, [bind.place], bind.trusted)
    done = nsupdate(scene.proxy.place, scene.source, ZONE, f"prereq yxdomain none.{ZONE}.",
                    f"update add none.{ZONE}. 60 A 192.0.2.1", key=KEY, tcp=tcp)
    assert "update failed: NXDOMAIN" in done.output
    assert addresses(bind, f"none.{ZONE}") == set()


MODES = [{}, {"mode": "observe"}]
BAD = {
    "without_tsig": None,
    "wrong_secret": Key(KEY.name, KEY.algorithm, b"w" * 32),
    "unknown_key": Key.new("stranger.example"),
}


@pytest.mark.parametrize("mode", MODES, ids=["enforce", "observe"])
@pytest.mark.parametrize("case", BAD)
def test_X8_without_a_good_tsig_it_is_refused_and_never_forwarded(launch, tmp_path, tool, tcp, case, mode):
    primary = launch(Scripted(lambda request: request.answer()))
    scene = Scene(launch, tmp_path, [primary.place], secondary=mode)
    done = scene.update(tool, f"bad.{ZONE}", key=BAD[case], tcp=tcp)
    assert done.output.strip() != "", done.output
    if case == "without_tsig":
        assert "REFUSED" in done.output
    elif case == "wrong_secret":
        assert "BADSIG" in done.output
    else:
        assert "BADKEY" in done.output
    assert primary.requests == []


def test_X8_not_allowed_is_refused_signed_and_never_forwarded(launch, tmp_path, tool, tcp):
    primary = launch(Scripted(lambda request: request.answer()))
    scene = Scene(launch, tmp_path, [primary.place],
                  secondary={"allow": "soa, axfr, ixfr, notify, query"})
    done = scene.update(tool, f"bad.{ZONE}", tcp=tcp)
    assert "REFUSED" in done.output and "TSIG error" not in done.output, done.output
    wire, mac = tsigtool.sign(messages.update(ZONE), KEY)
    asking = CLIENTS["tcp" if tcp else "udp"](scene.proxy.place, scene.source)
    bare, _ = tsigtool.verify(asking.ask(wire), KEY, mac)
    asking.close()
    assert tsigtool.rcode(bare) == REFUSED
    assert primary.requests == []


def test_X8_silence_is_servfail_and_no_second_copy(bind, launch, tmp_path, tool, tcp):
    """Not by UDP either (`transport = same`), and not to the primary's other address."""
    primary, owner = launch(Scripted(lambda request: None)), f"{tool.__name__}-silent-{tcp}.{ZONE}"
    scene = Scene(launch, tmp_path, [primary.place, bind.place], bind.trusted, {"transport": "same"},
                  answer_timeout=3)
    done = scene.update(tool, owner, tcp=tcp, options=PATIENT[tool])
    assert "SERVFAIL" in done.output, done.output
    (request,) = primary.requests
    assert (request.opcode, request.transport) == (5, "tcp" if tcp else "udp")
    assert addresses(bind, owner) == set()


def test_X8_what_the_client_sends_again_is_not_written_again(launch, tmp_path):
    """nsupdate repeats the datagram; the primary is asked once, and its late answer is taken."""
    def late(request):
        time.sleep(2.5)  # the primary's own slowness: nsupdate has sent it again by then
        request.answer()

    primary = launch(Scripted(late))
    scene = Scene(launch, tmp_path, [primary.place])
    done = scene.update(nsupdate, f"late.{ZONE}", options=["-u", "1", "-r", "5", "-t", "6"])
    assert (done.status, done.output.strip()) == (0, "")
    assert len(primary.requests) == 1


@pytest.mark.parametrize("script", [lambda request: None, lambda request: request.close()],
                         ids=["silent", "closes"])
def test_X8_no_other_address_once_it_was_written(bind, launch, tmp_path, tool, script):
    """The first address takes it and says nothing, or hangs up: the second must not get a copy."""
    first, owner = launch(Scripted(script)), f"{tool.__name__}-once.{ZONE}"
    scene = Scene(launch, tmp_path, [first.place, bind.place], bind.trusted, answer_timeout=1)
    done = scene.update(tool, owner, options=PATIENT[tool])
    assert "SERVFAIL" in done.output, done.output
    assert [request.transport for request in first.requests] == ["tcp"]
    assert addresses(bind, owner) == set()


def test_X8_not_tried_again_on_a_new_connection(launch, tmp_path):
    """X9b tries a query again that fails on a connection used before; an UPDATE never."""
    def script(request):
        if request.opcode == 5:
            request.close()
        else:
            request.answer(messages.soa(ZONE, 7))

    primary = launch(Scripted(script))
    scene = Scene(launch, tmp_path, [primary.place])
    asking = CLIENTS["tcp"](scene.proxy.place, scene.source)
    for message, rcode in ((messages.query(ZONE), NOERROR), (messages.update(ZONE), SERVFAIL)):
        wire, mac = tsigtool.sign(message, KEY)
        assert tsigtool.rcode(tsigtool.verify(asking.ask(wire), KEY, mac)[0]) == rcode
    asking.close()
    assert [request.opcode for request in primary.requests] == [0, 5]


def test_X8_next_address_when_nothing_was_written(bind, launch, tmp_path, tool):
    scene = Scene(launch, tmp_path, [net.fresh_place(), bind.place], bind.trusted)
    done = scene.update(tool, f"{tool.__name__}-next.{ZONE}")
    assert (done.status, done.output.strip()) == (0, "")
    assert addresses(bind, f"{tool.__name__}-next.{ZONE}") == {"192.0.2.77"}


def test_M5_nsupdate_that_is_not_told_the_zone_finds_it_out(bind, launch, tmp_path, tcp):
    """It asks for the SOA of the very name that it is to change."""
    scene = Scene(launch, tmp_path, [bind.place], bind.trusted, secondary={"zones": ZONE})
    owner = f"a.b.untold-{tcp}.{ZONE}"
    done = nsupdate(scene.proxy.place, scene.source, None, f"update add {owner}. 60 A 192.0.2.77", key=KEY, tcp=tcp)
    assert (done.status, done.output.strip()) == (0, "")
    assert addresses(bind, owner) == {"192.0.2.77"}


class ForwardingBind(Bind):
    """A secondary that hands updates on to its primary as they are, TSIG and all."""

    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        path = self.directory / "named.conf"
        path.write_text(path.read_text().replace(
            "type secondary;", "type secondary; allow-update-forwarding { any; };"))


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
def test_X8_a_secondary_may_forward_updates_of_its_clients(bind, launch, tmp_path, tcp, told):
    secondary = ForwardingBind(tmp_path / "secondary")
    proxy = launch(Proxy(tmp_path / "proxy", [
        KEY.section(),
        ("primary hq", {"address": net.text(bind.place), "source": bind.trusted}),
        ("secondary bind", {"address": net.text(secondary.place), "key": KEY.label, "zones": ZONE,
                            "allow": "soa, axfr, ixfr, update"}),
    ]))
    launch(secondary.secondary(ZONE, KEY, proxy.place))
    secondary.wait_serial(ZONE, bind.serial(ZONE))
    owner = f"forwarded-{tcp}-{told}.{ZONE}"
    done = nsupdate(secondary.place, net.fresh_address(), ZONE if told else None,
                    f"update add {owner}. 60 A 192.0.2.77", key=KEY, tcp=tcp)
    assert (done.status, done.output.strip()) == (0, "")
    assert addresses(bind, owner) == {"192.0.2.77"}
    assert proxy.wait(event="request", type="UPDATE", result="ok")["peer"] == "bind"


def replaying(scene, wire, *, transport="udp", asking=None):
    """Sends these octets as they are; from a socket of its own unless one is given."""
    own = asking or CLIENTS[transport](scene.proxy.place, scene.source)
    answer = own.ask(wire)
    if not asking:
        own.close()
    return answer


def test_M10_an_update_that_was_answered_is_not_done_again(launch, tmp_path, transport):
    """The same client gets the same RCODE, signed; from any other socket it is a replay."""
    primary = launch(Scripted(lambda request: request.answer(rcode=messages.NXDOMAIN)))
    scene = Scene(launch, tmp_path, [primary.place])
    wire, mac = tsigtool.sign(messages.update(ZONE), KEY)
    asking = CLIENTS[transport](scene.proxy.place, scene.source)
    for _ in range(3):
        bare, _ = tsigtool.verify(replaying(scene, wire, asking=asking), KEY, mac)
        assert tsigtool.rcode(bare) == messages.NXDOMAIN
    for other in ("udp", "tcp"):
        start = scene.proxy.mark()
        answer = replaying(scene, wire, transport=other)
        assert (tsigtool.rcode(answer), tsigtool.detach(answer)[1]) == (REFUSED, None)
        scene.proxy.wait(event="refused", result="replay", key=KEY.name, start=start)
    asking.close()
    assert len(primary.requests) == 1


def test_M10_a_recorded_update_does_not_bring_back_what_was_deleted(bind, launch, tmp_path):
    scene = Scene(launch, tmp_path, [bind.place], bind.trusted)
    owner = f"recorded.{ZONE}"
    wire, mac = tsigtool.sign(messages.update(ZONE, owner), KEY)
    bare, _ = tsigtool.verify(replaying(scene, wire), KEY, mac)
    assert tsigtool.rcode(bare) == NOERROR and addresses(bind, owner) == {"192.0.2.1"}
    done = nsupdate(scene.proxy.place, scene.source, ZONE, f"update delete {owner}.", key=KEY)
    assert (done.status, addresses(bind, owner)) == (0, set())
    assert tsigtool.rcode(replaying(scene, wire)) == REFUSED
    assert addresses(bind, owner) == set()
