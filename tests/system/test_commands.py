"""The command check, and what run refuses as well (M8)."""

import base64
import re
import subprocess

import pytest

import namespaces
import net
import proxy
from scripted import Scripted

GOOD_SECRET = base64.b64encode(bytes(range(32))).decode()


def tsig_proxy(*words, patience=20):
    return subprocess.run(
        [proxy.program(), *map(str, words)], capture_output=True, text=True, timeout=patience, check=False)


def findings(result, path):
    """{line: [(severity, sentence)]} of a check; every line of the report must be of that form."""
    found = {}
    for line in (result.stdout + result.stderr).splitlines():
        match = re.match(r"(.+?):(?:(\d+):)? (error|warning): (.+)", line)
        if match:
            assert match[1] == str(path) or "/" in match[1], line
            found.setdefault(int(match[2] or 0), []).append((match[3], match[4]))
    assert "runtime error" not in result.stderr and "Sanitizer" not in result.stderr
    return found


def check(path):
    result = tsig_proxy("check", "-c", path)
    return result, findings(result, path)


@pytest.fixture
def check_text(tmp_path):
    def run(text):
        path = tmp_path / "tsig-proxy.ini"
        path.write_text(text)
        path.chmod(0o600)
        return check(path)

    return run


SOUND = f"""\
[proxy]
user =
listen = 127.0.0.1@5353
[key xfr.example]
algorithm = hmac-sha256
secret = {GOOD_SECRET}
[primary hq]
address = 192.0.2.1@5300
[secondary anycast]
primary = hq
address = 198.51.100.1
key = xfr.example
zones = *
"""

# each line that is wrong says so behind it
MISTAKES = f"""\
[proxy]
user =
listen = 127.0.0.1@5353, 192.0.2.1@99999            ; wrong
fudge = 0                                           ; wrong
fudge = 300                                         ; wrong: twice
colour = green                                      ; wrong
log-level = loud                                    ; wrong
transparent = perhaps                               ; wrong
this line says nothing                              ; wrong
[key one]
algorithm = hmac-sha257                             ; wrong
secret = {GOOD_SECRET}
[key two]
secret = not base64!                                ; wrong
[key three]
secret-file = /nowhere/at/all                       ; wrong
[key one]                                           ; wrong: twice
secret = {GOOD_SECRET}
[castle]                                            ; wrong
[primary hq]
address = 192.0.2.1@53
from = 192.0.2.1/24                                 ; wrong
transport = pigeon                                  ; wrong
[secondary anycast]
primary = headquarters                              ; wrong
address = 198.51.100.1, nonsense                    ; wrong
key = four                                          ; wrong
allow = soa, everything                             ; wrong
"""


def test_M8_sound_file(check_text):
    result, found = check_text(SOUND)
    assert result.returncode == 0, result
    assert not any(severity == "error" for lines in found.values() for severity, _ in lines)
    assert any("secret" in sentence.lower() for lines in found.values() for _, sentence in lines)
    assert GOOD_SECRET not in result.stdout + result.stderr


def test_M8_every_mistake_is_reported_with_its_line(check_text):
    result, found = check_text(MISTAKES)
    assert result.returncode == 1
    wrong = {n for n, line in enumerate(MISTAKES.splitlines(), 1) if "; wrong" in line}
    reported = {line for line, all_of_it in found.items() if any(s == "error" for s, _ in all_of_it)}
    assert wrong - reported == set(), result.stdout + result.stderr
    assert reported - wrong == set(), result.stdout + result.stderr


def errors(found):
    return {line: [t for s, t in texts if s == "error"] for line, texts in found.items()
            if any(s == "error" for s, _ in texts)}


@pytest.mark.parametrize("size", [100, 199, 200, 201, 400, 1000, 4000])
def test_M8_long_line_is_read_to_its_end(check_text, size):
    """A mistake at the end of a long line is seen, and a sound one of that length is taken."""
    addresses = "address = 192.0.2.1@5300"
    while len(addresses) < size:
        addresses += f", 192.0.2.{len(addresses) % 250 + 1}@{len(addresses)}"
    result, found = check_text(SOUND.replace("address = 192.0.2.1@5300", addresses))
    assert (result.returncode, errors(found)) == (0, {}), result
    result, found = check_text(SOUND.replace("address = 192.0.2.1@5300", addresses + ", nonsense"))
    assert result.returncode == 1
    assert list(errors(found)) == [8]


def test_M8_line_too_long_is_an_error(check_text):
    result, found = check_text(SOUND + f"; {'x' * 10000}\nedns = {'x' * 10000}\n")
    assert result.returncode == 1
    assert 15 in errors(found)


@pytest.mark.parametrize("size", [49, 50, 60, 200])
def test_M8_long_names_are_whole_or_refused(check_text, size):
    """Two headers that differ behind the 49th octet are never taken for one another."""
    label = "k" * size
    text = SOUND.replace("[primary hq]", f"[key {label}1]\nsecret = {GOOD_SECRET}\n"
                         f"[key {label}2]\nsecret = {GOOD_SECRET}\n[primary hq]")
    result, found = check_text(text)
    assert result.returncode == 1
    assert {7, 9} <= set(errors(found))
    setting = "s" * size
    result, found = check_text(SOUND + f"{setting} = 1\n")
    assert (result.returncode, list(errors(found))) == (1, [14])


