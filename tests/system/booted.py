"""The system in which packages are installed, booted: its own systemd is process 1, in namespaces, as in a container."""

import os
import subprocess
from pathlib import Path

from process import PATIENCE, Process, until

# Where the second version of control groups is, alone or beside the first.
GROUPS = [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")]

# Its arguments are a control group and a root. systemd hands credentials to services by mounts that propagate.
_BOOT = """
echo $$ >"$1/cgroup.procs"
exec unshare --mount --pid --cgroup --ipc --uts --fork --kill-child=KILL sh -euc '
mount --rbind "$0" "$0" && cd "$0"
mount -t proc proc proc && mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/shm dev/pts && ln -s pts/ptmx dev/ptmx
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs -o mode=755 tmpfs run && mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir -p .before && pivot_root . .before && cd / && umount -l /.before && rmdir /.before && mount --make-rshared /
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test chroot / /lib/systemd/systemd --unit=multi-user.target
' "$2"
"""


def missing():
    """Why no system can be booted on this machine; None if one can."""
    return None if find_groups() else "no control groups of version 2 are mounted"


def find_groups():
    return next((place for place in GROUPS if (place / "cgroup.controllers").exists()), None)


class Booted:
    """To be used while no other program runs in the system (installed.py); `namespace` is its network."""

    def __init__(self, system, namespace):
        self.system, self.namespace = system, namespace
        self.group = find_groups() / f"tsig-proxy-test-{os.getpid()}"
        self.process = None

    def start(self):
        self.group.mkdir()
        with self.namespace:
            self.process = Process("systemd", ["sh", "-euc", _BOOT, "sh", self.group, self.system.root], "/")
        until(self.first, "process 1 of the booted system")
        until(lambda: self.call("systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded"),
              "the end of its boot")
        return self

    def first(self):
        """Its process 1, by the number that it has here."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return int(Path(path).read_text(encoding="ascii").strip() or 0)

    def call(self, *words):
        command = ["nsenter", "--target", str(self.first()), "--all", "--root", "--wd", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def run(self, *words):
        """The standard output of a command that must succeed."""
        done = self.call(*words)
        assert done.returncode == 0, f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}\n{self.journal()}"
        return done.stdout

    def property(self, name):
        return self.run("systemctl", "show", "--property", name, "--value", "tsig-proxy").strip()

    def journal(self):
        """What the service has said, and systemd of it."""
        return self.call("journalctl", "--boot", "--unit", "tsig-proxy", "--output", "cat", "--no-pager").stdout

    def stop(self):
        if self.process:
            self.process.kill()
        until(self.is_swept, "its control groups are empty")

    def is_swept(self):
        for place, _, _ in os.walk(self.group, topdown=False):
            try:
                os.rmdir(place)
            except OSError:
                return False
        return True
