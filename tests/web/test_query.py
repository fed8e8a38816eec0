"""OSCQuery as its clients meet it: real HTTP and WebSocket, a real house with a tick behind it."""

import asyncio
import json

import pytest

from installation.control.packets import bundles, encode
from installation.control.subscriptions import MOST_SUBSCRIBERS
from installation.web.oscquery import ATTRIBUTES
from tests.control.test_doors import Phone, calling, needs
from tests.control.test_packets import ZOO
from tests.support import until
from tests.web.home import HOST, MEDIUM, PATIENCE, TEMPERATURE, connected, get, living, scene


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with living(tmp_path_factory.mktemp("house")) as home:
        yield home


@pytest.fixture(autouse=True)
def calm(home):
    """Every test begins with the knobs at rest, nobody connected, and no debt of answers."""
    home.store.let_go(None, 0.0)
    home.web.porter.peers._peers.clear()
    yield
    until(lambda: not home.web._query.listeners)


def ask(home, path, **options):
    status, _, body = asyncio.run(get(home, path, **options))
    return status, json.loads(body) if status == 200 else body


# ---------------------------------------------------------------- HTTP


def test_a_node_is_asked_by_its_address_and_says_where_it_stands(home):
    status, said = ask(home, TEMPERATURE)
    assert (status, said["FULL_PATH"]) == (200, TEMPERATURE)
    assert said["VALUE"] == [home.stands(TEMPERATURE)]


def test_the_root_has_everything_with_a_value_for_every_knob(home):
    status, said = ask(home, "/")
    assert status == 200
    for address in home.knobs:
        node = said
        for name in address.split("/")[1:]:
            node = node["CONTENTS"][name]
        assert node["VALUE"] != [None]


def test_host_info_is_said_at_any_address_and_leads_to_osc(home):
    for path in ("/?HOST_INFO", "/nothing/here?HOST_INFO"):
        _, said = ask(home, path)
        assert (said["OSC_PORT"], said["WS_PORT"]) == (home.doors.port, home.web.port)
        assert said["EXTENSIONS"]["LISTEN"]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_one_attribute_is_asked_with_a_question_mark(home, attribute):
    status, said = ask(home, f"{TEMPERATURE}?{attribute}")
    assert status == 200
    assert set(said) <= {attribute}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/burn?COLOUR", 400), ("/panic/black?VALUE", 204), ("/burn/", 200), ("//burn", 404)],
)
def test_the_words_of_http_say_why_there_is_no_answer(home, path, status):
    assert ask(home, path)[0] == status


