import numpy as np
import pytest

from installation.images import load
from installation.stage.light import decode
from installation.stage.outputs import Blend, Output, whole
from installation.stage.placement import Box
from tests.conftest import ORIGIN

PHOTOGRAPH = load(ORIGIN, 96, 96)
GREY = np.full((32, 32, 3), 0.2, np.float32)


def test_a_picture_of_the_windows_size_comes_out_code_for_code(project):
    np.testing.assert_array_equal(project((96, 96)).show(decode(PHOTOGRAPH)), PHOTOGRAPH)


def test_at_every_turn_it_comes_out_the_same(project):
    window = project((96, 96))
    for turn in (1, 2, 77):
        np.testing.assert_array_equal(window.show(decode(PHOTOGRAPH), turn=turn), PHOTOGRAPH)


def test_light_between_two_codes_is_dithered_to_its_mean(project):
    window = project((64, 64))
    for level in np.linspace(0.003, 0.9, 7):
        seen = window.show(np.full((64, 64, 3), level), turn=3)
        assert np.ptp(seen) <= 1
        assert decode(seen).mean() == pytest.approx(level, abs=0.2 / 255)


def test_a_contained_picture_stands_between_black_bars(project):
    seen = project((160, 90), fit="contain").show(GREY)
    assert 0 < seen[:, 36:124].max() <= seen[:, 36:124].min() + 1
    assert seen[:, :35].max() == seen[:, 125:].max() == 0


def test_a_covering_picture_fills_the_window(project):
    assert project((160, 90)).show(GREY).min() > 0


def test_left_stays_left_and_up_stays_up(project):
    picture = np.zeros((32, 32, 3), np.float32)
    picture[:16, :16, 0], picture[:16, 16:, 1], picture[16:, :16, 2] = 1, 1, 1
    seen = project((64, 64)).show(picture)
    assert [seen[y, x].tolist() for y, x in ((8, 8), (8, 56), (56, 8), (56, 56))] == [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [0, 0, 0],
    ]


def test_enlarged_it_keeps_its_light_and_rings_nowhere(project):
    picture = np.full((16, 16, 3), 0.1, np.float32)
    picture[:, 8:] = 0.6
    seen = decode(project((128, 128)).show(picture))
    assert seen.mean() == pytest.approx(0.35, abs=1 / 255)
    assert 0.1 - 1e-2 < seen.min() < seen.max() < 0.6 + 1e-2


@pytest.mark.parametrize("opening", [0.0, 0.25, 0.5, 1.0])
def test_the_curtain_takes_light_and_nothing_else(project, opening):
    seen = decode(project((32, 32)).show(GREY, opening=opening))
    assert seen.mean() == pytest.approx(0.2 * opening, abs=0.3 / 255)


def test_behind_the_closed_curtain_all_is_black_even_lifted_black(project):
    leaking = Output("leaking", Box(0, 0, 32, 32), blend=Blend(right=0.25), black=0.1)
    assert project((32, 32)).show(GREY, [leaking], opening=0.0).max() == 0


def test_grain_changes_no_mean_and_no_more_than_it_may(project):
    window = project((128, 128))
    plain, rough = window.show(np.full((8, 8, 3), 0.3)), window.show(np.full((8, 8, 3), 0.3), grain=1.0)
    assert decode(rough).mean() == pytest.approx(decode(plain).mean(), abs=0.6 / 255)
    assert decode(rough).std() == pytest.approx(0.3 * 0.7 / np.sqrt(6), rel=0.05)  # of two dice, triangular


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_have_no_grain(project, level):
    assert np.ptp(project((64, 64)).show(np.full((8, 8, 3), level), grain=1.0)) == 0


def test_grain_stands_for_a_24th_of_a_second_and_is_another_then(project):
    window = project((64, 64))
    first, same, later = (window.show(GREY, grain=1.0, seconds=seconds) for seconds in (1.0, 1.04, 1.05))
    np.testing.assert_array_equal(first, same)
    assert (first != later).mean() > 0.5


def test_what_was_painted_can_be_read_again(project):
    window = project((96, 96))
    shown = window.show(decode(PHOTOGRAPH) / 2, turn=5)
    np.testing.assert_array_equal(window.painter.pixels(), shown)


def test_nothing_is_made_twice_whatever_is_shown(project):
    window = project((64, 64))
    window.show(GREY)
    held = len(window.painter)
    for turn in range(10):
        window.show(GREY, turn=turn, grain=0.5, seconds=turn)
    assert len(window.painter) == held


def test_pictures_and_outputs_of_other_sizes_leave_nothing_behind(project):
    window = project((64, 64))
    window.show(GREY)
    held = len(window.painter)
    window.show(np.zeros((48, 24, 3)), [Output("half", Box(0, 0, 32, 64))])
    window.show(GREY, [whole(64, 64)])
    assert len(window.painter) == held


def test_freed_it_holds_nothing(project):
    window = project((64, 64))
    window.show(GREY)
    window.painter.pixels()
    window.painter.free()
    assert len(window.painter) == 0
