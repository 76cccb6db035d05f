"""The control socket: what can be asked over it, and what strangers to its rules cannot do."""

import os
import select
import signal
import socket
import stat
import tempfile
import time
from pathlib import Path

import messages
import net
import process
import pytest
from asked import Asked, read_all, settings
from messages import NOERROR, REFUSED
from proxy import Proxy, ini, own_settings
from relay import Relay, ZONE
from scripted import Scripted, signing, sound
from tsigtool import Key

as_root = pytest.mark.skipif(os.getuid() != 0, reason="takes root")


@pytest.fixture
def short_path():
    """A folder whose name is short, open to all users."""
    with tempfile.TemporaryDirectory(prefix="tp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def asked(launch, tmp_path, short_path):
    """asked(…): a relay that can be asked; `.relay` is it."""

    def make(*arguments, **more):
        own = {**settings(short_path), **more}
        made = Relay(launch, tmp_path, *arguments, **own)
        host, port = own["http"].split("@")
        one = Asked(made.proxy, own["control"], net.Place(host, int(port)))
        one.relay, one.settings = made, own
        return one

    return make


def write(one, **more):
    """The configuration anew, with other settings of [proxy]."""
    made = one.relay
    text = ini([("proxy", own_settings(made.proxy.place, **{**one.settings, **more})), made.key.section(),
                ("primary legacy", {"address": net.text(made.primary.place)}),
                ("secondary anycast", {"address": net.text(made.secondary_place), "key": made.key.label})])
    made.proxy.path.write_text(text)


def test_status_begins_with_a_sentence(asked):
    one = asked()
    result = one.command("status")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] and all(len(line) <= 80 for line in lines if str(one.proxy.path) not in line)
    assert one.ask("status")["config"]["last_reload_successful"] is True
    assert '"summary"' in one.command("status", "--json").stdout


def test_config_shows_all_but_secrets(asked):
    one = asked(log_level="info")
    text = one.command("config").stdout
    assert one.relay.key.base64 not in text
    assert "[key xfr.example]" in text and "[secondary anycast]" in text
    rows = {row["name"]: row for row in one.ask("config")["settings"] if row["section"] == "proxy"}
    assert (rows["fudge"]["value"], rows["fudge"]["default"], rows["fudge"]["reload"]) == ("300", "300", True)
    assert (rows["user"]["value"], rows["user"]["default"], rows["user"]["reload"]) == ("", "tsig-proxy", False)
    assert rows["control"]["value"] == str(one.control) and rows["control"]["line"] > 1


def test_reload_says_what_came_of_it(asked):
    one = asked()
    result = one.command("reload")
    assert (result.returncode, "is in force" in result.stdout) == (0, True), result
    good = one.proxy.path.read_text()
    one.proxy.path.write_text(good.replace("[primary legacy]", "[primary legacy]\ncolour = green"))
    result = one.command("reload")
    assert result.returncode == 1
    assert "unknown setting 'colour' in [primary legacy]" in result.stderr
    assert one.ask("status")["config"]["last_reload_successful"] is False
    assert one.get("/readyz").status == 200
    one.proxy.path.write_text(good)
    assert one.command("reload").returncode == 0


def test_what_takes_a_restart_is_said(asked):
    one = asked()
    write(one, status_zones=7)
    result = one.command("reload")
    assert result.returncode == 1 and "'status-zones' takes a restart" in result.stderr


def test_a_reload_moves_socket_and_http(asked, short_path):
    one = asked()
    before = one.control, one.place
    place = net.free_place()
    write(one, control=short_path / "d.sock", http=net.text(place))
    answer = one.ask("reload")
    assert answer["successful"] is True, answer
    assert not before[0].exists()
    with pytest.raises(ConnectionRefusedError):
        one.get("/healthz")
    one.control, one.place = short_path / "d.sock", place
    assert one.get("/healthz").status == 200 and one.ask("health")["ready"]
    write(one, control="", http="")
    assert one.ask("reload")["successful"] is True
    assert not one.control.exists()


def test_a_reload_that_cannot_have_them_changes_nothing(asked, short_path, launch):
    one = asked()
    taken = launch(Scripted(sound))
    write(one, http=net.text(taken.place))
    result = one.command("reload")
    assert result.returncode == 1 and "no HTTP at" in result.stderr and "Address already in use" in result.stderr
    write(one, control=short_path / "no" / "c.sock")
    answer = one.ask("reload")
    assert answer["successful"] is False and "install -d" in answer["findings"][-1]
    assert one.get("/readyz").status == 200 and one.ask("health")["ready"]