def test_M8_line_numbers_count_comments_and_blank_lines(check_text):
    result, found = check_text("\n; a comment\n\n# another\n" + SOUND + "\n\nfoo = bar\n")
    assert result.returncode == 1
    assert list(errors(found)) == [4 + 13 + 3]


def test_M8_update_without_a_key_is_an_error(check_text):
    text = SOUND.replace("key = xfr.example\n", "allow = soa, update\n")
    result, found = check_text(text)
    assert result.returncode == 1
    assert len(errors(found)) == 1


def test_M8_own_listener_as_a_peer_is_an_error(check_text):
    result, found = check_text(SOUND.replace("192.0.2.1@5300", "127.0.0.1@5353"))
    assert result.returncode == 1
    assert list(errors(found)) in ([7], [8])


@pytest.fixture
def host(launch):
    """A host of its own that has these addresses: 192.0.2.1 and 2001:db8::1."""
    if namespaces.missing():
        pytest.skip(namespaces.missing())
    namespace = launch(namespaces.Namespace("host"))
    namespace.ip("link set lo up", "addr add 192.0.2.1/32 dev lo", "addr add 2001:db8::1/128 dev lo")
    with namespace:
        yield namespace


def listening(listen, address):
    return SOUND.replace("127.0.0.1@5353", listen).replace("192.0.2.1@5300", address)


@pytest.mark.parametrize(("listen", "address"), [
    ("0.0.0.0@5300", "192.0.2.1@5300"),
    ("127.0.0.1@53, ::@5300", "192.0.2.2@5300, 2001:db8::1@5300"),
])
def test_M8_address_of_this_host_behind_a_wildcard_is_an_error(host, check_text, tmp_path, listen, address):
    """What is sent to it would come back to ourselves, and again, and again."""
    result, found = check_text(listening(listen, address))
    assert result.returncode == 1, result
    assert list(errors(found)) == [7]
    assert "this host" in errors(found)[7][0] and "hq" in errors(found)[7][0]
    started = tsig_proxy("run", "-c", tmp_path / "tsig-proxy.ini")
    assert started.returncode == 1
    assert "this host" in started.stderr


@pytest.mark.parametrize(("listen", "address"), [
    ("0.0.0.0@5301", "192.0.2.1@5300"),
    ("0.0.0.0@5300", "192.0.2.2@5300"),
    ("0.0.0.0@5300", "2001:db8::1@5300"),
    ("127.0.0.1@5300", "192.0.2.1@5300"),
])
def test_M8_other_places_on_this_host_are_fine(host, check_text, listen, address):
    result, found = check_text(listening(listen, address))
    assert (result.returncode, errors(found)) == (0, {}), result


WARNINGS = {
    "md5": ("algorithm = hmac-sha256", "algorithm = hmac-md5", "MD5"),
    "sha1": ("algorithm = hmac-sha256", "algorithm = hmac-sha1", "SHA-?1"),
    "short_secret": (GOOD_SECRET, GOOD_SECRET[:20], "short|octets"),
    "no_key": ("key = xfr.example", "mode = enforce", "key"),
    "observe": ("zones = *", "zones = *\nmode = observe", "observe"),
    "anywhere": ("zones = *", "zones = *\nfrom = 0.0.0.0/0", "0.0.0.0/0|any|every"),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_M8_warning(check_text, case):
    old, new, says = WARNINGS[case]
    result, found = check_text(SOUND.replace(old, new))
    assert result.returncode == 0, result
    texts = [text for lines in found.values() for severity, text in lines if severity == "warning"]
    assert any(re.search(says, text, re.IGNORECASE) for text in texts), texts


def test_M8_included_files_are_those_that_fit(check_text, tmp_path):
    folder = tmp_path / "conf.d"
    folder.mkdir()
    for name, text in (("b.ini", "[key two]\nsecret = AAAA=\n"), ("a.ini", "\n[primary hq]\n"),
                       (".hidden.ini", "nonsense\n"), ("a.ini~", "nonsense\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    (folder / "c.ini").mkdir()
    result, _ = check_text(SOUND.replace("user =", "user =\ninclude = conf.d/*.ini, gone.d/*, conf.d/gone.ini"))
    assert result.returncode == 1
    errors = [line for line in result.stderr.splitlines() if ": error: " in line]
    assert [line.split(": error: ")[0] for line in errors] == [
        f"{folder}/a.ini:2", f"{folder}/a.ini:2", f"{folder}/b.ini:2", f"{folder}/c.ini"], result.stderr
    assert f"[primary hq] is already in line 8 of {tmp_path}/tsig-proxy.ini" in errors[0] + errors[1]


def test_check_of_a_file_that_is_not_there(tmp_path):
    result = tsig_proxy("check", "-c", tmp_path / "none.ini")
    assert result.returncode == 1
    assert "none.ini" in result.stdout + result.stderr


def test_run_refuses_what_check_refuses(tmp_path):
    path = tmp_path / "tsig-proxy.ini"
    path.write_text(MISTAKES)
    result = tsig_proxy("run", "-c", path)
    assert result.returncode == 1
    assert "headquarters" in result.stdout + result.stderr


def test_run_fails_when_the_address_is_taken(tmp_path):
    with_tcp = Scripted(lambda request: None).start()
    try:
        path = tmp_path / "tsig-proxy.ini"
        path.write_text(SOUND.replace("127.0.0.1@5353", net.text(with_tcp.place)))
        result = tsig_proxy("run", "-c", path)
        assert result.returncode == 1
        assert str(with_tcp.place.port) in result.stdout + result.stderr
    finally:
        with_tcp.stop()
