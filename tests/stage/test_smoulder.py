import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.heat import blur_width, diffuse
from installation.burns.temperature import angle
from installation.stage.flashes import FASTEST, TILES
from installation.stage.light import curve
from installation.stage.panel import Staging
from installation.stage.smoulder import LEFT, MEDIA, SLEW, STEEPEST, TURNS, Smoulder, beats

FLIP = 1 / 60
MEDIUM = st.sampled_from(MEDIA)
SHARE = st.floats(0.0, 1.0)


def after(seconds, medium="heat", amount=0.5, smoulder=None, since=None):
    """What burns after so many seconds without a frame, or always so long ``since`` the last one."""
    smoulder = smoulder or Smoulder()
    for flip in range(round(seconds / FLIP)):
        smoulder = smoulder.kept(medium, amount, flip * FLIP if since is None else since, FLIP)
    return smoulder


def test_nothing_burns_unless_it_is_asked_for():
    assert after(60.0, "none").temperature == 0.0


def test_without_frames_it_becomes_as_hot_as_it_may_and_no_hotter():
    assert after(60.0, amount=0.4).temperature == pytest.approx(0.4, abs=1e-3)


def test_while_frames_come_fast_it_hardly_burns():
    assert after(60.0, since=0.05).temperature < 0.02


def test_a_new_frame_cools_it():
    hot = after(60.0)
    assert after(11.0, smoulder=hot, since=0.0).temperature == 0.0


def test_another_medium_is_lit_when_the_one_before_is_out():
    hot = after(60.0, "heat")
    mixed = after(1.0, "brownian", smoulder=hot)
    assert mixed.medium == "heat"
    assert mixed.temperature < hot.temperature
    other = after(60.0, "brownian", smoulder=hot)
    assert (other.medium, other.temperature) == ("brownian", pytest.approx(0.5, abs=1e-3))


@given(
    before=st.builds(Smoulder, MEDIUM, SHARE),
    medium=MEDIUM,
    amount=SHARE,
    since=st.floats(0, 1e6),
    elapsed=st.floats(0, 1),
)
def test_its_temperature_never_moves_faster_than_its_slew(before, medium, amount, since, elapsed):
    later = before.kept(medium, amount, since, elapsed)
    assert abs(later.temperature - before.temperature) <= SLEW * elapsed + 1e-9
    assert 0.0 <= later.temperature <= 1.0
    assert later.medium == before.medium or later.temperature <= SLEW * elapsed + 1e-9


def test_its_age_is_time_that_passed():
    assert after(3.0).age == pytest.approx(3.0)


@given(seconds=st.floats(0.0, 1e9))
def test_beats_wrap_and_are_even(seconds):
    turn, share = beats(seconds)
    assert 0 <= turn < TURNS
    assert 0.0 <= share <= 1.0
    assert (turn + share) * 0.2 == pytest.approx(seconds % (TURNS * 0.2), rel=1e-6, abs=1e-6)


def test_the_knob_offers_these_media():
    knob = {field.name: field for field in dataclasses.fields(Staging)}["smoulder"].metadata["knob"]
    assert knob["choices"] == MEDIA


def expected_light(code, temperature):
    """The mean light of a flat picture in Gaussian smoulder: the curve of clipped normal numbers."""
    normal = np.linspace(-6, 6, 4001)
    weights = np.exp(-(normal**2) / 2)
    phi = angle(temperature)
    coded = np.cos(phi) * (2 * code - 1) + np.sin(phi) * normal
    return float((weights * curve(np.clip((coded + 1) / 2, 0, 1))).sum() / weights.sum())


@pytest.mark.parametrize("code", [0.0, 0.3, 0.7, 1.0])
def test_gaussian_light_moves_no_faster_than_a_temperature_may(code):
    temperatures = np.linspace(0, 1, 101)
    light = [expected_light(code, temperature) for temperature in temperatures]
    assert np.abs(np.diff(light)).max() / 0.01 <= STEEPEST


@pytest.mark.parametrize("cells", [1, 2, 4, 8, 16])
def test_no_tile_of_a_chequered_picture_moves_faster_in_heat_than_a_temperature_may(cells):
    """Up to 1,024 pixels a side: the width of the blur goes from half a pixel to the side, so ln(2 side) to T.

    Brownian is no steeper: on average it mixes light where heat mixes codes.
    """
    side, largest = 128, 1024
    board = (np.indices((side, side)) * cells // side).sum(axis=0) % 2
    image = torch.from_numpy(board * 2.0 - 1.0).float().expand(1, 3, side, side)
    tiles = []
    for temperature in np.linspace(0.02, 1, 50):
        codes = diffuse(image, blur_width(float(temperature), side))[0, 0].numpy() / 2 + 0.5
        light = curve(np.clip(codes, 0, 1)).reshape(TILES, side // TILES, TILES, side // TILES)
        tiles.append(light.mean(axis=(1, 3)))
    assert np.abs(np.diff(tiles, axis=0)).max() / 0.02 * math.log(2 * largest) / math.log(2 * side) <= STEEPEST


def test_fire_and_picture_together_stay_below_the_limit_of_flashes():
    assert SLEW * STEEPEST + LEFT * FASTEST <= FASTEST + 1e-12
    assert after(10.0).share == LEFT
    assert Smoulder().share == 1.0
