"""What travels: pictures as they were, orders with the files they name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import scenes
from installation.cluster.letters import Dispatch, Letter, enclosed, opened, packed, unpacked
from installation.machine.files import share
from installation.panels import all_knobs
from installation.randomness import generator
from installation.records import Frame, Order, Report
from tests.system.performance import scene_file


def frame(height, width):
    pixels = generator(1, height * width).integers(0, 256, (height, width, 3), np.uint8)
    return Frame(7, 123, 4, "burn", 0.25, pixels)


@pytest.mark.parametrize("coding", ["png", "raw"])
@given(height=st.integers(1, 40), width=st.integers(1, 40))
def test_an_exact_picture_comes_as_it_was_sent(coding, height, width):
    sent = frame(height, width)
    np.testing.assert_array_equal(unpacked(packed(sent, coding, 90, 0)), sent.pixels)


def test_a_compressed_picture_is_smaller_and_near(photograph):
    from installation import images

    sent = Frame(7, 123, 4, "burn", 0.25, images.to_pixels(photograph))
    letter = packed(sent, "jpeg", 90, 0)
    assert len(letter.data) < sent.pixels.nbytes / 2
    assert np.abs(unpacked(letter).astype(int) - sent.pixels).mean() < 4


def test_a_picture_says_what_it_shows_and_when_it_was_made():
    letter = packed(frame(8, 16), "raw", 90, 55)
    assert (letter.generation, letter.phase, letter.temperature, letter.stamp_ns) == (4, "burn", 0.25, 55)
    assert (letter.height, letter.width) == (8, 16)


def test_a_damaged_picture_is_refused():
    letter = packed(frame(8, 8), "png", 90, 0)
    broken = letter.__class__(4, "burn", 0.25, 0, 8, 8, "png", letter.data[:40])
    with pytest.raises(OSError, match=r"truncated|identify"):
        unpacked(broken)


@pytest.fixture
def play(tmp_path):
    scene = scenes.load(scene_file(tmp_path), all_knobs(), share("assets"))
    return Order("play", {"scene": scene, "seed": 7, "resume": False})


def test_a_scene_brings_its_origin_along(play, tmp_path):
    (tmp_path / "there").mkdir()
    told = opened(enclosed(play), tmp_path / "there")
    origin = told.data["scene"].origin
    assert origin.parent == tmp_path / "there"
    assert origin.read_bytes() == play.data["scene"].origin.read_bytes()
    assert (told.data["seed"], told.data["scene"].text) == (7, play.data["scene"].text)


def test_a_picture_that_is_to_become_the_origin_is_brought_along(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "face.png").write_bytes(b"a face")
    told = opened(enclosed(Order("adopt", {"path": str(tmp_path / "face.png")})), tmp_path / "there")
    assert Path(told.data["path"]).read_bytes() == b"a face"
    assert Path(told.data["path"]).parent == tmp_path / "there"


def test_what_cannot_be_read_is_left_to_the_engine_to_refuse(tmp_path):
    order = Order("adopt", {"path": str(tmp_path / "nothing.png")})
    assert enclosed(order).files == {}
    assert opened(enclosed(order), tmp_path).data == order.data


def test_a_file_cannot_be_laid_outside_the_folder(tmp_path):
    (tmp_path / "there").mkdir()
    letter = Letter(Order("adopt", {"path": "x"}), {"path": ("../../evil.png", b"evil")})
    assert Path(opened(letter, tmp_path / "there").data["path"]).parent == tmp_path / "there"


def test_all_other_orders_travel_as_they_are():
    order = Order("cipher", {"tick": 3, "locked": True})
    letter = enclosed(order)
    assert (letter.order, letter.files) == (order, {})
    assert opened(letter, Path("nowhere")) == order


@pytest.mark.parametrize(
    "told",
    [
        {"pictures": (packed(frame(8, 8), "raw", 90, 0),)},
        {"reports": (Report("kept"),)},
        {"checkpoint": b"1"},
        {"glimpses": {"glimpse-1.png": b"1"}},
    ],
)
def test_a_pulse_alone_is_no_news(told):
    silence: dict[str, Any] = {"pictures": (), "reports": (), "vitals": {"beat": 1.0}}
    assert not Dispatch(**silence).is_news
    assert Dispatch(**(silence | told)).is_news
