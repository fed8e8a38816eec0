import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.dissolve import Arrivals, Dissolve, blend, resized


def picture(seed, side=16):
    return np.random.default_rng(seed).random((side, side, 3), dtype=np.float32)


@given(share=st.floats(0.0, 1.0))
def test_a_blend_is_the_sum_of_two_projectors(share):
    before, after = picture(1), picture(2)
    np.testing.assert_allclose(blend(before, after, share), (1 - share) * before + share * after, atol=1e-6)


def test_a_dissolve_begins_with_the_old_picture_and_ends_with_the_new_one():
    dissolve = Dissolve(picture(1), begun=10.0, seconds=2.0)
    np.testing.assert_allclose(dissolve.picture(picture(2), 10.0), picture(1))
    np.testing.assert_array_equal(dissolve.picture(picture(2), 12.0), picture(2))


@given(times=st.lists(st.floats(0.0, 20.0), min_size=2))
def test_a_dissolve_never_goes_back(times):
    dissolve = Dissolve(picture(1), begun=5.0, seconds=3.0)
    shares = [dissolve.share(time) for time in sorted(times)]
    assert shares == sorted(shares)
    assert all(0.0 <= share <= 1.0 for share in shares)


def test_a_dissolve_of_no_time_is_a_cut():
    np.testing.assert_array_equal(Dissolve(picture(1), 5.0, 0.0).picture(picture(2), 5.0), picture(2))


def test_pictures_of_two_sizes_dissolve_at_the_new_one():
    assert Dissolve(picture(1, 8), 0.0, 2.0).picture(picture(2, 32), 1.0).shape == (32, 32, 3)


def test_a_picture_of_the_right_size_is_not_touched():
    before = picture(1)
    assert resized(before, picture(2)) is before


@given(gaps=st.lists(st.floats(0.01, 60.0), min_size=1), longest=st.floats(0.0, 5.0))
def test_a_dissolve_takes_no_longer_than_allowed_nor_than_frames_take_to_arrive(gaps, longest):
    arrivals, now = Arrivals(), 0.0
    arrivals.note(now)
    for gap in gaps:
        now += gap
        arrivals.note(now)
    assert arrivals.limit(longest) <= longest
    assert arrivals.limit(longest) <= max(gaps) + 1e-6


def test_one_long_pause_does_not_make_the_next_dissolve_long():
    arrivals = Arrivals()
    for now in (0.0, 0.1, 0.2, 0.3, 60.3):
        arrivals.note(now)
    assert arrivals.limit(5.0) == pytest.approx(0.1)


def test_before_the_second_frame_only_the_knob_limits_a_dissolve():
    assert Arrivals().limit(1.5) == 1.5