def notified(request):
    request.reply(messages.answer(request.wire))


def test_the_log_level_changes_until_the_next_reload(asked, launch):
    one = asked(log_level="notice")
    launch(Scripted(signing(one.relay.key, notified), place=one.relay.secondary_place))
    assert one.command("log-level", "loud").returncode == 1
    assert one.command("notify", ZONE).returncode == 0
    assert not one.proxy.events(event="notify")
    assert one.command("log-level", "info").returncode == 0
    assert one.command("notify", ZONE).returncode == 0
    one.proxy.wait(event="notify", result="ok")
    one.proxy.process.signal(signal.SIGHUP)
    one.proxy.wait(event="reloaded")
    start = one.proxy.mark()
    assert one.command("notify", ZONE).returncode == 0
    one.ask("health")
    assert not one.proxy.events(start=start, event="notify")


def test_M3_notify_sends_a_signed_one_each_time(asked, launch):
    one = asked()
    listening = launch(Scripted(signing(one.relay.key, notified), place=one.relay.secondary_place))
    for count in (1, 2):
        result = one.command("notify", ZONE)
        assert (result.returncode, result.stdout) == (0, f"{ZONE}: told to anycast, answered NOERROR\n"), result
        listening.wait(count)
    assert one.command("notify", ZONE, "anycast").returncode == 0
    listening.wait(3)
    one.proxy.wait(event="notify", peer="anycast", result="ok", client="legacy")


def test_M3_notify_says_when_nobody_answers_and_whom_nobody_knows(asked):
    one = asked(answer_timeout=2)
    result = one.command("notify", ZONE)
    assert result.returncode == 1 and "nobody has answered" in result.stdout
    assert "asleep, and told again later: anycast" in result.stdout
    assert "there is no [secondary nobody]" in one.command("notify", ZONE, "nobody").stderr
    assert "is no domain name" in one.command("notify", "a..b").stderr


def test_nothing_runs_is_a_sentence(asked):
    one = asked()
    one.relay.proxy.terminate()
    one.relay.proxy.process.wait()
    for words in (["status"], ["reload"], ["notify", ZONE]):
        result = one.command(*words)
        assert result.returncode == 1 and "is it running? (systemctl status tsig-proxy)" in result.stderr
    assert one.command("health").returncode == 1
    assert not one.control.exists()


def test_a_socket_that_was_left_behind_is_replaced(asked, launch):
    one = asked()
    one.proxy.kill()
    assert one.control.exists()
    again = launch(Proxy(one.proxy.directory, [one.relay.key.section(),
                                               ("primary legacy", {"address": "192.0.2.1"}),
                                               ("secondary anycast", {"address": "192.0.2.2",
                                                                      "key": one.relay.key.label})],
                         **one.settings))
    assert Asked(again, one.control).ask("health")["pid"] == again.pid


def test_what_is_no_socket_is_left_alone(asked, tmp_path, short_path):
    path = short_path / "c.sock"
    path.write_text("precious")
    with pytest.raises(AssertionError, match="what stands there is no socket"):
        asked()
    assert path.read_text() == "precious"


def test_L9_a_second_instance_is_told_of_the_first(asked, launch, tmp_path):
    one = asked()
    with pytest.raises(AssertionError, match=f"another tsig-proxy, process {one.proxy.pid}, runs with it"):
        launch(Proxy(tmp_path / "second", [one.relay.key.section(), ("primary p", {"address": "192.0.2.1"}),
                                           ("secondary s", {"address": "192.0.2.2", "key": one.relay.key.label})],
                     control=one.control, http=""))
    assert one.ask("health")["pid"] == one.proxy.pid


def test_check_finds_nothing_in_what_our_instance_holds(asked):
    one = asked()
    result = one.command("check")
    assert result.returncode == 0 and "control" not in result.stderr and "HTTP" not in result.stderr


def test_check_tries_them(asked, launch, tmp_path, short_path):
    one = asked()
    taken = launch(Scripted(sound))
    write(one, control=short_path / "no" / "c.sock", http=net.text(taken.place))
    result = one.command("check")
    assert result.returncode == 1
    assert "error: no control socket at" in result.stderr and "error: no HTTP at" in result.stderr


# Who does not keep the rules.


