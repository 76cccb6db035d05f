"""Primaries that insist on TSIG themselves: the mirror image and translation, P20 to P23, P12."""

import time

import pytest

import client
import messages
import net
import tsigtool
from messages import NOERROR, NOTAUTH, REFUSED, SERVFAIL, notify, query, soa
from proxy import Proxy
from relay import ZONE, answers, receive_transfer
from scripted import Scripted, signing, sound
from servers import Bind, Nsd
from tsigtool import Key
from zones import Zone

FAR = Key.new("far.example", "hmac-md5")
NEW = soa(ZONE, 7)


def host(i):
    return f"h{i}.{ZONE}. 60 IN A 192.0.2.{i % 250}"


@pytest.fixture
def translation(make_relay):
    """translation(script, sign_every): both legs signed, with different keys and algorithms."""

    def make(script=sound, sign_every=1, raw=False, **more):
        far_script = script if raw else signing(FAR, script, sign_every)
        more.setdefault("primary", {"key": FAR.label})
        return make_relay(far_script, sections=[FAR.section()], **more)

    return make


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_translation_of_a_query(translation, transport):
    relay = translation()
    assert messages.first_serial(relay.ask(transport, query(ZONE))) == 7


def test_translation_of_a_transfer(translation):
    def script(request):
        for part in [NEW], [host(1)], [host(2)], [NEW]:
            request.answer(*part)

    relay = translation(script)
    assert len(answers(relay.transfer(query(ZONE, "AXFR")))) == 4


@pytest.mark.parametrize("algorithm", tsigtool.ALGORITHMS)
def test_P12_every_algorithm_towards_the_primary(make_relay, algorithm):
    far = Key.new("far.example", algorithm)
    relay = make_relay(signing(far, sound), sections=[far.section()], primary={"key": far.label})
    assert messages.first_serial(relay.ask("udp", query(ZONE))) == 7
    assert len(relay.transfer(query(ZONE, "AXFR"))) == 1


def stream(signed_at, total):
    """A script of `total` messages of which these are signed."""

    def script(request):
        bare, tsig = tsigtool.verify(request.wire, FAR)
        signer = tsigtool.Signer(FAR, tsig.mac, every=10**9)
        for i in range(total):
            record = NEW if i in (0, total - 1) else host(i)
            request.reply(signer.message(messages.answer(bare, [record]), last=i in signed_at))

    return script


def test_P21_99_unsigned_messages_in_a_row_are_accepted(translation):
    relay = translation(stream({0, 100, 200}, 201), raw=True)
    got = relay.transfer(query(ZONE, "AXFR"))  # each signed by us, verified there
    assert len(got) == 201


@pytest.mark.parametrize("signed_at,total", [({0, 101}, 102), ({0}, 20), ({0, 5}, 20)],
                         ids=["100_unsigned", "last_unsigned", "tail_unsigned"])
def test_P21_too_few_signatures_abort(translation, signed_at, total):
    relay = translation(stream(signed_at, total), raw=True, progress_timeout=2)
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    got = []
    with pytest.raises(ConnectionResetError):
        while True:
            got.append(verifier.check(asking.receive())[0])
    soas = sum(kind == messages.SOA for _, kind, _, _ in answers(got))
    assert soas < 2
    assert len(got) <= max(signed_at) + 1


def test_P21_nothing_goes_on_before_a_mac_covers_it(translation):
    """The second of three messages is forged; neither it nor what follows reaches the secondary."""

    def script(request):
        bare, tsig = tsigtool.verify(request.wire, FAR)
        signer = tsigtool.Signer(FAR, tsig.mac, every=10**9)
        request.reply(signer.message(messages.answer(bare, [NEW])))
        signer.message(messages.answer(bare, [host(1)]))
        request.reply(messages.answer(bare, [host(666)]))
        request.reply(signer.message(messages.answer(bare, [NEW]), last=True))

    relay = translation(script, raw=True)
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    got = []
    with pytest.raises(ConnectionResetError):
        while True:
            got.append(verifier.check(asking.receive())[0])
    assert len(answers(got)) <= 1
    relay.proxy.wait(event="tsig-failure", peer="legacy")


