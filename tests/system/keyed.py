"""Real name servers with the keys the other way round: primaries that give their zone away for a key
only, and secondaries that know none."""

import subprocess

import net
import tools
import zones
from servers import Bind, Knot, Nsd, Powerdns


def edit(path, *changes):
    """Replaces (old, new) in a configuration, each of which must be there."""
    text = path.read_text()
    for old, new in changes:
        assert old in text, f"{path} has no {old!r}"
        text = text.replace(old, new)
    path.write_text(text)


def nsd_key(key):
    return f'key:\n    name: "{key.name}"\n    algorithm: {key.algorithm}\n    secret: "{key.base64}"\n'


def knot_key(key):
    return f"key:\n  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {key.base64}\n"


class Keyed:
    """Mixed into a server: its transfers ask for this key, and its NOTIFYs are signed with it."""

    key = None

    def keyed(self, key):
        self.key = key
        return self

    def records(self, zone):
        return tools.dig(self.place, self.place.address, zone, "AXFR", key=self.key).records()


class KeyedBind(Keyed, Bind):
    def write_primary(self, notify):
        super().write_primary(notify)
        path, name = self.directory / "named.conf", self.key.name
        edit(path, ("allow-transfer { any; }", f'allow-transfer {{ key "{name}"; }}'))
        if notify:
            edit(path, (f"port {notify.port};", f'port {notify.port} key "{name}";'))
        with open(path, "a", encoding="ascii") as text:
            algorithm, secret = self.key.algorithm, self.key.base64
            text.write(f'key "{name}" {{ algorithm {algorithm}; secret "{secret}"; }};\n')


class KeyedNsd(Keyed, Nsd):
    def write_primary(self, notify):
        super().write_primary(notify)
        key = self.key
        edit(self.directory / "nsd.conf", (" NOKEY\n", f" {key.name}\n"),
             ("zone:\n", f"{nsd_key(key)}zone:\n"))


class UnsignedNotifyNsd(KeyedNsd):
    """Its NOTIFYs have no TSIG."""

    def write_primary(self, notify):
        super().write_primary(notify)
        where = f"notify: {net.text(notify)}"
        edit(self.directory / "nsd.conf", (f"{where} {self.key.name}\n", f"{where} NOKEY\n"))


class KeyedKnot(Keyed, Knot):
    def write_primary(self, notify):
        super().write_primary(notify)
        path, key = self.directory / "knot.conf", self.key
        edit(path, ("acl:\n  -", f"{knot_key(key)}acl:\n  -"), ("address: 127.0.0.0/8\n", f"key: {key.name}\n"))
        if notify:
            address = f"address: {net.text(notify)}\n"
            edit(path, (address, f"{address}    key: {key.name}\n"))


class KeyedPowerdns(Keyed, Powerdns):
    """`activate-tsig-key ZONE KEY primary` says who may transfer, and signs its NOTIFYs. It answers IXFR
    with the whole zone, the SOA in a message of its own."""

    speaks_ixfr = False

    def write_zone(self):
        zones.write(self.directory / "zone", self.zone.master_file())

    def write_primary(self, notify):
        name, key = self.zone.name, self.key
        super().write_secondary(name, key, self.place)
        edit(self.directory / "pdns.conf", ("secondary=yes\n", "primary=yes\nonly-notify=\n"),
             ("allow-axfr-ips=127.0.0.0/8\n", "allow-axfr-ips=\nquery-cache-ttl=0\ncache-ttl=0\n"))
        self.util("deactivate-tsig-key", name, key.name, "secondary")
        self.util("set-kind", name, "primary")
        self.util("activate-tsig-key", name, key.name, "primary")
        if notify:
            self.util("set-meta", name, "ALSO-NOTIFY", f"{notify.address}:{notify.port}")
        self.load()

    def load(self):
        self.util("load-zone", self.zone.name, "zone")

    def util(self, *words):
        command = ["pdnsutil", f"--config-dir={self.directory}", *words]
        subprocess.run(command, cwd=self.directory, check=True, capture_output=True, timeout=20)

    def reload(self):
        self.load()
        command = ["pdns_control", f"--socket-dir={self.directory}", "notify", self.zone.name]
        subprocess.run(command, check=True, capture_output=True, timeout=20)


class KeylessNsd(Nsd):
    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        edit(self.directory / "nsd.conf", (nsd_key(key), ""), (f" {key.name}\n", " NOKEY\n"))


class KeylessKnot(Knot):
    def write_secondary(self, zone, key, primary):
        super().write_secondary(zone, key, primary)
        notify = "  - id: notify\n    "
        edit(self.directory / "knot.conf", (knot_key(key), ""),
             (f"{notify}key: {key.name}\n", f"{notify}address: 127.0.0.0/8\n"),
             (f"    key: {key.name}\n", ""))


PRIMARIES = [KeyedBind, KeyedNsd, KeyedKnot, KeyedPowerdns]
SECONDARIES = [KeylessNsd, KeylessKnot]
