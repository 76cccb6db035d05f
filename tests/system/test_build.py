"""The program as it is released: what compiler and linker put in against mistakes, and that it says what it is made of."""

import os
import re
import shutil
import subprocess

import pytest

pytestmark = [
    pytest.mark.any_workers,
    pytest.mark.skipif("TSIG_PROXY_RELEASE" not in os.environ, reason="TSIG_PROXY_RELEASE is not set"),
    pytest.mark.skipif(not shutil.which("readelf"), reason="readelf is not installed"),
]


def readelf(*words):
    return subprocess.run(["readelf", "-W", *words, os.environ["TSIG_PROXY_RELEASE"]], capture_output=True, text=True,
                          check=True).stdout


def test_it_is_hardened():
    """Code anywhere in memory, no table that can be written once it runs, no stack that can be executed, and a guard
    before each return and copy that the compiler can see the size of."""
    headers, dynamic, symbols = readelf("-h", "-l"), readelf("-d"), readelf("--dyn-syms")
    assert re.search(r"Type:\s+DYN \(Position-Independent Executable file\)", headers)
    assert "GNU_RELRO" in headers and "BIND_NOW" in dynamic
    assert re.search(r"GNU_STACK.* RW +0x", headers)
    assert "__stack_chk_fail" in symbols
    assert "__memcpy_chk" in symbols or "__snprintf_chk" in symbols


def test_it_says_of_which_libraries_it_is_made_and_looks_for_them_nowhere_else():
    """`--version` names each that the linker does."""
    dynamic = readelf("-d")
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    needed = {re.sub(r"^lib|\.so.*", "", name) for name in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)}
    said = subprocess.run([os.environ["TSIG_PROXY_RELEASE"], "--version"], capture_output=True, text=True,
                          check=True).stdout
    assert re.match(r"tsig-proxy \d+\.\d+\.\d+ ", said)
    named = set(re.findall(r"(?:lib)?([\w-]+) \d", said.split("\n", 1)[1]))
    assert needed - {"c"} == {"crypto" if name == "OpenSSL" else name for name in named}
