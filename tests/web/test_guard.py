"""The guard: strangers' pages, machines that are not allowed, the passcode, and how often anybody may ask."""

import asyncio
import base64
import json

import pytest
from aiohttp import WSServerHandshakeError

from installation.web.guard import HEADERS
from tests.web.home import HOST, MEDIUM, connected, get, living

AWAY = {"X-Forwarded-For": "10.0.0.9"}  # as a proxy on this machine would say


def basic(passcode):
    return {"Authorization": "Basic " + base64.b64encode(f"anybody:{passcode}".encode()).decode()}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    settings = {"passcode": "ember", "allow": ["10.0.0.0/24"], "names": ["Piece.Example."]}
    with living(tmp_path_factory.mktemp("house"), **settings, origins=["https://desk.example"]) as home:
        yield home


@pytest.fixture
def home(house):
    house.web.porter.peers._peers.clear()
    return house


def status(home, path="/", **headers):
    return asyncio.run(get(home, path, headers=headers))[0]


def handshake(home, **headers):
    """What a WebSocket is answered: 101 where it is let in."""

    async def shake():
        try:
            async with connected(home, headers=headers):
                return 101
        except WSServerHandshakeError as error:
            return error.status

    return asyncio.run(shake())


# ---------------------------------------------------------------- pages and names


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "[::1]:9001", "10.0.0.7:80", "piece.example", "PIECE.example."]
)
def test_we_may_be_called_by_address_by_our_name_or_by_one_of_the_settings(home, name):
    assert status(home, Host=name) == 200


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[", ""])
def test_a_strangers_name_that_was_made_to_lead_here_is_refused(home, name):
    assert status(home, Host=name) in {400, 421}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_a_strangers_page_may_neither_ask_nor_open_a_websocket(home, origin):
    assert status(home, Origin=origin) == 403
    assert handshake(home, Origin=origin) == 403


def test_our_own_pages_and_those_of_the_settings_may(home):
    for origin in (f"http://{HOST}:{home.web.port}", "https://desk.example"):
        assert status(home, Origin=origin) == 200
        assert handshake(home, Origin=origin) == 101


def test_a_page_of_the_settings_may_read_the_answer_and_no_other_is_told_that_it_may(home):
    def headers(origin):
        return asyncio.run(get(home, headers={"Origin": origin}))[1]

    assert headers("https://desk.example")["Access-Control-Allow-Origin"] == "https://desk.example"
    assert "Access-Control-Allow-Origin" not in headers("https://evil.example")


@pytest.mark.parametrize("path", ["/", "/nothing", "/?COLOUR", "/panic/black?VALUE"])
def test_every_answer_says_to_browsers_what_they_must_not_do_with_it(home, path):
    said = asyncio.run(get(home, path))[1]
    assert {name: said.get(name) for name in HEADERS} == HEADERS
    assert said["Server"] == "Burntout"


# ---------------------------------------------------------------- machines and passcodes


def test_a_machine_of_no_network_that_is_allowed_is_refused_and_counted(home):
    assert status(home, **{"X-Forwarded-For": "192.0.2.1"}) == 403
    assert home.web.porter.peers.of("192.0.2.1", 0.0).refused == {"not allowed": 1}


@pytest.mark.parametrize("named", ["somebody", "10.0.0.9, ", "1.2.3.4.5"])
def test_a_proxy_that_names_nobody_is_refused(home, named):
    assert status(home, **{"X-Forwarded-For": named}) == 400


def test_of_many_that_a_proxy_names_the_one_it_saw_itself_counts(home):
    assert status(home, **{"X-Forwarded-For": "127.0.0.1, 192.0.2.1"}) == 403


def test_other_machines_say_the_passcode_and_this_one_need_not(home):
    assert status(home) == 200
    assert status(home, **AWAY) == 401
    assert status(home, **AWAY, **basic("coal")) == 401
    assert status(home, **AWAY, **basic("ember")) == 200


@pytest.mark.parametrize("header", ["Basic", "Basic ####", "Basic /w==", "Bearer ember", "", "Basic " + "A" * 4000])
def test_an_authorization_that_is_none_is_refused(home, header):
    assert status(home, **AWAY, Authorization=header) == 401


def test_passcodes_cannot_be_tried_fast_but_the_right_one_may_come_with_every_request(home):
    assert [status(home, **AWAY, **basic("ember")) for _ in range(10)] == [200] * 10
    assert 429 in [status(home, **AWAY, **basic(f"coal {number}")) for number in range(5)]


def test_a_websocket_from_elsewhere_says_the_passcode_with_the_request_or_as_its_first_message(home):
    async def play():
        async with connected(home, headers=AWAY) as anna:
            await anna.wish("LISTEN", MEDIUM)
            address, (_, sentence) = await anna.hears()
            assert (address, "/sys/hello" in sentence) == ("/error", True)
            await anna.say("/sys/hello", "ember")
            await anna.replied()
            await anna.wish("LISTEN", MEDIUM)
            assert await anna.hears() == (MEDIUM, ("gaussian",))
        async with connected(home, headers={**AWAY, **basic("ember")}) as bert:
            await bert.wish("LISTEN", MEDIUM)
            assert await bert.hears() == (MEDIUM, ("gaussian",))

    asyncio.run(play())
    assert handshake(home, **AWAY, **basic("coal")) == 401


# ---------------------------------------------------------------- how often


def test_whoever_asks_too_often_is_told_to_wait_and_others_are_not(home):
    async def ask():
        from aiohttp import ClientSession

        async with ClientSession() as session:
            url = f"http://{HOST}:{home.web.port}/burn/medium?VALUE"
            for _ in range(3000):
                async with session.get(url) as answer:
                    if answer.status == 429:
                        return answer.headers["Retry-After"]
        return None

    assert asyncio.run(ask()) == "1"
    assert status(home, **AWAY, **basic("ember")) == 200


def test_the_whole_tree_costs_as_much_as_its_size(home):
    asked = [status(home) for _ in range(60)]
    assert asked[0] == 200
    assert asked[-1] == 429


def test_a_refusal_is_a_sentence(home):
    _, _, body = asyncio.run(get(home, headers={"Host": "evil.example"}))
    assert body == "This machine is not called 'evil.example'. Say so with web.names if it is.\n"
    assert json.dumps(home.web.porter.refused)
