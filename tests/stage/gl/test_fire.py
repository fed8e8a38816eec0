import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.brownian import Brownian
from installation.burns.heat import blur_width, diffuse
from installation.images import load, to_tensor
from installation.randomness import generator
from installation.stage.gl.fire import Fire, kernel
from installation.stage.light import curve, decode, inverse
from installation.stage.smoulder import MEDIA, Smoulder
from tests.conftest import ORIGIN

SIDE = 128
PHOTOGRAPH = load(ORIGIN, SIDE, SIDE)
GREY = np.full((SIDE, SIDE, 3), 128, np.uint8)
BURNING = [medium for medium in MEDIA if medium != "none"]


@pytest.fixture
def burn(gl):
    """Burns pixels, and says what light is left."""
    fire, textures = Fire(gl), []
    rest = gl.simple_framebuffer((1, 1))

    def burning(pixels, medium, temperature, age=0.0, level=1.0):
        height, width = pixels.shape[:2]
        textures.append(gl.texture((width, height), 3, decode(pixels).astype("f4") * np.float32(level), dtype="f4"))
        burnt = fire.burnt(textures[-1], Smoulder(medium, temperature, age), level)
        light = np.frombuffer(burnt.read(), "f4" if burnt is textures[-1] else "f2")
        return light.reshape(height, width, -1)[..., :3].astype(np.float32)

    yield burning
    rest.use()
    fire.free()
    for texture in textures:
        texture.release()
    assert gl.error == "GL_NO_ERROR"


def coded(light):
    """Light as media see it, -1 to 1."""
    return inverse(light) * 2 - 1


@pytest.mark.parametrize("medium", MEDIA)
def test_at_temperature_zero_the_picture_is_left_alone(burn, medium):
    np.testing.assert_array_equal(burn(PHOTOGRAPH, medium, 0.0), decode(PHOTOGRAPH))


@pytest.mark.parametrize("medium", BURNING)
def test_a_wall_without_brightness_stays_black(burn, medium):
    assert burn(PHOTOGRAPH, medium, 0.5, level=0.0).max() == 0.0


@pytest.mark.parametrize("medium", BURNING)
def test_half_the_brightness_is_the_same_fire_in_half_the_light(burn, medium):
    full, half = burn(PHOTOGRAPH, medium, 0.2), burn(PHOTOGRAPH, medium, 0.2, level=0.5)
    np.testing.assert_allclose(half, full / 2, atol=2e-3)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 0.15])
def test_gaussian_has_the_mean_and_the_deviation_of_its_medium(burn, temperature):
    phi = math.pi / 2 * temperature
    noisy = coded(burn(GREY, "gaussian", temperature))
    level = float(coded(decode(GREY))[0, 0, 0])
    assert noisy.mean() == pytest.approx(math.cos(phi) * level, abs=4 * math.sin(phi) / math.sqrt(noisy.size) + 1e-3)
    assert noisy.std() == pytest.approx(math.sin(phi), rel=0.02)


def test_gaussian_is_white_colours_and_neighbours_know_nothing_of_each_other(burn):
    noisy = coded(burn(GREY, "gaussian", 0.1))
    across = np.corrcoef(noisy[:, :-1].ravel(), noisy[:, 1:].ravel())[0, 1]
    colours = np.corrcoef(noisy.reshape(-1, 3).T)
    assert abs(across) < 0.03
    assert np.abs(colours - np.eye(3)).max() < 0.03


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_between_two_turns_the_noise_is_as_loud_as_ever(burn, share):
    noisy = coded(burn(GREY, "gaussian", 0.1, age=0.2 * (7 + share)))
    assert noisy.std() == pytest.approx(math.sin(math.pi / 20), rel=0.02)


def test_the_fire_goes_on_without_a_jump_from_turn_to_turn(burn):
    before, after = (coded(burn(GREY, "gaussian", 0.1, age=0.2 * (7 + by))) for by in (-1e-4, 1e-4))
    assert np.abs(before - after).max() < 5e-3


def test_after_a_month_it_seethes_as_finely_as_at_first(burn):
    month = 30 * 86400.0
    first, next_frame = (coded(burn(GREY, "gaussian", 0.1, age=month + by)) for by in (0.0, 1 / 60))
    quarter = math.pi / 2 / (0.2 * 60)  # of which a frame turns so much
    expected = math.sin(math.pi / 20) * quarter * math.sqrt(2 / math.pi)
    assert np.abs(first - next_frame).mean() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("temperature", [0.05, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0])
