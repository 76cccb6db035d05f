"""Transfer messages packed to 65535 octets, to which no TSIG can be added: P26 and P27."""

import dns.message
import dns.rdatatype
import pytest

import client
import messages
import net
import tsigtool
import zones
from messages import AXFR, IXFR, SOA, ixfr_query, query
from packing import FULL, Packed, Record, pack
from proxy import Proxy
from scripted import Scripted
from servers import Bind, Knot, Nsd
from tools import wait_records
from tsigtool import Key

ZONE = "example.org"
ODD = "ExAmPlE.oRg"  # compresses against itself, not against the question
QUESTION_END = len(query(ZONE))
KEY = Key.new("xfr.example", "hmac-sha512")
RFC_1035 = ("NS", "CNAME", "SOA", "PTR", "MX")


def soa(serial):
    return Record(f"{ZONE}. 3600 IN SOA Ns.{ODD}. HostMaster.{ZONE}. {serial} 3600 60 86400 300")


APEX = [Record(f"{ZONE}. 3600 IN NS Ns.{ODD}."), Record(f"Ns.{ODD}. 3600 IN A 192.0.2.53")]


def body(mark, rounds):
    """Records of all types with names in their RDATA, and some with what only looks like pointers."""
    for i in range(rounds):
        own, target = f"Own{i}-{mark}.Sub{i % 7}.{ODD}.", f"Target{i}-{mark}.sUb{i % 5}.{ZONE}."
        for line in (
            f"{target} 60 IN A 192.0.2.{i % 250}",
            f"Ns-{own} 60 IN NS {target}",
            f"Alias-{own} 60 IN CNAME Own{i}-{mark}.sUb{i % 5}.{ZONE}.",
            f"{own} 60 IN MX 10 {target}",
            f"Ptr-{own} 60 IN PTR Ptr-{target}",
            f"_Sip._Tcp.{own} 60 IN SRV 1 2 5060 {target}",
            f"Rp-{own} 60 IN RP {target} Rp.{own}",
            f"Afs-{own} 60 IN AFSDB 1 {target}",
            f"Rt-{own} 60 IN RT 1 {target}",
            f"Px-{own} 60 IN PX 10 {target} {own}",
            f'Naptr-{own} 60 IN NAPTR 1 2 "U" "E2U+Sip" "!^.*$!sip:A@b!" {target}',
            f"Odd-{own} 60 IN TYPE65280 \\# 6 c00cc00d{i:04x}",
            f"Odd-{own} 60 IN TYPE65281 \\# 0",
        ):
            yield Record(line)


def addressed(wire, request):
    """A message made in advance, with ID and question of this request."""
    if messages.counts(wire)[0]:
        wire = wire[:12] + request[12:QUESTION_END] + wire[QUESTION_END:]
    return request[:2] + wire[2:]


class Primary:
    """Scripted: a zone whose transfers are packed in advance."""

    def __init__(self):
        self.serial, self.wires, self.zone = 0, {}, {}
        self.server = Scripted(self.script)

    def load(self, serial, records):
        """A new zone. What fills the messages belongs to it."""
        last = [Record(f"Last{serial}.{ODD}. 60 IN A 192.0.2.1"), soa(serial)]
        wires, order = pack(query(ZONE, "AXFR"), [soa(serial), *records], last, f"{serial}.{ODD}.")
        self.serial, self.wires, self.zone = serial, {AXFR: wires}, order[1:]
        return order

    def change(self, serial, gone, come):
        """An IXFR takes `gone` away and adds `come`."""
        opening = [soa(serial), soa(self.serial), *gone, soa(serial)]
        last = [Record(f"Last{serial}.{ODD}. 60 IN A 192.0.2.1"), soa(serial)]
        wires, order = pack(query(ZONE, "IXFR"), opening + come, last, f"{serial}.{ODD}.")
        lost = {record.exact() for record in (soa(self.serial), *gone)}
        kept = [record for record in self.zone if record.exact() not in lost]
        self.serial, self.wires, self.zone = serial, {IXFR: wires}, kept + order[len(opening):]
        return order

    def records(self):
        return {zones.record(r.owner, r.ttl, r.rdata) for r in self.zone}

    def script(self, request):
        kind = request.kind if request.kind in self.wires else AXFR
        if request.kind == SOA:
            message = Packed(request.wire)
            message.add(soa(self.serial))
            request.reply(bytes(message.wire))
        elif kind in self.wires:
            request.reply(*[addressed(wire, request.wire) for wire in self.wires[kind]])
        else:
            request.answer(rcode=messages.SERVFAIL)


