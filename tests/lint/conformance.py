#!/usr/bin/python3
"""docs/conformance.md is complete: a table for each RFC, each requirement once, with a test that is there, or the
reason why there is none; and every rule of docs/rules.md about messages (P…, X…) stands in it."""

import re
import sys
from pathlib import Path

PAGE = "docs/conformance.md"
RFCS = ["8945", "5936", "1995", "1996", "2136", "3007", "7766", "6891", "3597", "7828", "7873", "9103", "2931"]
UNMET = ("Not met", "Not here")
WITHOUT = "—"
FOLDERS = ("unit", "loop", "system", "admin", "base", "alloc")


def known_tests(root):
    """Names of all tests, however they are written."""
    found = set()
    for folder in FOLDERS:
        for path in (root / "tests" / folder).rglob("*"):
            if path.suffix in (".c", ".py"):
                found.update(re.findall(r"(?:def |Test\(\w+, )(\w+)", path.read_text()))
    return found


def rows(text):
    """(line number, RFC, cells) of each row of a table."""
    rfc = None
    for number, line in enumerate(text.splitlines(), 1):
        heading = re.match(r"## RFC (\d+)", line)
        if line.startswith("## "):
            rfc = heading[1] if heading else None
        if rfc and line.startswith("| ") and not line.startswith("| section"):
            yield number, rfc, [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def fault_of(cells, tests):
    """What is wrong with one row by itself, None if nothing is."""
    if len(cells) != 4 or not all(cells):
        return "a row has four cells: section, requirement, how it is met, tests"
    _, _, how, shown = cells
    names = re.findall(r"`(\w+)`", shown)
    missing = [name for name in names if name not in tests]
    if missing:
        return f"there is no test {missing[0]}"
    if how.startswith(UNMET):
        return None if names or shown == WITHOUT else f"what is not met names a test, or {WITHOUT}"
    return None if names else "a requirement that is met names a test"


def problems(root):
    text, tests, seen, found = (root / PAGE).read_text(), known_tests(root), {}, []
    for number, rfc, cells in rows(text):
        fault = fault_of(cells, tests)
        where = seen.setdefault((rfc, *cells[:2]), number)
        if where != number:
            fault = f"this requirement stands in line {where} already"
        if fault:
            found.append(f"{PAGE}:{number}: {fault}")
    there = {rfc for _, rfc, _ in rows(text)}
    found += [f"{PAGE}: RFC {rfc} has no table" for rfc in RFCS if rfc not in there]
    rules = re.findall(r"^\| ([PXML]\d+b?) \|", (root / "docs/rules.md").read_text(), re.M)
    named = set(re.findall(r"\b[PXML]\d+b?\b", re.sub(r"`\w+`", "", text)))
    found += [f"{PAGE}: {rule} of docs/rules.md does not stand in it"
              for rule in rules if rule[0] in "PX" and rule not in named]
    return found + [f"{PAGE}: docs/rules.md has no rule {rule}" for rule in sorted(named - set(rules))]


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    found = problems(root)
    print("\n".join(found) or f"{len(list(rows((root / PAGE).read_text())))} requirements, each met, or said not to be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
