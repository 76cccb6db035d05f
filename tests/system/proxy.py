"""tsig-proxy itself: its configuration written, run, its log lines read, its end judged."""

import os
import re
import signal

import net
from process import PATIENCE, Process

SIGNS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error", "ThreadSanitizer:")
_PAIR = re.compile(r'([a-zA-Z0-9_.-]+)=("(?:[^"\\]|\\.)*"|\S*)')


def program():
    return os.environ["TSIG_PROXY"]


def log_pairs(line):
    """A logfmt line as a dictionary."""
    pairs = {}
    for name, value in _PAIR.findall(line):
        if value.startswith('"') and value.endswith('"') and len(value) > 1:
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        pairs[name] = value
    return pairs


def ini(sections):
    """INI text from (header, settings) pairs; a setting's value may be a list."""
    lines = []
    for header, settings in sections:
        lines.append(f"[{header}]")
        for name, value in settings.items():
            if isinstance(value, (list, tuple)):
                value = ", ".join(str(v) for v in value)
            lines.append(f"{name.replace('_', '-')} = {value}")
        lines.append("")
    return "\n".join(lines)


def assert_no_sanitizer_spoke(process):
    """ThreadSanitizer lets the program go on: what it said may stand far above the last line."""
    for number, line in enumerate(process.lines):
        if any(sign in line for sign in SIGNS):
            report = "\n".join(process.lines[max(0, number - 1) :][:200])
            raise AssertionError(f"a sanitizer spoke\n{report}")


def own_settings(place, **more):
    """What stands in [proxy]. TSIG_PROXY_WORKERS says how many workers, unless the test itself does."""
    workers = os.environ.get("TSIG_PROXY_WORKERS")
    return {
        "listen": net.text(place),
        "user": "",
        "control": "",
        "http": "",
        "log_level": "debug",
        "drain_timeout": 2,
        **({"workers": workers} if workers else {}),
        **more,
    }


class Proxy:
    """One running tsig-proxy. `sections` are what stands behind [proxy]; keyword arguments are settings
    of [proxy] itself; `files` is how many it may have open, which takes root to be more than we may; `before` are
    words that stand before the command."""

    before = ()
    sanitizers = {
        "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": "second_deadlock_stack=1",
    }

    def __init__(self, directory, sections, binary=None, place=None, files=None, **settings):
        directory.mkdir(parents=True, exist_ok=True)
        self.place = place or net.free_place()
        self.binary = binary or program()
        self.files = files
        self.path = directory / "tsig-proxy.ini"
        self.directory = directory
        self.path.write_text(ini([("proxy", own_settings(self.place, **settings)), *sections]))
        self.path.chmod(0o600)
        self.process = None
        self.terminated = False

    def start(self):
        limit = ["prlimit", f"--nofile={self.files}:{self.files}"] if self.files else []
        command = [*limit, *self.before, self.binary, "run", "-c", self.path]
        self.process = Process("tsig-proxy", command, self.directory, self.sanitizers)
        try:
            self.wait(event="started")
        except AssertionError:
            self.process.kill()
            self.process = None
            raise
        return self

    @property
    def pid(self):
        return self.process.pid

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def memory(self):
        """Resident, in octets."""
        for line in open(f"/proc/{self.pid}/status", encoding="ascii"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) << 10
        return 0

    def text(self):
        return self.process.text()

    def mark(self):
        """Where the log stands now: the start= of later look-ups."""
        return len(self.process.lines)

    def wait(self, patience=PATIENCE, start=0, **pairs):
        """The first log line (as a dictionary) that has all of these pairs."""
        wanted = {name: str(value) for name, value in pairs.items()}

        def matches(line):
            found = log_pairs(line)
            return all(found.get(name) == value for name, value in wanted.items())

        return log_pairs(self.process.wait_line(matches, wanted, patience, start)[1])

    def events(self, start=0, **pairs):
        """All log lines up to now that have all of these pairs."""
        wanted = {name: str(value) for name, value in pairs.items()}
        lines = [log_pairs(line) for line in self.process.lines[start:]]
        return [f for f in lines if all(f.get(name) == value for name, value in wanted.items())]

    def terminate(self):
        """SIGTERM, once."""
        if not self.terminated:
            self.terminated = True
            self.process.signal(signal.SIGTERM)

    def stop(self):
        """SIGTERM, then: it must end by itself with status 0, and no sanitizer may have spoken."""
        if self.process is None:
            return
        self.terminate()
        try:
            status = self.process.wait(PATIENCE)
        except Exception:  # whatever it was, the child must not outlive us
            self.process.kill()
            raise AssertionError(f"tsig-proxy did not end on SIGTERM\n{self.text()}") from None
        self.judge(status)

    def kill(self):
        """SIGKILL; what a sanitizer said before counts."""
        process, self.process = self.process, None
        process.kill()
        assert_no_sanitizer_spoke(process)

    def judge(self, status):
        process, self.process = self.process, None
        assert_no_sanitizer_spoke(process)
        assert status == 0, f"tsig-proxy ended with status {status}\n{process.text(200)}"
