"""What people would take instead: HAProxy and dnsdist, which relay unsigned, and Knot, which stores and forwards.
Each as well set up as we know how."""

import gauge
import net
import peers
from process import Process, until
from servers import Knot


class Haproxy:
    """One thread, TCP as it comes, buffers of 64 KiB; or `splice`, where octets never reach it."""

    def __init__(self, directory, primary, splice=False):
        directory.mkdir(parents=True)
        self.directory, self.place = directory, net.fresh_place()
        pipes = "tune.pipesize 1048576\n" if splice else ""
        option = "option splice-response\n" if splice else ""
        (directory / "haproxy.cfg").write_text(f"""
global
    nbthread 1
    maxconn 5000
    tune.bufsize 65536
    {pipes}
defaults
    mode tcp
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    {option}
listen all
    bind {self.place.address}:{self.place.port} backlog 4096
    server primary {primary.address}:{primary.port}
""")
        self.process = None

    def start(self):
        self.process = Process("haproxy", ["haproxy", "-db", "-f", "haproxy.cfg"], self.directory)
        until(lambda: gauge.listens(self.place, "t"), "haproxy listens")
        return self

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.kill()


class Dnsdist:
    """No cache, one listening thread, 16 datagrams a call; its server is never asked whether it lives."""

    def __init__(self, directory, primary):
        directory.mkdir(parents=True)
        self.directory, self.place = directory, net.fresh_place()
        (directory / "dnsdist.conf").write_text(f"""
setSecurityPollSuffix("")
setUDPMultipleMessagesVectorSize(16)
setMaxUDPOutstanding(65535)
setLocal("{self.place.address}:{self.place.port}")
setACL("127.0.0.0/8")
newServer({{address="{primary.address}:{primary.port}"}}):setUp()
""")
        self.process = None

    def start(self):
        self.process = Process("dnsdist", ["dnsdist", "--supervised", "-C", "dnsdist.conf"], self.directory)
        until(lambda: gauge.listens(self.place, "u"), "dnsdist listens")
        return self

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.kill()


class Forwarder(Knot):
    """A secondary of the primary, without a key, and a primary of the secondary, with one; it keeps its zone in
    memory alone."""

    def forward(self, zone, primary, secondary):
        name, settings = peers.key(0)
        key = name.split()[1]
        self.write(zone, f"""
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {settings["secret"]}
acl:
  - id: primary
    address: 127.0.0.0/8
    action: notify
  - id: secondary
    address: {secondary.address}
    key: {key}
    action: transfer
remote:
  - id: primary
    address: {net.text(primary)}
  - id: secondary
    address: {net.text(secondary)}
    key: {key}
""", """
    master: primary
    notify: secondary
    acl: [primary, secondary]
    zonefile-sync: -1
    zonefile-load: none
    journal-content: none
""")
        return self

    @property
    def pid(self):
        return self.process.pid
