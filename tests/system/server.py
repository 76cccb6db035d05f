"""What all the real name servers have in common."""

import shutil
import signal
import socket

import pytest

import net
import zones
from process import Process, until


class Server:
    """One server in the foreground, in a directory of its own. A child class says how it is configured
    and how it takes a changed zone."""

    name = "?"
    program = "?"
    sends_notify = True
    speaks_ixfr = True

    def __init__(self, directory, place=None):
        if not shutil.which(self.program):
            pytest.skip(f"{self.program} is not installed")
        self.directory = directory
        self.place = place or net.fresh_place()
        self.zone = None
        self.process = None
        self.asks_ixfr = True
        directory.mkdir(parents=True)

    def primary(self, zone, notify=None):
        """Configures a primary without keys, open to transfers, that sends NOTIFY to `notify`."""
        self.zone = zone
        self.write_zone()
        self.write_primary(notify)
        return self

    def secondary(self, zone, key, primary):
        """Configures a secondary of `zone` (a name) that takes it from `primary` with `key`."""
        self.write_secondary(zone, key, primary)
        return self

    def command(self):
        raise NotImplementedError

    def environment(self):
        return None

    def start(self):
        self.process = Process(self.name, self.command(), self.directory, self.environment())
        self.wait_tcp()
        if self.zone:
            self.wait_serial(self.zone.name, self.zone.serial)
        return self

    def wait_tcp(self):
        def check():
            assert self.process.alive(), f"{self.name} ended\n{self.process.text()}"
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
                return tcp.connect_ex(self.place) == 0

        until(check, f"{self.name} takes TCP connections")

    def stop(self):
        if self.process:
            self.process.stop()

    def change(self):
        """Changes the zone of this primary; returns the new serial, once it serves it."""
        self.zone.change()
        self.write_zone()
        self.reload()
        self.wait_serial(self.zone.name, self.zone.serial)
        return self.zone.serial

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def serial(self, zone):
        return zones.serial(self.place, zone)

    def records(self, zone):
        return zones.transfer(self.place, zone)

    def wait_serial(self, zone, serial, patience=30.0):
        def check():
            assert self.process.alive(), f"{self.name} ended\n{self.process.text()}"
            return self.serial(zone) == serial

        try:
            until(check, f"{self.name} serves serial {serial}", patience)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.process.text()}") from None
