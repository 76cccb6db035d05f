"""keygen: what it prints is what each of the others reads, and what secret-file takes."""

import base64
import re
import subprocess
from pathlib import Path

import net
import pytest
import tsigtool
from proxy import Proxy
from test_commands import SOUND, GOOD_SECRET, check_text, errors, tsig_proxy  # noqa: F401
from tsigtool import Key

SECRET = r"[A-Za-z0-9+/]{16,}={0,2}"
WHOLE = [name for name, (_, digest, size) in tsigtool.ALGORITHMS.items() if digest().digest_size == size]


def keygen(*words):
    result = tsig_proxy("keygen", *words)
    assert result.returncode == 0, result
    return result.stdout


def secret_of(text):
    return max(re.findall(SECRET, text), key=len)


def runs(*command, **more):
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **more)
    assert result.returncode == 0, result
    return result.stdout


@pytest.mark.parametrize("algorithm", [None, *tsigtool.ALGORITHMS])
def test_a_section_is_usable(check_text, algorithm):
    text = keygen("-f", "ini", *(["-a", algorithm] if algorithm else []), "fresh.example")
    secret = base64.b64decode(secret_of(text), validate=True)
    assert len(secret) == tsigtool.ALGORITHMS[algorithm or "hmac-sha256"][1]().digest_size
    assert "[key fresh.example]" in text
    whole = SOUND.replace("[primary hq]", text + "\n[primary hq]").replace("key = xfr.example", "key = fresh.example")
    checked, found = check_text(whole)
    assert (checked.returncode, errors(found)) == (0, {})


def test_it_is_random():
    assert len({secret_of(keygen("k.example")) for _ in range(5)}) == 5


@pytest.mark.parametrize("form", [[], ["-f", "bind"], ["-f", "ini"], ["-f", "dig"]], ids=" ".join)
def test_secret_file_takes_it_as_it_is(check_text, tmp_path, form):
    """Bind is the default; algorithm and name come from the file."""
    (tmp_path / "fresh.key").write_text(keygen("-a", "SHA512", *form, "xfr.example"))
    (tmp_path / "fresh.key").chmod(0o600)
    text = SOUND.replace(f"secret = {GOOD_SECRET}", "secret-file = fresh.key").replace("algorithm = hmac-sha256\n", "")
    result, found = check_text(text)
    assert (result.returncode, errors(found)) == (0, {}), result
    assert "secret" not in result.stderr
    result, found = check_text(text.replace("secret-file", "algorithm = sha256\nsecret-file"))
    assert "hmac-sha256" in result.stderr and "hmac-sha512" in result.stderr


@pytest.mark.parametrize("form", ["nsd", "knot", "powerdns", "unbound"])
def test_other_formats_are_no_secret_files_and_said_to_be(check_text, tmp_path, form):
    (tmp_path / "fresh.key").write_text(keygen("-f", form, "xfr.example"))
    result, found = check_text(SOUND.replace(f"secret = {GOOD_SECRET}", "secret-file = fresh.key"))
    assert list(errors(found)) == [6], result
    assert f"{tmp_path}/fresh.key" in errors(found)[6][0]
    assert re.search("PowerDNS" if form == "powerdns" else "NSD, Knot or Unbound", errors(found)[6][0])


@pytest.mark.parametrize("algorithm", tsigtool.ALGORITHMS)
def test_bind_reads_it(tmp_path, algorithm):
    (tmp_path / "named.conf").write_text(keygen("-a", algorithm, "fresh.example"))
    runs("named-checkconf", tmp_path / "named.conf")


@pytest.mark.parametrize("algorithm", WHOLE)
def test_nsd_reads_it(tmp_path, algorithm):
    (tmp_path / "nsd.conf").write_text(f'server:\n    zonesdir: "{tmp_path}"\n'
                                       + keygen("-a", algorithm, "-f", "nsd", "fresh.example"))
    runs("nsd-checkconf", tmp_path / "nsd.conf")


@pytest.mark.parametrize("name", ["fresh.example", "a#b:c.example"])
@pytest.mark.parametrize("algorithm", WHOLE)
def test_knot_reads_it(tmp_path, algorithm, name):
    (tmp_path / "knot.conf").write_text(keygen("-a", algorithm, "-f", "knot", name))
    runs("knotc", "-c", tmp_path / "knot.conf", "conf-check")


SCHEMA = Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")


@pytest.mark.skipif(not SCHEMA.exists(), reason="no schema of pdns-backend-sqlite3 here")
@pytest.mark.parametrize("algorithm", WHOLE)
def test_powerdns_reads_it(tmp_path, algorithm):
    import sqlite3

    with sqlite3.connect(tmp_path / "db") as db:
        db.executescript(SCHEMA.read_text())
    (tmp_path / "pdns.conf").write_text(f"launch=gsqlite3\ngsqlite3-database={tmp_path}/db\n")
    line = keygen("-a", algorithm, "-f", "powerdns", "fresh.example")
    runs("sh", "-c", line.replace("pdnsutil", f"pdnsutil --config-dir={tmp_path}", 1))
    listed = runs("pdnsutil", f"--config-dir={tmp_path}", "list-tsig-keys")
    assert listed.split() == ["fresh.example.", f"{algorithm}.", secret_of(line)]


