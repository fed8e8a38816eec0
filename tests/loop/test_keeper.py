"""The keeper: whatever the loop dies of, it lives again within so many generations, and the same each time."""

from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.images import ImageError, load, to_tensor
from installation.knobs import understood
from installation.loop import keeper
from installation.loop.album import EMPTY, Album, shipped
from installation.loop.generation import turn, turns
from installation.loop.history import FINGERPRINT, Care
from installation.loop.keeper import ELSEWHERE, REHEATED, REHEATING, Keeping, bend, steered, wound
from installation.loop.lineage import Lineage, from_bytes, to_bytes
from installation.machine.files import share
from installation.restorers.archive import ideal
from installation.restorers.sampling import walk

ORIGINS = ("cat.png", "astronaut.png", "jaguars.webp", "owl.webp", "jupiter.jpg", "rocket.jpg")
PATIENCE, REFRACTORY = 16, 12
KNOBS = {
    "/burn/gaussian/temperature": 0.02,
    "/restore/steps": 2.0,
    "/loop/stages": 0.0,
    "/loop/colour": 0.0,
    "/loop/noise-floor": 0.0,
    "/loop/measure-every": 1000.0,
    "/loop/keeper/patience": PATIENCE,
    "/loop/keeper/refractory": REFRACTORY,
}
TEMPERATURE = "/burn/gaussian/temperature"
WAVES = torch.linspace(-1, 1, 3 * 32 * 32).view(1, 3, 32, 32).sin()


@pytest.fixture(scope="session")
def pictures():
    """Six photographs, 6 x 3 x 32 x 32, pale: near enough to each other that heat takes one for the other."""
    return 0.3 * torch.cat([to_tensor(load(share("assets") / "origins" / name, 32, 32)) for name in ORIGINS])


@dataclass
class Ideal:
    """The exact denoiser of a few pictures: cold it keeps each, hot it goes from one to the other."""

    pictures: torch.Tensor
    name: str = "ideal"
    digest: str = "0" * 64
    spoil: object = field(default=lambda step, _: step)
    turned: int = 0

    def restore(self, burnt, knobs, rng):
        self.turned += 1
        for step in walk(lambda x, sigma: ideal(x, sigma, self.pictures), burnt, knobs, rng):
            yield self.spoil(step, self.turned)  # type: ignore[operator] # a function of step and turn


def lives(pictures, count, *, spoil=None, knobs=None, album=EMPTY, lineage=None):
    """So many last moments of turns, and the lineage."""
    lineage = lineage or Lineage.begin("keeper", 11, pictures[:1])
    restorer = Ideal(pictures, spoil=spoil) if spoil else Ideal(pictures)
    moments = turns(lineage, restorer, lambda _: {**KNOBS, **(knobs or {})}, lambda: 0.0, album)
    return list(islice((moment for moment in moments if moment.phase == "generation"), count)), lineage


def kept(moments):
    """What the keeper said, by serial."""
    return {number: moment.kept for number, moment in enumerate(moments, start=1) if moment.kept}


def album_of(pictures):
    return Album(tuple(map(str, range(len(pictures)))), lambda name, *_: pictures[int(name)][None])


# ------------------------------------------------------------------ deaths, and what is done about them


def test_a_frozen_picture_is_seen_when_patience_ends_and_reheated(pictures):
    moments, _ = lives(pictures, PATIENCE + REHEATING)
    assert kept(moments) == {
        PATIENCE: "a fixed point: the picture has not changed for 16 generations; reheated to 0.9 for 8 generations"
    }
    heats = [moment.temperature for moment in moments]
    assert heats == [0.02] * PATIENCE + [REHEATED] * REHEATING
    assert any(not torch.allclose(moment.image, pictures[:1], atol=0.1) for moment in moments)


def test_reheated_it_is_as_cool_again_as_the_score_wants(pictures):
    moments, _ = lives(pictures, PATIENCE + REHEATING + 1)
    assert moments[-1].temperature == 0.02


