"""Real name servers: as legacy primaries that know no key, and as secondaries that insist on TSIG."""

import subprocess

import net
import zones
from process import Process
from server import Server


class Bind(Server):
    name = "bind"
    program = "named"

    def __init__(self, directory, place=None):
        # named listens only on addresses that an interface has, which for 127/8 is this one
        super().__init__(directory, place or net.free_place())

    def write_zone(self):
        zones.write(self.directory / "zone", self.zone.master_file())

    def options(self):
        return f"""
            directory "{self.directory}";
            pid-file none;
            session-keyfile "{self.directory}/session.key";
            managed-keys-directory "{self.directory}";
            listen-on port {self.place.port} {{ {self.place.address}; }};
            listen-on-v6 {{ none; }};
            recursion no;
            dnssec-validation no;
            allow-transfer {{ any; }};
            notify-delay 0;
        """

    def write_primary(self, notify):
        also = f"{notify.address} port {notify.port};" if notify else ""
        text = f"""
            options {{ {self.options()} }};
            controls {{ }};
            zone "{self.zone.name}" {{
                type primary; file "zone"; ixfr-from-differences yes;
                notify {"explicit" if notify else "no"}; also-notify {{ {also} }};
            }};
        """
        (self.directory / "named.conf").write_text(text)

    def write_secondary(self, zone, key, primary):
        text = f"""
            options {{ {self.options()} notify no; }};
            controls {{ }};
            key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.base64}"; }};
            zone "{zone}" {{
                type secondary; file "copy"; masterfile-format text;
                primaries {{ {primary.address} port {primary.port} key "{key.name}"; }};
            }};
        """
        (self.directory / "named.conf").write_text(text)

    def command(self):
        return ["named", "-g", "-n", "1", "-c", self.directory / "named.conf"]


class OpenBind(Bind):
    """Takes updates without TSIG from one address: the proxy's."""

    trusted = None

    def write_primary(self, notify):
        super().write_primary(notify)
        path = self.directory / "named.conf"
        path.write_text(path.read_text().replace(
            'file "zone"; ixfr-from-differences yes;',
            f'file "zone"; allow-update {{ {self.trusted}; }};'))


class Nsd(Server):
    name = "nsd"
    program = "nsd"

    def write_zone(self):
        zones.write(self.directory / "zone", self.zone.master_file())

    def options(self):
        return f"""
server:
    ip-address: {net.text(self.place)}
    username: ""
    chroot: ""
    zonesdir: "{self.directory}"
    pidfile: "{self.directory}/nsd.pid"
    database: ""
    xfrdfile: "{self.directory}/xfrd.state"
    zonelistfile: "{self.directory}/zone.list"
    xfrdir: "{self.directory}"
    server-count: 1
    xfrd-reload-timeout: 0
    verbosity: 3
remote-control:
    control-enable: no
"""

    def write_primary(self, notify):
        text = self.options() + f"""
zone:
    name: "{self.zone.name}"
    zonefile: "zone"
    store-ixfr: yes
    create-ixfr: yes
    provide-xfr: 127.0.0.0/8 NOKEY
    outgoing-interface: {self.place.address}
"""
        if notify:
            text += f"    notify: {net.text(notify)} NOKEY\n"
        (self.directory / "nsd.conf").write_text(text)

    def write_secondary(self, zone, key, primary):
        text = self.options() + f"""
key:
    name: "{key.name}"
    algorithm: {key.algorithm}
    secret: "{key.base64}"
zone:
    name: "{zone}"
    zonefile: "copy"
    request-xfr: {net.text(primary)} {key.name}
    allow-notify: 127.0.0.0/8 {key.name}
    provide-xfr: 127.0.0.0/8 NOKEY
    outgoing-interface: {self.place.address}
"""
        (self.directory / "nsd.conf").write_text(text)

    def command(self):
        return ["nsd", "-d", "-c", self.directory / "nsd.conf"]


