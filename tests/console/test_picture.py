"""The live picture, at the socket: the newest when it is asked for, in the size that is asked for."""

import asyncio
import io

import numpy as np
import pytest
from aiohttp import ClientSession
from PIL import Image

from installation.console import picture
from installation.console.picture import WIDTHS, jpeg, wide_enough
from installation.stage.onlookers import LONGEST
from tests.console.hall import standing, url
from tests.support import until

BLUE = np.full((90, 160, 3), (10, 20, 200), np.uint8)


@pytest.fixture
def hall(tmp_path):
    with standing(tmp_path) as both:
        yield both


def show(console, pixels):
    console.feed.ring.write(pixels, stamp_ns=0, generation=0, phase="generation", temperature=0.0)


def watching(hall, watch):
    async def run():
        async with ClientSession() as session, session.ws_connect(url(hall, "/picture")) as socket:
            return await watch(socket)

    return asyncio.run(run())


def decoded(data):
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size, np.asarray(picture.convert("RGB"), int)


def test_a_viewer_gets_a_picture_for_each_time_it_asks(hall):
    house, console = hall

    async def watch(socket):
        show(console, BLUE)
        await socket.send_str("160")
        first = await socket.receive_bytes(timeout=10.0)
        show(console, 255 - BLUE)
        await socket.send_str("160")
        return first, await socket.receive_bytes(timeout=10.0)

    first, second = watching(house, watch)
    (size, blue), (_, yellow) = decoded(first), decoded(second)
    assert size == (160, 90)
    assert np.abs(blue - BLUE).max() < 12
    assert np.abs(yellow - (255 - BLUE.astype(int))).max() < 12


def test_while_somebody_watches_the_stage_is_told_so_and_afterwards_no_more(hall, monkeypatch):
    monkeypatch.setattr(picture, "LONGEST_WAIT", 0.2)
    house, console = hall

    async def watch(socket):
        await socket.send_str("480")
        told = await asyncio.to_thread(house.event)
        return told, await socket.receive_bytes(timeout=10.0)

    assert watching(house, watch) == (("stage", "watched", {}), b"")  # for this stage draws nothing
    until(lambda: not console.feed.is_watched)


@pytest.mark.parametrize("said", ["", "wide", "-1", "1e3", "٣"])
def test_who_does_not_say_a_width_is_shown_out(hall, said):
    async def watch(socket):
        await socket.send_str(said)
        return (await socket.receive(timeout=10.0)).data

    assert watching(hall[0], watch) == 1003


def test_a_viewer_that_says_too_much_is_shown_out(hall):
    async def watch(socket):
        await socket.send_str("9" * 1000)
        return (await socket.receive(timeout=10.0)).data

    assert watching(hall[0], watch) == 1009


@pytest.mark.parametrize("shape", [(90, 160), (LONGEST, 540), (2, LONGEST)])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_jpeg_is_never_wider_than_asked_and_keeps_its_shape(shape, width):
    size, _ = decoded(jpeg(np.zeros((*shape, 3), np.uint8), width))
    assert size[0] == min(width, shape[1])
    assert size[1] == max(round(shape[0] * size[0] / shape[1]), 1)


def test_the_width_served_is_the_least_that_is_wide_enough():
    assert [wide_enough(wanted) for wanted in (1, 240, 241, 960, 10**9)] == [240, 240, 480, 960, 960]