def test_a_cycle_is_seen_and_reheated(pictures):
    moments, _ = lives(pictures, 80, spoil=lambda step, turned: replace(step, denoised=(-1) ** turned * pictures[:1]))
    first = min(kept(moments))
    assert "a cycle: the same 2 pictures" in kept(moments)[first]
    assert first <= PATIENCE + 2 + keeper.LOOK_EVERY


@pytest.mark.parametrize(("level", "name"), [(1.0, "white-out"), (-1.0, "black-out")])
def test_a_blank_wall_is_seen_after_five_generations_and_lit_by_a_fresh_picture(pictures, level, name):
    def blank(step, turned):
        return replace(step, denoised=0.05 * WAVES + level) if 10 < turned <= 20 else step

    moments, _ = lives(pictures, 40, spoil=blank, album=album_of(pictures), knobs={TEMPERATURE: 0.3})
    told = kept(moments)
    assert name in told[15]
    assert "a fresh picture, " in told[15]


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), 0.0])
def test_a_model_that_gives_no_pictures_any_more_is_begun_again_from_the_origin(pictures, poison):
    def broken(step, turned):
        return replace(step, denoised=torch.full_like(step.denoised, poison)) if 10 < turned <= 15 else step

    moments, lineage = lives(pictures, 20, spoil=broken, knobs={TEMPERATURE: 0.5})
    assert "5 times in a row; the piece begins again from its origin" in kept(moments)[15]
    assert moments[14].refused == moments[14].kept
    assert [moment.generation is not None for moment in moments] == [True] * 10 + [False] * 5 + [True] * 5
    assert moments[15].generation
    assert moments[15].generation.parent == 0
    assert lineage.refusals == 0


def test_goo_is_a_collapse(pictures):
    ramp = torch.linspace(-1.0, 1.0, 32).view(1, 1, 32, 1)
    rolls = np.random.default_rng(1)

    def goo(step, _):
        noise = torch.from_numpy(rolls.normal(0.0, 0.04, step.denoised.shape)).float()
        return replace(step, denoised=0.3 + 0.1 * ramp + noise)  # its hash is never the same, its colours always

    moments, _ = lives(pictures, 100, spoil=goo)
    assert any("diversity has collapsed" in told for told in kept(moments).values())


# ------------------------------------------------------------------ the ladder


def stubborn(step, _):
    """A restorer that knows one picture only."""
    return replace(step, denoised=WAVES)


def test_trouble_that_is_soon_back_climbs_the_ladder_and_begins_below_again(pictures):
    moments, _ = lives(pictures, 5 * PATIENCE, spoil=stubborn, album=album_of(pictures))
    rungs = [told.split("; ")[1].split()[0] for told in kept(moments).values()]
    assert rungs == ["reheated", "burnt", "a", "the", "reheated"]


def test_trouble_that_comes_back_late_is_reheated_again(pictures):
    late = keeper.soon(Keeping(patience=PATIENCE, refractory=REFRACTORY)) + 1

    def sometimes(step, turned):
        return stubborn(step, turned) if turned <= PATIENCE or turned > PATIENCE + late else step

    moments, _ = lives(pictures, 2 * PATIENCE + late, spoil=sometimes, knobs={TEMPERATURE: 0.85})
    assert ["reheated" in told for told in kept(moments).values()] == [True, True]


@pytest.mark.parametrize("refractory", [0, 12, 50])
def test_between_two_rungs_lies_the_refractory_time(pictures, refractory):
    knobs = {"/loop/keeper/refractory": float(refractory)}
    moments, _ = lives(pictures, 200, spoil=stubborn, knobs=knobs)
    serials = list(kept(moments))
    assert np.diff(serials).tolist() == [max(refractory, PATIENCE)] * (len(serials) - 1)


