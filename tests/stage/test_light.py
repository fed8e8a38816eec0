import numpy as np
import pytest

from installation.stage.light import curve, decode, encode, inverse, luminance


def every_code():
    return np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(16, 16, 3)


@pytest.mark.parametrize("turn", range(0, 200, 7))
def test_a_decoded_pixel_is_encoded_as_itself_at_every_turn(turn):
    np.testing.assert_array_equal(encode(decode(every_code()), turn), every_code())


def test_the_curves_are_each_others_inverse():
    codes = np.linspace(0.0, 1.0, 1001)
    np.testing.assert_allclose(inverse(curve(codes)), codes, atol=1e-5)


def test_half_the_light_of_white_is_code_188_and_not_128():
    assert abs(int(encode(np.full((8, 8, 3), 0.5, np.float32))[0, 0, 0]) - 188) <= 1


def test_light_between_two_codes_is_kept_in_the_mean_of_the_dither():
    between = (curve(np.array([20.0, 21.0]) / 255.0) * [0.7, 0.3]).sum()
    shown = np.mean([encode(np.full((32, 32, 3), between, np.float32), turn) for turn in range(100)])
    assert shown == pytest.approx(float(inverse(np.array(between))) * 255.0, abs=0.02)


def test_the_dither_moves_from_turn_to_turn():
    grey = np.full((32, 32, 3), 0.1234, np.float32)
    assert (encode(grey, 1) != encode(grey, 2)).any()


def test_light_beyond_the_range_is_clipped():
    assert encode(np.full((2, 2, 3), 7.0, np.float32)).min() == 255
    assert encode(np.full((2, 2, 3), -7.0, np.float32)).max() == 0


@pytest.mark.parametrize(("colour", "expected"), [((1, 1, 1), 1.0), ((1, 0, 0), 0.2126), ((0, 1, 0), 0.7152)])
def test_luminance_is_that_of_bt_709(colour, expected):
    assert luminance(np.full((4, 4, 3), colour, np.float32)) == pytest.approx(expected)
