"""Each detector sees its own death, says so in a sentence, and does not disturb the living."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.loop import stuck
from installation.loop.history import FINGERPRINT, REMEMBERED, History

PATIENCE = 100
DETECTORS = {**stuck.BLANKS, **stuck.STANDSTILLS, **stuck.SLOW}


@pytest.fixture
def dice():
    return np.random.default_rng(7)


def records(hashes, *, thumbs=None, light=0.5, contrast=0.2, temperature=0.3):
    found = np.zeros(len(hashes), FINGERPRINT)
    found["hash"] = hashes
    found["thumb"] = np.full((len(hashes), 16, 3), 128) if thumbs is None else thumbs
    found["light"], found["contrast"], found["temperature"] = light, contrast, temperature
    return found


def words(dice, count):
    return dice.integers(0, 2**64, count, dtype=np.uint64)


def living(dice, count):
    """Pictures that all look different."""
    return records(words(dice, count), thumbs=dice.integers(40, 200, (count, 16, 3)))


def said(history):
    """The names of the detectors that speak up."""
    return {name for name, detector in DETECTORS.items() if detector(history, PATIENCE)}


def test_a_living_loop_is_left_alone(dice):
    assert said(History(living(dice, REMEMBERED))) == set()


@pytest.mark.parametrize("count", range(0, 20, 5))
def test_nothing_is_said_of_what_has_hardly_begun(count):
    assert said(History(records(np.zeros(count, np.uint64)))) == set()


# ------------------------------------------------------------------ fixed points


def test_a_picture_that_stands_still_is_a_fixed_point_as_soon_as_patience_ends(dice):
    still = living(dice, 50).tolist() + records(np.full(PATIENCE, 99)).tolist()
    history = History(np.array(still[:-1], FINGERPRINT))
    assert stuck.fixed_point(history, PATIENCE) is None
    history.add(np.array(still[-1], FINGERPRINT))
    assert "has not changed for 100 generations" in str(stuck.fixed_point(history, PATIENCE))


def test_two_bits_are_the_same_picture_and_three_are_not(dice):
    base = np.full(PATIENCE, 0xF0F0F0F0F0F0F0F0, np.uint64)
    flips = np.array([0, 1, 2, 3], np.uint64)[dice.integers(0, 4, PATIENCE)]  # one of the two lowest bits, or both
    flips[-1] = 0
    assert stuck.fixed_point(History(records(base ^ flips)), PATIENCE)
    flips[5] = 0b111
    assert stuck.fixed_point(History(records(base ^ flips)), PATIENCE) is None


def test_a_picture_that_changes_its_colours_lives():
    colours = np.full((PATIENCE, 16, 3), 128)
    colours[:50, :, 1] += 5
    assert stuck.fixed_point(History(records(np.zeros(PATIENCE, np.uint64), thumbs=colours)), PATIENCE) is None


# ------------------------------------------------------------------ cycles


@given(period=st.integers(2, 60), seed=st.integers(0, 2**32))
def test_a_cycle_is_found_with_its_length(period, seed):
    round_ = words(np.random.default_rng(seed), period)
    found = stuck.limit_cycle(History(records(np.tile(round_, 400 // period + 1))), PATIENCE)
    assert f"the same {period} pictures" in str(found)


def test_the_longest_lag_is_1024(dice):
    round_ = words(dice, 1024)
    assert "1024" in str(stuck.limit_cycle(History(records(np.tile(round_, 4))), PATIENCE))
    longer = words(dice, 1025)
    assert stuck.limit_cycle(History(records(np.tile(longer, 4)[:REMEMBERED])), PATIENCE) is None


@pytest.mark.parametrize(("share", "found"), [(0.05, True), (0.4, False)])
def test_a_cycle_may_stumble_but_not_too_often(dice, share, found):
    hashes = np.tile(words(dice, 3), 200)
    stumbles = np.flatnonzero(dice.random(600) < share)
    hashes[stumbles[stumbles < 590]] = words(dice, int((stumbles < 590).sum()))
    assert bool(stuck.limit_cycle(History(records(hashes)), PATIENCE)) is found


def test_standing_still_is_no_cycle():
    assert stuck.limit_cycle(History(records(np.zeros(600, np.uint64))), PATIENCE) is None


def test_wandering_slowly_is_no_cycle(dice):
    bits = np.cumsum(dice.random(600) < 0.1)  # every tenth generation one more bit is another one
    hashes = np.array([(1 << int(n % 60)) - 1 for n in bits], np.uint64)
    assert stuck.limit_cycle(History(records(hashes)), PATIENCE) is None


def test_what_goes_and_comes_with_its_temperature_follows_the_score(dice):
    round_ = np.tile(words(dice, 40), 10)
    breath = 0.3 + 0.1 * np.sin(np.arange(400) * 2 * np.pi / 40)
    assert stuck.limit_cycle(History(records(round_, temperature=breath)), PATIENCE) is None
    assert stuck.limit_cycle(History(records(round_)), PATIENCE)


def test_a_fast_cycle_in_a_slow_score_is_a_cycle(dice):
    breath = 0.3 + 0.2 * np.sin(np.arange(400) * 2 * np.pi / 400)
    assert stuck.limit_cycle(History(records(np.tile(words(dice, 2), 200), temperature=breath)), PATIENCE)


# ------------------------------------------------------------------ collapse


def test_many_hashes_of_one_kind_of_picture_are_a_collapse(dice):
    alike = 128 + dice.integers(0, 2, (PATIENCE, 16, 3))
    assert "64 pictures are worth 1." in str(
        stuck.collapse(History(records(words(dice, PATIENCE), thumbs=alike)), PATIENCE)
    )


def test_two_kinds_of_pictures_are_none(dice):
    two = np.full((PATIENCE, 16, 3), 90)
    two[::2] = 170
    assert stuck.collapse(History(records(words(dice, PATIENCE), thumbs=two)), PATIENCE) is None


def test_the_vendi_score_of_equal_pictures_is_1_of_different_ones_n_of_two_kinds_2():
    apart = np.arange(10)[:, None, None] * 25 + np.zeros((1, 16, 3))
    assert stuck.diversity(np.full((10, 16, 3), 7)) == pytest.approx(1.0)
    assert stuck.diversity(apart.astype(np.uint8)) == pytest.approx(10.0, rel=0.01)
    assert stuck.diversity(np.repeat(apart[[0, 9]], 5, axis=0)) == pytest.approx(2.0)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 40))
def test_the_vendi_score_lies_between_1_and_n_and_the_order_does_not_matter(seed, count):
    thumbs = np.random.default_rng(seed).integers(0, 256, (count, 16, 3))
    assert 0.999 <= stuck.diversity(thumbs) <= count * 1.001
    assert stuck.diversity(thumbs[::-1]) == pytest.approx(stuck.diversity(thumbs))


# ------------------------------------------------------------------ blank walls


@pytest.mark.parametrize(
    ("name", "field", "blank"),
    [("white-out", "light", 0.98), ("black-out", "light", 0.02), ("flat field", "contrast", 0.019)],
)
def test_a_blank_wall_is_seen_after_five_generations(dice, name, field, blank):
    history = living(dice, 60)
    history[field][-4:] = blank
    assert stuck.BLANKS[name](History(history), PATIENCE) is None
    history[field][-5:] = blank
    assert "for 5 generations" in str(stuck.BLANKS[name](History(history), PATIENCE))


@pytest.mark.parametrize(("field", "level"), [("light", 0.035), ("light", 0.965), ("contrast", 0.021)])
def test_dark_bright_and_foggy_pictures_are_pictures(dice, field, level):
    history = living(dice, 60)
    history[field] = level
    assert said(History(history)) == set()


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_leaves_the_history_as_it_was(dice, name):
    history = History(records(np.tile(words(dice, 2), 300)))
    before = history.newest().tobytes()
    DETECTORS[name](history, PATIENCE)
    assert history.newest().tobytes() == before
