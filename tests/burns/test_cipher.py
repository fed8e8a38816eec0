"""Encryption: full entropy, nothing lost, and a key that a patient visitor finds."""

import builtins
import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from installation import images
from installation.burns.cipher import (
    ALL,
    BITS,
    HEADER,
    SMOOTH,
    TICKS,
    Cipher,
    brute_force,
    channel,
    covering_sigma,
    decrypt,
    encrypt,
    key,
    planes,
    roughness,
    stream,
    veil,
)
from installation.burns.temperature import HOTTEST_SIGMA
from installation.machine.files import share
from installation.randomness import generator
from installation.readings import shannon_entropy

ORDERS = ("planes", "bytes")
TEMPERATURES = st.floats(0.0, 1.0)
ORIGINS = sorted((share("assets") / "origins").iterdir())


@pytest.fixture(scope="module")
def portrait():
    """A real photograph, 256 x 256 x 3 uint8."""
    return images.load(share("assets") / "origins" / "astronaut.png", 256, 256)


def entropy(pixels):
    """Bits per byte of the histogram of all bytes, as the piece itself reads it."""
    return shannon_entropy(pixels.reshape(-1, 1))


def neighbours(pixels):
    """The correlation of every byte with the same colour one pixel to the right."""
    return float(np.corrcoef(pixels[:, :-1].ravel(), pixels[:, 1:].ravel())[0, 1])


# ------------------------------------------------------------------ the cipher


def test_the_keystream_is_the_published_one():
    """Strombergson's test vectors for ChaCha20, TC1: a key and a nonce of nought."""
    published = "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
    assert stream(bytes(32), 32).tobytes().hex() == published


@given(
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    tick=st.integers(0, 2**40),
    temperature=TEMPERATURES,
    order=st.sampled_from(ORDERS),
)
def test_nothing_is_lost_the_round_trip_is_bit_exact(size, tick, temperature, order):
    pixels = generator(1, 0).integers(0, 256, (*size, 3), dtype=np.uint8)
    secret = key(tick)
    bits = veil(secret, pixels.shape, temperature, order)
    assert np.array_equal(decrypt(encrypt(pixels, secret, bits), secret, bits), pixels)
    assert np.array_equal(decrypt(encrypt(pixels, secret), secret), pixels)


def test_with_the_next_tick_nothing_comes_back(portrait):
    wrong = decrypt(encrypt(portrait, key(1000)), key(1001))
    assert entropy(wrong) > 7.99
    assert abs(np.corrcoef(wrong.ravel(), portrait.ravel())[0, 1]) < 0.01


def test_all_the_bits_are_those_of_a_veil_that_covers_all(portrait):
    bits = np.full_like(portrait, ALL)
    assert np.array_equal(encrypt(portrait[:, ::2], key(1)), encrypt(portrait[:, ::2], key(1), bits[:, ::2]))


def test_encrypting_leaves_the_pixels_it_was_given_untouched(portrait):
    before = portrait.copy()
    encrypt(portrait, key(1))
    assert np.array_equal(portrait, before)


def test_no_file_is_opened(photograph, monkeypatch):
    """The promise to everybody who has met the other Prometheus."""
    Cipher(1.0)(photograph, generator(1, 1))  # libraries are loaded by now

    def refuse(*_, **__):
        raise AssertionError("a file was opened")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr("io.open", refuse)
    monkeypatch.setattr("os.open", refuse)
    Cipher(1.0)(photograph, generator(1, 1))


# ------------------------------------------------------------------ what is left to be seen