@pytest.mark.parametrize("line", [b"\n", b"fly\n", b"status now\n", b"notify\n", b"notify a b c\n", b"sta\0tus\n",
                                  b"status\r\n", b" status\n", b"\xff\xfe\n", b"log-level\n", b"STATUS\n"])
def test_what_is_no_command_is_an_error(asked, line):
    one = asked()
    assert b'"error"' in one.send(line)
    assert one.ask("health")["ready"]


def test_what_has_no_end_is_cut_off(asked):
    one = asked()
    assert one.send(b"s" * 100000) == b""
    assert one.ask("health")["ready"]


def test_who_says_nothing_is_let_go_and_others_are_served_meanwhile(asked):
    one = asked()
    mute = [one.open() for _ in range(7)]
    began = time.monotonic()
    assert one.ask("health")["ready"]
    assert time.monotonic() - began < 4, "a place was free"
    late = one.open()
    more = one.open()
    more.sendall(b"health\n")
    assert b'"ready":true' in read_all(more), "it has its turn when another's time is up"
    for asking in [*mute, late]:
        assert read_all(asking) == b""
        asking.close()
    more.close()
    assert one.relay.ask("udp", messages.query(ZONE))


def test_who_reads_slowly_holds_nobody_up(asked):
    one = asked()
    slow = [one.open() for _ in range(7)]
    for asking in slow:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        asking.sendall(b"config\n")
    began = time.monotonic()
    assert one.ask("health")["ready"]
    assert one.get("/readyz").status == 200
    assert time.monotonic() - began < 2
    for asking in slow:
        select.select([asking], [], [], process.PATIENCE)
        asking.close()


def test_who_leaves_before_the_answer_leaves_its_place(asked):
    """None of these is answered before others would notice."""
    one = asked(answer_timeout=5)
    began = time.monotonic()
    for _ in range(40):
        with one.open() as asking:
            asking.sendall(f"notify {ZONE}\n".encode())
    assert one.ask("health")["ready"] and time.monotonic() - began < 3


def test_who_says_that_nothing_more_comes_is_answered(asked):
    one = asked(answer_timeout=1)
    with one.open() as asking:
        asking.sendall(f"notify {ZONE}\n".encode())
        asking.shutdown(socket.SHUT_WR)
        assert b'"answered":false' in read_all(asking)


def test_what_comes_behind_the_line_is_not_heard(asked):
    one = asked(answer_timeout=1)
    with one.open() as asking:
        asking.sendall(f"notify {ZONE}\n".encode() + b"status\n" * 10000)
        answer = read_all(asking)
    assert answer.count(b"\n") == 1 and b'"answered":false' in answer


def test_its_mode_lets_the_group_in_and_nobody_else(asked):
    one = asked()
    assert stat.S_IMODE(one.control.stat().st_mode) == 0o660


@as_root
def test_who_may_not_is_told_so(asked, short_path):
    one = asked()
    one.proxy.directory.chmod(0o755)
    result = one.command("status", "--socket", one.control, user=65534)
    assert result.returncode == 1 and "Permission denied" in result.stderr


@as_root
def test_who_may_not_read_the_configuration_asks_where_it_is_by_default(asked):
    result = asked().command("status", user=65534)
    assert result.returncode == 1 and "/run/tsig-proxy/control.sock" in result.stderr


def test_text_of_another_encoding_is_told_all_the_same(asked):
    one = asked()
    good = one.proxy.path.read_bytes()
    one.proxy.path.write_bytes(good + b"colour = gr\xfcn\nc\xf6lour = 1\n")
    result = one.command("reload")
    assert result.returncode == 1 and "unknown setting 'colour'" in result.stderr
    assert "unknown setting 'c?lour'" in result.stderr
    one.proxy.path.write_bytes(good)


@as_root
def test_a_member_of_the_group_reads_no_key(asked, short_path):
    """The configuration may be read, the key and what it includes may not."""
    one = asked()
    os.chown(one.control, 0, 65534)
    for folder in [one.proxy.directory, *one.proxy.directory.parents]:
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/pytest"):
            folder.chmod(0o755)
    text = one.proxy.path.read_text()
    one.proxy.path.write_text(text.replace("secret =", "secret-file = /root/none\n;"))
    one.proxy.path.chmod(0o644)
    for words in (["status"], ["health"], ["config"]):
        result = one.command(*words, user=65534)
        assert (result.returncode, result.stderr) == (0, ""), words
