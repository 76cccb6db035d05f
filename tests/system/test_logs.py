"""The log: one line for each event, its pairs, and never a secret."""

import messages
import tsigtool
from messages import notify, query
from proxy import log_pairs
from relay import ZONE
from scripted import sound
from tsigtool import Key


def logged(relay, **pairs):
    line = relay.proxy.wait(**pairs)
    assert line["level"] in ("error", "warning", "notice", "info", "debug")
    assert line["time"]
    return line


def test_transfer_line(make_relay):
    relay = make_relay()
    got = relay.transfer(query(ZONE, "AXFR"))
    line = logged(relay, event="transfer")
    wanted = {"peer": "anycast", "zone": ZONE, "type": "AXFR", "serial": "7", "messages": "1",
              "key": relay.key.name, "result": "ok"}
    assert wanted.items() <= line.items()
    assert float(line["seconds"]) < 5
    assert len(got[0]) <= int(line["octets"]) <= len(got[0]) + 200


def test_tsig_failure_lines(make_relay):
    relay = make_relay()
    for error, wire in {
        "BADSIG": tsigtool.sign(query(ZONE), Key(relay.key.name, secret=b"x" * 32))[0],
        "BADKEY": tsigtool.sign(query(ZONE), Key.new("stranger.example"))[0],
        "BADTRUNC": tsigtool.sign(query(ZONE), relay.key, length=16)[0],
    }.items():
        relay.client("udp").ask(wire)
        line = logged(relay, event="tsig-failure", peer="anycast", error=error)
        assert line["key"]


def test_skew_of_badtime_is_logged(make_relay):
    relay = make_relay()
    relay.client("udp").ask(tsigtool.sign(query(ZONE), relay.key, time=1)[0])
    line = logged(relay, event="tsig-failure", error="BADTIME")
    assert abs(float(line["skew"])) > 1e9


def test_refused_line_names_the_address(make_relay):
    relay = make_relay()
    asking = relay.client("udp")
    asking.ask(query(ZONE))
    line = logged(relay, event="refused")
    assert relay.source in " ".join(line.values())


def test_names_from_the_network_cannot_forge_a_line(make_relay):
    """Octets that mean something in the log come escaped."""
    def script(request):
        if request.zone == ZONE:
            sound(request)
        else:
            request.answer(rcode=messages.REFUSED)

    relay = make_relay(script)
    message, label = query(ZONE, "AXFR"), b'a\nevent=bad q="\x1b'
    wire = message[:12] + bytes([len(label)]) + label + message[12:]
    signed = tsigtool.sign(wire, relay.key)[0]
    asking = relay.client("tcp")
    asking.send(signed)
    asking.receive()
    relay.transfer(query(ZONE, "AXFR"))
    relay.proxy.wait(event="transfer", zone=ZONE)
    assert relay.proxy.events(event="bad") == []
    assert not any("\x1b" in line for line in relay.proxy.process.lines)


def test_no_secret_is_ever_logged(make_relay):
    relay = make_relay(answer_timeout=1)
    relay.transfer(query(ZONE, "AXFR"))
    relay.client("udp").ask(tsigtool.sign(query(ZONE), Key(relay.key.name, secret=b"x" * 32))[0])
    relay.client("udp").ask(messages.query(ZONE))
    log = "\n".join(relay.proxy.process.lines)
    for form in (relay.key.base64, relay.key.secret.hex()):
        assert form not in log


def test_every_line_is_logfmt(make_relay):
    relay = make_relay()
    relay.transfer(query(ZONE, "AXFR"))
    relay.client("udp").ask(query(ZONE))
    relay.client("udp").ask(notify(ZONE))
    relay.proxy.wait(event="transfer")
    lines = relay.proxy.process.lines
    start = next(i for i, line in enumerate(lines) if "event=started" in line)  # warnings come before
    for line in lines[start:]:
        assert {"time", "level", "event"} <= log_pairs(line).keys(), line
