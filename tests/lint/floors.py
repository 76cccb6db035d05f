#!/usr/bin/python3
"""Holds the floors of the house: a file includes its own floor or lower ones; files, each with its header,
never need each other in a circle; src/ and include/ know no sockets, files, clocks, randomness or logs. With a
folder as argument: the files below that one."""

import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
FOLDERS = ("src", "include", "proxy")

FLOORS = [
    "dns", "tsig", "config", "relay", "exchange",
    "proxy/net", "proxy/admin", "proxy/base", "proxy/tools", "proxy",
]

FORBIDDEN_HEADERS = re.compile(
    r"uv\.h|unistd\.h|fcntl\.h|netdb\.h|poll\.h|syslog\.h|signal\.h|time\.h|threads\.h"
    r"|sys/(socket|time|epoll|select|stat|random|ioctl|mman|un|timerfd|eventfd)\.h"
    r"|net/.*|netinet/(?!in\.h).*|openssl/(rand|ssl|bio)\.h"
)

FORBIDDEN_CALLS = (
    "time gettimeofday clock_gettime clock "
    "rand srand random srandom drand48 getrandom getentropy arc4random RAND_bytes RAND_priv_bytes "
    "fopen freopen fdopen tmpfile popen open openat creat read write socket bind connect "
    "send sendto sendmsg recv recvfrom recvmsg getaddrinfo "
    "printf vprintf fprintf vfprintf dprintf puts fputs putchar perror syslog "
    "system fork getenv sleep usleep nanosleep"
).split()

# A call, and not a member (a.read(…)), a longer word, or a declaration of a member ((*read)(…)).
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(FORBIDDEN_CALLS))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def floor_of(path):
    """Index into FLOORS of a path relative to the root; None outside the house."""
    parts = path.parts
    if parts[0] in ("src", "include") and len(parts) > 2 and parts[1] in FLOORS:
        return FLOORS.index(parts[1])
    if parts[0] == "proxy":
        inner = "/".join(parts[:2])
        return FLOORS.index(inner if inner in FLOORS else "proxy")
    return None


def without_noise(text):
    """Comments and literals blanked, lines kept."""
    return NOISE.sub(lambda match: "\n" * match.group().count("\n"), text)


def resolve(source, name):
    """The file of ours that an include means, relative to the root, or None."""
    for place in (source.parent, Path("include"), Path("proxy"), Path("src"), Path(".")):
        target = (ROOT / place / name).resolve()
        if target.is_file() and ROOT in target.parents:
            return target.relative_to(ROOT)
    return None


def module_of(path):
    """A .c file and its header are one: floor and name."""
    return f"{FLOORS[floor_of(path)]}/{path.stem}"


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_includes(path, text, graph, problems):
    for match in INCLUDE.finditer(text):
        where = f"{path}:{line_of(text, match.start(2))}"
        quoted, name = match.group(1) == '"', match.group(2)
        target = resolve(path, name)
        if path.parts[0] != "proxy" and FORBIDDEN_HEADERS.fullmatch(name):
            problems.append(f"{where}: the library must not include {name}")
        elif target is not None:
            floor = floor_of(target)
            if floor is None:
                problems.append(f"{where}: {target} stands on no floor")
                continue
            if module_of(target) != module_of(path):
                graph.setdefault(module_of(path), []).append(module_of(target))
            if floor > floor_of(path):
                problems.append(f"{where}: {FLOORS[floor_of(path)]} includes {target}, which is above it")
        elif quoted:
            problems.append(f"{where}: {name} is nowhere to be found")


def check_calls(path, text, problems):
    for match in CALL.finditer(without_noise(text)):
        line = line_of(without_noise(text), match.start(1))
        problems.append(f"{path}:{line}: the library must not call {match.group(1)}()")


def find_cycle(graph):
    """A list of modules that need each other in a circle, or None."""
    done = set()

    def visit(module, trail):
        if module in trail:
            return trail[trail.index(module):] + [module]
        if module in done:
            return None
        done.add(module)
        for target in graph.get(module, []):
            cycle = visit(target, trail + [module])
            if cycle:
                return cycle
        return None

    for module in graph:
        cycle = visit(module, [])
        if cycle:
            return cycle
    return None


def main():
    problems, graph, count = [], {}, 0
    files = [p for top in FOLDERS for p in sorted((ROOT / top).rglob("*.[ch]"))]
    for absolute in files:
        path = absolute.relative_to(ROOT)
        text = absolute.read_text()
        count += 1
        if floor_of(path) is None:
            problems.append(f"{path}: stands on no floor")
            continue
        check_includes(path, text, graph, problems)
        if path.parts[0] != "proxy":
            check_calls(path, text, problems)
    cycle = find_cycle(graph)
    if cycle:
        problems.append("in a circle: " + " needs ".join(cycle))
    if count == 0:
        problems.append("no source file found")
    print("\n".join(problems) or f"{count} files keep the floors")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
