#!/usr/bin/python3
"""All C files of the program, and of its simulator, are in one hand, as far as a program can tell: names, tests of pointers, sizeof,
comments, lengths. With a folder as argument: the files below that one."""

import re
import sys
from pathlib import Path

from floors import FOLDERS, NOISE, ROOT, line_of, without_noise

COLUMNS, FILE, FUNCTION, UNEXPLAINED = 100, 400, 45, 150
TYPE = r"(?:struct|union|enum|unsigned|signed|const|void|char|int|long|short|s?size_t|bool|float|double|\w+_t)\b"

# In the code, comments and literals left out.
CODE = {
    r"[!=]=\s*NULL\b|\bNULL\s*[!=]=": "a pointer is tested as p or !p",
    rf"\bsizeof\s*\((?!\s*{TYPE})": "sizeof takes parentheses for types only",
    r"(?<![\w.>])(?:rc|err)\b(?!\s*\(|\.h>)": "the variable for a failure is named error",
}
# Anywhere.
TEXT = {
    rf"^.{{{COLUMNS + 1},}}$": f"a line of more than {COLUMNS} columns",
    r"\b(?:TODO|FIXME|XXX)\b|^\s*#\s*if\s+0\b": "what is left to do, or switched off, is not kept here",
}
STATIC = re.compile(r"^static\s+(?!const\b[^(]*=)(?:\w+[\s*]+)+?(\w+)\((?!\*)", re.M)
BODY = re.compile(r"^\{$.*?^\}", re.M | re.S)
LONELY_END = re.compile(r"\n[ \t]*\*/$")
PICTURE = re.compile(r"[\u2190-\u21ff\u2500-\u25ff]|-->|<--")


def names(path, code):
    """Static functions carry the name of their file, those of a header perhaps the folder's before it."""
    stem = path.stem.replace("-", "_")
    prefixes = [stem] if path.suffix == ".c" else [stem, f"{path.parent.name}_{stem}"]
    for match in STATIC.finditer(code):
        name = match.group(1)
        if not name.startswith("on_") and not any((name + "_").startswith(prefix + "_") for prefix in prefixes):
            yield line_of(code, match.start(1)), f"{name}() does not carry the name of its file, {stem}_"


def comments(text):
    for match in NOISE.finditer(text):
        comment = match.group()
        opening = match.start() == 0
        if comment.startswith("/*") and LONELY_END.search(comment) and not opening and not PICTURE.search(comment):
            yield line_of(text, match.end()), "the end of a comment stands on the comment's last line"


def lengths(path, text, code):
    lines = text.count("\n")
    if lines > FILE:
        yield lines, f"a file of more than {FILE} lines"
    if path.suffix == ".c" and lines > UNEXPLAINED and not text.startswith("/*"):
        yield 1, f"a file of more than {UNEXPLAINED} lines opens with a comment that says what it does"
    for match in BODY.finditer(code):
        if match.group().count("\n") + 1 > FUNCTION:
            yield line_of(code, match.start()), f"a function of more than {FUNCTION} lines"


def faults(path, text):
    code = without_noise(text)
    for patterns, where in ((CODE, code), (TEXT, text)):
        for pattern, sentence in patterns.items():
            for match in re.finditer(pattern, where, re.M):
                yield line_of(where, match.start()), sentence
    yield from names(path, code)
    yield from comments(text)
    yield from lengths(path, text, code)


def main():
    files = [path for top in (*FOLDERS, "tests/sim") for path in sorted((ROOT / top).rglob("*.[ch]"))]
    found = [f"{path.relative_to(ROOT)}:{line}: {sentence}"
             for path in files for line, sentence in sorted(faults(path, path.read_text()))]
    print("\n".join(found) or f"{len(files)} files in one hand")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