class Knot(Server):
    name = "knot"
    program = "knotd"

    def write_zone(self):
        zones.write(self.directory / "zone", self.zone.master_file())

    def write(self, zone, *sections):
        (self.directory / "db").mkdir()
        server = f"""
server:
    listen: {net.text(self.place)}
    rundir: {self.directory}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {self.directory}/db
log:
  - target: stdout
    any: info
"""
        zone = f"""
zone:
  - domain: {zone}
    storage: {self.directory}
"""
        text = server + "".join(sections[:-1]) + zone + sections[-1]
        (self.directory / "knot.conf").write_text(text)

    def write_primary(self, notify):
        acl = """
acl:
  - id: anyone
    address: 127.0.0.0/8
    action: transfer
"""
        remote = f"""
remote:
  - id: proxy
    address: {net.text(notify)}
    via: {self.place.address}
""" if notify else ""
        zone = f"""
    file: zone
    zonefile-load: difference
    journal-content: all
    acl: anyone
    {"notify: proxy" if notify else ""}
"""
        self.write(self.zone.name, acl, remote, zone)

    def write_secondary(self, zone, key, primary):
        keys = f"""
key:
  - id: {key.name}
    algorithm: {key.algorithm}
    secret: {key.base64}
acl:
  - id: anyone
    address: 127.0.0.0/8
    action: transfer
  - id: notify
    key: {key.name}
    action: notify
remote:
  - id: primary
    address: {net.text(primary)}
    key: {key.name}
    via: {self.place.address}
"""
        settings = """
    file: copy
    master: primary
    acl: [anyone, notify]
"""
        self.write(zone, keys, settings)

    def command(self):
        return ["knotd", "-c", self.directory / "knot.conf"]


class Powerdns(Server):
    name = "powerdns"
    program = "pdns_server"

    def write_conf(self):
        database = self.directory / "pdns.sqlite3"
        schema = "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql"
        with open(schema, encoding="ascii") as text:
            subprocess.run(["sqlite3", database], stdin=text, check=True)
        (self.directory / "pdns.conf").write_text(f"""
launch=gsqlite3
gsqlite3-database={database}
local-address={self.place.address}
local-port={self.place.port}
query-local-address={self.place.address}
socket-dir={self.directory}
secondary=yes
slave-cycle-interval=1
allow-axfr-ips=127.0.0.0/8
receiver-threads=1
distributor-threads=1
retrieval-threads=1
loglevel=6
guardian=no
daemon=no
disable-syslog=yes
log-timestamp=no
security-poll-suffix=
""")

    def write_secondary(self, zone, key, primary):
        self.write_conf()
        self.util("create-secondary-zone", zone, f"{primary.address}:{primary.port}")
        self.util("import-tsig-key", key.name, key.algorithm, key.base64)
        self.util("activate-tsig-key", zone, key.name, "secondary")
        if self.asks_ixfr:
            self.util("set-meta", zone, "IXFR", "1")

    def util(self, *words):
        command = ["pdnsutil", f"--config-dir={self.directory}", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=20)

    def command(self):
        return ["pdns_server", f"--config-dir={self.directory}"]


class Dnsmasq(Server):
    name = "dnsmasq"
    program = "dnsmasq"
    sends_notify = False
    speaks_ixfr = False

    def __init__(self, directory, place=None):
        # authoritative on an interface's own address alone
        super().__init__(directory, place or net.free_place())

    def write_zone(self):
        zones.write(self.directory / "zone", self.zone.dnsmasq_options())

    def write_primary(self, _notify):
        (self.directory / "dnsmasq.conf").write_text(f"""
port={self.place.port}
listen-address={self.place.address}
bind-interfaces
no-resolv
no-hosts
no-daemon
user=root
pid-file=
auth-server=ns.{self.zone.name},lo
auth-peer=127.0.0.1
conf-file={self.directory}/zone
""")

    def command(self):
        return ["dnsmasq", "-C", self.directory / "dnsmasq.conf"]

    def reload(self):
        """Options are read at start only."""
        self.process.stop()
        self.process = Process(self.name, self.command(), self.directory)
        self.wait_tcp()


class Tinydns(Server):
    """tinydns for UDP; axfrdns under tcpserver for TCP. Both know port 53 only."""

    name = "tinydns"
    program = "axfrdns"
    sends_notify = False
    speaks_ixfr = False

    def __init__(self, directory, place=None):
        super().__init__(directory, place or net.Place(net.fresh_address(), 53))
        self.udp = None

    def write_zone(self):
        zones.write(self.directory / "data", self.zone.tinydns_data())
        subprocess.run(["tinydns-data"], cwd=self.directory, check=True)

    def write_primary(self, _notify):
        pass

    def environment(self):
        return {"ROOT": str(self.directory), "IP": self.place.address, "UID": "0", "GID": "0"}

    def command(self):
        return ["tcpserver", "-vHRl0", self.place.address, "53", "axfrdns"]

    def start(self):
        self.udp = Process("tinydns", ["tinydns"], self.directory, self.environment())
        return super().start()

    def stop(self):
        super().stop()
        if self.udp:
            self.udp.stop()

    def reload(self):
        """data.cdb is opened for each query."""


PRIMARIES = [Dnsmasq, Tinydns, Bind, Nsd, Knot]
SECONDARIES = [Bind, Nsd, Knot, Powerdns]