@pytest.mark.parametrize("times,good", [((0, -1), False), ((0, 0, 0), True), ((-100, -50, -1, 0), True),
                                        ((-299, -299, -299), True)], ids=repr)
def test_P21_time_never_goes_back_within_a_response(translation, times, good):
    def script(request):
        bare, tsig = tsigtool.verify(request.wire, FAR)
        signer, now = tsigtool.Signer(FAR, tsig.mac), int(time.time())
        for i, moment in enumerate(times):
            record = NEW if i in (0, len(times) - 1) else host(i)
            request.reply(signer.message(messages.answer(bare, [record]), at=now + moment))

    relay = translation(script, raw=True)
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    if good:
        assert len(receive_transfer(asking, verifier)) == len(times)
    else:
        verifier.check(asking.receive())
        assert asking.ends(5) == "reset"


def test_P21_age_beyond_fudge_is_logged_and_not_fatal(translation):
    """PowerDNS repeats the query's time in every message."""

    def script(request):
        bare, tsig = tsigtool.verify(request.wire, FAR)
        signer, now = tsigtool.Signer(FAR, tsig.mac), int(time.time())
        request.reply(signer.message(messages.answer(bare, [NEW]), at=now - 1))
        for record in (host(1), NEW):
            tsig = tsigtool.Tsig(tsigtool.name_wire(FAR.name), FAR.algorithm_wire, now - 1, fudge=0)
            wire = messages.answer(bare, [record])
            tsig.original_id = tsigtool.message_id(wire)
            prior = len(signer.prior).to_bytes(2, "big") + signer.prior
            tsig.mac = signer.prior = FAR.mac(prior + wire + tsig.timers())
            request.reply(tsigtool.append(wire, tsig.wire()))

    relay = translation(script, raw=True)
    assert len(relay.transfer(query(ZONE, "AXFR"))) == 3
    relay.proxy.wait(event="clock-skew", peer="legacy")


BAD = {
    "unsigned": lambda bare, tsig: messages.answer(bare, [NEW]),
    "wrong_secret": lambda bare, tsig: tsigtool.sign(
        messages.answer(bare, [NEW]), Key(FAR.name, FAR.algorithm, b"x"), request_mac=tsig.mac)[0],
    "wrong_request_mac": lambda bare, tsig: tsigtool.sign(
        messages.answer(bare, [NEW]), FAR, request_mac=b"y" * 16)[0],
    "no_request_mac": lambda bare, tsig: tsigtool.sign(messages.answer(bare, [NEW]), FAR)[0],
    "old": lambda bare, tsig: tsigtool.sign(
        messages.answer(bare, [NEW]), FAR, request_mac=tsig.mac, time=tsig.time - 1000)[0],
    "unsigned_error": lambda bare, tsig: tsigtool.sign(
        messages.answer(bare, rcode=NOTAUTH), FAR, request_mac=tsig.mac, error=16, mac=b"")[0],
}


@pytest.mark.parametrize("case", BAD)
def test_P23_bad_answer_by_udp_is_dropped_and_the_right_one_taken(translation, case):
    def script(request):
        bare, tsig = tsigtool.verify(request.wire, FAR)
        request.reply(BAD[case](bare, tsig))
        good = messages.answer(bare, [soa(ZONE, 1234)])
        request.reply(tsigtool.sign(good, FAR, request_mac=tsig.mac)[0])

    relay = translation(script, raw=True)
    assert messages.first_serial(relay.ask("udp", query(ZONE))) == 1234
    relay.proxy.wait(event="tsig-failure", peer="legacy")


@pytest.mark.parametrize("kind", ["SOA", "AXFR"])
@pytest.mark.parametrize("case", BAD)
def test_P23_bad_answer_by_tcp_is_never_relayed(translation, case, kind):
    relay = translation(lambda r: r.reply(BAD[case](*tsigtool.verify(r.wire, FAR))), raw=True,
                        answer_timeout=2)
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, kind))
    try:
        bare = verifier.check(asking.receive())[0]
    except (client.Closed, ConnectionResetError):
        return
    assert tsigtool.rcode(bare) == SERVFAIL
    assert messages.counts(bare)[1] == 0


