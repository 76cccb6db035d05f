"""A real browser without a screen: Chromium, told what to do over its debugging pipe. What it complains of, and
what it asks for, is kept."""

import base64
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import time

from process import PATIENCE

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-extensions",
             "--disable-sync", "--no-default-browser-check", "--remote-debugging-pipe", "--hide-scrollbars"]


def program():
    return shutil.which("chromium")


class Browser:
    def __init__(self, directory):
        self.directory = directory
        self.child = None
        self.numbers = itertools.count(1)
        self.rest = b""
        self.session = None
        self.complaints = []
        self.requests = []

    def start(self):
        to_child, self.write_end = os.pipe()
        self.read_end, from_child = os.pipe()

        def take_pipes():
            # Its ends are 3 and 4; above them first, as either may be 3 or 4 itself.
            read, write = os.dup2(to_child, 203), os.dup2(from_child, 204)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.child = subprocess.Popen(
            [program(), *ARGUMENTS, f"--user-data-dir={self.directory}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=take_pipes, close_fds=False,
            start_new_session=True)
        os.close(to_child)
        os.close(from_child)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def stop(self):
        if self.child is None:
            return
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        self.child = None

    def _take(self, message):
        method, said = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method in ("Log.entryAdded", "Runtime.exceptionThrown", "Audits.issueAdded"):
            self.complaints.append(said)
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(said)

    def _messages(self, deadline):
        while True:
            while b"\0" in self.rest:
                one, self.rest = self.rest.split(b"\0", 1)
                yield json.loads(one)
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                raise AssertionError("the browser says nothing any more")
            self.rest += os.read(self.read_end, 1 << 20)

    def call(self, method, **params):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        for answer in self._messages(time.monotonic() + PATIENCE):
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self._take(answer)
        return None

    def open(self, url, width, height=900, scheme="light"):
        """Shows the page; returns when all of it is there."""
        self.complaints, self.requests = [], []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=url)
        for message in self._messages(time.monotonic() + PATIENCE):
            self._take(message)
            if message.get("method") == "Page.loadEventFired":
                break

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self, path):
        height = int(self.value("document.documentElement.scrollHeight"))
        width = int(self.value("window.innerWidth"))
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": width, "height": min(height, 6000), "scale": 1})
        path.write_bytes(base64.b64decode(picture["data"]))
