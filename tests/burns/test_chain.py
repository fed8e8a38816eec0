"""Burns that follow each other: what one leaves the next one burns, and the account of both is that of one."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns import MEDIA, Chain, Medium, at, chosen, name_of
from installation.burns.animorphosis import Animorphosis
from installation.burns.brownian import Brownian
from installation.burns.chain import beyond, together
from installation.burns.cipher import Cipher
from installation.burns.gaussian import Gaussian
from installation.burns.heat import Heat, blur_width, covering_sigma
from installation.burns.registry import BurnError
from installation.burns.temperature import HOTTEST_SIGMA, from_sigma, to_sigma
from installation.knobs import declared
from installation.randomness import followers, generator
from installation.restorers.protocol import start

TEMPERATURES = st.floats(0.0, 1.0)
COOL = st.floats(0.0, 0.98)
PAIRS = list(itertools.product(sorted(MEDIA), repeat=2))


def hot(name, temperature=0.4) -> Medium:
    return at(MEDIA[name](), temperature)


def chain(*links: Medium) -> Chain:
    return Chain(links)


def dice(seed=1):
    return generator(seed, 1)


# ------------------------------------------------------------------ any two media


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_second_burns_what_the_first_has_left(photograph, first, second):
    burnt = chain(hot(first), hot(second))(photograph, dice())
    one, other = followers(dice(), 2)
    left = hot(first)(photograph, one).image
    assert torch.equal(burnt.image, hot(second)(left, other).image)


@pytest.mark.parametrize("name", sorted(MEDIA))
def test_a_medium_at_nought_changes_neither_picture_nor_account(photograph, name):
    alone = Gaussian(0.4)(photograph, dice())
    before, after = chain(hot(name, 0.0), Gaussian(0.4)), chain(Gaussian(0.4), hot(name, 0.0))
    assert torch.equal(after(photograph, dice()).image, alone.image)
    for burnt in (before(photograph, dice()), after(photograph, dice())):
        account = (burnt.temperature, burnt.sigma, burnt.signal, burnt.noise)
        assert account == (alone.temperature, alone.sigma, alone.signal, alone.noise)


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("temperatures", [(0.3, 0.6), (0.7, 0.2), (1.0, 0.5), (0.5, 1.0), (1.0, 1.0)])
def test_every_pair_can_be_restored_from_finite_numbers(photograph, first, second, temperatures):
    links = chain(*(hot(name, temperature) for name, temperature in zip((first, second), temperatures, strict=True)))
    burnt = links(photograph, dice())
    noisy = start(burnt, dice(2))
    assert noisy.isfinite().all()
    assert 0.0 < burnt.sigma <= HOTTEST_SIGMA
    assert float(noisy.std()) < 2.0 * math.hypot(1.0, burnt.sigma)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_it_asks_for_no_less_noise_than_either_alone(photograph, first, second):
    """The second is heard through a signal that the first has weakened, so its own noise never counts for less."""
    burnt = chain(hot(first), hot(second))(photograph, dice())
    alone = [hot(name)(photograph, dice()).sigma for name in (first, second)]
    assert burnt.sigma >= max(alone) * (1 - 1e-12)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_signal_times_source_and_noise_times_white_noise_make_the_image(photograph, first, second):
    burnt = chain(hot(first), hot(second))(photograph, dice())
    if burnt.source is not None:
        rest = burnt.image - burnt.signal * burnt.source
        assert float(rest.square().mean().sqrt()) == pytest.approx(burnt.noise, abs=0.03)


@given(first=TEMPERATURES, second=TEMPERATURES)
def test_a_chain_says_how_hot_it_was(first, second):
    links = chain(Heat(first), Gaussian(second))
    assert links(torch.zeros(1, 3, 4, 4), dice()).temperature == links.temperature


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_broken_picture_is_refused_before_anything_burns(broken):
    with pytest.raises(BurnError, match="no finite numbers"):
        chain(Heat(0.3), Gaussian(0.3))(torch.full((1, 3, 8, 8), broken), dice())


# ------------------------------------------------------------------ white noise on white noise


@given(first=COOL, second=COOL)
def test_gaussian_after_gaussian_has_the_account_of_one_burn(first, second):
    links = chain(Gaussian(first), Gaussian(second))
    image = torch.zeros(1, 3, 4, 4)
    twice, once = links(image, dice()), Gaussian(links.temperature)(image, dice())
    assert (twice.signal, twice.noise) == pytest.approx((once.signal, once.noise), abs=1e-12)
    assert twice.sigma == pytest.approx(once.sigma, rel=1e-6)
    assert links.temperature == 0.0 or twice.source is image


@pytest.mark.parametrize("temperatures", [(0.3, 0.5), (0.6, 0.2, 0.4), (0.9, 0.9), (1.0, 0.5), (0.2, 1.0)])
def test_gaussian_after_gaussian_has_the_law_of_one_burn(temperatures):
    """Mean a1 a2 x, variance 1 - (a1 a2)^2, and no pixel knows its neighbour."""
    links, image = chain(*map(Gaussian, temperatures)), torch.full((1, 3, 256, 256), 0.5)
    noise = links(image, dice()).image - math.prod(math.cos(math.pi * t / 2) for t in temperatures) * image
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.012)
    assert float(noise.var()) == pytest.approx(math.sin(math.pi * links.temperature / 2) ** 2, rel=0.02)
    assert float((noise[..., 1:] * noise[..., :-1]).mean()) == pytest.approx(0.0, abs=0.012)


@given(first=COOL, second=COOL)
def test_white_noise_adds_in_squares_as_it_is_heard(first, second):
    """sigma^2 = sigma_1^2 + sigma_2^2 / cos(phi_1)^2."""
    sigma = to_sigma(together(first, second))
    heard = to_sigma(second) / math.cos(math.pi * first / 2)
    assert sigma == pytest.approx(min(math.hypot(to_sigma(first), heard), HOTTEST_SIGMA), rel=1e-9, abs=1e-12)


@given(one=TEMPERATURES, two=TEMPERATURES, three=TEMPERATURES)
def test_temperatures_come_together_in_any_order(one, two, three):
    whole = together(one, two, three)
    assert whole == pytest.approx(together(three, one, two), abs=1e-12)
    assert whole == pytest.approx(together(one, together(two, three)), abs=1e-12)
    assert max(one, two, three) <= whole + 1e-12 <= 1.0 + 2e-12
    assert together(one, 0.0) == one
    assert together(one, 1.0) == pytest.approx(1.0)


@given(first=COOL, second=COOL)
def test_beyond_undoes_together(first, second):
    assert beyond(first, together(first, second)) == pytest.approx(second, abs=1e-6)


# ------------------------------------------------------------------ other media


def test_where_white_noise_comes_last_the_louder_is_covered(photograph):
    heat = covering_sigma(blur_width(0.6, 64))
    for temperature in (0.1, 0.3, 0.9):
        burnt = chain(Heat(0.6), Gaussian(temperature))(photograph, dice())
        assert burnt.sigma == pytest.approx(max(heat, to_sigma(temperature)))
        assert burnt.signal == pytest.approx(math.cos(math.pi * temperature / 2))
        assert burnt.source is not None
        assert torch.equal(burnt.source, Heat(0.6)(photograph, dice()).image)


def test_two_blurs_are_covered_like_the_one_that_they_are(photograph):
    burnt = chain(Heat(0.5), Heat(0.3))(photograph, dice())
    widths = [blur_width(temperature, 64) for temperature in (0.5, 0.3)]
    assert burnt.sigma == pytest.approx(covering_sigma(math.hypot(*widths)))


def test_the_grain_of_splat_is_covered_once_it_is_burnt_further(photograph):
    """Poisson's 1 on a light of 0.5: alone it is known and taken out, under noise it is not to be told from picture."""
    splat = Brownian(0.4, "splat")
    alone, burnt = splat(photograph, dice()), chain(splat, Gaussian(0.1))(photograph, dice())
    assert alone.source is not None
    grain = float((alone.image - alone.source).square().mean().sqrt())
    assert grain > 0.3
    assert burnt.sigma == pytest.approx(math.hypot(alone.sigma, grain))


