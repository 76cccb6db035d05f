"""The same over IPv6, one leg or both."""

import os

import pytest

import client
import messages
import net
import tsigtool
from messages import NOERROR, notify, query
from proxy import Proxy
from relay import ZONE
from scripted import Scripted, sound
from tsigtool import Key

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="no IPv6 here")

KEY = Key.new("xfr.example")


@pytest.fixture(params=["127.0.0.1", "::1"], ids=["primary4", "primary6"])
def primary(request, launch):
    return launch(Scripted(sound, place=net.free_place(request.param)))


def test_signed_leg_over_ipv6(primary, launch, tmp_path, transport):
    sections = [
        KEY.section(),
        ("primary legacy", {"address": net.text(primary.place)}),
        ("secondary anycast", {"address": "::1@53", "from": "2001:db8::/32", "key": KEY.label}),
    ]
    proxy = launch(Proxy(tmp_path / "proxy", sections, place=net.free_place("::1")))
    for kind in ("SOA", "AXFR") if transport == "tcp" else ("SOA",):
        wire, mac = tsigtool.sign(query(ZONE, kind), KEY)
        asking = client.CLIENTS[transport](proxy.place, "::1")
        bare, _ = tsigtool.verify(asking.ask(wire), KEY, mac)
        asking.close()
        assert messages.first_serial(bare) == 7


def test_notify_goes_from_ipv4_to_ipv6(launch, tmp_path, transport):
    def script(request):
        bare, tsig = tsigtool.verify(request.wire, KEY)
        request.reply(tsigtool.sign(messages.answer(bare), KEY, request_mac=tsig.mac)[0])

    secondary = launch(Scripted(script, place=net.free_place("::1")))
    sections = [
        KEY.section(),
        ("primary legacy", {"address": "127.0.0.1@53"}),
        ("secondary anycast", {"address": net.text(secondary.place), "source": "::1", "key": KEY.label}),
    ]
    proxy = launch(Proxy(tmp_path / "proxy", sections))
    asking = client.CLIENTS[transport](proxy.place, "127.0.0.1")
    assert tsigtool.rcode(asking.ask(notify(ZONE, 8))) == NOERROR
    asking.close()
    assert secondary.requests[0].transport == transport


def test_wildcards_of_both_families_side_by_side(launch, tmp_path):
    """0.0.0.0 and :: on one port; the answer comes from the address that was asked."""
    primary, place = launch(Scripted(sound)), net.free_place("::")
    sections = [
        KEY.section(),
        ("primary legacy", {"address": net.text(primary.place)}),
        ("secondary anycast", {"address": ["127.0.0.1", "::1"], "key": KEY.label}),
    ]
    listen = [f"0.0.0.0@{place.port}", f"::@{place.port}"]
    launch(Proxy(tmp_path / "proxy", sections, listen=listen))
    for address, source in (("127.0.0.1", "127.0.0.1"), (net.fresh_address(), "127.0.0.1"), ("::1", "::1")):
        for transport in ("udp", "tcp"):
            wire, mac = tsigtool.sign(query(ZONE), KEY)
            asking = client.CLIENTS[transport](net.Place(address, place.port), source)
            tsigtool.verify(asking.ask(wire), KEY, mac)  # a connected socket takes no other address
            asking.close()
