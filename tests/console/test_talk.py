"""The talk with a page, at the socket: what it hears, what it may ask, and that nothing it sends does harm."""

import asyncio
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.console.talk import LARGEST, _wish
from installation.control.packets import PacketError
from installation.stage.alignment import Alignment
from installation.stage.drawing import Drawing
from installation.stage.outputs import whole
from tests.console.hall import ELSEWHERE, PASSCODE, entered, opened, standing
from tests.support import until
from tests.web.home import TEMPERATURE


@pytest.fixture
def hall(tmp_path):
    with standing(tmp_path) as (hall, _):
        yield hall


def talking(hall, with_page, query="", **options):
    """Run a conversation with an open page."""

    async def talk():
        async with opened(hall, query, **options) as page:
            return await with_page(page)

    return asyncio.run(talk())


def test_a_page_hears_every_knob_as_declared_and_where_it_stands(hall):
    async def listen(page):
        return await page.hears("hello"), await page.hears("values", lambda told: set(hall.knobs) <= set(told))

    hello, values = talking(hall, listen)
    assert [each["address"] for each in hello["knobs"]] == list(hall.knobs)
    knob = next(each for each in hello["knobs"] if each["address"] == TEMPERATURE)
    assert (knob["low"], knob["high"], values[TEMPERATURE]) == (0.0, 1.0, knob["default"])


def test_a_knob_turned_on_one_page_moves_on_another_which_hears_whose_hand_it_was(hall):
    async def turn(page):
        async with opened(hall) as other:
            await page.hears("hello")
            await page.says(TEMPERATURE, 0.75)
            await other.hears("values", lambda told: told.get(TEMPERATURE) == 0.75)
            return await other.hears("rules", lambda told: told.get(TEMPERATURE) == "hand")

    talking(hall, turn)


def test_a_page_hears_where_the_projectors_corners_stand_whoever_moves_them(hall):
    drawing, state = Drawing(hall.wires.corners), Alignment((whole(640, 360),))

    async def listen(page):
        drawing.show(state.outputs)
        await page.hears("corners", lambda told: told.get("1", [None])[0] == [0.0, 0.0])
        drawing.show(state.put((0.25, 0.125)).outputs)
        await page.hears("corners", lambda told: told.get("1", [None])[0] == [0.25, 0.125])

    with contextlib.closing(drawing):
        talking(hall, listen)


def test_a_command_arrives(hall):
    async def press(page):
        await page.says("/panic/black", 1)
        await page.hears("hello")

    talking(hall, press)
    assert hall.event() == ("/panic/black", 1)


@pytest.mark.parametrize(
    "wish", [["/no/such"], [TEMPERATURE, "warm"], ["/scene/load"], [1], [], ["/go", [1]], ["/go", None]]
)
def test_what_cannot_be_is_refused_with_a_sentence_to_the_page_that_asked(hall, wish):
    async def ask(page):
        await page.says(*wish)
        return await page.hears("refused")

    [(_, sentence)] = talking(hall, ask)
    assert sentence.endswith((".", "?"))


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_wish_or_refused(text):
    try:
        address, *_ = _wish(text)
    except PacketError:
        return
    assert isinstance(address, str)


def test_frames_that_are_no_text_are_passed_over_and_the_page_goes_on(hall):
    async def send(page):
        await page.socket.send_bytes(b"\0" * 100)
        await page.says("/panic/hold", 1)
        await page.hears("hello")

    talking(hall, send)
    assert hall.event() == ("/panic/hold", 1)


def test_a_frame_that_is_too_large_ends_the_page_and_nobody_elses(hall):
    async def flood(page):
        async with opened(hall) as other:
            await page.socket.send_str("x" * (LARGEST + 1))
            while not page.socket.closed:
                await page.socket.receive(timeout=10.0)
            return await other.hears("hello")

    assert talking(hall, flood)["role"] == "player"


def test_a_page_that_closes_is_forgotten(hall):
    async def leave(page):
        await page.hears("hello")
        await page.socket.close()

    talking(hall, leave)
    until(lambda: not hall.web.porter._greeted)


def test_a_visitor_hears_how_the_piece_is_and_neither_knobs_nor_machine(hall):
    async def listen(page):
        await page.hears("piece", lambda told: told)
        return page.heard

    heard = talking(hall, listen, "?as=visitor")
    assert heard["hello"]["role"] == "visitor"
    assert "knobs" not in heard["hello"]
    assert not {"values", "machine", "rules", "turned"} & set(heard)


def test_a_visitors_wish_is_refused(hall):
    async def ask(page):
        await page.says("/panic/black", 1)
        return await page.hears("refused")

    assert "Visitors look on" in str(talking(hall, ask, "?as=visitor"))
    assert hall.events.empty()


def test_from_elsewhere_only_the_passcode_makes_a_player(tmp_path):
    async def role(hall, **headers):
        async with opened(hall, headers={**ELSEWHERE, **headers}) as page:
            return (await page.hears("hello"))["role"]

    async def knock(hall):
        status, cookie = await entered(hall)
        return await role(hall), status, await role(hall, Cookie=cookie)

    with standing(tmp_path, passcode=PASSCODE) as (hall, _):
        assert asyncio.run(knock(hall)) == ("visitor", 200, "player")


def test_a_player_from_elsewhere_may_play(tmp_path):
    async def play(hall):
        _, cookie = await entered(hall)
        async with opened(hall, headers={**ELSEWHERE, "Cookie": cookie}) as page:
            await page.says("/panic/hold", 1)
            await page.hears("hello")

    with standing(tmp_path, passcode=PASSCODE) as (hall, _):
        asyncio.run(play(hall))
        assert hall.event() == ("/panic/hold", 1)


def test_all_of_twenty_pages_hear_the_last_of_many_turns_and_the_tick_goes_on(hall):
    async def crowd(page):
        others = [opened(hall) for _ in range(20)]
        pages = [await each.__aenter__() for each in others]
        before = hall.ticks
        for number in range(17):
            await page.says(TEMPERATURE, number / 16)
        await pages[-1].hears("values", lambda told: told.get(TEMPERATURE) == 1.0)
        for each in others:
            await each.__aexit__(None, None, None)
        return hall.ticks - before

    assert talking(hall, crowd) > 0
