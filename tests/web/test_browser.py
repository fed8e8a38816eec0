"""A browser plays the piece: headless Chromium as a client of OSCQuery."""

import subprocess

import pytest

from tests.control.test_doors import needs
from tests.support import until
from tests.web.home import HOST, MEDIUM, TEMPERATURE, living, url

#: A client as an artist writes one: it listens to an address, and keeps what it hears of it.
CLIENT = """
address => new Promise((ready, failed) => {
    const socket = window.socket = new WebSocket(`ws://${location.host}/`)
    window.heard = []
    socket.binaryType = "arraybuffer"
    socket.onerror = failed
    socket.onopen = () => socket.send(JSON.stringify({COMMAND: "LISTEN", DATA: address}))
    socket.onmessage = ({data}) => {
        const bytes = new Uint8Array(data), end = bytes.indexOf(0), tags = Math.ceil((end + 1) / 4) * 4
        const text = new TextDecoder().decode(bytes.slice(0, end))
        const number = new DataView(data, tags + 4).getFloat32(0)
        window.heard.push([text, number])
        ready()
    }
})
"""


ASK = "async address => (await fetch(address)).json()"


def page_of_ours(app, _):
    """A room with a page that may talk to its own server, as the default for all answers forbids."""
    from aiohttp import web

    async def page(_):
        headers = {"Content-Security-Policy": "default-src 'none'; connect-src 'self'"}
        return web.Response(text="<title>a page</title>", content_type="text/html", headers=headers)

    app.router.add_get("/page", page)


def page_of_a_stranger(app, _):
    """A page that may talk to anybody, as far as its own server is concerned."""
    from aiohttp import web

    async def page(_):
        headers = {"Content-Security-Policy": "connect-src *"}
        return web.Response(text="<title>a stranger</title>", content_type="text/html", headers=headers)

    app.router.add_get("/page", page)


@pytest.fixture
def home(tmp_path):
    with living(tmp_path, page_of_ours) as home:
        yield home


@needs("oscsend")
def test_a_browser_hears_a_knob_move_when_another_peer_turns_it_and_turns_it_back(browser, home):
    page = browser.new_page()
    page.goto(url(home, "/page"))
    page.evaluate(CLIENT, TEMPERATURE)
    subprocess.run(["oscsend", HOST, str(home.doors.port), TEMPERATURE, "f", "0.75"], check=True, timeout=10)
    until(lambda: page.evaluate("heard.at(-1)[1]") == 0.75)
    heard = page.evaluate("heard")
    assert {address for address, _ in heard} == {TEMPERATURE}
    assert [number for _, number in heard] == sorted(number for _, number in heard)
    page.evaluate("message => socket.send(new Uint8Array(message))", list(b"/burn/medium\0\0\0\0,s\0\0heat\0\0\0\0"))
    until(lambda: page.evaluate(ASK, f"{MEDIUM}?VALUE") == {"VALUE": ["heat"]})
    page.close()


OPENED = """
at => new Promise(done => {
    const socket = new WebSocket(at)
    socket.onopen = () => done(true)
    socket.onerror = () => done(false)
})
"""
READ = "at => fetch(at).then(() => true, () => false)"


def test_a_strangers_page_in_the_same_browser_opens_nothing_and_reads_nothing(browser, home, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with living(elsewhere, page_of_a_stranger) as stranger:
        page = browser.new_page()
        page.goto(url(stranger, "/page"))
        assert page.evaluate(READ, url(stranger))
        assert not page.evaluate(OPENED, url(home).replace("http", "ws"))
        assert not page.evaluate(READ, url(home))
        page.close()
    assert home.web.porter.refused == {"page": 2}


def test_a_page_without_leave_of_its_own_may_talk_to_nobody(browser, home):
    page = browser.new_page()
    page.goto(url(home))
    assert not page.evaluate(READ, url(home))
    page.close()
