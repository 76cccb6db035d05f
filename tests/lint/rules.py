#!/usr/bin/python3
"""Every rule of the protocol that this version must keep has a test that names it, and a row in docs/rules.md;
and no test names a rule that is not there. Each promise of SECURITY.md names a test that is there, and
docs/conformance.md is complete."""

import re
import sys
from pathlib import Path

import conformance

ROOT = Path(__file__).resolve().parents[2]

REQUIRED = (
    [f"P{number}" for number in (*range(1, 13), *range(20, 30))]
    + [f"X{number}" for number in range(1, 11)]
    + [f"M{number}" for number in (*range(1, 9), 10)]
    + ["M1b", "M2b", "X9b"]
)

# P4 in P4_bad_mac and in "P4:", but not in P42, SHA1P4 or 0xP4.
RULE = re.compile(r"(?<![A-Za-z0-9])([PMX][1-9][0-9]?b?)(?![A-Za-z0-9])")
# The line that gives a test its name.
TEST = re.compile(r"^\s*(?:(?:Test|ParameterizedTest|Theory)\s*\(|(?:async )?def test_).*", re.M)
ROW = re.compile(r"^\|\s*`?([PMX][1-9][0-9]?b?)`?\s*\|", re.M)


def test_files():
    """Path and text of each file that has tests."""
    for folder in ("unit", "loop", "system"):
        for path in sorted((ROOT / "tests" / folder).rglob("*")):
            if path.suffix in (".c", ".py"):
                text = path.read_text()
                if TEST.search(text):
                    yield path.relative_to(ROOT), text


def missing_promises():
    """Tests that SECURITY.md names and that are not there."""
    text = (ROOT / "SECURITY.md").read_text()
    names = set(re.findall(r"`(?!tests/)([A-Za-z0-9]+(?:_[A-Za-z0-9]+)+)`", text))
    return sorted(names - conformance.known_tests(ROOT))


def bare_promises():
    """Rows of the tables of promises that name no test."""
    promises = (ROOT / "SECURITY.md").read_text().split("\n## Promises\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.*) \| (.*) \|$", promises, re.M)
    return [promise for promise, shown in rows if promise != "promise" and "`" not in shown]


def main():
    mentioned, in_names = set(), {}
    for path, text in test_files():
        mentioned.update(RULE.findall(text))
        for test in TEST.findall(text):
            in_names.update(dict.fromkeys(RULE.findall(test), path))
    page = ROOT / "docs/rules.md"
    rows = set(ROW.findall(page.read_text()))
    problems = [f"{rule}: no test names it" for rule in REQUIRED if rule not in mentioned]
    problems += [f"{rule}: docs/rules.md has no row for it" for rule in REQUIRED if rule not in rows]
    problems += [
        f"{rule}: {path} names a test by it, and docs/rules.md has no row for it"
        for rule, path in sorted(in_names.items())
        if rule not in rows
    ]
    problems += conformance.problems(ROOT)
    problems += [f"SECURITY.md promises without a test: {promise}" for promise in bare_promises()]
    problems += [f"{name}: SECURITY.md names this test, and there is none" for name in missing_promises()]
    print("\n".join(problems) or f"{len(REQUIRED)} rules, each with a test that names it")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