def test_heat_is_the_heat_equation_to_a_hundredth(burn, temperature):
    exact = diffuse(to_tensor(PHOTOGRAPH), blur_width(temperature, SIDE))[0].permute(1, 2, 0).numpy()
    seen = coded(burn(PHOTOGRAPH, "heat", temperature))
    assert np.abs(seen - exact).mean() < 0.01
    assert np.abs(seen - exact).max() < 0.05


def test_heat_keeps_the_mean_code(burn):
    for temperature in (0.2, 0.5, 0.9):
        seen = coded(burn(PHOTOGRAPH, "heat", temperature))
        np.testing.assert_allclose(seen.mean(axis=(0, 1)), coded(decode(PHOTOGRAPH)).mean(axis=(0, 1)), atol=0.01)


def test_brownian_only_moves_the_colours_that_are_there(burn):
    seen = {tuple(colour) for colour in np.rint(inverse(burn(PHOTOGRAPH, "brownian", 0.3)).reshape(-1, 3) * 255)}
    assert seen <= {tuple(colour) for colour in PHOTOGRAPH.reshape(-1, 3).astype(float)}


@pytest.mark.parametrize("temperature", [0.2, 0.4])
def test_brownian_is_on_average_the_heat_equation(burn, temperature):
    exact = diffuse(to_tensor(PHOTOGRAPH), blur_width(temperature, SIDE))[0].permute(1, 2, 0).numpy()
    turns = 60
    mean = np.mean([coded(burn(PHOTOGRAPH, "brownian", temperature, age=0.2 * n)) for n in range(turns)], axis=0)
    one = coded(burn(PHOTOGRAPH, "brownian", temperature))
    assert np.abs(mean - exact).mean() < 2.0 * np.abs(one - exact).mean() / math.sqrt(turns)


def test_brownian_strays_as_far_as_its_medium(burn):
    """The difference to the picture, in distribution: that of the CPU's particles."""
    ours = coded(burn(PHOTOGRAPH, "brownian", 0.3)) - coded(decode(PHOTOGRAPH))
    theirs = (Brownian(0.3)(to_tensor(PHOTOGRAPH), generator(1, 1)).image - to_tensor(PHOTOGRAPH))[0]
    levels = torch.linspace(0.1, 0.9, 9)
    expected = torch.quantile(theirs.flatten()[::3], levels).numpy()
    np.testing.assert_allclose(np.quantile(ours, levels.numpy()), expected, atol=0.03)


@pytest.mark.parametrize("medium", BURNING)
def test_no_field_of_the_picture_flickers_while_it_smoulders(burn, medium):
    """Tiles of an eighth of the side keep their light from frame to frame, but for the dice of so few pixels."""
    frames = [burn(PHOTOGRAPH, medium, 0.3, age=n / 60) for n in range(12)]
    tiles = np.array([frame.reshape(8, 16, 8, 16, 3).mean(axis=(1, 3)) for frame in frames])
    assert np.abs(np.diff(tiles, axis=0)).max() < 0.03
    assert np.abs(np.diff(tiles.mean(axis=(1, 2)), axis=0)).max() < 0.005


def test_pictures_need_not_be_square(burn):
    assert burn(np.ascontiguousarray(PHOTOGRAPH[:72]), "heat", 0.3).shape == (72, SIDE, 3)


@given(width=st.floats(0.5, 4096.0))
def test_a_kernel_has_few_taps_whatever_its_width(width):
    sampled = kernel(width)
    assert 2 * sampled["taps"] + 1 <= 31
    assert 0.0 < sampled["width"] <= width


@given(width=st.floats(1.0, 512.0))
def test_a_kernel_blurs_by_the_variance_that_was_asked_for(width):
    sampled = kernel(width)
    places = np.arange(-sampled["taps"], sampled["taps"] + 1) * sampled["stride"]
    weights = np.exp(-0.5 * (places / sampled["width"]) ** 2)
    ahead = (sampled["stride"] ** 2 - 1) / 12 + (sampled["stride"] ** 2 / 6 if sampled["mip"] else 0.0)
    assert (weights @ places**2) / weights.sum() + ahead == pytest.approx(width**2, rel=0.02)


def test_curves_of_the_shader_are_those_of_the_standard(burn):
    """Through codes and back, at a temperature that blurs by nothing to speak of."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    seen = burn(ramp, "heat", 1e-6)
    np.testing.assert_allclose(seen[:, 8:-8], curve(ramp / 255.0)[:, 8:-8], atol=2e-3)
