"""The lints see what they are for: each fault, written into a small tree of its own, is told with its place."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run(lint, root, files):
    """Exit status and output of a lint on these files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run([sys.executable, "-B", HERE / f"{lint}.py", root], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


FUNCTION = "int name_all(void)\n{\n%s}\n"

SOUND = """/* What names are.
 */
#include <openssl/err.h>
static int name_twice(const char *text);

/* a --> b
 */
static int on_end(int error)
{
    return error < 0 ? 0 : (int)(sizeof error + sizeof(struct x) + sizeof(uint8_t));
}

static const char *const words[] = {"TOD" "O", "== NULL", "rc"};
"""

HANDWRITING = {
    "static int walk(void)\n{\n}\n": "1: walk() does not carry the name of its file, name_",
    "static struct x *walk(int a,\n                      int b);\n": "1: walk() does not carry the name of its file, name_",
    FUNCTION % "    return x == NULL;\n": "3: a pointer is tested as p or !p",
    FUNCTION % "    return NULL != x;\n": "3: a pointer is tested as p or !p",
    FUNCTION % "    return sizeof(*x);\n": "3: sizeof takes parentheses for types only",
    FUNCTION % "    int rc = 0;\n": "3: the variable for a failure is named error",
    FUNCTION % "    if (err < 0)\n": "3: the variable for a failure is named error",
    "\n\n/* " + "x" * 96 + " */\n": "3: a line of more than 100 columns",
    "\n/* why\n */\n": "3: the end of a comment stands on the comment's last line",
    "int x;\n" * 151: "1: a file of more than 150 lines opens with a comment that says what it does",
    "/* x */\n" * 401: "401: a file of more than 400 lines",
    FUNCTION % ("    x();\n" * 44): "2: a function of more than 45 lines",
    "/* TO" "DO: more */\n": "1: what is left to do, or switched off, is not kept here",
    "#if 0\n#endif\n": "1: what is left to do, or switched off, is not kept here",
}


def test_handwriting_has_nothing_against_a_sound_file(tmp_path):
    files = {"src/dns/name.c": SOUND, "include/dns/name.h": "static inline int dns_name_x(void)\n{\n}\n"}
    assert run("handwriting", tmp_path, files) == (0, "2 files in one hand")


@pytest.mark.parametrize("text", HANDWRITING)
def test_handwriting_tells(tmp_path, text):
    assert run("handwriting", tmp_path, {"src/dns/name.c": text}) == (1, f"src/dns/name.c:{HANDWRITING[text]}")


FLOORS = {
    "an upward include": (
        {"src/dns/name.c": '#include "tsig/key.h"\n', "include/tsig/key.h": ""},
        "src/dns/name.c:1: dns includes include/tsig/key.h, which is above it",
    ),
    "headers in a circle": (
        {"include/dns/a.h": '#include "dns/b.h"\n', "include/dns/b.h": '#include "dns/a.h"\n'},
        "in a circle: dns/a needs dns/b needs dns/a",
    ),
    "files in a circle": (
        {"src/dns/a.c": '#include "dns/a.h"\n#include "dns/b.h"\n', "include/dns/a.h": "",
         "src/dns/b.c": '#include "dns/c.h"\n', "include/dns/b.h": "", "include/dns/c.h": '#include "dns/a.h"\n'},
        "in a circle: dns/a needs dns/b needs dns/c needs dns/a",
    ),
    "an include of nothing": (
        {"src/dns/name.c": '#include "dns/name.h"\n'},
        "src/dns/name.c:1: dns/name.h is nowhere to be found",
    ),
    "a system header": (
        {"src/dns/name.c": "#include <unistd.h>\n"},
        "src/dns/name.c:1: the library must not include unistd.h",
    ),
    "a call of the system": (
        {"src/dns/name.c": "\n/* read(it) */ int x = read(1);\n"},
        "src/dns/name.c:2: the library must not call read()",
    ),
    "a file on no floor": ({"src/attic/name.c": ""}, "src/attic/name.c: stands on no floor"),
}


def test_floors_have_nothing_against_a_sound_tree(tmp_path):
    files = {"proxy/main.c": '#include "net/flow.h"\n#include <unistd.h>\n', "proxy/net/flow.h": ""}
    assert run("floors", tmp_path, files) == (0, "2 files keep the floors")


@pytest.mark.parametrize("case", FLOORS)
def test_floors_tell(tmp_path, case):
    files, sentence = FLOORS[case]
    assert run("floors", tmp_path, files) == (1, sentence)


HEAD = "| section | requirement | how it is met | tests |\n|---|---|---|---|\n"
ROW = "| 1 | Something. | So (P1). | `P1_is_so` |\n"


def conformance_tree(rows=ROW, without=None):
    """A tree where RFC 8945 has these rows."""
    sys.path.insert(0, str(HERE))
    import conformance

    tables = [f"## RFC {rfc}: x\n\n{HEAD}{rows if rfc == '8945' else ROW}" for rfc in conformance.RFCS if rfc != without]
    return {
        "docs/conformance.md": "\n".join(tables),
        "docs/rules.md": "| P1 | So. |\n",
        "tests/unit/test_x.c": "Test(x, P1_is_so)\n",
        "tests/system/test_x.py": "def test_P1_is_so():\n    pass\n",
    }


CONFORMANCE = {
    "a test that is not there": (ROW.replace("is_so", "is_not"), "5: there is no test P1_is_not"),
    "a row without a test": (ROW.replace("`P1_is_so`", "—"), "5: a requirement that is met names a test"),
    "an empty cell": (ROW.replace("So (P1).", ""), "5: a row has four cells: section, requirement, how it is met, tests"),
    "a requirement that stands there twice": (ROW * 2, "6: this requirement stands in line 5 already"),
    "no reason": (ROW.replace("So (P1).", "Not met.").replace("`P1_is_so`", "?"),
                  "5: what is not met names a test, or —"),
}


@pytest.mark.parametrize("row", [ROW, ROW.replace("P1_is_so", "test_P1_is_so"), ROW + ROW.replace("1 |", "2 |"),
                                 ROW + "| 2 | Else. | Not here: why. | — |\n"])
def test_conformance_has_nothing_against_a_sound_page(tmp_path, row):
    assert run("conformance", tmp_path, conformance_tree(row))[0] == 0


@pytest.mark.parametrize("case", CONFORMANCE)
def test_conformance_tells(tmp_path, case):
    rows, sentence = CONFORMANCE[case]
    assert run("conformance", tmp_path, conformance_tree(rows)) == (1, f"docs/conformance.md:{sentence}")


def test_conformance_misses_a_table_and_a_rule(tmp_path):
    assert run("conformance", tmp_path, conformance_tree(without="2931")) == (
        1, "docs/conformance.md: RFC 2931 has no table")
    files = {**conformance_tree(), "docs/rules.md": "| P1 | So. |\n| X9b | So. |\n| M1 | So. |\n"}
    assert run("conformance", tmp_path, files) == (1, "docs/conformance.md: X9b of docs/rules.md does not stand in it")
    files = conformance_tree(ROW.replace("P1)", "P1, L3)"))
    assert run("conformance", tmp_path, files) == (1, "docs/conformance.md: docs/rules.md has no rule L3")
