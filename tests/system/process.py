"""Children of a test: started, read line by line, waited for and always reaped."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

PATIENCE = 20.0  # seconds; the deadline of every wait unless a test says otherwise


class Timeout(AssertionError):
    """Something that was waited for did not happen."""


def until(check, what, patience=PATIENCE, pause=0.02):
    """Calls check() until it returns something true, and returns that."""
    deadline = time.monotonic() + patience
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Timeout(f"not within {patience} s: {what}")
        time.sleep(pause)


def thread_statuses(pid):
    """/proc/PID/task/TID/status of each thread, as dictionaries: users and capabilities are a thread's own."""
    texts = [path.read_text(encoding="ascii") for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return [dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in texts]


class Process:
    """One child in the foreground. It dies with us, and its output is kept as lines."""

    def __init__(self, name, command, directory, environment=None):
        self.name = name
        self.lines = []
        self._news = threading.Condition()
        self._closed = False
        self.child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.child.stdout:
            with self._news:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._closed = True
            self._news.notify_all()

    @property
    def pid(self):
        return self.child.pid

    def text(self, last=60):
        return f"--- {self.name} ---\n" + "\n".join(self.lines[-last:])

    def alive(self):
        return self.child.poll() is None

    def wait_line(self, matches, what, patience=PATIENCE, start=0):
        """The index and text of the first line from `start` on for which matches(line) is true."""
        deadline = time.monotonic() + patience
        seen = start
        with self._news:
            while True:
                while seen < len(self.lines):
                    if matches(self.lines[seen]):
                        return seen, self.lines[seen]
                    seen += 1
                left = deadline - time.monotonic()
                if self._closed or left <= 0:
                    why = "it ended" if self._closed else f"not within {patience} s"
                    raise Timeout(f"{self.name}: no line with {what}: {why}\n{self.text()}")
                self._news.wait(left)

    def signal(self, number):
        if self.alive():
            os.kill(self.child.pid, number)

    def wait(self, patience=PATIENCE):
        """The exit status, once it has ended and all its output is read."""
        status = self.child.wait(patience)
        self._reader.join(5)
        return status

    def kill(self):
        """Ends it and everything it started, whatever state it is in."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.wait()

    def stop(self, patience=PATIENCE):
        self.signal(signal.SIGTERM)
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        return self.kill()
