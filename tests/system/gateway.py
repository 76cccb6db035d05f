"""The transparent gateway between real servers: a legacy primary that knows no key, secondaries that insist on
TSIG, and the proxy on the path; each in a namespace of its own, and none knows of the proxy."""

import os
import subprocess

import dns.zone

import client
import messages
import net
import tsigtool
import zones
from capture import Capture
from namespaces import Star
from proxy import Proxy
from servers import Bind, Knot, Nsd
from tsigtool import Key
from zones import Zone

SIDECAR_PORT = 5300
SANITIZERS = {"ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


class Resident:
    """A server in a namespace, at both addresses of its host. `eager`: as a secondary, it looks for changes
    every second, told or not."""

    eager = False

    def __init__(self, directory, host, port=53):
        super().__init__(directory, host.v4._replace(port=port))
        self.host = host
        self.places = [self.place, host.v6._replace(port=port)]

    def start(self):
        with self.host.namespace:
            return super().start()

    def serial(self, zone):
        with self.host.namespace:
            return super().serial(zone)

    def records(self, zone):
        with self.host.namespace:
            return super().records(zone)


class GatewayBind(Resident, Bind):
    allowed = ()

    def options(self):
        v4, v6 = self.places
        return f"""
            directory "{self.directory}"; pid-file none; session-keyfile "{self.directory}/session.key";
            managed-keys-directory "{self.directory}";
            listen-on port {v4.port} {{ {v4.address}; }}; listen-on-v6 port {v6.port} {{ {v6.address}; }};
            recursion no; dnssec-validation no; notify-delay 0;
            transfers-out 400; tcp-clients 400; tcp-listen-queue 400;
        """

    def write_primary(self, notify):
        """It knows the secondaries, and nothing else: `notify` is where NOTIFYs go, `self.allowed` all of their
        addresses."""
        told, allowed = (" ".join(f"{place.address};" for place in places) for places in (notify, self.allowed))
        (self.directory / "named.conf").write_text(f"""
            options {{ {self.options()} }};
            controls {{ }};
            zone "{self.zone.name}" {{
                type primary; file "zone"; ixfr-from-differences yes;
                allow-transfer {{ {allowed} }}; notify explicit; also-notify {{ {told} }};
            }};
        """)

    def write_secondary(self, zone, key, primary):
        often = "min-refresh-time 1; max-refresh-time 1; min-retry-time 1; max-retry-time 1;"
        (self.directory / "named.conf").write_text(f"""
            options {{ {self.options()} notify no; allow-transfer {{ any; }}; }};
            controls {{ }};
            key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.base64}"; }};
            zone "{zone}" {{
                type secondary; file "copy"; masterfile-format text;
                primaries {{ {primary.address} key "{key.name}"; }};
                {often if self.eager else ""}
            }};
        """)


class GatewayNsd(Resident, Nsd):
    def options(self):
        addresses = "\n".join(f"    ip-address: {place.address}@{place.port}" for place in self.places)
        return super().options().replace(f"    ip-address: {self.place.address}@{self.place.port}", addresses)

    def write_secondary(self, zone, key, primary):
        often = "    max-refresh-time: 1\n    max-retry-time: 1\n"
        (self.directory / "nsd.conf").write_text(self.options() + f"""
key:
    name: "{key.name}"
    algorithm: {key.algorithm}
    secret: "{key.base64}"
zone:
    name: "{zone}"
    zonefile: "copy"
    request-xfr: {primary.address} {key.name}
    allow-notify: {primary.address} {key.name}
    provide-xfr: 0.0.0.0/0 NOKEY
    provide-xfr: ::/0 NOKEY
{often if self.eager else ""}""")


class GatewayKnot(Resident, Knot):
    def write_secondary(self, zone, key, primary):
        listen = ", ".join(f"{place.address}@{place.port}" for place in self.places)
        often = "    refresh-max-interval: 2\n    retry-max-interval: 2\n"
        self.write(zone, f"""
key:
  - id: {key.name}
    algorithm: {key.algorithm}
    secret: {key.base64}
acl:
  - id: anyone
    address: [0.0.0.0/0, "::/0"]
    action: transfer
  - id: notify
    address: {primary.address}
    key: {key.name}
    action: notify
remote:
  - id: primary
    address: {primary.address}
    key: {key.name}
""", f"""
    file: copy
    master: primary
    acl: [anyone, notify]
{often if self.eager else ""}""")
        path = self.directory / "knot.conf"
        path.write_text(path.read_text().replace(f"{self.place.address}@{self.place.port}", f"[{listen}]"))


class HostedProxy(Proxy):
    """tsig-proxy in transparent mode inside a namespace."""

    def __init__(self, directory, namespace, sections, **settings):
        own = {"listen": "0.0.0.0@53, ::@53", "transparent": "yes", "drain_timeout": 1, **settings}
        super().__init__(directory, sections, **own)
        self.namespace = namespace

    def start(self):
        with self.namespace:
            return super().start()

    def restart(self):
        """After stop() or kill()."""
        self.terminated = False
        return self.start()

    def script(self, *more):
        """The shell script with the packet rules."""
        command = [self.binary, "show", "-c", self.path, "--tproxy", *more]
        shown = subprocess.run(command, env={**os.environ, **SANITIZERS}, capture_output=True, text=True,
                               timeout=20, check=False)
        assert shown.returncode == 0, shown.stderr
        return shown.stdout

    def rules(self, *words, more=()):
        """rules("up"), rules("up", "closed"), rules("down")"""
        self.namespace.run("sh", "-s", *words, text=self.script(*more))


class Gateway:
    """`kinds`: for each secondary its class, and the IP version by which it talks with the primary. Their hosts
    are "east" and "west"; "public" is one more, of nobody. `sidecar`: the proxy is not on the path but on the
    primary's host, has its port, and the primary another one."""

    names = ("east", "west")

    def __init__(self, launch, directory, kinds, *, hosts=1500, eager=False, sidecar=False, binary=None, star=Star,
                 **settings):
        self.star = launch(star("primary", "public", *self.names[: len(kinds)]))
        self.launch = launch
        self.zone = Zone(hosts=hosts)
        self.keys = {name: Key.new(f"{name}.example") for name in self.names}
        self.versions = {name: version for name, (_, version) in zip(self.names, kinds)}
        self.secondaries = {}
        for name, (kind, version) in zip(self.names, kinds):
            server = kind(directory / name, self.star[name])
            server.eager = eager
            self.secondaries[name] = server.secondary(self.zone.name, self.keys[name], self.of("primary", version))
        self.primary = GatewayBind(directory / "primary", self.star["primary"], SIDECAR_PORT if sidecar else 53)
        self.primary.allowed = [self.of(name, version) for name in self.secondaries for version in (4, 6)]
        self.primary.primary(self.zone, notify=[self.of(name) for name in self.secondaries])
        self.more = ["--sidecar"] if sidecar else []
        namespace = self.star["primary"].namespace if sidecar else self.star.router
        self.proxy = HostedProxy(directory / "proxy", namespace, self.sections(), binary=binary, **settings)

    def of(self, role, version=None):
        """Where a role is, by the IP version given, or that of its talk with the primary."""
        host = self.star[role]
        return host.v4 if (version or self.versions[role]) == 4 else host.v6

    def sections(self):
        found = [("primary hq", {"address": [net.text(place) for place in self.primary.places], "connections": 400})]
        for name in self.secondaries:
            key = self.keys[name]
            place = {"address": [self.of(name, version).address for version in (4, 6)], "key": key.label, "zones": "*"}
            found += [key.section(), (f"secondary {name}", place)]
        return found

    def capture(self, launch, directory, *roles):
        """A recording at each of these hosts, begun."""
        ports = (53, SIDECAR_PORT)
        return [launch(Capture(self.star[role], directory / f"{role}.pcap", ports)) for role in roles]

    def zone_records(self):
        """What the zone has to hold, by its file."""
        parsed = dns.zone.from_text(self.zone.master_file(), self.zone.name, relativize=False)
        return {zones.record(name, ttl, rdata) for name, ttl, rdata in parsed.iterate_rdatas()}

    def start(self, *rules):
        """The proxy, its rules, all servers; when this returns, the secondaries have the zone."""
        self.launch(self.proxy)
        self.proxy.rules("up", *rules, more=self.more)
        self.launch(self.primary)
        for server in self.secondaries.values():
            self.launch(server)
        self.wait_serial()
        return self

    def wait_serial(self, patience=30.0):
        for server in self.secondaries.values():
            server.wait_serial(self.zone.name, self.zone.serial, patience)

    def wait_notified(self, start=0):
        """Nothing of the servers' own is on its way then."""
        for name in self.secondaries:
            self.proxy.wait(event="notify", peer=name, result="ok", start=start)

    def ask(self, source, target, kind, *, version=4, transport="udp", name=None, key=None, patience=5):
        """A question from one host to another; answers that come from elsewhere are not taken. Returns the
        question and the answer in wire form."""
        wire, mac = messages.query(name or self.zone.name, kind), None
        if kind == "IXFR":
            wire = messages.ixfr_query(self.zone.name, self.zone.serial - 1)
        if key:
            wire, mac = tsigtool.sign(wire, key)
        answer = self.exchange(source, target, wire, version=version, transport=transport, patience=patience)
        return wire, tsigtool.verify(answer, key, mac)[0] if key else answer

    def exchange(self, source, target, wire, *, version=4, transport="udp", patience=5):
        asking = self.client(source, target, version=version, transport=transport)
        try:
            return asking.ask(wire, patience)
        finally:
            asking.close()

    def client(self, source, target, *, version=4, transport="udp", **more):
        with self.star[source].namespace:
            return client.CLIENTS[transport](self.of(target, version), self.of(source, version).address, **more)
