"""A small Debian, of the same base as the container image, in which packages can be installed and programs run."""

import os
import shutil
import subprocess

import image
from process import Process
from proxy import Proxy

# Devices and processes as a booted system has them; the first argument is its root.
_INSIDE = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class System:
    """Its files are below `root`. To be used while image.storage() is held."""

    def __init__(self):
        image.want_base()
        self.root = image.mount(image.BASE)
        (self.root / "etc/dpkg/dpkg.cfg.d/slim").unlink()  # documentation is what is looked at
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.run("apt-get", "-qq", "update")

    def command(self, *words):
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child=TERM", "sh", "-c", _INSIDE, self.root, *words]

    def call(self, *words):
        command = [*map(str, self.command(*words))]
        return subprocess.run(command, env={**os.environ, **_QUIET}, capture_output=True, text=True, errors="replace",
                              timeout=300, check=False)

    def run(self, *words):
        """The standard output of a command that must succeed."""
        done = self.call(*words)
        assert done.returncode == 0, f"{words}: status {done.returncode}\n{(done.stdout + done.stderr)[-8000:]}"
        return done.stdout

    def shell(self, script):
        return self.run("sh", "-euc", script)

    def install(self, package):
        shutil.copy(package, self.root / "tmp")
        self.run("apt-get", "-qq", "--no-install-recommends", "--reinstall", "install", f"/tmp/{package.name}")
        (self.root / "tmp" / package.name).unlink()

    def named(self, word):
        """Paths with this word in them, but for what does not outlive a boot."""
        tops = [path for path in self.root.iterdir() if path.name not in ("proc", "sys", "dev", "run")]
        found = (path for top in tops for path in (top, *top.rglob("*")) if word in path.name)
        return [str(path.relative_to(self.root)) for path in found]


class Installed(Proxy):
    """The program that a package has brought, with the configuration that stands there."""

    def __init__(self, system, namespace):
        self.system, self.namespace = system, namespace
        self.process = None
        self.terminated = False

    def start(self):
        with self.namespace:
            self.process = Process("installed", self.system.command("tsig-proxy", "run"), self.system.root)
        self.wait(event="started")
        return self

    def inside(self):
        """The program itself, a child of unshare's, as a process of this host."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as children:
            return int(children.read().split()[0])

    def terminate(self):
        """As a service manager does: the program, not who started it."""
        if not self.terminated:
            self.terminated = True
            os.kill(self.inside(), 15)
