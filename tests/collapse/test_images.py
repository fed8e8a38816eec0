"""What a generation is taught, and what chance alone would leave of the pictures: closed forms."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.collapse import CollapseError, theory
from installation.collapse.images import LIMITS, MODES, Settings, chance, compose, copying, understood
from installation.randomness import generator

REAL = np.arange(50)
PAINTED = [np.arange(100, 140), np.arange(200, 240)]


def diet(mode, share=0.2, seed=1):
    return compose(Settings(mode=mode, share=share), REAL, PAINTED, generator(seed, 0))


def test_synthetic_is_what_the_last_generation_painted_and_nothing_else():
    assert np.array_equal(diet("synthetic"), PAINTED[-1])


def test_fresh_replaces_a_share_by_real_pictures():
    taught = diet("fresh", 0.25)
    assert len(taught) == len(PAINTED[-1])
    assert np.isin(taught, REAL).sum() == 10
    assert np.isin(taught, PAINTED[-1]).sum() == 30
    assert len(np.unique(taught[np.isin(taught, PAINTED[-1])])) == 30


def test_fresh_pictures_are_drawn_anew_every_time():
    assert not np.array_equal(diet("fresh", seed=1), diet("fresh", seed=2))


@pytest.mark.parametrize(("share", "twin"), [(0.0, PAINTED[-1]), (1.0, REAL)])
def test_the_ends_of_the_share_are_all_painted_and_all_real(share, twin):
    assert np.isin(diet("fresh", share), twin).all()


def test_augmentation_keeps_every_real_picture():
    assert sorted(diet("augmentation")) == sorted([*REAL, *PAINTED[-1]])


def test_accumulation_forgets_nothing():
    assert sorted(diet("accumulate")) == sorted([*REAL, *PAINTED[0], *PAINTED[1]])


def test_generation_zero_by_chance_shows_as_many_kinds_as_draws_with_replacement_do():
    """K (1 - (1 - 1/K)^N): the exact mean, and the shape of pictures does not matter."""
    exact = theory.support_after_one(np.ones(142, dtype=np.int64), 256) / 142
    assert chance(Settings(), 142, 0) == [pytest.approx(exact, abs=0.01)]


def test_by_chance_synthetic_kinds_follow_wright_and_fisher():
    """Of as many draws as there are kinds, lineages survive with s' = 1 - exp(-s)."""
    settings = Settings(count=400)
    np.testing.assert_allclose(chance(settings, 400, 4), theory.lineage_survival(5)[1:], rtol=0.03)


def test_by_chance_fresh_pictures_hold_more_kinds_and_real_ones_most():
    starved, fed, kept = (chance(Settings(mode=mode), 142, 6)[-1] for mode in ("synthetic", "fresh", "augmentation"))
    assert starved < 0.8 * fed
    assert fed < kept


@pytest.mark.parametrize("mode", ["fresh", "augmentation", "accumulate"])
def test_with_real_pictures_in_the_diet_chance_comes_to_rest(mode):
    kinds = chance(Settings(mode=mode), 142, 24)
    assert abs(kinds[-1] - kinds[-7]) < 0.03


def test_starving_by_chance_never_finds_a_lost_kind_again():
    life = copying(Settings(), 142, generator(1, 0))
    kinds = [next(life) for _ in range(30)]
    assert kinds == sorted(kinds, reverse=True)


@given(st.sampled_from(sorted(LIMITS)), st.sampled_from([-1.0, float("nan"), 1e9]))
def test_what_is_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(CollapseError, match=f"{name} takes a number"):
        replace(Settings(), **{name: value})


def test_an_unknown_mode_is_refused_with_the_nearest():
    with pytest.raises(CollapseError, match="Did you mean synthetic"):
        understood({"mode": "syntetic"})


def test_more_pixels_than_a_sheet_may_hold_are_refused_with_the_number_that_fits():
    assert Settings(size=512).count == 256
    with pytest.raises(CollapseError, match="--count 76 or less"):
        Settings(size=1024)
    assert Settings(size=1024, count=76)


def test_a_size_that_no_model_paints_is_refused():
    with pytest.raises(CollapseError, match="multiple of 32"):
        Settings(size=100)


@pytest.mark.parametrize("mode", MODES)
def test_settings_come_back_from_what_is_written(mode):
    settings = Settings(mode=mode, share=0.3)
    assert understood(asdict(settings) | {"of a later version": 1}) == settings


def test_runs_that_differ_only_in_their_diet_begin_alike():
    assert Settings(mode="fresh", practice=7).beginning() == Settings().beginning() != Settings(size=64).beginning()


def test_curves_are_called_by_what_they_eat():
    assert [Settings(mode=mode).title for mode in MODES] == ["synthetic", "20% fresh", "augmentation", "accumulate"]
