"""The soak: the real turns, drift and keeper, a month of them, with everything going wrong on schedule."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from installation.loop.generation import Moment
from installation.loop.keeper import Keeping
from installation.soak import MOST_DRIFT, Verdict, Witness, growth, soak

GENERATIONS = 8_000  # once through the timetable of illnesses; `burntout soak` does 100,000


@pytest.fixture(scope="module")
def verdict():
    """One soak, and the shares its progress bar heard."""
    heard: list[float] = []
    return soak(GENERATIONS, 1, heard.append), heard


@pytest.mark.soak
def test_after_a_month_it_is_alive(verdict):
    assert verdict[0].alive, verdict[0].sentence()


@pytest.mark.soak
def test_no_picture_ever_stood_for_longer_than_two_rungs_take(verdict):
    assert verdict[0].longest <= 2 * Keeping().patience + 16


@pytest.mark.soak
def test_mean_luma_has_not_drifted(verdict):
    assert abs(verdict[0].drift) < MOST_DRIFT


@pytest.mark.soak
def test_the_broken_model_was_refused_and_the_frozen_loop_rescued(verdict):
    assert verdict[0].refused >= 8
    assert any("fixed point" in name or "diversity" in name for name in verdict[0].rescues)


@pytest.mark.soak
def test_the_progress_bar_goes_up_to_the_end(verdict):
    assert verdict[1] == sorted(verdict[1])
    assert verdict[1][-1] == 1.0


def test_a_sentence_says_whether_it_lives_and_every_figure():
    well = Verdict(1000, 2.0, 50, 236, 0.001, 3.0, 4, {"a fixed point -> reheated": 2})
    assert well.sentence().startswith("Alive after 1000 generations in 2 s (2.00 ms each)")
    assert "2 x a fixed point -> reheated" in well.sentence()
    for ill in (replace(well, longest=237), replace(well, drift=-0.03), replace(well, growth=200.0)):
        assert ill.sentence().startswith("NOT WELL")


def test_growth_is_a_slope_in_bytes_per_generation_after_warming_up():
    assert growth([0, 10**9] + [10**9 + 500 * 7 * n for n in range(8)]) == pytest.approx(7.0)
    assert growth([10**6] * 20) == pytest.approx(0.0)
    assert growth([]) == 0.0


def seen(picture):
    return Moment("generation", picture, 0.3, 1.0)


def test_the_witness_counts_how_long_one_picture_is_shown(photograph):
    witness = Witness()
    for picture in [photograph] * 5 + [photograph.flip(-1)] * 3 + [photograph] * 2:
        witness.see(seen(picture))
    assert witness.longest == 4  # generations after the first of five
    assert witness.drift() == pytest.approx(0.0, abs=1e-6)


def test_the_witness_sees_brightness_creep():
    witness = Witness()
    for level in np.linspace(-0.2, 0.2, 100):
        witness.see(seen(torch.full((1, 3, 16, 16), float(level))))
    assert witness.drift() == pytest.approx(0.1, abs=0.005)