def test_noise_that_was_burnt_itself_counts_as_picture_and_is_covered(photograph):
    burnt = chain(Gaussian(0.5), Heat(0.3))(photograph, dice())
    assert burnt.noise == 0.0
    assert burnt.signal == pytest.approx(math.cos(math.pi / 4))
    assert burnt.sigma > to_sigma(0.5)
    assert burnt.source is not None
    torch.testing.assert_close(burnt.signal * burnt.source, burnt.image)


def test_bytes_encrypted_on_white_noise_are_white_noise_too(photograph):
    burnt = chain(Gaussian(0.3), Cipher(0.4, "bytes"))(photograph, dice())
    first, second = Gaussian(0.3)(photograph, dice()), Cipher(0.4, "bytes")(photograph, dice())
    assert burnt.signal == pytest.approx(first.signal * second.signal)
    assert burnt.noise == pytest.approx(math.hypot(second.signal * first.noise, second.noise))
    assert burnt.source is photograph


# ------------------------------------------------------------------ random numbers


def test_the_first_draws_what_it_would_draw_alone(photograph):
    links = chain(Gaussian(0.4), Gaussian(0.0))
    assert torch.equal(links(photograph, dice()).image, Gaussian(0.4)(photograph, dice()).image)


def test_the_noise_of_one_knows_nothing_of_the_other_s():
    image = torch.zeros(1, 3, 256, 256)
    one, other = (Gaussian(1.0)(image, follower).image.flatten() for follower in followers(dice(), 2))
    assert float(np.corrcoef(one, other)[0, 1]) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("first", [Heat(0.4), Brownian(0.4), Animorphosis(0.4, 0.5), Cipher(0.4)])
