"""Metrics, health and the page over HTTP: what is served, to whom, and what strangers to its rules cannot do."""

import http.server
import json
import socket
import threading
import time

import messages
import net
import process
import pytest
from asked import read_all
from relay import ZONE
from scripted import sound
from test_control import asked, short_path, write  # noqa: F401  pylint: disable=unused-import

pytestmark = pytest.mark.any_workers

PATHS = {"/": "text/html", "/still": "text/html", "/status.json": "application/json", "/metrics": "text/plain",
         "/healthz": "application/json", "/readyz": "application/json"}


@pytest.fixture
def one(asked):  # noqa: F811
    return asked()


@pytest.mark.parametrize("path", PATHS)
def test_each_document_is_there_and_keeps_to_itself(one, path):
    response = one.get(path)
    assert response.status == 200 and response.getheader("Content-Type").startswith(PATHS[path])
    assert response.getheader("X-Content-Type-Options") == "nosniff"
    assert response.getheader("X-Frame-Options") == "DENY" and response.getheader("Cache-Control") == "no-store"
    policy = response.getheader("Content-Security-Policy")
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    head = one.get(path, "HEAD")
    assert head.status == 200 and head.text == ""


def test_health_says_who_it_is(one):
    said = json.loads(one.get("/healthz").text)
    assert said["program"] == "tsig-proxy" and said["pid"] == one.proxy.pid and said["ready"] is True
    assert said["config"] == str(one.proxy.path.resolve())


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "X" * 200])
def test_nothing_but_get_and_head_is_known(one, method):
    response = one.get("/", method)
    assert response.status in (400, 405)
    assert one.get("/readyz").status == 200


def test_nothing_else_is_there(one):
    for path in ("/x", "/../etc/passwd", "/metrics/", "/%2e%2e/", "//", "/status.json.bak"):
        assert one.get(path).status == 404, path


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1]",
                                  "192.0.2.1:9453"])
def test_on_loopback_the_host_must_be_this_one(one, host):
    for path in ("/", "/status.json", "/metrics", "/still"):
        assert one.get(path, Host=host).status in (400, 403), path
    if host:
        assert one.get("/healthz", Host=host).status == 200 and one.get("/readyz", Host=host).status == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:9"])
def test_on_loopback_these_hosts_are_this_one(one, host):
    assert one.get("/status.json", Host=host).status == 200


def test_on_ipv6_too(asked):  # noqa: F811
    place = net.free_place("::1")
    one = asked(http=net.text(place))
    assert one.get("/status.json").status == 200
    assert one.get("/status.json", Host="[::1]:9").status == 200
    assert one.get("/status.json", Host="evil.example").status == 403


def test_elsewhere_any_host_will_do(asked):  # noqa: F811
    place = net.free_place("0.0.0.0")
    one = asked(http=net.text(place))
    assert one.get("/metrics", Host="proxy.example:9453").status == 200


def test_it_outlives_a_reload_that_is_refused(one):
    good = one.proxy.path.read_text()
    one.proxy.path.write_text("[proxy]\nnonsense\n")
    assert one.ask("reload")["successful"] is False
    assert one.get("/readyz").status == 200 and one.get("/metrics").status == 200
    one.proxy.path.write_text(good)


def test_ready_ends_when_draining_begins(asked):  # noqa: F811
    """A transfer that stands still keeps it from its end."""
    def script(request):
        if request.kind == messages.AXFR:
            request.answer(messages.soa(ZONE, 7), f"a.{ZONE}. 60 IN A 192.0.2.1")
        else:
            sound(request)

    one = asked(script, drain_timeout=8)
    asking = one.relay.client()
    verifier = one.relay.send(asking, messages.query(ZONE, "AXFR"))
    verifier.check(asking.receive())
    one.proxy.terminate()
    one.proxy.wait(event="draining")
    response = one.get("/readyz")
    assert response.status == 503 and json.loads(response.text)["draining"] is True
    assert one.get("/healthz").status == 200
    result = one.command("health")
    assert result.returncode == 1 and "is about to stop" in result.stderr
    asking.close()


# Who does not keep the rules.


def connect(one):
    asking = socket.create_connection(one.place, timeout=process.PATIENCE)
    return asking


def raw(one, octets):
    with connect(one) as asking:
        try:
            asking.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        return read_all(asking)


@pytest.mark.parametrize("octets", [
    b"GET\r\n\r\n", b"\0" * 100 + b"\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
], ids=lambda octets: octets[:24])
def test_what_is_malformed_ends_that_connection_alone(one, octets):
    answer = raw(one, octets)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert one.get("/readyz").status == 200


def test_many_that_say_nothing_are_let_go(one):
    """The address of one has its share; when their ten seconds are over, there is room again."""
    many = [connect(one) for _ in range(20)]
    began = time.monotonic()
    assert one.get("/readyz", source="127.0.0.2").status == 200, "who asks from elsewhere has room"
    assert one.relay.ask("udp", messages.query(ZONE)), "who asks for DNS notices nothing"
    assert one.ask("health")["ready"]
    for asking in many:
        assert read_all(asking) == b""
        asking.close()
    assert time.monotonic() - began < 18
    process.until(lambda: is_ready(one), "room again", 2)


def is_ready(one):
    try:
        return one.get("/readyz").status == 200
    except ConnectionResetError:
        return False


def test_who_reads_slowly_holds_nobody_up(one):
    slow = [connect(one) for _ in range(10)]
    for asking in slow:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        asking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
    began = time.monotonic()
    for _ in range(10):
        assert one.get("/metrics").status == 200
    assert time.monotonic() - began < 5
    for asking in slow:
        asking.close()
    assert one.get("/").status == 200


# The command health.


class Other:
    """A server that says of everything that it is well."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"ready": true}')

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = net.Place(*self.server.server_address)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def test_health_asks_over_http_where_the_socket_cannot_be_had(one):
    assert one.command("health").returncode == 0
    text = one.proxy.path.read_text()
    one.proxy.path.write_text(text.replace(f"control = {one.control}", "control = /nowhere/c.sock"))
    assert one.command("health").returncode == 0
    one.proxy.path.write_text(text)


def test_health_is_fooled_by_no_other_server(one, launch):
    """One that answers on the port where the program would."""
    other = launch(Other())
    write(one, control="", http=net.text(other.place))
    result = one.command("health")
    assert result.returncode == 1 and "another program" in result.stderr


def test_health_is_fooled_by_no_other_instance(one, tmp_path):
    elsewhere = tmp_path / "other.ini"
    elsewhere.write_text(one.proxy.path.read_text())
    elsewhere.chmod(0o600)
    one.proxy.path, before = elsewhere, one.proxy.path
    result = one.command("health")
    one.proxy.path = before
    assert result.returncode == 1 and f"process {one.proxy.pid}, runs with {before}" in result.stderr


def test_health_needs_somebody_to_ask(one):
    write(one, control="", http="")
    result = one.command("health")
    assert result.returncode == 1 and "so nobody can be asked" in result.stderr
