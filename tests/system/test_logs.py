"""The log: one line for each event, its pairs, and never a secret."""

import time

import client
import messages
import net
import tsigtool
from messages import ixfr_query, notify, query
from process import until
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


BURST = 10  # lines of one kind in a second


class Seconds:
    """How many of the clock's seconds something took part of."""

    def __init__(self):
        self.first = int(time.time())

    def count(self):
        return int(time.time()) - self.first + 1


def told(relay, **pairs):
    """Lines of this kind, and how many more they say there were."""
    lines = relay.proxy.events(**pairs)
    return len(lines), sum(int(line.get("left-out", 0)) for line in lines)


def test_M5_strangers_have_a_limit_for_all_of_them_together(make_relay):
    """Whoever forges a source can have any."""
    relay, seconds = make_relay(refusal_rate=1000), Seconds()
    for _ in range(100):
        asking = client.Udp(relay.proxy.place, net.fresh_address())
        asking.ask(query(ZONE))
        asking.close()
    relay.client("udp").ask(query(ZONE))
    limit = BURST * seconds.count()
    logged(relay, event="refused", peer="anycast", result="no-tsig")  # a peer's are still told
    assert told(relay, event="refused", result="unknown-source")[0] <= limit
    time.sleep(1.1)  # so many lines in a second: that one must pass, and nothing tells of its end
    start = relay.proxy.mark()
    asking = client.Udp(relay.proxy.place, net.fresh_address())
    asking.ask(query(ZONE))
    asking.close()
    relay.proxy.wait(event="refused", result="unknown-source", start=start)
    lines, left_out = told(relay, event="refused", result="unknown-source")
    assert lines + left_out == 101


def test_strangers_of_different_networks_do_not_hide_each_other(make_relay):
    relay = make_relay()
    for source in ["127.1.1.1"] * 50 + ["127.1.2.1", "127.1.3.1"]:
        asking = client.Udp(relay.proxy.place, source)
        asking.ask(query(ZONE))
        asking.close()
    for source in ("127.1.2.1", "127.1.3.1"):
        until(lambda source=source: any(
            line["address"].startswith(source + "@")
            for line in relay.proxy.events(event="refused", result="unknown-source")), source)


def test_junk_does_not_hide_that_a_key_is_used_elsewhere(make_relay):
    """A stolen key, and someone who would rather not have it told: each use of it is a line all the same."""
    relay, uses = make_relay(), 5
    for i in range(uses):
        for k in range(40):
            asking = client.Udp(relay.proxy.place, f"127.{1 + k % 20}.{i}.1")
            asking.send(query(ZONE))
            asking.close()
        asking = client.Udp(relay.proxy.place, "127.1.1.1")
        asking.ask(tsigtool.sign(query(ZONE), relay.key)[0])
        asking.close()
    until(lambda: told(relay, result="key-from-elsewhere") == (uses, 0), "each is told")


def test_transfers_over_udp_have_a_limit_and_those_over_tcp_none(make_relay):
    relay, seconds = make_relay(), Seconds()
    for _ in range(50):
        relay.ask("udp", ixfr_query(ZONE, 6))
    limit = BURST * seconds.count()
    assert told(relay, event="transfer", transport="udp")[0] <= limit
    asking = relay.client()
    for _ in range(30):
        relay.transfer(query(ZONE, "AXFR"), asking=asking)
    relay.ask("tcp", query(ZONE))
    relay.proxy.wait(event="refresh")
    assert told(relay, event="transfer", transport="tcp") == (30, 0)


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
