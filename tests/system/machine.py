"""A host with files of its own, for programs that insist on their paths: /etc, /usr and /run are its own to change, all else
is this machine's. What it has written is gone with it."""

import contextlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

import proxy as proxy_module
from namespaces import run
from process import Process, until
from proxy import Proxy, assert_no_sanitizer_spoke

USER = "tsig-proxy"
UID = 953

# Stays, so that what it has mounted does.
_STAY = """
for top in etc usr; do
    mount -t overlay overlay -o "lowerdir=/$top,upperdir=$1/$top,workdir=$1/work-$top" "/$top"
done
mount -t tmpfs tmpfs /run
mkdir /run/tsig-proxy /run/bird
echo ready
exec sleep infinity
"""


class Machine:
    """`namespace`: its network. systemd is not there: begin(unit) runs in the foreground what its unit says, or what is
    known for it in `units`, with what is to be run before and after; it has begun when the command in `ready` says so."""

    def __init__(self, directory, namespace):
        self.directory, self.namespace = directory, namespace
        self.units = {USER: ["/usr/sbin/tsig-proxy", "run"]}
        self.ready = {USER: ["/usr/sbin/tsig-proxy", "health"]}
        self.running = {}
        self.anchor = None

    def start(self):
        for name in ("etc", "usr", "work-etc", "work-usr"):
            (self.directory / name).mkdir(parents=True)
        (self.directory / "usr/sbin").mkdir()
        shutil.copy(proxy_module.program(), self.directory / "usr/sbin/tsig-proxy")
        self.anchor = Process("machine", ["unshare", "--mount", "sh", "-euc", _STAY, "sh", self.directory], self.directory)
        self.anchor.wait_line(lambda line: line == "ready", "ready")
        self.shell("install -d -m 0750 /etc/tsig-proxy /etc/tsig-proxy/keys")
        self._want_user()
        self.shell(f"chgrp -R {USER} /etc/tsig-proxy; chown {USER}: /run/tsig-proxy")
        return self

    def _want_user(self):
        try:
            pwd.getpwnam(USER)
        except KeyError:
            self.shell(f"echo {USER}:x:{UID}: >>/etc/group; echo {USER}:x:{UID}:{UID}::/:/usr/sbin/nologin >>/etc/passwd")

    def stop(self):
        with contextlib.ExitStack() as exits:
            if self.anchor:
                exits.callback(self.anchor.stop)
            for unit in list(self.running):
                exits.callback(self.end, unit)

    def command(self, *words):
        inside = f"/proc/{self.anchor.pid}/ns/mnt"
        return ["nsenter", f"--mount={inside}", f"--net=/run/netns/{self.namespace.name}", *map(str, words)]

    def call(self, *words, text=None):
        return subprocess.run(self.command(*words), input=text, capture_output=True, text=True, timeout=20, check=False,
                              env={**os.environ, **Proxy.sanitizers})

    def run(self, *words, text=None):
        done = self.call(*words, text=text)
        assert done.returncode == 0, f"{words}\n{text or ''}\n{done.stdout}{done.stderr}"
        return done.stdout

    def shell(self, script):
        return self.run("sh", "-euc", script)

    def write(self, path, text):
        """As root's editor would."""
        self.run("sh", "-euc", 'umask 027; mkdir -p "${1%/*}"; cat >"$1"', "sh", path, text=text)

    def read(self, path):
        return self.run("cat", path)

    def _lines(self, unit, name):
        """The commands of this name in the unit and its drop-ins; an empty one takes back those before it."""
        place = f"/etc/systemd/system/{unit}.service"
        found = []
        for line in self.shell(f"cat {place} {place}.d/*.conf 2>/dev/null || :").splitlines():
            if line.startswith(f"{name}="):
                value = line.split("=", 1)[1].lstrip("+-")
                found = [*found, value] if value else []
        return found

    def begin(self, unit):
        """What `systemctl start` is for."""
        for line in self._lines(unit, "ExecStartPre"):
            self.shell(line)
        own = self._lines(unit, "ExecStart")
        command = ["sh", "-c", f"exec {own[0]}"] if own else self.units[unit]
        process = Process(f"{self.namespace.name} {unit}", self.command(*command), self.directory, Proxy.sanitizers)
        self.running[unit] = process
        if unit in self.ready:
            until(lambda: self.call(*self.ready[unit]).returncode == 0 or not process.alive(), f"{unit} is ready")
            assert process.alive(), process.text()

    def end(self, unit):
        """By SIGTERM; the proxy must end by itself and well."""
        process = self.running.pop(unit)
        if unit == USER:
            process.signal(15)
            status = process.wait()
            assert_no_sanitizer_spoke(process)
            assert status == 0, process.text(200)
        else:
            process.stop()
        self._after(unit)

    def kill(self, unit):
        process = self.running.pop(unit)
        process.kill()
        if unit == USER:
            assert_no_sanitizer_spoke(process)
        self._after(unit)

    def _after(self, unit):
        for line in self._lines(unit, "ExecStopPost"):
            self.call("sh", "-c", line)

    def follow(self, script):
        """A guide's commands. Packages are this machine's, units are ours, and scp is from here to there."""
        rest = []
        for line in script.splitlines():
            words = line.split()
            if words[:1] == ["systemctl"] and words[1] in ("start", "restart"):
                self._flush(rest)
                self.begin(words[-1].removesuffix(".service"))
            elif words and words[0] not in ("apt-get", "systemctl", "scp"):
                rest.append(line)
        self._flush(rest)

    def _flush(self, lines):
        if lines:
            self.shell("\n".join(lines))
            lines.clear()

    def here(self, address):
        return f" {address}/" in self.run("ip", "-o", "addr")

    def wait_here(self, address, patience=20):
        until(lambda: self.here(address), f"{self.namespace.name} has {address}", patience)

    def healthy(self):
        return self.call("/usr/sbin/tsig-proxy", "health").returncode == 0

    def text(self):
        return "\n".join(process.text() for process in self.running.values())