def huge_wires(serial, name, size=FULL):
    """An AXFR whose second message is one TXT record that leaves no room for TSIG."""
    request = query(ZONE, "AXFR")
    first, second, third = Packed(request), Packed(request, question=False), Packed(request)
    for record in (soa(serial), *APEX):
        first.add(record)
    second.fill(name, size)
    third.add(soa(serial))
    return [bytes(one.wire) for one in (first, second, third)]


@pytest.fixture
def primary():
    return Primary()


@pytest.fixture
def relay(primary, make_relay):
    return make_relay(key=KEY, primaries=[primary.server])


def receive(relay, message, count):
    """Messages with so many answer records in all, each verified."""
    asking, found = relay.client(), []
    verifier = relay.send(asking, message)
    while count > 0:
        wire = asking.receive()
        found.append(verifier.check(wire)[0])
        count -= messages.counts(found[-1])[1]
    asking.close()
    assert count == 0
    return found


def exact(wires):
    """All records as dnspython reads them, letter case and order kept."""
    found = []
    for wire in wires:
        for rrset in dns.message.from_wire(wire, one_rr_per_rrset=True).answer:
            kind = dns.rdatatype.to_text(rrset.rdtype)
            found += [(rrset.name.to_text(), rrset.ttl, kind, rdata.to_text()) for rdata in rrset]
    return found


def unsigned_axfr(place):
    """The messages of a real secondary's zone, up to its second SOA."""
    asking, found, soas = client.Tcp(place), [], 0
    asking.send(query(ZONE, "AXFR"))
    while soas < 2:
        found.append(asking.receive())
        soas += sum(record.type == SOA for record in tsigtool.records(found[-1]))
    asking.close()
    return found


def assert_cut(relay, wires, sent, order):
    """Everything arrived, in its order and case, in more messages than were sent."""
    assert all(len(wire) == FULL for wire in sent[:-1]) and len(sent) > 2
    assert exact(wires) == [record.exact() for record in order]
    assert len(wires) > len(sent)
    assert messages.counts(wires[0])[0] == 1
    assert messages.counts(wires[0])[1] > 1  # an IXFR's opening SOA is never alone
    copied = [r for wire in wires[:-1] for r in tsigtool.records(wire)]
    for got, record in zip(copied, order):
        if record.kind not in RFC_1035:
            assert got.rdata == record.rdata.to_wire(), record.exact()  # no pointers in there
    line = relay.proxy.wait(event="transfer", result="ok")
    assert line["messages"] == str(len(wires))


def test_P26_axfr_arrives_in_order_and_case(relay, primary):
    order = primary.load(7, [*APEX, *body("a", 150)])
    wires = receive(relay, query(ZONE, "AXFR"), len(order))
    assert_cut(relay, wires, primary.wires[AXFR], order)


def test_P26_ixfr_arrives_in_order_and_case(relay, primary):
    primary.load(7, [*APEX, *body("a", 3)])
    order = primary.change(8, list(body("a", 3)), list(body("b", 150)))
    wires = receive(relay, ixfr_query(ZONE, 7), len(order))
    assert_cut(relay, wires, primary.wires[IXFR], order)


def test_P27_record_that_cannot_fit_is_named_and_ends_it(relay, primary):
    primary.wires = {AXFR: huge_wires(7, f"Huge.{ODD}.")}
    asking = relay.client()
    verifier = relay.send(asking, query(ZONE, "AXFR"))
    got = []
    with pytest.raises(ConnectionResetError):
        while True:
            got.append(verifier.check(asking.receive())[0])
    asking.close()
    assert len(got) <= 1
    line = relay.proxy.wait(event="upstream-failure", result="no-room-for-tsig")
    assert (line["record"], line["record-type"]) == (f"Huge.{ODD}", "TXT")
    assert line["zone"] == ZONE
    assert relay.proxy.events(event="transfer", result="ok") == []


def tsig_size(key):
    return len(tsigtool.name_wire(key.name)) + 10 + len(key.algorithm_wire) + 16 + key.mac_size


