"""Real servers that fail: legacy primaries with a zone each, and secondaries that have the zones of all of them and
look for changes every second."""

import os
import signal

from gateway import Resident
from process import Process
from servers import Bind, Dnsmasq, Knot, Nsd
from zones import Zone

OFTEN = "min-refresh-time 1; max-refresh-time 1; min-retry-time 1; max-retry-time 1;"


class Thick(Zone):
    """A zone of little text and many octets."""

    texts: int = 150

    def lines(self):
        for number in range(self.texts):
            yield f"t{number:05}.{self.name}", [f'"{part}{number:05}{"x" * 190}"' for part in range(3)]

    def master_file(self):
        return super().master_file() + "".join(f"{name}. 60 IN TXT {' '.join(text)}\n" for name, text in self.lines())

    def dnsmasq_options(self):
        lines = [f"txt-record={name},{','.join(text)}\n" for name, text in self.lines()]
        return super().dnsmasq_options() + "".join(lines)


class Faulty(Resident):
    """A server that is killed, frozen and started again. `way`: transfers pass its wire so."""

    way = "in"

    def spawn(self):
        with self.host.namespace:
            self.process = Process(self.name, self.command(), self.directory, self.environment())

    def ready(self):
        with self.host.namespace:
            self.wait_tcp()

    def start(self):
        """Does not wait until it serves: ready() does."""
        self.spawn()

    def stop(self):
        self.process.kill()

    def freeze(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self):
        self.process.kill()

    def hang_up(self):
        """Ends all its connections, those too that no process holds any more."""
        self.host.namespace.run("ss", "-K", "-t", "(", "sport", "=", ":53", "or", "dport", "=", ":53", ")")


class Primary(Faulty):
    """`asks_ixfr`: it gives differences; else whole zones alone, for those can fail on their way."""

    way = "out"

    def reload(self):
        with self.host.namespace:
            super().reload()

    def take_zone(self):
        """Nobody waits for it to be served: it may be dead."""
        self.write_zone()
        if self.process.alive():
            self.reload()


class BindPrimary(Primary, Bind):
    def write_primary(self, notify):
        (self.directory / "named.conf").write_text(f"""
            options {{ {self.options()} provide-ixfr {"yes" if self.asks_ixfr else "no"}; }};
            controls {{ }};
            zone "{self.zone.name}" {{
                type primary; file "zone"; ixfr-from-differences {"yes" if self.asks_ixfr else "no"};
                notify explicit; also-notify {{ {notify.address}; }};
            }};
        """)


class NsdPrimary(Primary, Nsd):
    def write_primary(self, notify):
        differences = "    store-ixfr: yes\n    create-ixfr: yes\n"
        (self.directory / "nsd.conf").write_text(self.options() + f"""
zone:
    name: "{self.zone.name}"
    zonefile: "zone"
    provide-xfr: 0.0.0.0/0 NOKEY
    notify: {notify.address} NOKEY
{differences if self.asks_ixfr else ""}""")


class KnotPrimary(Primary, Knot):
    def write_primary(self, notify):
        self.write(self.zone.name, f"""
acl:
  - id: anyone
    address: 0.0.0.0/0
    action: transfer
remote:
  - id: proxy
    address: {notify.address}
""", f"""
    file: zone
    zonefile-load: {"difference" if self.asks_ixfr else "whole"}
    journal-content: {"all" if self.asks_ixfr else "none"}
    acl: anyone
    notify: proxy
""")
        # it gives up on whoever takes nothing for half a second, and serves nobody else meanwhile
        path = self.directory / "knot.conf"
        path.write_text(path.read_text().replace("tcp-workers: 1", "tcp-workers: 8\n    tcp-io-timeout: 20000"))


class DnsmasqPrimary(Primary, Dnsmasq):
    """One message holds its whole zone, and it sends no NOTIFY."""

    def write_primary(self, notify):
        super().write_primary(notify)
        path = self.directory / "dnsmasq.conf"
        path.write_text(path.read_text().replace(f"ns.{self.zone.name},lo", f"ns.{self.zone.name},eth0")
                        .replace("auth-peer=127.0.0.1", f"auth-peer={notify.address}"))

    def reload(self):
        self.process.kill()
        self.spawn()


class BindSecondary(Faulty, Bind):
    def write_secondary(self, zone, key, primary):
        stanzas = "".join(f"""
            zone "{name}" {{
                type secondary; file "{name}"; masterfile-format text; {OFTEN}
                primaries {{ {place.address} key "{key.name}"; }};
            }};
        """ for name, place in zip(zone, primary))
        (self.directory / "named.conf").write_text(f"""
            options {{ {self.options()} notify no; transfers-in 40; transfers-per-ns 40; serial-query-rate 100; }};
            controls {{ }};
            key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.base64}"; }};
            {stanzas}
        """)


class NsdSecondary(Faulty, Nsd):
    def write_secondary(self, zone, key, primary):
        text = self.options() + f"""
key:
    name: "{key.name}"
    algorithm: {key.algorithm}
    secret: "{key.base64}"
"""
        for name, place in zip(zone, primary):
            text += f"""
zone:
    name: "{name}"
    zonefile: "{name}"
    request-xfr: {place.address} {key.name}
    allow-notify: {place.address} {key.name}
    provide-xfr: 0.0.0.0/0 NOKEY
    max-refresh-time: 1
    max-retry-time: 1
"""
        (self.directory / "nsd.conf").write_text(text)


class KnotSecondary(Faulty, Knot):
    def write_secondary(self, zone, key, primary):
        remotes = "".join(f"""
  - id: {name}
    address: {place.address}
    key: {key.name}
""" for name, place in zip(zone, primary))
        more = "".join(f"""
  - domain: {name}
    storage: {self.directory}
    file: {name}
    master: {name}
    acl: [anyone, notify]
    refresh-max-interval: 2
    retry-max-interval: 1
""" for name in zone)
        self.write("unused.invalid", f"""
key:
  - id: {key.name}
    algorithm: {key.algorithm}
    secret: {key.base64}
acl:
  - id: anyone
    address: 0.0.0.0/0
    action: transfer
  - id: notify
    key: {key.name}
    action: notify
remote:
{remotes}
""", "")
        path = self.directory / "knot.conf"
        many = "background-workers: 8\n    tcp-remote-io-timeout: 3000\n    tcp-io-timeout: 20000"
        text = path.read_text().replace("background-workers: 1", many)
        path.write_text(text[: text.index("  - domain: unused.invalid")] + more)


PRIMARIES = {"p-bind": BindPrimary, "p-knot": KnotPrimary, "p-nsd": NsdPrimary, "p-dnsmasq": DnsmasqPrimary}
SECONDARIES = {"s-bind": BindSecondary, "s-nsd": NsdSecondary, "s-knot": KnotSecondary}
