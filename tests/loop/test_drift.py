"""Feeding back: links at rest do nothing at all; a moved knob does what it says and nothing else."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.images import to_pixels, to_tensor
from installation.knobs import declared
from installation.loop import drift
from installation.loop.drift import (
    Dice,
    Palette,
    blend,
    feed_back,
    follow,
    hold_colour,
    hold_spectrum,
    palette,
    sharpen,
    warp,
    whirl,
)
from installation.loop.knobs import Looping
from installation.randomness import generator, white

STILL = Looping(colour=0.0, noise_floor=0.0)
SIDE = 65  # odd: there is a middle pixel
MIDDLE = SIDE // 2


def dice(serial=1, seed=7):
    return Dice(generator(seed, serial), seed, serial)


def dot(right=0.0, down=0.0):
    """A bright round dot on black, so many pixels from the middle, 1 x 3 x 65 x 65."""
    y, x = torch.meshgrid(torch.arange(float(SIDE)), torch.arange(float(SIDE)), indexing="ij")
    square = (x - MIDDLE - right) ** 2 + (y - MIDDLE - down) ** 2
    return (2.0 * torch.exp(-square / 8.0) - 1.0).expand(1, 3, SIDE, SIDE).contiguous()


def where(image):
    """The centre of brightness, in pixels right of and below the middle."""
    light = (image[0, 0] + 1.0).clamp_min(0.0)
    along = torch.arange(float(SIDE)) - MIDDLE
    return float((light.sum(0) * along).sum() / light.sum()), float((light.sum(1) * along).sum() / light.sum())


# ------------------------------------------------------------------ at rest


def test_at_rest_the_warp_returns_the_very_image(photograph):
    assert warp(photograph, STILL, dice()) is photograph


def test_at_rest_colour_returns_the_very_image(photograph):
    assert hold_colour(photograph, palette(photograph), 0.0) is photograph


def test_at_rest_spectrum_and_unsharp_mask_return_the_very_image(photograph):
    assert hold_spectrum(photograph, -photograph, 0.0) is photograph
    assert sharpen(photograph, 0.0) is photograph


def test_a_chain_at_rest_changes_nothing_and_draws_nothing(photograph):
    rolled = dice()
    assert torch.equal(feed_back(photograph, -photograph, palette(photograph), STILL, rolled), photograph)
    assert rolled.rng.random() == dice().rng.random()


# ------------------------------------------------------------------ geometry


@pytest.mark.parametrize(("x", "y"), [(0.1, 0.0), (-0.1, 0.0), (0.0, 0.1), (0.04, -0.06)])
def test_shift_moves_right_and_down_by_its_share_of_the_picture(x, y):
    moved = warp(dot(), replace(STILL, shift_x=x, shift_y=y), dice())
    assert where(moved) == pytest.approx((x * SIDE, y * SIDE), abs=0.05)


@pytest.mark.parametrize("degrees", [10.0, -10.0, 4.0])
def test_rotation_is_clockwise(degrees):
    turned = where(warp(dot(right=20), replace(STILL, rotate=degrees), dice()))
    angle = math.radians(degrees)
    assert turned == pytest.approx((20 * math.cos(angle), 20 * math.sin(angle)), abs=0.05)


@pytest.mark.parametrize("zoom", [1.1, 0.9, 1.05])
def test_zoom_above_one_comes_nearer(zoom):
    assert where(warp(dot(right=16, down=-8), replace(STILL, zoom=zoom), dice())) == pytest.approx(
        (16 * zoom, -8 * zoom), abs=0.15
    )


def test_a_round_thing_stays_round_in_a_picture_that_is_not_square():
    wide = torch.nn.functional.pad(dot(), (40, 40, 0, 0), value=-1.0)
    turned = warp(wide, replace(STILL, rotate=10.0), dice())
    torch.testing.assert_close(turned, wide, atol=0.03, rtol=0.0)


def test_edges_are_mirrored_and_no_black_comes_in():
    white = torch.ones(1, 3, 33, 48)
    knobs = Looping(zoom=0.9, rotate=10.0, shift_x=0.1, shift_y=-0.1, flow=8.0)
    torch.testing.assert_close(warp(white, knobs, dice()), white)


def test_a_batch_is_warped_alike():
    both = warp(torch.cat([dot(5), dot(5)]), replace(STILL, rotate=5.0, flow=3.0), dice())
    assert torch.equal(both[0], both[1])


@pytest.mark.parametrize("flow", [1.0, 3.0])
def test_flow_moves_by_so_many_pixels_on_average(flow):
    ramp = torch.linspace(-0.5, 0.5, 256).expand(1, 3, 256, 256).contiguous()
    moved = (warp(ramp, replace(STILL, flow=flow), dice()) - ramp)[0, 0, 16:-16, 16:-16] * 255
    across = whirl(7, 1, 256, 256)[0, 16:-16, 16:-16, 0]
    torch.testing.assert_close(moved, flow * across, atol=0.06, rtol=0.0)  # torch's bicubic is that coarse on a ramp


# ------------------------------------------------------------------ the whirl


SERIALS = st.integers(0, 2**40)
SEEDS = st.integers(0, 2**63 - 1)


@given(seed=SEEDS, serial=SERIALS)
def test_the_whirl_has_no_sources_and_no_sinks(seed, serial):
    field = whirl(seed, serial, 40, 56)[0]
    divergence = torch.gradient(field[..., 0], dim=1)[0] + torch.gradient(field[..., 1], dim=0)[0]
    assert float(divergence.abs().max()) < 1e-5


@given(seed=SEEDS, serial=SERIALS)
def test_the_whirl_is_one_pixel_strong_on_average(seed, serial):
    assert float(whirl(seed, serial, 40, 56).square().sum(-1).mean()) == pytest.approx(1.0, rel=1e-4)


@given(seed=SEEDS, serial=SERIALS)
def test_the_whirl_depends_on_seed_and_serial_alone(seed, serial):
    assert torch.equal(whirl(seed, serial, 16, 16), whirl(seed, serial, 16, 16))


@pytest.mark.parametrize("serial", [10, 46, 47, 48, 95])
def test_the_whirl_turns_slowly_even_from_one_field_to_the_next(serial):
    before, after = whirl(3, serial, 32, 32), whirl(3, serial + 1, 32, 32)
    assert float((before * after).sum(-1).mean()) > 0.99


def test_after_its_life_the_whirl_is_another_one():
    before, after = whirl(3, 0, 32, 32), whirl(3, drift.WHIRL_LIFE, 32, 32)
    assert float((before * after).sum(-1).mean()) < 0.9


# ------------------------------------------------------------------ mixing and colour


@given(share=st.floats(0.0, 1.0))
def test_mixing_goes_in_a_straight_line(share):
    a, b = torch.tensor([1.0, -1.0]), torch.tensor([0.0, 3.0])
    torch.testing.assert_close(blend(a, b, share), (1 - share) * a + share * b)


def test_the_origin_comes_back_by_its_share(photograph):
    mixed = feed_back(-photograph, photograph, palette(photograph), replace(STILL, origin_mix=0.25), dice())
    torch.testing.assert_close(mixed, -0.5 * photograph)


def tinted(photograph):
    """The photograph with another palette, within what one correction may do."""
    return photograph * torch.tensor([0.9, 1.1, 1.0]).view(1, 3, 1, 1) + torch.tensor([0.05, -0.1, 0.0]).view(
        1, 3, 1, 1
    )


def test_at_full_strength_the_palette_is_the_references(photograph):
    wanted = palette(photograph)
    held = palette(hold_colour(tinted(photograph), wanted, 1.0))
    torch.testing.assert_close(held.mean, wanted.mean, atol=1e-5, rtol=0.0)
    torch.testing.assert_close(held.spread, wanted.spread, atol=1e-5, rtol=0.0)


@given(strength=st.floats(0.05, 1.0))
def test_any_strength_brings_the_palette_nearer(photograph, strength):
    wanted, image = palette(photograph), tinted(photograph)
    held = palette(hold_colour(image, wanted, strength))
    assert (held.mean - wanted.mean).norm() < (palette(image).mean - wanted.mean).norm()
    assert (held.spread - wanted.spread).norm() < (palette(image).spread - wanted.spread).norm()


@pytest.mark.parametrize(("contrast", "step"), [(0.1, 1.25), (10.0, 0.8)])
def test_contrast_is_corrected_by_at_most_a_quarter_at_once(photograph, contrast, step):
    image = contrast * photograph
    held = palette(hold_colour(image, palette(photograph), 1.0))
    torch.testing.assert_close(held.spread, step * palette(image).spread)


def test_a_flat_picture_gets_its_colour_and_stays_finite(photograph):
    wanted = palette(photograph)
    held = hold_colour(torch.zeros(1, 3, 8, 8), wanted, 1.0)
    torch.testing.assert_close(palette(held).mean, wanted.mean)


def test_brightness_can_change_without_colour():
    first, *rest = palette(torch.linspace(-1, 1, 64).expand(1, 3, 8, 64)).spread.tolist()
    assert first > 0.5
    assert rest == pytest.approx([0.0, 0.0], abs=1e-6)


def test_the_reference_follows_with_a_memory_of_a_hundred_generations():
    reference, goal = (Palette(torch.full((3,), value), torch.full((3,), value)) for value in (0.0, 1.0))
    for _ in range(100):
        reference = follow(reference, goal)
    torch.testing.assert_close(reference.mean, torch.full((3,), 1 - 0.99**100))


# ------------------------------------------------------------------ spectrum and unsharp mask


def octave_power(image, number):
    """The power between two radii of the spectrum, in octaves below half the sampling rate."""
    height, width = image.shape[-2:]
    radius = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None])
    here = (radius <= 2.0 ** -(number + 1)) & (radius > 2.0 ** -(number + 2))
    return float(torch.fft.rfft2(image, norm="ortho")[..., here].abs().square().mean())


@pytest.mark.parametrize(("amplitude", "power"), [(0.1, 0.5), (0.9, 0.81), (1.2, 1.44), (8.0, 2.0)])
@pytest.mark.parametrize("octave", [1, 2])
def test_the_power_of_fine_detail_is_held_between_half_and_twice_the_references(photograph, amplitude, power, octave):
    held = hold_spectrum(amplitude * photograph, photograph, 1.0)
    assert octave_power(held, octave) / octave_power(photograph, octave) == pytest.approx(power, rel=1e-3)


def test_the_layout_is_left_alone_by_the_spectrum(photograph):
    held = hold_spectrum(0.1 * photograph, photograph, 1.0)
    assert octave_power(held, 4) == pytest.approx(octave_power(0.1 * photograph, 4), rel=1e-4)
    torch.testing.assert_close(held.mean(), 0.1 * photograph.mean())


def test_a_spectrum_within_its_bounds_is_left_as_it_is(photograph):
    image = 1.1 * photograph
    assert hold_spectrum(image, photograph, 1.0) is image


@given(strength=st.floats(0.1, 1.0))
def test_half_a_strength_goes_part_of_the_way(photograph, strength):
    held = hold_spectrum(0.1 * photograph, photograph, strength)
    assert octave_power(held, 1) / octave_power(photograph, 1) == pytest.approx(0.01 * 50.0**strength, rel=1e-2)


def test_what_has_no_detail_at_all_stays_finite(photograph):
    flat = torch.zeros_like(photograph)
    assert bool(hold_spectrum(flat, photograph, 1.0).isfinite().all())
    assert bool(hold_spectrum(photograph, flat, 1.0).isfinite().all())


def test_a_picture_need_not_be_square_for_its_spectrum():
    wide = torch.linspace(-1, 1, 3 * 33 * 48).sin().view(1, 3, 33, 48)
    assert hold_spectrum(3 * wide, wide, 1.0).shape == wide.shape


def test_the_unsharp_mask_raises_the_finest_waves_by_its_amount_and_no_slow_ones():
    checkers = (torch.arange(32)[:, None] + torch.arange(32)) % 2 * 2.0 - 1.0
    finest, flat = checkers.expand(1, 3, 32, 32), torch.full((1, 3, 32, 32), 0.3)
    torch.testing.assert_close(sharpen(finest, 0.1), 1.1 * finest)
    torch.testing.assert_close(sharpen(flat, 0.1), flat)


def test_the_unsharp_knob_goes_no_further_than_a_tenth():
    assert declared()["/loop/unsharp"].high == 0.1


# ------------------------------------------------------------------ something fresh


def test_the_origin_returns_whole_as_often_as_asked(photograph):
    knobs, other = replace(STILL, origin_return=0.1), torch.zeros(1, 3, 8, 8)
    back = [feed_back(other, photograph, palette(other), knobs, dice(serial)) is photograph for serial in range(1000)]
    assert sum(back) == pytest.approx(100, abs=30)  # three standard deviations


# ------------------------------------------------------------------ rounding


TURNS = 200


def drifted(quantise):
    """Levels of 255 per turn by which a noisy grey drifts when every turn is quantised like this."""
    rolls = generator(5, 1)
    image = torch.full((1, 3, 32, 32), 0.1)
    for _ in range(TURNS):
        image = quantise(image + 0.01 * white(rolls, image))
    return float((image.mean() - 0.1) * 127.5) / TURNS


def truncated(image):
    return to_tensor(((image[0].permute(1, 2, 0).numpy() + 1.0) * 127.5).astype("uint8"))


def test_truncation_to_eight_bits_would_darken_every_turn_by_half_a_level():
    assert drifted(truncated) == pytest.approx(-0.5, abs=0.05)


def test_rounding_to_eight_bits_as_pictures_are_shown_does_not_darken():
    assert abs(drifted(lambda image: to_tensor(to_pixels(image)))) < 0.005


def test_feeding_back_does_not_darken_either():
    def fed_back(image):
        return feed_back(image, image, palette(image), STILL, dice())

    assert abs(drifted(fed_back)) < 0.005


# ------------------------------------------------------------------ the chain


def test_the_noise_floor_is_as_loud_as_its_knob_says():
    flat = torch.zeros(1, 3, 128, 128)
    noisy = feed_back(flat, flat, palette(flat), replace(STILL, noise_floor=0.05), dice())
    assert float(noisy.std()) == pytest.approx(0.05, rel=0.02)


KNOBS = st.builds(
    Looping,
    origin_mix=st.floats(0.0, 1.0),
    zoom=st.floats(0.9, 1.1),
    rotate=st.floats(-10.0, 10.0),
    shift_x=st.floats(-0.1, 0.1),
    shift_y=st.floats(-0.1, 0.1),
    flow=st.floats(0.0, 8.0),
    colour=st.floats(0.0, 1.0),
    spectrum=st.floats(0.0, 1.0),
    unsharp=st.floats(0.0, 0.1),
    origin_return=st.floats(0.0, 0.1),
    noise_floor=st.floats(0.0, 0.2),
)


@given(knobs=KNOBS, serial=st.integers(1, 2**40), loudness=st.floats(0.1, 5.0))
def test_whatever_the_knobs_say_the_state_stays_bounded(photograph, knobs, serial, loudness):
    fed = feed_back(loudness * photograph, photograph, palette(photograph), knobs, dice(serial))
    assert (fed.shape, fed.dtype) == (photograph.shape, photograph.dtype)
    assert float(fed.abs().max()) <= drift.CEILING


@given(knobs=KNOBS)
def test_the_same_dice_give_the_same_picture(photograph, knobs):
    fed = [feed_back(photograph, -photograph, palette(photograph), knobs, dice()) for _ in range(2)]
    assert torch.equal(*fed)


def test_nothing_is_rounded_to_8_bits_on_the_way_round(photograph):
    faint = photograph + 1e-4
    fed = feed_back(faint, photograph, palette(photograph), replace(STILL, origin_mix=0.5), dice())
    torch.testing.assert_close(fed, photograph + 5e-5, atol=1e-6, rtol=0.0)