def test_a_shell_reads_it_as_it_is_meant(tmp_path):
    """A name may have any octet in it."""
    name = "`touch${IFS}x`'|&>y.example"
    for form, place in (("powerdns", 1), ("dig", 0)):
        line = keygen("-f", form, name)
        script = line if form == "powerdns" else f"dig {line}"
        shell = f"pdnsutil() {{ printf '%s\\n' \"$@\"; }}\ndig() {{ printf '%s\\n' \"$@\"; }}\n{script}"
        words = runs("sh", "-c", shell, cwd=tmp_path).splitlines()
        assert len(words) == (4 if form == "powerdns" else 1), words
        assert name.lower() in words[place].replace("\\", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["*", "a b", 'a"b', "a,b", "a..b", ".", "", "b\u00fccher.example", "x" * 64])
def test_a_name_that_check_refuses_is_refused(name):
    result = tsig_proxy("keygen", name)
    assert (result.returncode, result.stdout) == (2, "")
    assert name in result.stderr


@pytest.mark.parametrize("name", ["a/b.example", "x" * 50 + ".example"])
def test_a_name_that_is_no_label_is_given_beside_it(check_text, name):
    text = keygen("-f", "ini", name)
    assert f"name      = {name}" in text
    whole = SOUND.replace("[primary hq]", text + "\n[primary hq]")
    checked, found = check_text(whole.replace("key = xfr.example", "key = a-label-of-your-own"))
    assert (checked.returncode, errors(found)) == (0, {})


def test_what_is_unknown_says_what_is_known():
    result = tsig_proxy("keygen", "-a", "sha3", "k.example")
    assert result.returncode == 2
    assert all(name in result.stderr for name in tsigtool.ALGORITHMS)
    result = tsig_proxy("keygen", "-f", "yadifa", "k.example")
    assert result.returncode == 2
    assert all(form in result.stderr for form in "bind ini nsd knot powerdns unbound dig".split())
    for form in ("nsd", "knot", "powerdns", "unbound"):
        result = tsig_proxy("keygen", "-a", "hmac-sha256-128", "-f", form, "k.example")
        assert (result.returncode, result.stdout) == (2, "")


@pytest.mark.parametrize(("option", "form"), [("-k", "bind"), ("-y", "dig")])
@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-md5", "hmac-sha512"])
def test_dig_asks_with_it(launch, tmp_path, option, form, algorithm):
    """It is answered by a proxy whose secret-file is the very same."""
    from relay import ZONE
    from scripted import Scripted, sound

    path = tmp_path / "fresh.key"
    path.write_text(keygen("-a", algorithm, "-f", form, "fresh.example"))
    path.chmod(0o600)
    primary, source = launch(Scripted(sound)), net.fresh_address()
    started = launch(Proxy(tmp_path / "proxy", [
        ("key fresh.example", {"secret-file": path, "algorithm": algorithm}),
        ("primary hq", {"address": net.text(primary.place)}),
        ("secondary anycast", {"address": source, "key": "fresh.example"}),
    ]))
    given = path if option == "-k" else path.read_text().strip()
    answer = runs("dig", f"@{started.place.address}", "-p", started.place.port, "-b", source, option, given, ZONE, "SOA",
                  "+tries=1")
    assert "NOERROR" in answer and "TSIG" in answer and "Couldn't verify" not in answer, answer


def test_run_starts_from_what_keygen_printed(launch, tmp_path):
    text = keygen("-f", "ini", "fresh.example")
    key = Key("fresh.example", secret=base64.b64decode(secret_of(text)), label="fresh")
    sections = [
        key.section(),
        ("primary hq", {"address": "127.0.0.1@9"}),
        ("secondary anycast", {"address": "127.0.0.1@9", "key": key.label}),
    ]
    started = launch(Proxy(tmp_path / "proxy", sections))
    assert net.text(started.place) in started.events(event="started")[0]["listen"]


def test_M8_a_credential_is_there_for_the_service_alone(check_text, tmp_path, monkeypatch):
    """check warns that it has not seen it; run does not start without it."""
    text = SOUND.replace(f"secret = {GOOD_SECRET}", "secret-file = credential:xfr")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    result, found = check_text(text)
    assert (result.returncode, errors(found)) == (0, {}), result
    assert [severity for severity, _ in found[6]] == ["warning"]
    assert "CREDENTIALS_DIRECTORY" in result.stderr and "credential:xfr" in result.stderr
    started = tsig_proxy("run", "-c", tmp_path / "tsig-proxy.ini")
    assert started.returncode == 1
    assert "tsig-proxy.ini:6: error: $CREDENTIALS_DIRECTORY" in started.stderr
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    result, found = check_text(text)
    assert list(errors(found)) == [6] and f"{folder}/xfr" in errors(found)[6][0]
    (folder / "xfr").write_text(GOOD_SECRET)
    (folder / "xfr").chmod(0o400)
    result, found = check_text(text)
    assert result.returncode == 0 and not found.get(6), result


def test_run_serves_with_a_credential(launch, tmp_path, monkeypatch):
    from relay import ZONE
    from scripted import Scripted, sound

    (tmp_path / "xfr").write_text(keygen("fresh.example"))
    (tmp_path / "xfr").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    primary, source = launch(Scripted(sound)), net.fresh_address()
    started = launch(Proxy(tmp_path / "proxy", [
        ("key fresh.example", {"secret-file": "credential:xfr"}),
        ("primary hq", {"address": net.text(primary.place)}),
        ("secondary anycast", {"address": source, "key": "fresh.example"}),
    ]))
    answer = runs("dig", f"@{started.place.address}", "-p", started.place.port, "-b", source, "-k", tmp_path / "xfr",
                  ZONE, "SOA", "+tries=1")
    assert "NOERROR" in answer and "Couldn't verify" not in answer
