"""The habits of the command line, the same for each command."""

import re
from pathlib import Path

import pytest
from test_commands import SOUND, tsig_proxy

COMMANDS = ["run", "check", "keygen", "show", "probe", "status", "events", "config", "reload", "notify",
            "log-level", "health", "help"]
MANUAL = Path(__file__).parents[2] / "etc" / "man" / "tsig-proxy.8"

USAGE = [[], ["fly"], ["run", "-x"], ["run", "extra"], ["check", "-c"], ["keygen"], ["keygen", "a", "b"], ["-x"],
         ["keygen", "-a", "hmac-none", "k.example"], ["keygen", "-f", "hieroglyphs", "k.example"], ["help", "fly"],
         ["--fly"], ["-c"], ["-c", "x"], ["show"], ["check", "--config"], ["show", "a", "b"], ["show", "--tproxy", "a"],
         ["show", "-f", "excel", "a"], ["show", "--sidecar", "a"], ["probe", "a", "b"], ["probe", "--zone", "a..b"],
         ["show", "--zone", "a b", "a"], ["probe", "--zone"]]


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_usage_is_exit_2(words):
    result = tsig_proxy(*words)
    assert (result.returncode, result.stdout) == (2, "")
    assert "usage: tsig-proxy" in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("words", [["{}", "-h"], ["{}", "--help"], ["-h", "{}"], ["--help", "{}"], ["help", "{}"],
                                   ["{}", "-c", "none", "--help"]], ids=" ".join)
def test_each_command_has_a_page(command, words):
    result = tsig_proxy(*(word.format(command) for word in words))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"usage: tsig-proxy {command}")
    assert "--config" in result.stdout and "--version" in result.stdout


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["help"]], ids=" ".join)
def test_the_page_of_all_names_each_command(words):
    result = tsig_proxy(*words)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.findall(r"^  ([a-z-]+) ", result.stdout, re.M) == COMMANDS
    manual = MANUAL.read_text()
    assert all(f".It Cm {command}" in manual for command in COMMANDS)


@pytest.mark.parametrize("words", [["-V"], ["--version"], ["version"], ["check", "-V"], ["-V", "keygen"],
                                   ["run", "--version"]], ids=" ".join)
def test_the_version_says_what_it_is_built_of(words):
    result = tsig_proxy(*words)
    assert (result.returncode, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    assert re.fullmatch(r"tsig-proxy \d+\.\d+\.\d+( \(commit [0-9a-f]+\))?", first)
    for library in ("libuv", "OpenSSL", "inih", "jansson", "libmicrohttpd", "libcap-ng", "libseccomp"):
        assert re.search(rf"{library} \d+", second), second


@pytest.mark.parametrize("words", [["check", "-c", "{}"], ["check", "--config", "{}"], ["check", "--config={}"],
                                   ["check", "-c{}"], ["-c", "{}", "check"], ["--config", "{}", "check"],
                                   ["--config={}", "check"]], ids=" ".join)
def test_the_configuration_is_given_before_or_behind(tmp_path, words):
    path = tmp_path / "a.ini"
    path.write_text(SOUND)
    path.chmod(0o600)
    result = tsig_proxy(*(word.format(path) for word in words))
    assert (result.returncode, result.stdout.splitlines()[0]) == (0, f"{path}: ok"), result


def test_options_may_follow_words():
    assert "[key k.example]" in tsig_proxy("keygen", "k.example", "-f", "ini").stdout
    assert "[key k.example]" in tsig_proxy("keygen", "k.example", "--format=ini").stdout
    assert "hmac-sha512" in tsig_proxy("keygen", "-f", "bind", "k.example", "--algorithm", "sha512").stdout
    assert 'key "-k.example"' in tsig_proxy("keygen", "--", "-k.example").stdout


@pytest.mark.parametrize(("words", "says"), [
    (["chek"], "unknown command 'chek'; did you mean 'check'?"),
    (["fly"], "unknown command 'fly'"),
    (["check", "-x"], "check: unknown option '-x'; there are -c --config -h --help -V --version"),
    (["check", "--fly"], "check: unknown option '--fly'; there are -c --config -h --help -V --version"),
    (["--fly"], "unknown option '--fly'; there are -c --config -h --help -V --version"),
    (["show", "-hx"], None),
    (["keygen", "-x", "k"], "keygen: unknown option '-x'; there are -c --config -h --help -V --version -a --algorithm -f"
                            " --format"),
    (["check", "a.ini"], "check: unexpected argument 'a.ini'; a configuration is given with -c a.ini"),
    (["check", "now"], "check: unexpected argument 'now'"),
    (["check", "-c"], "check: -c takes a value"),
    (["keygen"], "keygen: the key's name is missing"),
])
def test_what_is_unknown_says_what_is_known(words, says):
    result = tsig_proxy(*words)
    if says is None:
        assert result.returncode == 0
    else:
        assert result.returncode == 2
        assert result.stderr.splitlines()[0] == f"tsig-proxy: {says}"
