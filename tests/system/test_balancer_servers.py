"""Real secondaries behind HAProxy, which take their zone over TLS (RFC 9103), or over TCP beside them."""

import pytest

import net
from balancers import Haproxy, certificate
from keyed import edit
from proxy import Proxy
from servers import Bind, Knot, Nsd
from tools import wait_records
from tsigtool import Key
from zones import Zone

pytestmark = pytest.mark.any_workers

NAME = "ns.example.org"


class TlsBind(Bind):
    """NOTIFYs come from who has the key: the proxy has another address than HAProxy."""

    authority = None

    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        edit(self.directory / "named.conf",
             (f'key "{key.name}"; }};', f'key "{key.name}" tls xot; }}; allow-notify {{ key "{key.name}"; }};'),
             ("controls { };", f'controls {{ }}; tls xot {{ remote-hostname "{NAME}"; ca-file "{self.authority}"; }};'))


class TlsNsd(Nsd):
    authority = None

    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        edit(self.directory / "nsd.conf",
             (f"{net.text(primary)} {key.name}\n", f"{net.text(primary)} {key.name} xot\n"),
             ("server:\n", f"server:\n    tls-cert-bundle: {self.authority}\n"),
             ("zone:\n", f"tls-auth:\n    name: xot\n    auth-domain-name: {NAME}\nzone:\n"))


def test_M2b_secondaries_with_one_key_name_over_tls_and_tcp(launch, tmp_path):
    """Each has a key of its own, and is known by its inner address."""
    zone, balancer, inner = Zone(hosts=400), net.fresh_address(), net.free_place()
    pem = certificate(tmp_path / "xot.pem", NAME)
    TlsBind.authority = TlsNsd.authority = pem.with_suffix(".crt")
    primary = Bind(tmp_path / "p")
    secondaries = [kind(tmp_path / kind.name) for kind in (TlsBind, TlsNsd, Knot)]
    keys = [Key.new("xfr.example", label=secondary.name) for secondary in secondaries]
    proxy = Proxy(tmp_path / "proxy", [
        *(key.section() for key in keys),
        ("primary hq", {"address": net.text(primary.place)}),
        *((f"secondary {one.name}", {"address": net.text(one.place), "key": one.name, "zones": zone.name})
          for one in secondaries),
    ], proxy_listen=net.text(inner), proxy_from=balancer)
    haproxy = Haproxy(tmp_path / "haproxy", inner, pem)
    haproxy.source = balancer
    for one in (primary.primary(zone, notify=proxy.place), proxy, haproxy):
        launch(one)
    for one, key in zip(secondaries, keys):
        launch(one.secondary(zone.name, key, haproxy.plain if isinstance(one, Knot) else haproxy.tls))
    for change in (lambda: zone.serial, primary.change):
        serial = change()
        for one in secondaries:
            one.wait_serial(zone.name, serial)
            wait_records(one, zone.name, primary.records(zone.name))
            done = proxy.wait(event="transfer", peer=one.name, serial=serial, result="ok", key="xfr.example")
            assert done["address"].startswith(f"{one.place.address}@")
    assert haproxy.connections("tls") >= 4
    assert not proxy.events(event="refused") and not proxy.events(event="tsig-failure"), proxy.text()
