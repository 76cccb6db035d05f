"""What a process and its sockets take of the machine."""

import re
import subprocess
from pathlib import Path

MEGABYTE = 1e6
PAGE = 4096
_SKMEM = re.compile(r"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f(\d+),w(\d+)")


def cpu(pid):
    """Seconds that all threads of a process have run, by the scheduler's count in nanoseconds."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def session(pid):
    """The processes of a session, by that of its first."""
    found = subprocess.run(["ps", "-o", "pid=", "-s", str(pid)], capture_output=True, text=True, check=False).stdout
    return sorted(map(int, found.split()))


def memory(pid, name="VmRSS"):
    """VmRSS or VmHWM in octets."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) * 1024


def sockets(which):
    """Octets that the kernel holds for some TCP sockets (ss: `sport = :53`): queued to be read (r), to be sent or
    acknowledged (w), and set aside for them (f)."""
    output = subprocess.run(["ss", "-tmnH", which], capture_output=True, text=True, check=True).stdout
    return sum(int(number) for found in _SKMEM.findall(output) for number in found)


def tcp_pages():
    """Octets of all TCP sockets of this machine, both ends of the loopback's."""
    return int(re.search(r"^TCP:.* mem (\d+)", Path("/proc/net/sockstat").read_text(), re.M)[1]) * PAGE


def listens(place, kind):
    """Whether someone listens there, over TCP ("t") or UDP ("u"). Nothing is sent to find out."""
    output = subprocess.run(["ss", f"-{kind}lnH", f"sport = :{place.port}"], capture_output=True, text=True, check=True)
    return f"{place.address}:{place.port}" in output.stdout