@pytest.mark.parametrize("side", [256, 512])
def test_ciphertext_has_full_entropy(portrait, side):
    pixels = np.kron(portrait, np.ones((side // 256, side // 256, 1), dtype=np.uint8))
    encrypted = encrypt(pixels, key(7))
    assert entropy(encrypted) > 7.99 > entropy(pixels)


@pytest.mark.parametrize("tick", range(5))
def test_no_test_of_the_histogram_tells_it_from_chance(portrait, tick):
    """chi2 with 255 degrees of freedom: 255 +- 22.6, here within four standard deviations."""
    counts = np.bincount(encrypt(portrait, key(tick)).ravel(), minlength=256)
    expected = portrait.size / 256
    assert ((counts - expected) ** 2 / expected).sum() == pytest.approx(255, abs=4 * math.sqrt(2 * 255))


def test_no_byte_knows_its_neighbour(portrait):
    encrypted = encrypt(portrait, key(3))
    assert neighbours(portrait) > 0.9
    assert abs(neighbours(encrypted)) < 0.01
    assert abs(neighbours(encrypted.transpose(1, 0, 2))) < 0.01


def test_a_flat_picture_becomes_the_same_noise_as_any_other():
    flat = np.full((256, 256, 3), 77, dtype=np.uint8)
    assert entropy(encrypt(flat, key(3))) > 7.99


# ------------------------------------------------------------------ which bits burn


@given(cooler=TEMPERATURES, hotter=TEMPERATURES, order=st.sampled_from(ORDERS))
def test_a_hotter_fire_encrypts_what_a_cooler_one_has_and_more(cooler, hotter, order):
    cooler, hotter = sorted((cooler, hotter))
    few, many = (veil(key(5), (9, 8, 3), temperature, order) for temperature in (cooler, hotter))
    assert np.array_equal(few & many, few)


@pytest.mark.parametrize("order", ORDERS)
def test_at_nought_no_bit_is_encrypted_and_at_one_all_are(order):
    assert not veil(key(5), (64, 64, 3), 0.0, order).any()
    assert (veil(key(5), (64, 64, 3), 1.0, order) == ALL).all()


@pytest.mark.parametrize("temperature", [0.1, 0.3, 0.5, 0.9])
def test_in_planes_the_encrypted_range_is_a_share_t_of_the_byte(temperature):
    ranges = veil(key(5), (256, 256, 3), temperature).astype(np.float64) + 1.0
    assert ranges.mean() / 256 == pytest.approx(temperature, rel=0.01)


@given(temperature=st.floats(1 / 256, 1.0))
@example(math.nextafter(1.0, 0.0))
def test_planes_burn_from_the_lowest_bit_up(temperature):
    whole, share = planes(temperature)
    assert 0 <= whole <= BITS
    assert 0.0 <= share < 1.0
    assert (2**whole * (1 + share)) / 256 == pytest.approx(temperature)
    bits = veil(key(2), (8, 8, 3), temperature).astype(int)
    assert ((bits & (bits + 1)) == 0).all()  # ones without a gap, from the lowest


@pytest.mark.parametrize("temperature", [0.2, 0.5, 0.8])
def test_byte_by_byte_a_share_t_is_encrypted_whole(temperature):
    bits = veil(key(5), (256, 256, 3), temperature, "bytes")
    assert set(np.unique(bits)) == {0, ALL}
    assert (bits == ALL).mean() == pytest.approx(temperature, abs=0.005)


# ------------------------------------------------------------------ the medium


@pytest.mark.parametrize("order", ORDERS)
@given(temperature=st.floats(0.01, 1.0))
def test_whoever_has_the_tick_has_the_picture_back(photograph, order, temperature):
    burnt = Cipher(temperature, order)(photograph, generator(8, 1)).image
    secret = key(int(generator(8, 1).integers(TICKS)))
    pixels = images.to_pixels(burnt)
    back = decrypt(pixels, secret, veil(secret, pixels.shape, temperature, order))
    assert np.array_equal(back, images.to_pixels(photograph))


@pytest.mark.parametrize("temperature", [0.2, 0.5, 0.8])
def test_byte_by_byte_it_is_a_channel_of_fading_signal_and_white_noise(temperature):
    levels = generator(1, 0).normal(0.0, 0.5, (1, 3, 256, 256)).clip(-1, 1)
    image = torch.from_numpy(levels)
    burnt = Cipher(temperature, "bytes")(image, generator(2, 1))
    noise = burnt.image - burnt.signal * image
    assert burnt.signal == 1.0 - temperature
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.01)
    assert float(noise.std()) == pytest.approx(burnt.noise, rel=0.03)
    assert float((noise * image).mean()) == pytest.approx(0.0, abs=0.01)
    assert float((noise[..., 1:] * noise[..., :-1]).mean()) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("temperature", [0.05, 0.3, 0.5, 0.8, 0.95])
def test_in_planes_the_covering_noise_is_as_loud_as_what_has_changed(temperature):
    image = torch.from_numpy(generator(1, 0).uniform(-1.0, 1.0, (1, 3, 256, 256)))
    burnt = Cipher(temperature)(image, generator(2, 1))
    error = float((burnt.image - image).square().mean().sqrt())
    whole, share_ = planes(temperature)
    heard = 1.0 - share_ if whole == BITS - 1 else 1.0
    assert error == pytest.approx(burnt.sigma * heard, rel=0.02)


@pytest.mark.parametrize("temperature", [0.02, 0.3, 0.5])
def test_the_bits_nobody_has_encrypted_are_evidence(photograph, temperature):
    burnt = Cipher(temperature)(photograph, generator(2, 1))
    assert burnt.evidence is not None
    assert torch.equal(burnt.evidence(photograph), photograph)
    corrected = burnt.evidence(torch.zeros_like(photograph))
    whole, share_ = planes(temperature)
    top = ALL - (2 ** (whole + math.ceil(share_)) - 1)
    levels = ((corrected + 1.0) * 127.5 + 0.5 * corrected.sign()).clamp(0, 255)
    kept = images.to_pixels(photograph).transpose(2, 0, 1).astype(np.float64)
    assert np.abs(levels[0].numpy() - kept).max() <= ALL - top + 1.01


def test_without_a_certain_bit_the_guess_stays(photograph):
    burnt = Cipher(0.9)(photograph, generator(2, 1))
    assert burnt.evidence is not None
    assert torch.equal(burnt.evidence(0.5 * photograph), 0.5 * photograph)


def test_sigma_at_the_ends():
    assert channel(1.0) == (0.0, math.sqrt(1 / 3), HOTTEST_SIGMA)
    assert covering_sigma(BITS, 0.0) == HOTTEST_SIGMA
    assert covering_sigma(0, 0.0) == 0.0


def test_every_picture_of_a_batch_has_a_key_of_its_own(photograph):
    one, other = Cipher(1.0)(photograph.expand(2, -1, -1, -1), generator(1, 1)).image
    assert float((one == other).double().mean()) == pytest.approx(1 / 256, abs=0.01)


# ------------------------------------------------------------------ how Prometheus fell


@given(tick=st.integers(0, 2**40), other=st.integers(0, 2**40))
def test_every_tick_has_a_key_of_its_own_and_always_the_same(tick, other):
    assert len(key(tick)) == 32
    assert (key(tick) == key(other)) == (tick == other)


def test_whoever_tries_all_ticks_finds_the_key(portrait):
    header = encrypt(portrait, key(4321)).ravel()[:HEADER]
    assert brute_force(header, range(4000, 9000)) == 4321


def test_among_the_wrong_ticks_there_is_none(portrait):
    assert brute_force(encrypt(portrait, key(50_000)), range(5000)) is None
    assert brute_force(encrypt(portrait, key(50_000)), []) is None


@pytest.mark.parametrize("origin", ORIGINS, ids=lambda path: path.stem)
def test_every_shipped_origin_is_known_by_its_smoothness(origin):
    pixels = images.load(origin, 256, 256).ravel()[:HEADER]
    assert roughness(pixels) < 0.7 * SMOOTH


def test_noise_is_far_from_smooth():
    """The mean step between two uniform bytes is (256^2 - 1) / (3 256) = 85.3; over 253 pairs 3.9 off or so."""
    rough = roughness(generator(1, 0).integers(0, 256, (20_000, HEADER), dtype=np.uint8))
    assert rough.mean() == pytest.approx((256**2 - 1) / (3 * 256), abs=0.1)
    assert rough.mean() - 7 * rough.std() > SMOOTH
