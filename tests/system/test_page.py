"""The status page in a real browser: nothing is complained of, nothing comes from elsewhere, everything can be read,
narrow or wide, light or dark."""

import http.server
import json
import os
import subprocess
import threading
from pathlib import Path

import pages
import proxy
import pytest
from browser import Browser, program
from test_control import asked, short_path  # noqa: F401  pylint: disable=unused-import

pytestmark = [pytest.mark.any_workers, pytest.mark.skipif(not program(), reason="there is no chromium")]

WIDTHS = {"wide": 1280, "narrow": 390}


def render(document, *words):
    """The page's policy and the page."""
    binary = Path(proxy.program()).parent / "tests" / "render-page"
    result = subprocess.run([binary, *words], input=json.dumps(document), capture_output=True, text=True, check=True)
    policy, page = result.stdout.split("\n\n", 1)
    return policy, page


class Served:
    """The page at / as the program would send it."""

    def __init__(self, policy, page):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(page.encode() if self.path == "/" else b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/"

    def start(self):
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def browser(module_stack, tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("chromium"))
    module_stack.callback(made.stop)
    made.start()
    return made


@pytest.fixture
def show(launch, browser):
    def open_page(document, width=1280, scheme="light"):
        served = launch(Served(*render(document, "still")))
        browser.open(served.url, width, scheme=scheme)
        return served

    return open_page


def keep_picture(browser, name):
    """Where PAGE_PICTURES says, for people."""
    folder = os.environ.get("PAGE_PICTURES")
    if folder:
        browser.screenshot(Path(folder) / f"{name}.png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", pages.ALL)
def test_the_page_is_whole_in_a_browser(show, browser, state, width, scheme):
    made = pages.ALL[state]()
    served = show(made, WIDTHS[width], scheme)
    keep_picture(browser, f"{state}-{width}-{scheme}")
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [served.url]
    assert browser.value("document.querySelector('.summary').textContent") == made["summary"]
    assert browser.value("document.title") == "tsig-proxy"
    assert browser.value("document.documentElement.scrollWidth") <= WIDTHS[width]
    assert browser.value("document.scripts.length + document.images.length") == 0
    dark = browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 28)"
    assert dark == (scheme == "dark")


@pytest.mark.parametrize("piece", ["<p style='color:red'>", "<script>1</script>", "<img src='/x.png'>",
                                   "<style>p{}</style>", "<link rel=stylesheet href=/x.css>"])
def test_the_browser_would_complain(launch, browser, piece):
    """Of whatever the policy does not let in."""
    policy, page = render(pages.healthy(), "still")
    served = launch(Served(policy, page.replace("</body>", f"{piece}</body>")))
    browser.open(served.url, 1280)
    assert browser.complaints


def test_the_page_of_a_running_program(asked, browser):  # noqa: F811
    one = asked()
    browser.open(f"http://{one.place.address}:{one.place.port}/", 1280)
    assert browser.complaints == [] and len([u for u in browser.requests if not u.startswith("data:")]) == 1
    assert browser.value("document.querySelector('.summary').textContent") == one.ask("status")["summary"]
    assert "anycast" in rows(browser, "Secondaries")[0]
    keep_picture(browser, "running")


def rows(browser, heading):
    """The texts of the rows of a section."""
    return browser.value(f"""[...document.querySelectorAll('section')]
        .filter(s => s.querySelector('h2').textContent == '{heading}')
        .flatMap(s => [...s.querySelectorAll('tbody tr')].map(r => r.innerText))""")


def test_who_is_behind_comes_first_and_why(show, browser):
    show(pages.many())
    found = rows(browser, "Zones at the secondaries")
    assert len(found) == 21
    assert "last.example" in found[0] and "behind for 9 s" in found[0] and "just told" in found[0]
    assert "and 19980 more" in browser.value("document.body.innerText")


def test_the_peers_that_want_attention_come_first(show, browser):
    peers = [pages.peer(f"s{n}", "secondary", "192.0.2.1@53") for n in range(100)]
    peers[90]["up"] = False
    show(pages.document("all is well", [pages.zone("a.example", "s95", "silent")], peers=peers))
    found = rows(browser, "Secondaries")
    assert len(found) == 60 and [row.split()[0] for row in found[:3]] == ["s90", "s95", "s0"]


def test_a_failure_stands_with_what_mends_it(show, browser):
    show(pages.failing())
    found = rows(browser, "Refusals and failures")
    assert len(found) == 20 and "give [key xfr.example] the secret that anycast has" in found[0]
    text = browser.value("document.body.innerText")
    assert "The last reload was refused" in text and "212 s behind" in text and "4 lines of the log" in text


def test_a_key_that_is_not_used_any_more_can_go(show, browser):
    show(pages.healthy())
    found = rows(browser, "Keys")
    assert [("can go" in row) for row in found] == [False, True, False, False]
    assert "not used for 90 d" in found[1]


def test_a_page_renews_itself_unless_it_is_held(show, browser):
    _, page = render(pages.healthy())
    assert '<meta http-equiv="refresh" content="15">' in page
    assert "refresh" not in render(pages.healthy(), "still")[1]


def test_whatever_is_missing_the_page_is_whole():
    for made in ({}, {"zones": None, "peers": 7}, {"peers": [{}], "zones": [{}], "failures": [{}], "notifies": [{}]}):
        assert render(made)[1].endswith("</html>\n")