def test_what_the_first_draws_is_no_matter_to_the_second(photograph, first):
    burnt, left = chain(first, Gaussian(0.5))(photograph, dice()).image, first(photograph, dice()).image
    noise = math.sqrt(2.0) * burnt - left
    plain = Gaussian(1.0)(torch.zeros_like(photograph), followers(dice(), 2)[1]).image
    torch.testing.assert_close(noise, plain, atol=2e-6, rtol=0.0)


@given(seed=st.integers(0, 2**64 - 1))
def test_followers_begin_with_the_one_they_follow(seed):
    rng = generator(seed, 1)
    first, second, third = followers(rng, 3)
    assert first is rng
    assert len({leader.integers(2**63) for leader in (first, second, third)}) == 3
    assert second.integers(2**63) != generator(seed, 1, stream=1).integers(2**63)


# ------------------------------------------------------------------ cooling a chain


@given(first=COOL, second=COOL, share=st.floats(0.0, 1.0))
def test_cut_short_it_is_as_hot_as_asked(first, second, share):
    links = chain(Heat(first), Gaussian(second))
    asked = share * links.temperature
    assert at(links, asked).temperature == pytest.approx(asked, abs=1e-6)
    assert at(links, links.temperature) is links


def test_what_came_last_is_undone_first():
    links = chain(Heat(0.4), Gaussian(0.5))
    assert at(links, 0.4) == chain(Heat(0.4), Gaussian(0.0))
    assert at(links, 0.2) == chain(Heat(0.2), Gaussian(0.0))
    heat, gaussian = links.at(0.5).links
    assert heat == Heat(0.4)
    assert 0.0 < gaussian.temperature < 0.5


def test_beyond_its_own_temperature_the_last_burns_hotter():
    heat, gaussian = chain(Heat(0.4), Gaussian(0.5)).at(0.95).links
    assert heat == Heat(0.4)
    assert 0.5 < gaussian.temperature < 0.95


def test_other_knobs_of_its_media_stay_as_they_are():
    assert chain(Brownian(0.4, "splat"), Gaussian(0.5)).at(0.2).links[0] == Brownian(0.2, "splat")


# ------------------------------------------------------------------ the board


def board(**choices):
    knobs = declared()
    return {f"/burn/{name}": float(knobs[f"/burn/{name}"].choices.index(value)) for name, value in choices.items()}


def test_without_a_second_medium_the_board_gives_the_medium_itself():
    assert chosen(board(medium="heat", then="none", last="none")) == Heat()


def test_the_board_chains_media_each_with_its_own_temperature():
    values = {
        **board(medium="heat", then="cipher", last="gaussian"),
        "/burn/heat/temperature": 0.5,
        "/burn/gaussian/temperature": 0.125,
    }
    assert chosen(values) == chain(Heat(0.5), Cipher(), Gaussian(0.125))


def test_the_last_may_follow_the_first_at_once():
    assert chosen(board(medium="heat", last="gaussian")) == chain(Heat(), Gaussian())


def test_a_chain_is_called_by_all_its_names():
    assert name_of(chain(Heat(), Gaussian(), Heat())) == "heat+gaussian+heat"
    assert name_of(Gaussian()) == "gaussian"


def test_the_temperature_of_a_chain_of_gaussians_is_that_of_its_noise_level():
    links = chain(Gaussian(0.3), Gaussian(0.4))
    assert links.temperature == pytest.approx(from_sigma(links(torch.zeros(1, 3, 4, 4), dice()).sigma))
