"""The pages that people read, as tests read them: fenced blocks with what stands behind the fence."""

import collections
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# `words` is what stands behind the fence: the language, then where the block belongs.
Block = collections.namedtuple("Block", "words text")

_FENCE = re.compile(r"^```(\S[^\n]*)\n(.*?)^```$", re.M | re.S)


def blocks(text):
    return [Block(words.split(), body) for words, body in _FENCE.findall(text)]


def section(path, heading):
    """What stands below `## heading`."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", path.read_text(encoding="utf-8"), re.M | re.S)
    assert found, f"{path.name} has no section '{heading}'"
    return found[1]