def test_another_medium_burns_for_a_while_warm_enough_to_matter(pictures):
    moments, _ = lives(pictures, 2 * PATIENCE + ELSEWHERE + 1, spoil=stubborn, knobs={"/loop/keeper/refractory": 100.0})
    assert {moment.generation.medium for moment in moments if moment.generation} == {"gaussian"}
    moments, _ = lives(pictures, 2 * PATIENCE + 4, spoil=stubborn)
    media = [(moment.generation.medium, moment.temperature) for moment in moments[-4:] if moment.generation]
    assert media == [("heat", keeper.WARM)] * 4


def test_without_an_album_the_origin_is_the_fresh_picture(pictures):
    moments, lineage = lives(pictures, 3 * PATIENCE, spoil=stubborn)
    assert "begins again from its origin" in kept(moments)[3 * PATIENCE]
    assert (lineage.parent, lineage.source) == (0, "")
    assert torch.equal(lineage.present, lineage.origin)


def test_a_picture_that_cannot_be_opened_is_said_and_the_origin_taken(pictures, caplog):
    def torn(name, *_):
        raise ImageError(f"{name}: damaged.")

    _, lineage = lives(pictures, 3 * PATIENCE, spoil=stubborn, album=Album(("torn.png",), torn))
    assert "torn.png: damaged. It is left out." in caplog.text
    assert torch.equal(lineage.present, lineage.origin)


def test_a_fresh_picture_is_in_the_loop_and_its_name_in_the_generation(pictures):
    album = album_of(pictures)
    moments, lineage = lives(pictures, 3 * PATIENCE, spoil=stubborn, album=album)
    name = lineage.source
    assert torch.equal(lineage.present, album.open(name, 32, 32))
    assert torch.equal(lineage.origin, pictures[:1])
    moments, _ = lives(pictures, 1, album=album, lineage=lineage)
    assert moments[0].generation
    assert (moments[0].generation.parent, moments[0].generation.source) == (0, name)


def test_the_shipped_album_opens_every_one_of_its_pictures():
    album = shipped(share("assets"))
    assert {name.split("/")[0] for name in album.names} == {"origins", "archive"}
    for name in album.names[::20]:
        assert album.open(name, 32, 64).shape == (1, 3, 32, 64)


# ------------------------------------------------------------------ when it holds still


def test_off_what_is_stuck_stays_stuck(pictures):
    moments, lineage = lives(pictures, 4 * PATIENCE, spoil=stubborn, knobs={"/loop/keeper/on": 0.0})
    assert kept(moments) == {}
    assert len(lineage.history) == 0


def test_at_temperature_0_a_picture_may_stand_still_for_ever(pictures):
    moments, _ = lives(pictures, 4 * PATIENCE, knobs={TEMPERATURE: 0.0})
    assert kept(moments) == {}


def test_a_loop_that_roams_is_left_alone(pictures):
    moments, _ = lives(pictures, 150, knobs={TEMPERATURE: 0.85})
    assert kept(moments) == {}


def test_where_nothing_is_wrong_the_knobs_are_the_very_same(pictures):
    values = dict(KNOBS)
    assert bend(Lineage.begin("keeper", 1, pictures[:1]), values) is values


# ------------------------------------------------------------------ the same each time


def digests(moments):
    return [moment.generation.digest if moment.generation else None for moment in moments]


def test_two_runs_are_rescued_alike_hash_for_hash(pictures):
    runs = [lives(pictures, 120, album=album_of(pictures))[0] for _ in range(2)]
    assert digests(runs[0]) == digests(runs[1])
    assert len(kept(runs[0])) >= 3


@pytest.mark.parametrize("cut", [5, PATIENCE, PATIENCE + 3, 2 * PATIENCE + 1, 3 * PATIENCE, 3 * PATIENCE + 1])
def test_reborn_from_a_checkpoint_it_is_rescued_as_if_nothing_had_happened(pictures, cut):
    whole, _ = lives(pictures, 100, album=album_of(pictures))
    _, lineage = lives(pictures, cut, album=album_of(pictures))
    rest, _ = lives(pictures, 100 - cut, album=album_of(pictures), lineage=from_bytes(to_bytes(lineage)))
    assert digests(rest) == digests(whole[cut:])
    assert [moment.kept for moment in rest] == [moment.kept for moment in whole[cut:]]


