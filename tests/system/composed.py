"""etc/compose.yaml played without an engine: images by buildah, containers by crun, networks as namespaces on a bridge,
with what Docker gives a container by default. What the file says and this does not know fails the test."""

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

import image
from container import hybrid
from namespaces import Namespace, run
from process import PATIENCE, Process, until

FILE = image.ROOT / "etc/compose.yaml"
# What Docker lets a container have unless told otherwise.
CAPABILITIES = {
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT"}
NEVER_READ = {"build", "image", "restart", "stop_grace_period", "depends_on"}  # others' work, or read elsewhere
_numbers = itertools.count()


def want(service, *known):
    unknown = set(service) - {*known} - NEVER_READ
    assert not unknown, f"not known to this test: {unknown}"


class Container:
    """One service. `root`: the files of its image, which are its own; `config`: what the image says of itself."""

    def __init__(self, name, service, root, config, directory, volumes):
        want(service, "user", "network_mode", "networks", "entrypoint", "command", "volumes", "read_only", "tmpfs",
             "cap_drop", "cap_add", "security_opt")
        self.name, self.service, self.root, self.config = name, service, root, config
        self.bundle = directory / f"bundle-{name}"
        self.volumes = volumes
        self.id = f"tsig-proxy-compose-{os.getpid()}-{next(_numbers)}"
        self.process = None
        self.namespace = None

    def command(self):
        entry = self.service.get("entrypoint", self.config.get("Entrypoint")) or []
        words = self.service.get("command", None if "entrypoint" in self.service else self.config.get("Cmd")) or []
        # A dollar sign is doubled there.
        return [word.replace("$$", "$") for word in [*entry, *words]]

    def capabilities(self):
        allowed = CAPABILITIES - (CAPABILITIES if "ALL" in self.service.get("cap_drop", []) else set())
        allowed |= set(self.service.get("cap_add", []))
        bounding = sorted(f"CAP_{name}" for name in allowed)
        own = bounding if self.user()[0] == 0 else []
        return {"bounding": bounding, "permitted": own, "effective": own, "inheritable": [], "ambient": []}

    def user(self):
        given = str(self.service.get("user", self.config.get("User") or "0:0")).split(":")
        return [int(number) for number in given]

    def mounts(self):
        found = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        ]
        for place in self.service.get("tmpfs", []):
            path, _, options = place.partition(":")
            found.append({"destination": path, "type": "tmpfs", "source": "tmpfs",
                          "options": ["noexec", "nosuid", "nodev", *filter(None, options.split(","))]})
        for place in self.service.get("volumes", []):
            source, path, *mode = place.split(":")
            source = FILE.parent / source if source.startswith(".") else self.volumes[source]
            assert source.exists(), source
            found.append({"destination": path, "type": "bind", "source": str(source), "options": ["rbind", *mode]})
        return found

    def specification(self):
        user, group = self.user()
        options = self.service.get("security_opt", [])
        assert set(options) <= {"no-new-privileges:true"}
        process = {"args": self.command(), "cwd": "/", "user": {"uid": user, "gid": group},
                   "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "capabilities": self.capabilities(),
                   "noNewPrivileges": bool(options)}
        return {"ociVersion": "1.0.2", "process": process, "mounts": self.mounts(), "hostname": self.name,
                "root": {"path": str(self.root), "readonly": self.service.get("read_only", False)},
                "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]}}

    def crun(self, *words):
        return hybrid("crun", "--cgroup-manager=disabled", "--root", self.bundle / "state", *words)

    def start(self):
        self.bundle.mkdir()
        (self.bundle / "config.json").write_text(json.dumps(self.specification()))
        with self.namespace:
            self.process = Process(self.name, self.crun("run", "--bundle", self.bundle, self.id), self.bundle)
        return self

    def inside(self, *words):
        """A command in it, as its user; the result has text and status."""
        return subprocess.run(self.crun("exec", self.id, *words), capture_output=True, text=True, timeout=PATIENCE,
                              check=False)

    def is_healthy(self):
        kind, *words = self.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.process.alive() and self.inside(*words).returncode == 0

    def fulfils(self, condition):
        if condition == "service_completed_successfully":
            assert self.process.wait() == 0, self.process.text()
        elif condition == "service_healthy":
            until(self.is_healthy, f"{self.name} is healthy", pause=0.2)
        else:
            assert condition == "service_started"

    def stop(self):
        if self.process:
            subprocess.run(self.crun("delete", "--force", self.id), capture_output=True, timeout=PATIENCE, check=False)
            self.process.stop()


class Composed:
    """All services, each when those that it depends on are as it wants them. `built`: the image of this checkout."""

    def __init__(self, directory, built):
        self.directory = directory
        self.text = yaml.safe_load(FILE.read_text(encoding="utf-8"))
        assert set(self.text) == {"services", "networks", "volumes"}
        self.tags = {"tsig-proxy": built.tag}
        self.volumes = {name: directory / f"volume-{name}" for name in self.text["volumes"]}
        self.namespaces = []
        self.bridge = None
        self.containers = {}

    def tag(self, name, service):
        """Its image, built as the file says, if it is not that of this checkout."""
        if "image" in service:
            assert FILE.parent / service["build"]["context"] == FILE.parent / ".."
            return self.tags[service["image"]]
        folder = FILE.parent / service["build"]["context"]
        tag = f"localhost/tsig-proxy-{name}:test"
        image.build(tag, folder / "Dockerfile", folder)
        return tag

    def add(self, name, service):
        tag = self.tag(name, service)
        self.containers[name] = Container(name, service, image.mount(tag), image.config(tag), self.directory,
                                          self.volumes)

    def new_namespace(self, name):
        made = Namespace(name).start()
        self.namespaces.append(made)
        made.ip("link set lo up")
        made.sysctl("ipv4/ip_unprivileged_port_start", 0)  # as Docker makes them
        return made

    def network(self, name, service):
        mode = service.get("network_mode", "")
        if mode.startswith("service:"):
            return self.containers[mode.removeprefix("service:")].namespace
        made = self.new_namespace(name)
        if mode != "none":
            ((network, given),) = service["networks"].items()
            width = self.text["networks"][network]["ipam"]["config"][0]["subnet"].split("/")[1]
            run("ip", "link", "add", "eth0", "netns", made.name, "type", "veth", "peer", "name", name, "netns",
                self.bridge.name)
            self.bridge.ip(f"link set {name} up master dns")
            made.ip("link set eth0 up", f"addr add {given['ipv4_address']}/{width} dev eth0")
        return made

    def begin(self, name):
        """Unless it was begun: those it depends on, then itself."""
        container, service = self.containers[name], self.text["services"][name]
        if container.process:
            return
        for other, how in service.get("depends_on", {}).items():
            self.begin(other)
            self.containers[other].fulfils(how["condition"])
        container.namespace = self.network(name, service)
        container.start()

    def build(self):
        for name, service in self.text["services"].items():
            self.add(name, service)
        return self

    def start(self):
        for folder in self.volumes.values():
            folder.mkdir()
        self.bridge = self.new_namespace("bridge")
        self.bridge.ip("link add dns type bridge", "link set dns up")
        for name in self.text["services"]:
            self.begin(name)
        return self

    def stop(self):
        for container in self.containers.values():
            container.stop()
        for namespace in self.namespaces:
            namespace.stop()


def engine_accepts():
    """Whether Debian's docker-compose, where it is installed, takes the file; None: it is not installed."""
    if not shutil.which("docker-compose"):
        return None
    done = subprocess.run(["docker-compose", "-f", FILE, "config", "--quiet"], capture_output=True, text=True,
                          timeout=60, check=False, cwd=Path("/"))
    assert done.returncode == 0, done.stdout + done.stderr
    return True
