"""What is measured and shown of a trained ember."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from installation.randomness import generator, white
from installation.restorers import wavelet
from installation.restorers.ember import Ember
from installation.restorers.filters import Bands
from installation.training.composition import Exhibit
from installation.training.corpus import Corpus
from installation.training.objective import build_network
from installation.training.proof import LEVELS, TRIED, held_out, psnr, sheet, trial, wiener
from tests.restorers.tiny_conditions import knowing


def soft_bands():
    std = torch.logspace(0.5, -1.5, wavelet.CHANNELS).view(1, -1, 1, 1)
    return Bands(torch.zeros_like(std), std)


@pytest.fixture(scope="module")
def silent():
    return Ember(build_network((32, 32, 32)).eval(), soft_bands(), "silent", knowing())


def grey(level, side=64):
    return np.full((side, side, 3), level, np.uint8)


def test_psnr_is_that_of_a_known_error():
    """An error of 0.2 on a range of 2 is 20 dB."""
    assert psnr(torch.full((1, 3, 4, 4), 0.2), torch.zeros(1, 3, 4, 4)) == pytest.approx(20.0, abs=1e-4)


def test_psnr_does_not_count_what_a_screen_cannot_show():
    assert psnr(torch.full((1, 3, 4, 4), 9.0), torch.full((1, 3, 4, 4), 0.8)) == pytest.approx(20.0, abs=1e-4)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 5.0])
def test_no_gain_per_band_beats_the_wiener_filter_on_pictures_of_its_bands(sigma):
    bands = soft_bands()
    rng = generator(0, 0)
    clean = wavelet.synthesise(bands.std * white(rng, torch.empty(16, wavelet.CHANNELS, 8, 8)))
    noisy = clean + sigma * white(rng, clean)
    error = (wiener(bands, noisy, sigma) - clean).square().mean()
    for gain in (0.9, 1.1):
        assert (gain * wiener(bands, noisy, sigma) - clean).square().mean() > error


def test_a_silent_network_and_the_wiener_filter_draw(silent):
    found = trial(silent, [grey(60), grey(180)])
    assert list(found) == [f"{sigma:g}" for sigma in LEVELS]
    assert all(ours == pytest.approx(linear, abs=1e-3) for ours, linear in found.values())


def test_less_noise_is_restored_better(silent):
    ours = [pair[0] for pair in trial(silent, [grey(60)]).values()][:5]  # beyond, little is left but the mean
    assert ours == sorted(ours, reverse=True)


def test_a_sheet_has_a_row_per_picture_and_a_column_per_temperature(silent):
    with Image.open(io.BytesIO(sheet(silent, [grey(60), grey(180)], steps=1))) as png:
        assert png.size == (6 * 64, 2 * 64)
        assert np.array_equal(np.asarray(png)[64:, :64], grey(180))


def test_held_out_photographs_are_tried_or_whatever_was_held_out():
    photos, cuts = [Exhibit(grey(1, 80))] * 60, [Exhibit(grey(2, 80))] * 3
    assert len(held_out(Corpus({}, {"photo": photos, "cut": cuts}, {}), 64, seed=0)) == TRIED
    assert [picture.shape for picture in held_out(Corpus({}, {"cut": cuts}, {}), 64, seed=0)] == [(64, 64, 3)] * 3


def test_a_corpus_too_small_to_hold_anything_out_is_tried_on_itself():
    assert [picture.shape for picture in held_out(Corpus({"art": [Exhibit(grey(3, 80))]}, {}, {}), 64, seed=0)] == [
        (64, 64, 3)
    ]
