"""One turn of the loop, and many: deterministic, resumable, and never stuck on a broken picture."""

from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise

import pytest
import torch

from installation.burns import MEDIA, Chain
from installation.burns.calibration import shipped
from installation.burns.gaussian import Gaussian
from installation.burns.heat import Heat
from installation.burns.temperature import to_sigma
from installation.knobs import declared, understood
from installation.loop.album import Album
from installation.loop.generation import turn, turns
from installation.loop.keeper import PATIENCE
from installation.loop.lineage import BURN, Lineage, from_bytes, to_bytes
from installation.records import Step
from installation.restorers.exact import Nobody
from tests.support import Wiener

KNOBS = {
    "/burn/gaussian/temperature": 0.4,
    "/restore/steps": 3.0,
    "/restore/churn": 0.5,
    "/loop/stages": 2.0,
    "/loop/rotate": 1.0,
    "/loop/flow": 1.0,
    "/loop/colour": 0.5,
    "/loop/noise-floor": 0.02,
}
CHAINED = {
    "/burn/medium": float(declared()["/burn/medium"].choices.index("heat")),
    "/burn/heat/temperature": 0.5,
    "/burn/then": float(declared()["/burn/then"].choices.index("gaussian")),
    "/burn/gaussian/temperature": 0.4,
    "/loop/stages": 3.0,
}
MARKOV = {"/burn/gaussian/walk": float(declared()["/burn/gaussian/walk"].choices.index("markov"))}
PHASES = ["burn", "burn", "restore", "restore", "restore", "generation"]


def stopped():
    """A clock that stands still."""
    return 0.0


def ticking():
    """A clock on which every look takes a second."""
    seconds = iter(range(1000))
    return lambda: float(next(seconds))


@pytest.fixture
def lineage(photograph):
    return Lineage.begin("hearth", 42, photograph)


def generations(lineage, count, restorer=None, knobs=None):
    """The first so many finished generations."""
    moments = turns(lineage, restorer or Wiener(), lambda _: {**KNOBS, **(knobs or {})}, stopped)
    return list(islice((moment.generation for moment in moments if moment.generation), count))


class Broken(Wiener):
    """Restores to what it is told instead, at the serials it is told."""

    def __init__(self, spoil, when=lambda _: True):
        super().__init__("broken")
        self.spoil, self.when, self.turns = spoil, when, 0

    def restore(self, burnt, knobs, rng):
        self.turns += 1
        steps = super().restore(burnt, knobs, rng)
        return (self.spoil(step) for step in steps) if self.when(self.turns) else steps


def to_nan(step: Step) -> Step:
    spoilt = torch.full_like(step.x, float("nan"))
    return replace(step, x=step.x if step.index == 0 else spoilt, denoised=spoilt)


def to_grey(step: Step) -> Step:
    return replace(step, denoised=torch.full_like(step.x, 0.25))


# ------------------------------------------------------------------ what is seen


def test_burning_restoring_and_the_generation_are_seen_in_that_order(lineage):
    lineage.next()
    assert [moment.phase for moment in turn(lineage, Wiener(), KNOBS, stopped)] == PHASES


@pytest.mark.parametrize("stages", [0.0, 1.0, 7.0])
@pytest.mark.parametrize("steps", [1.0, 5.0])
def test_every_moment_takes_its_part_of_the_turn_and_the_last_completes_it(lineage, stages, steps):
    lineage.next()
    knobs = {**KNOBS, "/loop/stages": stages, "/restore/steps": steps}
    shares = [moment.share for moment in turn(lineage, Wiener(), knobs, stopped)]
    assert len(shares) == stages + steps + 1
    assert shares == pytest.approx([(place + 1) / len(shares) for place in range(len(shares))])


def test_the_fire_grows_to_the_temperature_asked_for(lineage):
    lineage.next()
    burns = [moment.temperature for moment in turn(lineage, Wiener(), KNOBS, stopped) if moment.phase != "generation"]
    assert burns == pytest.approx([0.4 / 3, 0.8 / 3, 0.4, 0.4, 0.4])


