"""A primary's addresses, one after the other: rule M6."""

import time

import pytest

import client
import messages
import net
import tsigtool
from messages import NOERROR, REFUSED, SERVFAIL, query
from relay import ZONE, answers
from scripted import Scripted, sound


class Nobody:
    """An address where nothing listens."""

    def __init__(self):
        self.place = net.fresh_place()

    def start(self):
        pass

    stop = start


def deaf(_request):
    """Hears and says nothing."""


def test_M6_transfer_goes_on_to_the_next_when_it_cannot_connect(make_relay):
    relay = make_relay(primaries=[Nobody(), Scripted(sound)])
    for _ in range(2):
        assert len(answers(relay.transfer(query(ZONE, "AXFR")))) == 5
    relay.proxy.wait(event="upstream-failure")


def test_M6_soa_by_udp_where_the_first_is_dead(make_relay):
    relay = make_relay(primaries=[Nobody(), Scripted(sound)])
    assert messages.first_serial(relay.ask("udp", query(ZONE))) == 7


def test_M6_udp_is_sent_at_0_and_1_s_and_to_the_next_at_2_s(make_relay):
    first, second = Scripted(deaf), Scripted(sound)
    relay = make_relay(primaries=[first, second])
    assert messages.first_serial(relay.ask("udp", query(ZONE))) == 7
    sent = [r.time for r in first.requests]
    assert len(sent) == 2
    assert 0.8 < sent[1] - sent[0] < 1.5
    assert 1.7 < second.requests[0].time - sent[0] < 2.6


def test_M6_silent_on_one_zone_serves_others(make_relay):
    first, second = Scripted(sound), Scripted(lambda request: request.answer(messages.soa(request.zone, 8)))
    relay = make_relay(primaries=[first, second])
    assert messages.first_serial(relay.ask("udp", query("slow.example"))) == 8
    assert messages.first_serial(relay.ask("udp", query(ZONE))) == 7


def test_M6_any_rcode_is_an_answer(make_relay):
    first, second = Scripted(lambda request: request.answer(rcode=REFUSED)), Scripted(sound)
    relay = make_relay(primaries=[first, second])
    for transport in ("udp", "tcp"):
        assert tsigtool.rcode(relay.ask(transport, query(ZONE))) == REFUSED
    assert second.requests == []


@pytest.mark.parametrize("kind", ["SOA", "AXFR"])
def test_M6_close_without_an_answer_is_servfail(make_relay, kind):
    relay = make_relay(lambda request: request.close())
    assert tsigtool.rcode(relay.ask("tcp", query(ZONE, kind))) == SERVFAIL


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_M6_none_answers_is_servfail_signed(make_relay, transport):
    relay = make_relay(primaries=[Nobody(), Nobody()], answer_timeout=2)
    assert tsigtool.rcode(relay.ask(transport, query(ZONE))) == SERVFAIL


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_X9_silence_is_servfail_signed_after_answer_timeout(make_relay, transport):
    relay = make_relay(deaf, answer_timeout=2)
    began = time.monotonic()
    assert tsigtool.rcode(relay.ask(transport, query(ZONE))) == SERVFAIL
    assert 1.5 < time.monotonic() - began < 4.5


def test_M6_address_of_the_last_notify_goes_first(make_relay):
    first, second = Scripted(sound), Scripted(lambda request: request.answer(messages.soa(request.zone, 8)))
    relay = make_relay(primaries=[first, second])
    listener = Scripted(deaf, place=relay.secondary_place).start()
    try:
        assert messages.first_serial(relay.ask("tcp", query(ZONE))) == 7
        asking = client.Udp(relay.proxy.place, second.place.address)
        asking.send(messages.notify(ZONE, 8))
        listener.wait(1)
        assert messages.first_serial(relay.ask("tcp", query(ZONE))) == 8
        assert messages.first_serial(relay.ask("tcp", query("another.example"))) == 7
        asking.close()
    finally:
        listener.stop()


def test_M6_no_failover_once_an_update_is_written(make_relay):
    first, second = Scripted(lambda request: request.close()), Scripted(sound)
    relay = make_relay(primaries=[first, second], secondary={"allow": "soa, update"})
    assert tsigtool.rcode(relay.ask("tcp", messages.update(ZONE, f"new.{ZONE}"))) == SERVFAIL
    assert len(first.requests) == 1
    assert second.requests == []


def test_M6_update_by_udp_is_written_once(make_relay):
    first, second = Scripted(deaf), Scripted(sound)
    relay = make_relay(primaries=[first, second], primary={"transport": "same"},
                       secondary={"allow": "soa, update"}, answer_timeout=3)
    assert tsigtool.rcode(relay.ask("udp", messages.update(ZONE, f"new.{ZONE}"))) == SERVFAIL
    assert (len(first.requests), len(second.requests)) == (1, 0)


def test_X8_update_is_tried_on_the_next_when_nothing_was_written(make_relay):
    second = Scripted(sound)
    relay = make_relay(primaries=[Nobody(), second], secondary={"allow": "soa, update"})
    assert tsigtool.rcode(relay.ask("tcp", messages.update(ZONE, f"new.{ZONE}"))) == NOERROR
    assert [r.transport for r in second.requests] == ["tcp"]


def test_M6_no_failover_once_a_message_is_relayed(make_relay):
    def breaks_off(request):
        request.answer(messages.soa(ZONE, 7))
        request.close()

    second = Scripted(sound)
    relay = make_relay(primaries=[Scripted(breaks_off), second])
    asking = relay.client()
    relay.send(asking, query(ZONE, "AXFR"))
    assert asking.ends() == "reset"
    assert second.requests == []
