"""What bash, zsh and fish offer behind `tsig-proxy`, asked of these shells themselves: all that the program has, and
nothing else."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import proxy

pytestmark = pytest.mark.any_workers

PLACE = Path(__file__).resolve().parents[2] / "etc/completions"
BASH = """
source {place}/tsig-proxy.bash
compopt() {{ :; }}
COMP_WORDS=(tsig-proxy {words} "$1") COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_tsig_proxy
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """unsetopt prompt_cr prompt_sp; LISTMAX=10000
autoload -Uz compinit; compinit -D -u
fpath=({place} $fpath); autoload -Uz tsig-proxy.zsh; compdef tsig-proxy.zsh tsig-proxy
PS1='READY''> '
"""


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def bash(words, begun):
    return run("bash", "-c", BASH.format(place=PLACE, words=" ".join(words)), "bash", begun).split()


def fish(words, begun):
    line = " ".join(["tsig-proxy", *words, begun])
    found = run("fish", "--no-config", "-c", f"source {PLACE}/tsig-proxy.fish; complete -C '{line}'")
    return [line.split("\t")[0] for line in found.splitlines()]


def read_until(terminal, wanted, patience=20):
    text, deadline = "", time.monotonic() + patience
    while wanted not in text:
        assert select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0], text
        text += os.read(terminal, 65536).decode(errors="replace")
    return text


def zsh(words, begun):
    """It completes on a terminal alone: end-of-file, not at the beginning of a line, lists what fits.
    The line is thrown away then, which shows a prompt even when nothing did."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "dumb"
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:
        os.write(terminal, ZSH.format(place=PLACE).encode())
        read_until(terminal, "READY> ")
        os.write(terminal, " ".join(["tsig-proxy", *words, begun]).encode() + b"\x04\x15\n")
        listed = read_until(terminal, "READY> ").split("READY> ")[0].split("\n", 1)[1]
        os.write(terminal, b"exit\n")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return [word for line in listed.splitlines() for word in line.split(" -- ")[0].split()]


@pytest.fixture(params=[bash, fish, zsh], ids=lambda shell: shell.__name__)
def offers(request, monkeypatch):
    """offers("keygen", "-f", begun="-"): what that shell offers then."""
    monkeypatch.setenv("PATH", f"{Path(proxy.program()).resolve().parent}:{os.environ['PATH']}")
    if not shutil.which(request.param.__name__):
        pytest.skip(f"{request.param.__name__} is not installed")
    return lambda *words, begun="": sorted(set(request.param(words, begun)))


def page(*command):
    """What the program's help, or that of a command, lists: words with two blanks before them."""
    listed = re.findall(r"^  (-.+?(?=  |$)|[a-z-]+(?= +[a-z]))", run(proxy.program(), *command, "--help"), re.M)
    options = {option for words in listed for option in re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", words)}
    return [word for word in listed if not word.startswith("-")], sorted(options)


def test_commands_and_options_are_those_of_the_help(offers):
    commands, options = page()
    assert len(commands) >= 5 and len(options) >= 6
    assert [word for word in offers() if not word.startswith("-")] == sorted(commands)
    assert [word for word in offers("help") if not word.startswith("-")] == sorted(commands)
    assert offers(begun="-") == options
    assert [word for word in offers("-c", "a-file") if not word.startswith("-")] == sorted(commands)
    for command in commands:
        assert offers(command, begun="-") == page(command)[1], command


def test_algorithms_are_those_that_keygen_takes(offers):
    known = set(re.findall(r"hmac-[\w-]+", (PLACE.parents[1] / "src/tsig/algorithm.c").read_text()))
    for option in ("-a", "--algorithm"):
        words = offers("keygen", option)
        assert set(words) == {name for name in known if "sig-alg" not in name}
    for word in words:
        run(proxy.program(), "keygen", "-a", word, "xfr.example")


@pytest.mark.parametrize("command", ["keygen", "show"])
def test_formats_are_those_that_the_program_takes(offers, command):
    if "-f" not in page(command)[1]:
        pytest.skip(f"{command} has no formats")
    refused = subprocess.run([proxy.program(), command, "-f", "none", "x"], capture_output=True, text=True, timeout=20,
                             check=False)
    words = re.search(r"unknown format 'none'; there are (.+)", refused.stderr)[1]
    for option in ("-f", "--format"):
        assert offers(command, option) == sorted(re.findall(r"\w+", words))


def test_peers_are_those_of_the_configuration(offers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = "some.ini"
    Path(config).write_text("[proxy]\n[primary hq]\n [secondary east]\n[secondary west] ; there\n[key xfr.example]\n")
    assert offers("show", "-c", config) == ["east", "hq", "west"]
    assert offers("-c", config, "show", begun="w") == ["west"]
    assert offers("show", "-c", config, "hq") == []
    assert offers("notify", "-c", config, "example.org") == ["east", "west"]
    assert offers("show", "-c", "none.ini") == []


def test_files_are_offered_for_a_configuration(offers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one.ini", "other.ini"):
        (tmp_path / name).touch()
    for words in (["check", "-c"], ["check", "--config"], ["-c"]):
        assert offers(*words, begun="o") == ["one.ini", "other.ini"]
