"""Servers with a thousand small zones, and how many connections one of them has."""

import asyncio
import socket
import threading

import net
import zones
from servers import Bind, Knot, Nsd
from zones import Zone

ESTABLISHED = 1  # of tcp_states.h


def names(count, prefix="z"):
    return [f"{prefix}{i:04}.example" for i in range(count)]


def master_file(serial=1):
    """Good for any zone."""
    return (f"$TTL 300\n@ IN SOA ns hostmaster {serial} 3600 60 86400 300\n@ IN NS ns\nns IN A 192.0.2.53\n"
            + "".join(f"host{i} IN A 192.0.2.{i}\n" for i in range(20)))


class Primary:
    """All zones from one file; open to transfers, without limits of its own."""

    def serve(self, zone_names):
        self.zone_names = zone_names
        self.zone = Zone(zone_names[-1], serial=1)
        self.write_zone()
        self.write_many()
        return self

    def write_zone(self):
        zones.write(self.directory / "zone", master_file())


class ManyBind(Primary, Bind):
    def write_many(self):
        stanzas = "".join(f'zone "{name}" {{ type primary; file "zone"; }};\n' for name in self.zone_names)
        (self.directory / "named.conf").write_text(f"""
            options {{ {self.options()} notify no; transfers-out 2000; tcp-clients 2000;
                      transfer-format many-answers; }};
            controls {{ }};
            {stanzas}""")


class ManyNsd(Primary, Nsd):
    def write_many(self):
        stanzas = "".join(f'zone:\n    name: "{name}"\n    include-pattern: "all"\n' for name in self.zone_names)
        more = "verbosity: 1\n    tcp-count: 2000"
        (self.directory / "nsd.conf").write_text(self.options().replace("verbosity: 3", more) + """
pattern:
    name: "all"
    zonefile: "zone"
    provide-xfr: 127.0.0.0/8 NOKEY
""" + stanzas)


class ManyKnot(Primary, Knot):
    def write_many(self):
        acl = "acl:\n  - id: anyone\n    address: 127.0.0.0/8\n    action: transfer\n"
        template = f"""template:
  - id: default
    storage: {self.directory}
    file: zone
    acl: anyone
    zonefile-sync: -1
    journal-content: none
"""
        stanzas = "".join(f"  - domain: {name}\n" for name in self.zone_names[:-1])
        self.write(self.zone_names[-1], acl, template, stanzas)


PRIMARIES = [ManyBind, ManyNsd, ManyKnot]


class ManyNsdSecondary(Nsd):
    """Asks for its zones over TCP connections with many questions each. `key` None: without TSIG."""

    def follow(self, zone_names, key, primary):
        stanzas = "".join(f'zone:\n    name: "{name}"\n    include-pattern: "all"\n' for name in zone_names)
        secret = (f"key:\n    name: {key.name}\n    algorithm: {key.algorithm}\n    secret: {key.base64}\n"
                  if key else "")
        more = "xfrd-reload-timeout: 1\n    xfrd-tcp-max: 16\n    xfrd-tcp-pipeline: 64"
        options = self.options().replace("xfrd-reload-timeout: 0", more)
        (self.directory / "nsd.conf").write_text(options + secret + f"""
pattern:
    name: "all"
    zonefile: "copy/%s"
    request-xfr: {primary.address}@{primary.port} {key.name if key else "NOKEY"}
    allow-notify: 127.0.0.0/8 {key.name if key else "NOKEY"}
    outgoing-interface: {self.place.address}
""" + stanzas)
        (self.directory / "copy").mkdir()
        return self

    def arrived(self):
        """Zones that it has got."""
        return sum(" committed " in line for line in list(self.process.lines))


class Gate:
    """Stands before a server and counts: how many TCP connections it has had open at once, and in all.
    What the server says takes `delay` seconds longer."""

    def __init__(self, place, delay=0.0):
        self.server = place
        self.place = net.fresh_place()
        self.delay = delay
        self.most = 0
        self.total = 0
        self._open = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self):
        self._thread.start()
        serving = asyncio.start_server(self._serve, *self.place, backlog=2000)
        asyncio.run_coroutine_threadsafe(serving, self._loop).result(20)

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @staticmethod
    def _is_open(writer):
        """What the kernel knows: the client's end may have come and not been looked at."""
        connection = writer.get_extra_info("socket")
        if connection.fileno() < 0:
            return False
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED

    async def _serve(self, reader, writer):
        self._open.add(writer)
        self.total += 1
        self.most = max(self.most, sum(map(self._is_open, self._open)))
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.server)
            await asyncio.gather(self._carry(reader, far_writer, 0),
                                 self._carry(far_reader, writer, self.delay))
        except OSError:
            writer.close()
        self._open.discard(writer)

    @staticmethod
    async def _carry(reader, writer, delay):
        try:
            while octets := await reader.read(65536):
                if delay:
                    await asyncio.sleep(delay)
                writer.write(octets)
                await writer.drain()
        finally:
            writer.close()