def test_P27_the_last_octet(relay, primary):
    """A record that leaves just the room for TSIG passes; one octet more is too much."""
    for excess, fits in ((0, True), (1, False)):
        primary.wires = {AXFR: huge_wires(7, f"Huge.{ODD}.", FULL - tsig_size(KEY) + excess)}
        asking = relay.client()
        verifier = relay.send(asking, query(ZONE, "AXFR"))
        verifier.check(asking.receive())
        if fits:
            wire = asking.receive()
            assert len(wire) == FULL
            verifier.check(wire)
            verifier.check(asking.receive())
        else:
            assert asking.ends() == "reset"
        asking.close()


def test_P27_ixfr_whose_opening_soa_would_be_alone(relay, primary):
    """The next record has room for itself, but not behind the SOA: nothing at all is sent."""
    message = Packed(query(ZONE, "IXFR"))
    message.add(soa(8))
    message.fill(f"Huge.{ODD}.")
    primary.wires = {IXFR: [bytes(message.wire)]}
    asking = relay.client()
    verifier = relay.send(asking, ixfr_query(ZONE, 7))
    try:
        bare = verifier.check(asking.receive())[0]
        assert (tsigtool.rcode(bare), messages.counts(bare)[1]) == (messages.SERVFAIL, 0)
    except (client.Closed, ConnectionResetError):
        pass
    asking.close()
    line = relay.proxy.wait(event="upstream-failure", result="no-room-for-tsig")
    assert (line["record"], line["record-type"]) == (f"Huge.{ODD}", "TXT")


class Scene:
    """The scripted primary, the proxy, and a real secondary."""

    def __init__(self, launch, directory, kind, primary):
        self.primary = primary
        place = net.free_place()
        self.secondary = kind(directory / "secondary").secondary(ZONE, KEY, place)
        launch(primary.server)
        self.proxy = launch(Proxy(directory / "proxy", [
            KEY.section(),
            ("primary legacy", {"address": net.text(primary.server.place)}),
            ("secondary anycast", {"address": net.text(self.secondary.place), "key": KEY.label}),
        ], place=place))
        launch(self.secondary)

    def notify(self):
        asking = client.Udp(self.proxy.place, self.primary.server.place.address)
        answer = asking.ask(messages.notify(ZONE, self.primary.serial))
        asking.close()
        assert tsigtool.rcode(answer) == messages.NOERROR

    def arrives(self, start=0):
        self.secondary.wait_serial(ZONE, self.primary.serial)
        wait_records(self.secondary, ZONE, self.primary.records())
        if self.secondary.name == "bind":  # the others keep no letter case
            there = exact(unsigned_axfr(self.secondary.place))
            assert set(there) == {record.exact() for record in self.primary.zone}
        return self.proxy.wait(event="transfer", serial=self.primary.serial, result="ok", start=start)


@pytest.fixture(params=[Bind, Nsd, Knot], ids=lambda kind: kind.name)
def scene(request, launch, tmp_path, primary):
    return lambda: Scene(launch, tmp_path, request.param, primary)


def test_P26_real_secondary(scene, primary):
    """AXFR, then IXFR: the zone that arrives is the one that left."""
    primary.load(7, [*APEX, *body("a", 150)])
    stage = scene()
    stage.arrives()
    start = stage.proxy.mark()
    primary.change(8, list(body("a", 20)), list(body("b", 150)))
    stage.notify()
    line = stage.arrives(start)
    assert line["type"] == "IXFR"
    assert int(line["messages"]) > len(primary.wires[IXFR])


def test_P27_real_secondary(scene, primary):
    """It keeps what it has, and takes the next zone that is right."""
    primary.load(7, [*APEX, *body("a", 3)])
    stage = scene()
    stage.arrives()
    before, start = primary.records(), stage.proxy.mark()
    primary.serial, primary.wires = 8, {AXFR: huge_wires(8, f"Huge.{ODD}.")}
    stage.notify()
    line = stage.proxy.wait(event="upstream-failure", result="no-room-for-tsig", start=start)
    assert line["record"] == f"Huge.{ODD}"
    assert stage.secondary.serial(ZONE) == 7
    wait_records(stage.secondary, ZONE, before)
    assert stage.proxy.events(event="transfer", result="ok", start=start) == []
    primary.load(9, [*APEX, *body("c", 3)])
    stage.notify()
    stage.arrives(start)
