"""Printed without a window is what a window shows, by a graphics card or without one."""

import numpy as np
import pytest

from installation.images import load
from installation.machine.settings import StageSettings
from installation.stage.darkroom import ByHand, opened
from installation.stage.exposure import Exposure
from installation.stage.graphics import GraphicsError, standalone, windowless
from installation.stage.light import decode
from installation.stage.overlay import Overlay, revision
from installation.stage.smoulder import MEDIA, Smoulder
from installation.stage.software import Software
from installation.stage.window import Window
from tests.conftest import ORIGIN

PHOTOGRAPH = load(ORIGIN, 64, 64)
CANVAS = (160, 90)


@pytest.fixture(scope="module")
def card():
    """A printer with OpenGL, as a machine with or without a graphics card has it."""
    try:
        standalone().release()
    except GraphicsError as refusal:
        pytest.skip(f"{refusal} Install the packages libegl1, libegl-mesa0 and libgl1-mesa-dri.")
    printer = opened(CANVAS)
    yield printer
    printer.close()


def exposure(**said):
    return Exposure(decode(PHOTOGRAPH), **said)


def inside(pixels):
    """The picture in the middle of the canvas, as light."""
    return decode(np.ascontiguousarray(pixels[:, 35:125]))


def test_the_whole_picture_stands_in_the_middle_between_black(card):
    for printer in (card, ByHand(CANVAS, "contain")):
        printed = printer.printed(exposure())
        assert printed.shape == (90, 160, 3)
        assert inside(printed).mean() == pytest.approx(decode(PHOTOGRAPH).mean(), abs=0.01)
        assert not printed[:, :34].any()
        assert not printed[:, 126:].any()


def test_by_hand_it_is_the_windows_own_picture(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    stage = Software(Window(StageSettings(width=160, height=90, fullscreen=True)), CANVAS, "contain")
    white = Overlay(np.full((10, 20, 4), 255, np.uint8), (3.0, 4.0), revision())
    shown = exposure(overlays=[white], opening=0.7, level=0.5, turn=3)
    stage.show(shown, ())
    np.testing.assert_array_equal(ByHand(CANVAS, "contain").printed(shown), stage.glance(160))
    stage.close()


@pytest.mark.parametrize("medium", MEDIA[1:])
def test_the_card_burns_what_smoulders(card, medium):
    burnt = card.printed(exposure(smoulder=Smoulder(medium, 0.5, 1.0)))
    assert np.abs(inside(burnt) - inside(card.printed(exposure()))).mean() > 0.02


def test_the_card_adds_grain_and_no_light(card):
    plain, rough = inside(card.printed(exposure())), inside(card.printed(exposure(grain=1.0)))
    assert np.abs(plain - rough).mean() > 0.01
    assert rough.mean() == pytest.approx(plain.mean(), abs=0.005)


def test_the_same_exposure_is_printed_the_same(card):
    shown = exposure(smoulder=Smoulder("gaussian", 0.5, 1.0), grain=0.5, seconds=1.0, turn=7)
    np.testing.assert_array_equal(card.printed(shown).copy(), card.printed(shown))


@pytest.mark.usefixtures("card")
def test_the_processor_plays_the_card_only_where_something_burns():
    printer = opened(CANVAS, burns=False)
    assert isinstance(printer, ByHand) == windowless().endswith("*")
    printer.close()


def test_without_opengl_it_is_drawn_by_hand_with_a_sentence_where_that_is_a_loss(caplog):
    assert isinstance(opened(CANVAS, burns=False, by_card=missing), ByHand)
    assert caplog.text == ""
    assert isinstance(opened(CANVAS, by_card=missing), ByHand)
    assert "no smouldering" in caplog.text


def missing(*_):
    raise GraphicsError("There is no OpenGL.")