def test_the_stages_are_one_fire_with_the_same_noise(lineage):
    lineage.next()
    cool, hot, *_ = turn(lineage, Wiener(), KNOBS, stopped)
    noises = []
    for moment in (cool, hot):
        angle = torch.tensor(moment.temperature * torch.pi / 2)
        noises.append((moment.image - angle.cos() * lineage.origin) / angle.sin())
    torch.testing.assert_close(noises[0], noises[1], atol=1e-4, rtol=1e-4)


def test_the_first_step_of_restoring_shows_the_burn_itself(lineage):
    lineage.next()
    shown = next(moment for moment in turn(lineage, Wiener(), KNOBS, stopped) if moment.phase == "restore")
    burnt = Gaussian(temperature=0.4)(lineage.origin, lineage.generator(BURN))
    torch.testing.assert_close(shown.image, burnt.image)


def test_in_a_chain_one_fire_follows_the_other(lineage):
    """Heat first, to its end; then white noise over what it has left, which is where restoring begins."""
    lineage.next()
    moments = list(turn(lineage, Wiener(), CHAINED, stopped))
    dice = lineage.generator(BURN)
    heat = Heat(0.5)(lineage.origin, dice).image
    torch.testing.assert_close(moments[1].image, heat)
    whole = Chain((Heat(0.5), Gaussian(0.4)))(lineage.origin, lineage.generator(BURN))
    assert [moment.temperature for moment in moments[3:]] == [whole.temperature] * len(moments[3:])
    generation = moments[-1].generation
    assert generation is not None
    assert (generation.medium, generation.temperature) == ("heat+gaussian", whole.temperature)


@pytest.mark.parametrize("knobs", [CHAINED, MARKOV], ids=["chain", "markov"])
def test_whatever_burns_the_generations_are_the_same_hash_for_hash(photograph, knobs):
    one, other = (
        [generation.digest for generation in generations(Lineage.begin("hearth", 42, photograph), 3, knobs=knobs)]
        for _ in range(2)
    )
    assert one == other
    assert len(set(one)) == 3


def test_on_the_markov_walk_the_grain_is_fresh_and_restoring_goes_on_from_the_last(lineage):
    lineage.next()
    cool, hot, shown, *_ = turn(lineage, Wiener(), {**KNOBS, **MARKOV, "/loop/stages": 2.0}, stopped)
    noises = []
    for moment in (cool, hot, shown):
        angle = torch.tensor(moment.temperature * torch.pi / 2)
        noises.append(((moment.image - angle.cos() * lineage.origin) / angle.sin()).flatten())
    remembered = [float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in pairwise(noises)]
    sigmas = [to_sigma(moment.temperature) for moment in (cool, hot, shown)]
    ratios = [quieter / louder for quieter, louder in pairwise(sigmas)]
    assert remembered == pytest.approx(ratios, abs=0.03)


def test_nothing_that_is_shown_is_louder_than_a_burn_can_be(lineage):
    lineage.next()
    assert max(float(moment.image.std()) for moment in turn(lineage, Wiener(), KNOBS, stopped)) < 1.2


# ------------------------------------------------------------------ what is remembered


def test_a_generation_says_everything_needed_to_render_it_again(lineage):
    (first,) = generations(lineage, 1)
    assert (first.serial, first.parent, first.seed, first.scene) == (1, 0, 42, "hearth")
    assert (first.medium, first.temperature, first.knobs) == ("gaussian", 0.4, KNOBS)
    assert first.digest == lineage.digest()


def test_on_the_calibrated_scale_a_generation_says_how_hot_its_medium_really_burnt(lineage, photograph):
    heat = float(declared()["/burn/medium"].choices.index("heat"))
    (first,) = generations(lineage, 1, knobs={"/burn/scale": 1.0, "/burn/medium": heat, "/burn/heat/temperature": 0.6})
    assert first.temperature == shipped().raw("heat", 0.6)
    assert (first.knobs["/burn/scale"], first.knobs["/burn/heat/temperature"]) == ("raw", first.temperature)
    (again,) = generations(Lineage.begin("hearth", 42, photograph), 1, knobs=understood(first.knobs))
    assert again.digest == first.digest  # whatever the table says by then


def test_it_is_measured(lineage):
    (first,) = generations(lineage, 1)
    assert 0.0 < first.readings["entropy"] <= 8.0
    assert 0.2 < first.readings["memory"] < 1.0