def test_from_the_knobs_and_sources_in_the_log_alone_every_generation_is_rendered_again(pictures):
    album = album_of(pictures)
    moments, _ = lives(pictures, 100, album=album)
    logged = [moment.generation for moment in moments if moment.generation]
    assert {generation.medium for generation in logged} == {"gaussian", "heat"}
    assert any(generation.source for generation in logged)
    lineage = Lineage.begin("keeper", 11, pictures[:1])
    for generation in logged:  # as publishing/restage.py does it
        if generation.source:
            lineage.inject(generation.source, album.open(generation.source, 32, 32))
        elif generation.parent == 0 and lineage.parent:
            lineage.reignite()
        lineage.serial = generation.serial
        *_, last = turn(lineage, Ideal(pictures), understood(generation.knobs), lambda: 0.0)
        assert last.generation
        assert last.generation.digest == generation.digest


def test_a_checkpoint_of_before_the_keeper_is_continued(pictures):
    lineage = Lineage.begin("keeper", 11, pictures[:1])
    recalled = from_bytes(to_bytes(lineage))  # an empty history writes none
    assert (len(recalled.history), recalled.care, recalled.source) == (0, Care(), "")


# ------------------------------------------------------------------ the controller


@given(base=st.floats(0.0, 1.0), error=st.floats(-1.0, 1.0), integral=st.floats(-1e3, 1e3))
def test_the_controller_never_leaves_its_range(base, error, integral):
    assert keeper.COOLEST <= steered(base, error, integral) <= keeper.HOTTEST


@given(base=st.floats(0.06, 0.94))
def test_where_diversity_is_as_wanted_the_score_plays(base):
    assert steered(base, 0.0, 0.0) == base
    assert wound(base, 0.0, 0.0) == 0.0


def settle(plant, wanted, looks=400, base=0.3, integral=0.0):
    """Steer a plant (diversity as a function of temperature) and give temperature, diversity and integral."""
    temperature = base
    for _ in range(looks):
        error = wanted - plant(temperature)
        integral = wound(base, error, integral)
        temperature = steered(base, error, integral)
    return temperature, plant(temperature), integral


@given(wanted=st.floats(0.15, 0.85))
def test_the_controller_finds_the_temperature_at_which_diversity_is_as_wanted(wanted):
    _, diversity, _ = settle(lambda temperature: temperature, wanted)
    assert diversity == pytest.approx(wanted, abs=0.01)


def test_against_a_stop_the_integral_is_not_wound_up_so_it_comes_back_at_once():
    temperature, _, integral = settle(lambda _: 0.0, 1.0, looks=10_000)
    assert temperature == pytest.approx(keeper.HOTTEST, abs=keeper.INTEGRAL)
    assert integral <= (keeper.HOTTEST - 0.3) / keeper.INTEGRAL
    back, _, _ = settle(lambda _: 1.0, 0.0, looks=25, integral=integral)
    assert back < 0.3


def test_steering_is_off_until_somebody_wants_it():
    assert not Keeping().steer


def test_a_loop_of_one_picture_is_steered_hotter_and_one_of_many_cooler(pictures):
    knobs = {"/loop/keeper/steer": 1.0, "/loop/keeper/diversity": 0.2, "/loop/keeper/patience": 1024.0}
    frozen, _ = lives(pictures, 160, knobs=knobs)
    assert frozen[-1].temperature > 0.05
    roaming, _ = lives(pictures, 160, knobs={**knobs, "/loop/keeper/diversity": 0.0, TEMPERATURE: 0.9})
    assert roaming[-1].temperature < 0.9


def test_a_fingerprint_takes_seventy_bytes_so_that_a_checkpoint_stays_small():
    assert FINGERPRINT.itemsize < 70
