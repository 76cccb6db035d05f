"""Real servers with what `show` prints pasted into their configuration, and nothing else about peers."""

import os
import subprocess

import net
import zones
from keyed import edit
from process import Timeout
from server import Server
from servers import Bind, Dnsmasq, Knot, Nsd, Powerdns, Tinydns


class Pasted:
    """Mixed into a server: `paste` writes its configuration around a snippet."""

    format = "?"

    def serves(self, zone):
        """It is a primary; its snippet names the file of the zone after the zone."""
        self.zone = zone
        zones.write(self.directory / f"{zone.name}.zone", zone.master_file())
        return self

    def write_zone(self):
        self.serves(self.zone)


class PastedBind(Pasted, Bind):
    format = "bind"

    def paste(self, snippet):
        (self.directory / "named.conf").write_text(f"options {{ {self.options()} }};\ncontrols {{ }};\n{snippet}")


class PastedNsd(Pasted, Nsd):
    format = "nsd"

    def paste(self, snippet):
        (self.directory / "nsd.conf").write_text(self.options() + snippet)


class PastedKnot(Pasted, Knot):
    format = "knot"

    def paste(self, snippet):
        (self.directory / "knot.conf").write_text(f"""
server:
    listen: {net.text(self.place)}
    rundir: {self.directory}
database:
    storage: {self.directory}
log:
  - target: stdout
    any: info
template:
  - id: default
    storage: {self.directory}
    zonefile-load: difference
    journal-content: all
{snippet}""")


class PastedPowerdns(Pasted, Powerdns):
    format = "powerdns"

    def paste(self, snippet):
        self.write_conf()
        tools = self.directory / "bin"
        tools.mkdir()
        (tools / "pdnsutil").write_text(f'#!/bin/sh\nexec /usr/bin/pdnsutil --config-dir={self.directory} "$@"\n')
        (tools / "pdnsutil").chmod(0o755)
        if self.zone:
            edit(self.directory / "pdns.conf", ("secondary=yes\n", "primary=yes\nonly-notify=\n"),
                 ("allow-axfr-ips=127.0.0.0/8\n", "allow-axfr-ips=\nquery-cache-ttl=0\ncache-ttl=0\n"))
            self.load()
            self.util("set-kind", self.zone.name, "primary")
        subprocess.run(["sh", "-e"], input=snippet, text=True, check=True, timeout=20, capture_output=True,
                       env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})

    def load(self):
        self.util("load-zone", self.zone.name, self.directory / f"{self.zone.name}.zone")

    def reload(self):
        self.load()
        command = ["pdns_control", f"--socket-dir={self.directory}", "notify", self.zone.name]
        subprocess.run(command, check=True, capture_output=True, timeout=20)

    def util(self, *words):
        command = ["pdnsutil", f"--config-dir={self.directory}", *map(str, words)]
        subprocess.run(command, check=True, capture_output=True, timeout=20, cwd=self.directory)


class PastedYadifa(Pasted, Server):
    format = name = "yadifa"
    program = "yadifad"

    def start(self):
        """As a secondary it sometimes forgets to ask, for ever: its threads start in no order."""
        for _ in range(6):
            super().start()
            try:
                if not self.zone:
                    self.process.wait_line(lambda line: "AXFR query to the master" in line, "its question", 2)
                return self
            except Timeout:
                self.stop()
        raise AssertionError(f"yadifad does not ask\n{self.process.text()}")

    def serves(self, zone):
        """Of its own file it takes no types that are younger than itself."""
        self.zone = zone
        lines = [line for line in zone.master_file().splitlines() if " CAA " not in line and " TYPE" not in line]
        zones.write(self.directory / f"{zone.name}.zone", "\n".join(lines) + "\n")
        return self

    def paste(self, snippet):
        for folder in ("keys", "xfr", "log"):
            (self.directory / folder).mkdir()
        (self.directory / "yadifad.conf").write_text(f"""
<main>
    daemon          off
    chroot          off
    logpath         "{self.directory}/log"
    pidfile         "{self.directory}/yadifad.pid"
    datapath        "{self.directory}"
    keyspath        "{self.directory}/keys"
    xfrpath         "{self.directory}/xfr"
    user            root
    group           root
    listen          {self.place.address} port {self.place.port}
    allow-query     any
</main>
<channels>
    console STDOUT
</channels>
<loggers>
    system    info,notice,warning,err,crit,alert,emerg console
    database  info,notice,warning,err,crit,alert,emerg console
    server    info,notice,warning,err,crit,alert,emerg console
    zone      info,notice,warning,err,crit,alert,emerg console
</loggers>
{snippet}""")

    def command(self):
        return ["yadifad", "-c", self.directory / "yadifad.conf"]


class PastedUnbound(Pasted, Server):
    format = name = "unbound"
    program = "unbound"

    def paste(self, snippet):
        (self.directory / "unbound.conf").write_text(f"""
server:
    interface: {net.text(self.place)}
    access-control: 127.0.0.0/8 allow
    do-daemonize: no
    do-not-query-localhost: no
    chroot: ""
    username: ""
    directory: "{self.directory}"
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 2
    num-threads: 1
    module-config: "iterator"
{snippet}""")

    def command(self):
        return ["unbound", "-d", "-c", self.directory / "unbound.conf"]


class PastedDnsmasq(Pasted, Dnsmasq):
    format = "dnsmasq"

    def serves(self, zone):
        self.zone = zone
        text = zone.dnsmasq_options().replace(f"auth-zone={zone.name}\n", "")
        zones.write(self.directory / "zone", text)
        return self

    def paste(self, snippet):
        self.write_primary(None)
        edit(self.directory / "dnsmasq.conf", ("auth-peer=127.0.0.1\n", ""))
        with open(self.directory / "dnsmasq.conf", "a", encoding="ascii") as text:
            text.write(snippet)


class PastedAxfrdns(Pasted, Tinydns):
    format = "axfrdns"

    def serves(self, zone):
        self.zone = zone
        Tinydns.write_zone(self)
        return self

    def paste(self, snippet):
        (self.directory / "tcp").write_text(snippet)
        subprocess.run(["tcprules", "tcp.cdb", "tcp.tmp"], input=snippet, text=True, check=True, cwd=self.directory)

    def command(self):
        return ["tcpserver", "-vHRl0", "-x", "tcp.cdb", self.place.address, "53", "axfrdns"]


SECONDARIES = [PastedBind, PastedNsd, PastedKnot, PastedPowerdns, PastedYadifa]
PRIMARIES = [PastedBind, PastedNsd, PastedKnot, PastedPowerdns, PastedYadifa, PastedDnsmasq, PastedAxfrdns]