def test_it_says_what_it_took(lineage):
    lineage.next()
    *_, last = turn(lineage, Wiener(), KNOBS, ticking())
    assert last.generation
    assert last.generation.seconds == 1.0


def test_each_generation_grows_from_the_one_before(lineage):
    chain = generations(lineage, 4)
    assert [each.serial for each in chain] == [1, 2, 3, 4]
    assert all(later.parent == earlier.serial for earlier, later in pairwise(chain))


def test_the_knobs_are_asked_for_anew_at_every_serial(lineage):
    asked = []

    def values(serial):
        asked.append(serial)
        return {**KNOBS, "/burn/gaussian/temperature": serial / 10}

    moments = turns(lineage, Wiener(), values, stopped)
    found = list(islice((moment.generation for moment in moments if moment.generation), 3))
    assert asked == [1, 2, 3]
    assert [each.temperature for each in found if each] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("medium", sorted(MEDIA))
def test_any_medium_turns_the_loop(lineage, medium):
    knobs = {"/burn/medium": float(list(MEDIA).index(medium)), f"/burn/{medium}/temperature": 0.3}
    assert [each.medium for each in generations(lineage, 2, knobs=knobs)] == [medium, medium]


# ------------------------------------------------------------------ determinism


def test_the_same_seed_and_knobs_give_the_same_generations_hash_for_hash(photograph):
    runs = [generations(Lineage.begin("hearth", 42, photograph), 5) for _ in range(2)]
    assert runs[0] == runs[1]


def test_another_seed_gives_others(photograph):
    ours, theirs = (generations(Lineage.begin("hearth", seed, photograph), 1)[0] for seed in (42, 43))
    assert ours.digest != theirs.digest


def test_no_two_generations_are_alike(lineage):
    assert len({each.digest for each in generations(lineage, 8)}) == 8


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_a_lineage_resumed_from_its_checkpoint_goes_on_as_if_nothing_had_happened(photograph, cut):
    whole = generations(Lineage.begin("hearth", 42, photograph), 6)
    interrupted = Lineage.begin("hearth", 42, photograph)
    generations(interrupted, cut)
    assert generations(from_bytes(to_bytes(interrupted)), 6 - cut) == whole[cut:]


def test_killed_in_the_middle_of_a_turn_it_goes_on_at_the_checkpoint(photograph):
    whole = generations(Lineage.begin("hearth", 42, photograph), 3)
    lineage = Lineage.begin("hearth", 42, photograph)
    generations(lineage, 2)
    kept = to_bytes(lineage)
    list(islice(turns(lineage, Wiener(), lambda _: KNOBS, stopped), 3))  # dies while restoring
    assert generations(from_bytes(kept), 1) == whole[2:]


# ------------------------------------------------------------------ fresh pictures, and the mean of all that was seen

ALBUM = Album(("dark", "light"), lambda name, *sides: torch.full((1, 3, *sides), -0.5 if name == "dark" else 0.5))
SEEING = {
    "/burn/medium": float(declared()["/burn/medium"].choices.index("mean")),
    "/burn/mean/of": float(declared()["/burn/mean/of"].choices.index("seen")),
    "/burn/mean/temperature": 0.9,
    "/loop/fresh": 0.5,
}


def shown(lineage, count):
    moments = turns(lineage, Nobody(), lambda _: {**KNOBS, **SEEING}, stopped, ALBUM)
    return list(islice((moment.generation for moment in moments if moment.generation), count))


def test_fresh_pictures_come_as_often_as_asked_and_are_named(lineage):
    sources = Counter(each.source for each in shown(lineage, 60))
    assert sources["dark"] + sources["light"] == pytest.approx(30, abs=12)
    assert sources["dark"] > 5 < sources["light"]


def test_what_the_lineage_was_shown_is_averaged_origin_included(lineage):
    sources = [each.source for each in shown(lineage, 12)]
    levels = [torch.full_like(lineage.origin, level) for level in (-0.5, 0.5)]
    pictures = [lineage.origin, *(levels[source == "light"] for source in sources if source)]
    torch.testing.assert_close(lineage.remember().mean, torch.cat(pictures).mean(0), atol=1e-5, rtol=0.0)
    assert lineage.remember().count == len(pictures)


