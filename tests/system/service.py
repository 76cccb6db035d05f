"""What systemd does with the installed unit and its drop-ins, as far as they go: commands before and behind the program,
its user and capabilities, its directory in /run."""

import shlex

from installed import Installed
from process import Process

UNIT = "lib/systemd/system/tsig-proxy.service"
DROP_INS = "etc/systemd/system/tsig-proxy.service.d"


def settings(root):
    """{name: [value, …]} of [Service]; an empty value forgets those before it."""
    found = {}
    for path in (root / UNIT, *sorted((root / DROP_INS).glob("*.conf"))):
        section = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and line[0] not in "#;":
                name, value = line.split("=", 1)
                found[name] = [*found.get(name, []), value] if value else []
    return found


class Service(Installed):
    """`system`: see installed.py; `namespace`: its network."""

    def __init__(self, system, namespace):
        super().__init__(system, namespace)
        self.settings = settings(system.root)
        (self.user,) = self.settings["User"]

    def capabilities(self, name):
        """As setpriv writes them."""
        words = " ".join(self.settings[name]).split()
        return ",".join(["-all", *(f"+{word.removeprefix('CAP_').lower()}" for word in words)])

    def as_user(self, *words):
        ambient = self.capabilities("AmbientCapabilities")
        return ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", "--no-new-privs", "--bounding-set",
                self.capabilities("CapabilityBoundingSet"), "--inh-caps", ambient, "--ambient-caps", ambient, *words]

    def each(self, name):
        """The commands of a setting, one after the other: '+' is for root, '-' may fail."""
        for value in self.settings.get(name, []):
            command = value.lstrip("-+")
            marks, words = value[: -len(command)], shlex.split(command)
            with self.namespace:
                done = self.system.call(*(words if "+" in marks else self.as_user(*words)))
            assert done.returncode == 0 or "-" in marks, f"{name}={value}\n{done.stdout}{done.stderr}"

    def start(self):
        for name in self.settings.get("RuntimeDirectory", []):
            self.system.run("install", "-d", "-o", self.user, "-g", self.user, f"/run/{name}")
        self.each("ExecStartPre")
        (command,) = self.settings["ExecStart"]
        with self.namespace:
            words = self.system.command(*self.as_user(*shlex.split(command)))
            self.process = Process("service", words, self.system.root)
        self.wait(event="started")
        return self

    def stop(self):
        if self.process:
            super().stop()
            self.each("ExecStopPost")