@pytest.mark.parametrize("path", ["/%00", "/..%2f..%2fetc/passwd", "/%ff%fe", "/" + "a" * 8000, "/?" + "x=1&" * 1500])
def test_an_address_that_is_none_is_an_answer_and_no_fault(home, path):
    assert ask(home, path)[0] in {400, 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_changed_over_http(home, method):
    async def send():
        from aiohttp import ClientSession

        async with ClientSession() as session, session.request(method, f"http://{HOST}:{home.web.port}/") as answer:
            return answer.status

    assert asyncio.run(send()) == 405


# ---------------------------------------------------------------- LISTEN and IGNORE


def test_a_listener_hears_where_an_address_stands_and_then_every_move_of_it_and_of_no_other(home):
    async def listen():
        async with connected(home) as anna, connected(home) as bert:
            await anna.wish("LISTEN", MEDIUM)
            assert await anna.hears() == (MEDIUM, ("gaussian",))
            await bert.say("/loop/pace", 2.0)
            await bert.say(MEDIUM, "heat")
            assert await anna.hears() == (MEDIUM, ("heat",))
            await anna.wish("IGNORE", MEDIUM)
            assert await anna.ping() == []
            await bert.say(MEDIUM, "jpeg")
            await bert.ping()
            until(lambda: home.web.porter.subscriptions.values[MEDIUM] == "jpeg")
            assert await anna.ping() == []

    asyncio.run(listen())


def test_whoever_turns_a_knob_does_not_hear_itself_and_all_others_do(home):
    async def turn():
        async with connected(home) as anna, connected(home) as bert:
            for each in (anna, bert):
                await each.wish("LISTEN", MEDIUM)
                await each.hears()
            await anna.say(MEDIUM, "heat")
            assert await bert.hears() == (MEDIUM, ("heat",))
            await bert.say(MEDIUM, "jpeg")
            assert await anna.hears() == (MEDIUM, ("jpeg",))
            assert await bert.ping() == []

    asyncio.run(turn())


def test_a_glide_arrives_as_single_messages_that_end_where_the_hand_wanted_it(home):
    async def glide():
        async with connected(home) as anna, connected(home) as bert:
            await anna.wish("LISTEN", TEMPERATURE)
            await anna.hears()
            await bert.say(TEMPERATURE, 0.75)
            while (await anna.hears()) != (TEMPERATURE, (0.75,)):
                pass

    asyncio.run(glide())


async def oscsend(home, *words):
    """Somebody else's program, over UDP."""
    sending = await asyncio.create_subprocess_exec("oscsend", HOST, str(home.doors.port), *words)
    assert await asyncio.wait_for(sending.wait(), PATIENCE) == 0


@needs("oscsend")
def test_a_fader_over_udp_moves_a_listener_at_the_websocket_and_the_other_way_round(home):
    async def both():
        async with connected(home) as anna:
            await anna.wish("LISTEN", MEDIUM)
            await anna.hears()
            await oscsend(home, MEDIUM, "s", "heat")
            assert await anna.hears() == (MEDIUM, ("heat",))
            with calling(Phone, home.doors) as phone:
                phone.say("/sys/subscribe", MEDIUM)
                phone.replied()
                phone.hears()
                await anna.say(MEDIUM, "mean")
                assert phone.hears() == (MEDIUM, ("mean",))

    asyncio.run(both())


def test_readings_can_be_listened_to_and_are_in_the_tree(home):
    async def listen():
        async with connected(home) as anna:
            home.doors.read_out([("/reading/entropy", 7.25), ("/reading/entropy/state", "measured")])
            until(lambda: "/reading/entropy" in home.web.porter.subscriptions.values)
            await anna.wish("LISTEN", "/reading/entropy")
            assert await anna.hears() == ("/reading/entropy", (7.25,))
            assert json.loads((await get(home, "/reading/entropy?VALUE"))[2]) == {"VALUE": [7.25]}

    asyncio.run(listen())


def test_which_cue_stands_by_can_be_found_and_asked(home):
    async def look():
        home.doors.read_out([("/cue/standing-by", "2.5"), ("/cue/standing-by/name", "Ash")])
        until(lambda: "/cue/standing-by" in home.web.porter.subscriptions.values)
        found = json.loads((await get(home, "/cue/standing-by"))[2])
        assert (found["TYPE"], found["ACCESS"], found["VALUE"]) == ("s", 1, ["2.5"])
        assert found["CONTENTS"]["name"]["VALUE"] == ["Ash"]
        assert json.loads((await get(home, "/cue/current?VALUE"))[2]) == {"VALUE": [None]}

    asyncio.run(look())


def test_a_scene_with_cues_gives_them_addresses_and_all_who_are_connected_hear_of_it(home):
    async def load():
        async with connected(home) as anna:
            await anna.ping()
            home.scene = scene("1", "2.5")
            heard = [await anna.hears()]
            assert {"COMMAND": "PATH_ADDED", "DATA": "/cue/1"} in [*heard, *await anna.ping()]
            assert (await get(home, "/cue/2.5/go?ACCESS"))[2] == '{"ACCESS": 2}'
            await anna.say("/cue/2.5/go")
            assert home.event() == ("/cue/2.5/go",)
            home.scene = scene()
            heard = [await anna.hears(), *await anna.ping()]
            assert {"COMMAND": "PATH_REMOVED", "DATA": "/cue/1"} in heard
            assert (await get(home, "/cue/2.5/go?ACCESS"))[0] == 404

    asyncio.run(load())


# ---------------------------------------------------------------- packets


def test_a_packet_is_answered_as_over_osc(home):
    async def play():
        async with connected(home) as anna:
            await anna.say("/panic/origin")
            assert home.event() == ("/panic/origin",)
            await anna.say(MEDIUM, "?")
            assert (await anna.replied())["value"] == "gaussian"
            await anna.say("/burn/madium", "heat")
            sentence = "Nothing listens at /burn/madium. Did you mean /burn/medium?"
            assert await anna.hears() == ("/error", ("/burn/madium", sentence))
            await anna.say("/sys/subscribe", "/burn/medium")
            assert (await anna.replied())["pattern"] == "/burn/medium"
            assert await anna.hears() == (MEDIUM, ("gaussian",))

    asyncio.run(play())


def test_a_bundle_is_carried_out_and_what_is_wrong_in_it_is_answered(home):
    async def play():
        async with connected(home) as anna:
            (packet,) = bundles([encode(MEDIUM, ("heat",)), encode("/nothing", ()), encode("/panic/origin", ())])
            await anna.socket.send_bytes(packet)
            assert (await anna.hears())[0] == "/error"
            assert home.event() == ("/panic/origin",)
            until(lambda: home.stands(MEDIUM) == home.knobs[MEDIUM].parse("heat"))

    asyncio.run(play())


@pytest.mark.parametrize("packet", ZOO.values(), ids=ZOO)
def test_a_beast_of_the_zoo_moves_a_counter_and_the_connection_stays(home, packet):
    async def send():
        async with connected(home) as anna:
            before = home.web.refused
            await anna.socket.send_bytes(packet)
            await anna.ping()
            assert home.web.refused == before + 1
            assert sum(home.web.porter.peers.of(HOST, 0.0).refused.values()) == 1

    asyncio.run(send())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LISTEN",
        "[" * 60_000,
        '{"COMMAND": "LISTEN"}',
        '{"COMMAND": "LISTEN", "DATA": ["/burn"]}',
        '{"COMMAND": "START_OSC_STREAMING", "DATA": "/burn"}',
        '{"COMMAND": "LISTEN", "DATA": "/burn/madium"}',
        '"LISTEN"',
        "null",
        "\x00",
    ],
)
def test_a_wish_that_is_none_moves_a_counter_and_the_connection_stays(home, text):
    async def send():
        async with connected(home) as anna:
            before = home.web.refused
            await anna.socket.send_str(text)
            await anna.ping()
            assert home.web.refused == before + 1

    asyncio.run(send())


def test_only_so_many_listen_and_the_next_is_told_to_try_later(home):
    from contextlib import AsyncExitStack

    from aiohttp import WSServerHandshakeError

    async def crowd():
        async with AsyncExitStack() as stack:
            for _ in range(MOST_SUBSCRIBERS):
                await stack.enter_async_context(connected(home))
            with pytest.raises(WSServerHandshakeError) as refused:
                await stack.enter_async_context(connected(home))
            assert refused.value.status == 429

    asyncio.run(crowd())


needs("oscsend")  # the suite's own word for tools that are missing