@pytest.mark.parametrize("cut", [1, 4])
def test_its_memory_of_all_that_was_seen_is_in_the_checkpoint(photograph, cut):
    whole = shown(Lineage.begin("mean-image", 42, photograph), 6)
    interrupted = Lineage.begin("mean-image", 42, photograph)
    shown(interrupted, cut)
    assert shown(from_bytes(to_bytes(interrupted)), 6 - cut) == whole[cut:]


# ------------------------------------------------------------------ broken pictures


@pytest.mark.parametrize(("spoil", "reason"), [(to_nan, "not finite"), (to_grey, "flat field")])
def test_a_broken_picture_is_refused_with_its_reason_and_the_present_one_holds(lineage, spoil, reason):
    lineage.next()
    *_, last = turn(lineage, Broken(spoil), KNOBS, stopped)
    assert last.generation is None
    assert reason in str(last.refused)
    assert last.image is lineage.origin
    assert last.share == 1.0


def test_a_flat_field_is_refused_however_loud_the_noise_floor(lineage):
    lineage.next()
    loud = {**KNOBS, "/loop/noise-floor": 0.2, "/loop/origin-mix": 0.5}
    *_, last = turn(lineage, Broken(to_grey), loud, stopped)
    assert "flat field" in str(last.refused)


def test_what_is_not_finite_is_never_shown(lineage):
    lineage.next()
    assert all(bool(moment.image.isfinite().all()) for moment in turn(lineage, Broken(to_nan), KNOBS, stopped))


def test_after_a_refusal_the_next_serial_has_other_noise_and_the_chain_goes_on(lineage):
    first, second = generations(lineage, 2, Broken(to_nan, when=lambda number: number == 2))
    assert (first.serial, second.serial, second.parent) == (1, 3, 1)
    assert lineage.refusals == 0


def test_stuck_too_long_the_piece_begins_again_from_its_origin(lineage):
    generations(lineage, 2)
    broken = turns(lineage, Broken(to_nan), lambda _: KNOBS, stopped)
    refusals = list(islice((moment for moment in broken if moment.refused), PATIENCE))
    held = [moment.image is lineage.origin for moment in refusals]
    assert held == [False] * (PATIENCE - 1) + [True]
    assert f"{PATIENCE} times in a row; the piece begins again from its origin" in str(refusals[-1].refused)
    assert (lineage.serial, lineage.parent, lineage.refusals) == (2 + PATIENCE, 0, 0)


def test_re_ignited_it_goes_on_with_fresh_serials(lineage):
    generation = generations(lineage, 1, Broken(to_nan, when=lambda number: number <= PATIENCE))[0]
    assert (generation.serial, generation.parent) == (PATIENCE + 1, 0)


# ------------------------------------------------------------------ what the loop does


def test_a_cool_loop_remembers_and_a_hot_one_forgets(photograph):
    left = {}
    for temperature in (0.02, 0.9):
        knobs = {"/burn/gaussian/temperature": temperature, "/loop/rotate": 0.0, "/loop/flow": 0.0}
        left[temperature] = generations(Lineage.begin("", 1, photograph), 6, knobs=knobs)[-1].readings["memory"]
    assert left[0.02] > 0.9
    assert left[0.9] < 0.3


def test_held_colour_stays_near_the_origins_over_many_generations(photograph):
    lineage = Lineage.begin("hearth", 42, photograph)
    generations(lineage, 40, knobs={"/loop/colour": 1.0})
    now, then = lineage.present.mean(dim=(0, 2, 3)), photograph.mean(dim=(0, 2, 3))
    torch.testing.assert_close(now, then, atol=0.1, rtol=0.0)


def test_the_origin_is_never_touched(photograph):
    before = photograph.clone()
    generations(Lineage.begin("hearth", 42, photograph), 3, knobs={"/loop/origin-mix": 0.5})
    assert torch.equal(photograph, before)


def test_every_phase_is_seen_in_every_turn(lineage):
    moments = list(islice(turns(lineage, Wiener(), lambda _: KNOBS, stopped), 3 * len(PHASES)))
    assert Counter(moment.phase for moment in moments) == {"burn": 6, "restore": 9, "generation": 3}
