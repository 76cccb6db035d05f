"""A reader of the log that does not read, and descriptors that are closed: the service goes on."""

import fcntl
import os
import struct
import subprocess
import termios
import threading
from pathlib import Path

import client
import net
import process
import proxy as proxy_module
import tsigtool
from messages import query
from proxy import log_pairs
from relay import ZONE


class Stalled:
    """The proxy of a relay, started once more; its standard error is a pipe that we read when we like."""

    def __init__(self, relay, before="exec"):
        relay.proxy.stop()
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)  # room for some ten lines
        command = f'{before} "$0" run -c "$1"'
        self.child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "sh", "-c", command, relay.proxy.binary, relay.proxy.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer)
        os.close(writer)

    def start(self):
        return self

    def is_empty(self):
        unread = fcntl.ioctl(self.reader, termios.FIONREAD, struct.pack("i", 0))
        return struct.unpack("i", unread) == (0,)

    def read(self):
        """All lines until the program ends."""
        with os.fdopen(self.reader, "rb") as log:
            return [log_pairs(line.decode()) for line in log]

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(process.PATIENCE)
        finally:
            self.child.kill()


def answers(relay):
    """Whether a signed question is answered now."""
    asking = relay.client("udp")
    wire, mac = tsigtool.sign(query(ZONE), relay.key)
    try:
        return tsigtool.verify(asking.ask(wire, 2), relay.key, mac)
    except OSError:
        return False
    finally:
        asking.close()


def flood(relay, networks):
    """Strangers, each worth a line."""
    for i in range(networks):
        asking = client.Udp(relay.proxy.place, f"127.1.{i}.1")
        asking.send(query(ZONE))
        asking.close()


def test_a_reader_that_stalls_stops_no_service(make_relay, launch):
    relay = make_relay()
    stalled = launch(Stalled(relay))
    process.until(lambda: answers(relay), "the proxy answers")
    flood(relay, 90)
    for _ in range(20):
        assert answers(relay), "it hangs"
    read = []
    reading = threading.Thread(target=lambda: read.extend(stalled.read()))
    reading.start()
    process.until(stalled.is_empty, "the reader has read what there was")
    assert answers(relay)
    stalled.stop()
    reading.join(process.PATIENCE)
    assert stalled.child.returncode == 0
    dropped = [int(line["lines"]) for line in read if line.get("event") == "dropped"]
    assert dropped and all(dropped), read[-3:]


def test_descriptors_that_were_closed_are_nothing_but_null(make_relay, launch):
    relay = make_relay()
    stalled = launch(Stalled(relay, "exec <&- >&- 2>&-; exec"))
    process.until(lambda: answers(relay), "the proxy answers")
    files = Path(f"/proc/{stalled.child.pid}/fd")
    assert [os.readlink(files / str(fd)) for fd in range(3)] == ["/dev/null"] * 3
    os.close(stalled.reader)
