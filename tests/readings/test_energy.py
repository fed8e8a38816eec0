"""What energy means: every number here is one that physics or SCIENCE C gives."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.settings import EnergySettings
from installation.readings.energy import (
    Account,
    bits_per_second,
    cats,
    co2,
    cost,
    cost_per_million,
    energy,
    entropy_export,
    images_per_second,
    joules_per_image,
    kardashev,
    landauer,
    landauer_ratio,
    plus,
    with_doubt,
)
from installation.readings.register import NOT_YET, Missing, Taken, Value, declared

PLACE = EnergySettings(grid_intensity=385.0, grid_date=date(2024, 12, 31), tariff=0.3, tariff_date=date(2026, 1, 1))
FULL_HD = 1920 * 1080 * 24.0


def account(
    watts: Taken = Value(500.0),  # noqa: B008 - frozen
    joules: Taken = Value(3.6e6),  # noqa: B008
    rate: Taken = Value(60.0),  # noqa: B008
    place=PLACE,
):
    return Account(watts, joules, Missing(), watts, rate, FULL_HD, place)


def number(taken: Taken) -> float:
    assert isinstance(taken, Value)
    return taken.number


@pytest.mark.parametrize(("kelvin", "joules"), [(300.0, 2.8710e-21), (293.15, 2.8054e-21)])
def test_erasing_a_bit_costs_landauers_limit(kelvin, joules):
    assert landauer(kelvin) == pytest.approx(joules, rel=5e-5)


def test_five_hundred_watts_at_sixty_images_a_second_are_8_33_joules_an_image():
    assert number(joules_per_image(account())) == pytest.approx(8.33, abs=0.005)


def test_which_is_5_8e13_times_what_erasing_a_full_hd_image_must_cost():
    assert pytest.approx(49.77e6, rel=1e-4) == FULL_HD
    assert number(landauer_ratio(account())) == pytest.approx(5.8e13, rel=0.01)


def test_half_a_kilowatt_into_a_warm_room_is_1_667_watts_per_kelvin():
    exported = number(entropy_export(account()))
    assert exported == pytest.approx(1.667, abs=5e-4)
    assert bits_per_second(exported) == pytest.approx(1.74e23, rel=2e-3)


@pytest.mark.parametrize(
    ("watts", "rank"),
    [
        (1.0, -0.6),
        (60.0, -0.422),
        (350.0, -0.346),
        (500.0, -0.3301),
        (700.0, -0.3155),
        (1e6, 0.0),
        (2.09e6, 0.032),
        (1.9e13, 0.728),
        (1e16, 1.0),
        (3.828e26, 2.058),
    ],
)
def test_kardashevs_number(watts, rank):
    assert kardashev(watts) == pytest.approx(rank, abs=5e-4)


@given(st.floats(1e-3, 1e26))
def test_ten_times_the_power_is_a_tenth_of_a_rank(watts):
    assert kardashev(10.0 * watts) - kardashev(watts) == pytest.approx(0.1)


def test_a_kilowatt_hour_is_3_6_megajoules():
    assert number(energy(account())) == 1.0


def test_carbon_and_cost_are_those_of_the_grid_and_the_bill():
    """Germany: 385 g/kWh (co2.js 0.13.7)."""
    assert number(co2(account())) == pytest.approx(385.0)
    assert number(cost(account())) == pytest.approx(0.3)


def test_cooling_and_losses_are_paid_too():
    place = PLACE.model_copy(update={"pue": 1.5})
    assert number(co2(account(place=place))) == pytest.approx(1.5 * 385.0)


@pytest.mark.parametrize(("take", "key"), [(co2, "energy.grid_intensity"), (cost, "energy.tariff")])
def test_without_a_grid_or_a_tariff_there_is_no_number_but_a_word_about_what_to_set(take, key):
    missing = take(account(place=EnergySettings()))
    assert isinstance(missing, Missing)
    assert missing.state == "no sensor"
    assert key in missing.why


def test_two_hundred_cats_a_second_are_one():
    assert number(cats(account(rate=Value(200.0)))) == 1.0


def test_at_two_watt_hours_nine_an_image_two_hundred_cats_a_second_are_two_megawatts():
    """SCIENCE C, after Luccioni et al.: 2.907 Wh an image is 2.09 MW, K = +.032."""
    watts = 2.907 * 3600.0 * 200.0
    assert watts == pytest.approx(2.09e6, rel=2e-3)
    assert kardashev(watts) == pytest.approx(0.032, abs=5e-4)


MACHINE = [each for each in declared("machine").values() if each.key not in {"watts_card", "images_per_second", "cats"}]


@pytest.mark.parametrize("each", MACHINE, ids=lambda each: each.key)
def test_what_is_made_of_estimated_power_is_an_estimate(each):
    guess = account(watts=Value(500.0, estimated=True), joules=Value(3.6e6, estimated=True))
    assert each.take(guess).state == "estimated"


@pytest.mark.parametrize("each", MACHINE, ids=lambda each: each.key)
def test_without_a_sensor_there_is_never_a_number(each):
    blind = account(watts=Missing(why="no card"), joules=Missing(why="no card"))
    assert each.take(blind) == Missing(why="no card")


@pytest.mark.parametrize("each", [joules_per_image, landauer_ratio, cats, images_per_second])
def test_before_the_first_image_there_is_nothing_per_image(each):
    assert each(account(rate=NOT_YET)) == NOT_YET


def test_no_power_at_all_has_no_place_among_civilisations():
    assert declared()["/reading/kardashev"].take(account(watts=Value(0.0))) == NOT_YET


def test_a_picture_of_no_size_has_no_landauer_ratio():
    nowhere = Account(Value(1.0), Value(1.0), Missing(), Missing(), Value(1.0), 0.0, PLACE)
    assert landauer_ratio(nowhere) == NOT_YET


def test_what_is_missing_counts_nothing_in_a_sum():
    assert plus(Value(3.0), Missing()) == Value(3.0)
    assert plus(Missing(why="none"), Value(3.0)) == Value(3.0)
    assert isinstance(plus(Missing(), Missing()), Missing)


def test_doubt_is_never_taken_back():
    assert with_doubt(Value(1.0, estimated=True), estimated=False) == Value(1.0, estimated=True)
    assert with_doubt(Value(1.0), estimated=True) == Value(1.0, estimated=True)
    assert math.isclose(number(with_doubt(Value(1.0), estimated=False)), 1.0)


def test_a_million_images_cost_a_million_times_one_image_s_energy_at_the_tariff():
    assert number(cost_per_million(account())) == pytest.approx(500.0 / 60.0 * 1e6 / 3.6e6 * 0.3)
    assert isinstance(cost_per_million(account(place=EnergySettings())), Missing)
