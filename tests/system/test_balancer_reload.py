"""`proxy-listen` and `proxy-from` before a start and while the program runs."""

import signal
import socket

import pytest

import client
import net
import tsigtool
from asked import Asked
from balancers import Balanced, header, is_reset
from messages import NOERROR, query
from proxy import ini, own_settings
from relay import ZONE, Relay

pytestmark = pytest.mark.any_workers


@pytest.fixture
def relay(launch, tmp_path):
    return Relay(launch, tmp_path)


def reload(relay, event="reloaded", **settings):
    start = relay.proxy.mark()
    relay.proxy.path.write_text(ini([
        ("proxy", own_settings(relay.proxy.place, **settings)), relay.key.section(),
        ("primary legacy", {"address": net.text(relay.primary.place)}),
        ("secondary anycast", {"address": net.text(relay.secondary_place), "key": relay.key.label})]))
    relay.proxy.process.signal(signal.SIGHUP)
    return relay.proxy.wait(event=event, start=start)


def rcode(relay, asking):
    wire, mac = tsigtool.sign(query(ZONE), relay.key)
    return tsigtool.rcode(tsigtool.verify(asking.ask(wire), relay.key, mac)[0])


def test_M2b_where_balancers_connect_comes_and_goes(relay):
    """An address may change hands; who is connected stays so while its balancer is believed."""
    other, balancer = net.free_place(), net.fresh_address()
    listens = {"listen": [net.text(relay.proxy.place), net.text(other)]}
    believed = {"proxy_listen": net.text(other), "proxy_from": balancer}
    reload(relay, **listens)
    direct = client.Tcp(other, relay.source)
    assert rcode(relay, direct) == NOERROR
    reload(relay, **believed)
    kept = Balanced(other, relay.source, balancer)
    assert rcode(relay, kept) == NOERROR and rcode(relay, direct) == NOERROR
    reload(relay, **{**believed, "proxy_from": [balancer, net.fresh_address()]})
    assert rcode(relay, kept) == NOERROR
    reload(relay, **{**believed, "proxy_from": net.fresh_address()})
    assert kept.ends() == "closed"
    assert is_reset(other, balancer, header(relay.source))
    relay.proxy.wait(event="refused", result="no-balancer")
    reload(relay, **listens)
    again = client.Tcp(other, relay.source)
    assert rcode(relay, again) == NOERROR
    reload(relay)
    with pytest.raises(ConnectionRefusedError):
        client.Tcp(other, relay.source)
    for asking in (direct, kept, again):
        asking.close()


def test_a_worker_that_leaves_waits_for_headers(relay):
    """With one worker instead of two; nobody had asked anything yet."""
    place, balancer = net.free_place(), net.fresh_address()
    own = {"proxy_listen": net.text(place), "proxy_from": balancer}
    reload(relay, workers=2, **own)
    asking = [client.Tcp(place, balancer) for _ in range(12)]
    for one in asking:
        one.socket.sendall(header(relay.source)[:20])
    assert Balanced(place, relay.source, balancer).ask(tsigtool.sign(query(ZONE), relay.key)[0])
    reload(relay, workers=1, **own)
    for one in asking:
        one.socket.sendall(header(relay.source)[20:])
        assert rcode(relay, one) == NOERROR
        one.close()


def test_a_port_for_balancers_that_cannot_be_had_is_told(relay):
    """Over UDP it may be anybody's: balancers do not use it."""
    with socket.socket() as taken, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = net.Place(*taken.getsockname())
        line = reload(relay, "reload-refused", proxy_listen=net.text(place), proxy_from="127.0.0.1")
        assert f"cannot listen on {net.text(place)}" in line["advice"]
        said = Asked(relay.proxy).command("check")
        assert said.returncode == 1
        assert f"cannot listen on {net.text(place)} over TCP: address already in use" in said.stderr, said.stderr
        number = relay.proxy.path.read_text().splitlines().index(f"proxy-listen = {net.text(place)}") + 1
        assert f"tsig-proxy.ini:{number}: error: cannot listen" in said.stderr
        taken.close()
        datagrams.bind(place)
        reload(relay, proxy_listen=net.text(place), proxy_from="127.0.0.1")


def test_an_address_for_balancers_that_is_not_here_is_told(relay):
    for more, status, word in (({}, 1, "error"), ({"freebind": "yes"}, 0, "note")):
        reload(relay, "reloaded" if more else "reload-refused", proxy_listen="192.0.2.77@8853", proxy_from="127.0.0.1", **more)
        said = Asked(relay.proxy).command("check")
        assert said.returncode == status, said.stderr
        assert f"{word}: 'proxy-listen' has 192.0.2.77@8853, which is no address of this host now" in said.stderr