def mirror(launch, tmp_path, primary_place, secondary_place, **primary):
    sections = [
        FAR.section(),
        ("primary far", {"address": net.text(primary_place), "key": FAR.label, **primary}),
        ("secondary legacy", {"address": net.text(secondary_place)}),
    ]
    return launch(Proxy(tmp_path / "proxy", sections))


def test_mirror_transfer(launch, tmp_path):
    """The secondary knows no TSIG: what it gets has none."""
    primary = launch(Scripted(signing(FAR, sound)))
    source = net.fresh_address()
    proxy = mirror(launch, tmp_path, primary.place, net.Place(source, 53))
    for transport, kind in (("udp", "SOA"), ("tcp", "SOA"), ("tcp", "AXFR")):
        asking = client.CLIENTS[transport](proxy.place, source)
        answer = asking.ask(query(ZONE, kind))
        asking.close()
        assert tsigtool.detach(answer)[1] is None
        assert messages.first_serial(answer) == 7


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("setting", ["refuse", "accept"])
def test_mirror_notify(launch, tmp_path, setting, transport):
    far, near = net.fresh_place(), launch(Scripted(lambda request: request.answer()))
    proxy = mirror(launch, tmp_path, far, near.place, **{"unsigned-notify": setting})

    def ask(wire):
        asking = client.CLIENTS[transport](proxy.place, far.address)
        try:
            return asking.ask(wire)
        finally:
            asking.close()

    signed, mac = tsigtool.sign(notify(ZONE, 8), FAR)
    bare, _ = tsigtool.verify(ask(signed), FAR, mac)
    assert tsigtool.rcode(bare) == NOERROR
    assert tsigtool.detach(near.requests[0].wire)[1] is None

    answer = ask(notify(ZONE, 9))
    assert tsigtool.detach(answer)[1] is None
    accepted = setting == "accept"
    assert tsigtool.rcode(answer) == (NOERROR if accepted else REFUSED)
    assert len(near.requests) == 1 + accepted


class KeyedBind(Bind):
    """A primary that insists on FAR."""

    def write_primary(self, notify):
        super().write_primary(notify)
        path = self.directory / "named.conf"
        text = path.read_text().replace("allow-transfer { any; }", f'allow-transfer {{ key "{FAR.name}"; }}')
        text = text.replace(f"port {notify.port};", f'port {notify.port} key "{FAR.name}";')
        text += f'key "{FAR.name}" {{ algorithm {FAR.algorithm}; secret "{FAR.base64}"; }};\n'
        path.write_text(text)


class KeylessNsd(Nsd):
    """A secondary that knows no key."""

    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, FAR, primary)
        path = self.directory / "nsd.conf"
        path.write_text(path.read_text().replace(f" {FAR.name}\n", " NOKEY\n"))


def test_mirror_with_real_servers(launch, tmp_path):
    zone, proxy_place, secondary_place = Zone(), net.free_place(), net.fresh_place()
    primary = launch(KeyedBind(tmp_path / "primary").primary(zone, notify=proxy_place))
    sections = [
        FAR.section(),
        ("primary far", {"address": net.text(primary.place), "key": FAR.label}),
        ("secondary legacy", {"address": net.text(secondary_place)}),
    ]
    proxy = launch(Proxy(tmp_path / "proxy", sections, place=proxy_place))
    secondary = KeylessNsd(tmp_path / "secondary", secondary_place)
    launch(secondary.secondary(zone.name, None, proxy_place))
    secondary.wait_serial(zone.name, zone.serial)
    serial = primary.change()
    secondary.wait_serial(zone.name, serial)
    assert proxy.events(event="tsig-failure") == []
    proxy.wait(event="transfer", type="IXFR", serial=serial, result="ok")
