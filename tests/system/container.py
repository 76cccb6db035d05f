"""tsig-proxy in a container: the image's own command and user, by the OCI runtime crun, with a read-only root and no
privilege to be had, as in `docker run --read-only --cap-drop ALL --security-opt no-new-privileges`."""

import itertools
import json
import os
import shutil
import subprocess

from process import PATIENCE, Process
from proxy import Proxy

INSIDE = "/etc/tsig-proxy/tsig-proxy.ini"
BIND = ["CAP_NET_BIND_SERVICE"]

# crun wants one version of control groups, though it is told to use none. Where both are mounted, it sees the second.
_UNIFIED = "/sys/fs/cgroup/unified"
_HYBRID = ["unshare", "--mount", "sh", "-c", f'mount --bind {_UNIFIED} /sys/fs/cgroup && exec "$@"', "sh"]
if not os.path.isdir(_UNIFIED):
    _HYBRID = []

_numbers = itertools.count()


def hybrid(*words):
    """A command of crun's, as this machine wants it."""
    return [*_HYBRID, *(str(word) for word in words)]


class Contained(Proxy):
    """A proxy whose program, user and libraries are the image's. `bounding` are the capabilities that the
    container may have, `ambient` those that its program starts with. By itself (`alone`) it has a network of its
    own, in which any user may bind any port, as Docker makes them."""

    def __init__(self, directory, sections, image, place=None, bounding=(), ambient=(), alone=False, **settings):
        own = {"control": "/run/tsig-proxy/control.sock", **settings}  # a tmpfs
        super().__init__(directory / "config", sections, place=place, **own)
        self.image = image
        self.bundle = directory / "bundle"
        self.id = f"tsig-proxy-test-{os.getpid()}-{next(_numbers)}"
        self.capabilities = {"bounding": list(bounding), "permitted": list(ambient), "effective": list(ambient),
                             "inheritable": list(ambient), "ambient": list(ambient)}
        self.alone = alone
        # what the image's user may read, and no other
        for path in (self.directory, *self.directory.iterdir()):
            shutil.chown(path, image.user[0], image.user[1])

    def specification(self):
        namespaces = ["pid", "mount", "ipc", "uts"] + (["network"] if self.alone else [])
        writable = {"destination": "/run/tsig-proxy", "type": "tmpfs", "source": "tmpfs",
                    "options": ["noexec", "nosuid", "nodev", "mode=1777"]}
        mount = {"destination": "/etc/tsig-proxy", "type": "bind", "source": str(self.directory),
                 "options": ["rbind", "ro", "nosuid", "nodev", "noexec"]}
        proc = {"destination": "/proc", "type": "proc", "source": "proc"}
        limit = {"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 4096}
        return {
            "ociVersion": "1.0.2",
            "process": {
                "args": self.image.command,
                "cwd": "/",
                "user": {"uid": self.image.user[0], "gid": self.image.user[1]},
                "capabilities": self.capabilities,
                "rlimits": [limit],
                "noNewPrivileges": True,
            },
            "root": {"path": str(self.image.root), "readonly": True},
            "mounts": [proc, writable, mount],
            "linux": {
                "namespaces": [{"type": name} for name in namespaces],
                "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0"} if self.alone else {},
            },
        }

    def crun(self, *words):
        return hybrid("crun", "--cgroup-manager=disabled", "--root", self.bundle / "state", *words)

    def start(self):
        self.bundle.mkdir()
        (self.bundle / "config.json").write_text(json.dumps(self.specification()))
        self.process = Process("container", self.crun("run", "--bundle", self.bundle, self.id), self.bundle)
        self.wait(event="started")
        return self

    def inside(self, *command):
        """A command run in the container, as the image's user; the result has text and status."""
        return subprocess.run(
            self.crun("exec", "--user", ":".join(map(str, self.image.user)), self.id, *command), capture_output=True, text=True, timeout=PATIENCE, check=False)

    def first(self):
        """The process that is number 1 inside, as seen from here."""
        state = subprocess.run(self.crun("state", self.id), capture_output=True, timeout=PATIENCE, check=True)
        return json.loads(state.stdout)["pid"]

    def health(self):
        return self.inside(*self.image.healthcheck)

    def terminate(self):
        """What `docker stop` does."""
        if not self.terminated:
            self.terminated = True
            subprocess.run(self.crun("kill", self.id, "TERM"), timeout=PATIENCE, check=True)

    def stop(self):
        try:
            super().stop()
        finally:
            subprocess.run(self.crun("delete", "--force", self.id), capture_output=True, timeout=PATIENCE, check=False)
