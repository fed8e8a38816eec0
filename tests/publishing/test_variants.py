"""Variants: no two alike, spread over all that a scene allows, and the same whenever they are drawn again."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import scenes
from installation.knobs import declared
from installation.machine.files import share
from installation.panels import all_knobs
from installation.publishing.kinship import RESTAGED
from installation.publishing.variants import (
    NUMBERED,
    EditionError,
    fraction,
    numbered,
    record,
    sentence,
    spread,
    variants,
    varied,
)
from installation.randomness import generator
from installation.ranges import Range
from installation.recording import takes
from installation.scenes import Scene
from installation.scores import Curve
from tests.publishing import prints

TEMPERATURE, ROTATE, SAMPLER = "/burn/gaussian/temperature", "/loop/rotate", "/restore/sampler"
seeds = st.integers(0, 2**64 - 1)
SHIPPED = {
    name: each
    for name, each in scenes.all_scenes(share("scenes"), all_knobs(), share("assets")).items()
    if isinstance(each, Scene) and each.ranges
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return prints.scene(tmp_path_factory.mktemp("scene"))


@given(count=st.integers(1, 60), seed=seeds)
def test_no_two_are_alike(scene, count, seed):
    found = variants(scene, count, seed)
    assert [each.number for each in found] == list(range(1, count + 1))
    assert len({each.lineage for each in found}) == count
    assert len({each.drawn[ROTATE] for each in found}) == count
    assert len({each.drawn[TEMPERATURE] for each in found}) == count


@given(count=st.integers(1, 40), seed=seeds)
def test_an_edition_drawn_again_is_the_same(scene, count, seed):
    assert variants(scene, count, seed) == variants(scene, count, seed)


def test_another_seed_and_another_count_are_other_editions(scene):
    first, seed, count = (variants(scene, *asked)[0] for asked in ((5, 7), (5, 8), (6, 7)))
    assert len({each.lineage for each in (first, seed, count)}) == 3
    assert len({each.drawn[ROTATE] for each in (first, seed, count)}) == 3


@given(count=st.integers(1, 80), seed=seeds)
def test_every_part_of_a_range_has_its_variant(scene, count, seed):
    drawn = sorted(each.drawn[ROTATE] for each in variants(scene, count, seed))
    parts = [(value + 4.0) / 8.0 * count for value in drawn]
    assert all(part - 1e-3 <= value <= part + 1 + 1e-3 for part, value in enumerate(parts))


@given(count=st.integers(2, 80), seed=seeds)
def test_choices_are_dealt_out_evenly(scene, count, seed):
    drawn = [each.drawn[SAMPLER] for each in variants(scene, count, seed)]
    assert abs(drawn.count(0.0) - drawn.count(2.0)) <= 1 + count % 2


@given(seed=seeds)
def test_the_nearest_two_of_a_few_are_further_apart_than_in_a_draw_without_care(seed):
    def nearest(points):
        return min(math.dist(one, other) for place, one in enumerate(points) for other in points[:place])

    careless = [nearest(spread(generator(seed, draw), 6, 1).tolist()) for draw in range(3)]
    careful = spread(generator(seed, 0), 6, 3)
    drawn = [generator(seed, draw).random((6, 3)) for draw in range(16)]
    assert nearest(careful.tolist()) > np.mean([nearest(each.tolist()) for each in drawn])
    assert all(0.0 < each <= 1.0 / 3.0 for each in careless)


@pytest.mark.parametrize("knobs", [0, 1, 5])
def test_a_large_edition_is_drawn_too(knobs):
    points = spread(generator(1, 2), 5000, knobs)
    assert points.shape == (5000, knobs)
    assert ((points >= 0.0) & (points < 1.0)).all()


def test_a_scene_without_ranges_varies_by_seed_alone(scene):
    plain = dataclasses.replace(scene, ranges={})
    assert [dict(each.drawn) for each in variants(plain, 3, 7)] == [{}, {}, {}]
    assert varied(plain, variants(plain, 3, 7)[0]).values == plain.values


@pytest.mark.parametrize(("count", "seed", "option"), [(0, 7, "--count"), (10_000, 7, "--count"), (3, -1, "--seed")])
def test_what_is_no_edition_is_refused_by_the_name_of_its_option(scene, count, seed, option):
    with pytest.raises(EditionError, match=option):
        variants(scene, count, seed)


def test_a_shift_moves_the_whole_score_and_a_range_takes_its_place(scene):
    variant = dataclasses.replace(variants(scene, 3, 7)[0], drawn={TEMPERATURE: 0.05, ROTATE: -1.5})
    played = varied(scene, variant)
    assert played.score[TEMPERATURE] == Curve(((0.0, 0.25), (4.0, 0.45)))
    assert played.values[ROTATE] == -1.5
    assert played.seed == variant.lineage
    there = dataclasses.replace(scene, ranges={TEMPERATURE: Range(0.1, 0.9)})
    assert TEMPERATURE not in varied(there, dataclasses.replace(variant, drawn={TEMPERATURE: 0.5})).score


@pytest.mark.parametrize("name", SHIPPED)
def test_every_variant_of_a_shipped_scene_can_be_played(name):
    for variant in variants(SHIPPED[name], 20, 7):
        played = varied(SHIPPED[name], variant)
        for address, knob in declared().items():
            points = played.score[address].points if address in played.score else [(0, played.values.get(address, 0.0))]
            assert address not in variant.drawn or all(knob.parse(value) == value for _, value in points)


def test_a_shift_stops_at_the_ends_of_the_knob(scene):
    shifted = dataclasses.replace(scene, ranges={**scene.ranges, ROTATE: Range(-20.0, 20.0, shifts=True)})
    variant = dataclasses.replace(variants(scene, 3, 7)[0], drawn={TEMPERATURE: -0.3, ROTATE: 15.0})
    played = varied(shifted, variant)
    assert played.score[TEMPERATURE].points == ((0.0, 0.0), (4.0, 0.1))
    assert played.values[ROTATE] == 10.0


def test_a_manifest_says_number_seed_and_knobs_as_people_do(scene):
    variant = dataclasses.replace(variants(scene, 3, 2**63)[1], drawn={TEMPERATURE: 0.05, ROTATE: -1.5, SAMPLER: 2.0})
    said = record(scene, variant)
    assert said == {
        "number": 2, "count": 3, "seed": "9223372036854775808",
        "knobs": {TEMPERATURE: "+0.05", ROTATE: "-1.5", SAMPLER: "heun"},
    }  # fmt: skip
    assert sentence(said) == (
        "Number 2 of 3, edition seed 9223372036854775808: "
        "/burn/gaussian/temperature +0.05, /loop/rotate -1.5, /restore/sampler heun."
    )
    assert sentence({}) == ""


def test_a_copy_of_a_numbered_take_has_no_number(scene, tmp_path):
    said = record(scene, variants(scene, 3, 7)[0])
    take = takes.begun(tmp_path, {NUMBERED: said}, "owl.webp", prints.NOW, 0)
    assert numbered(take) == said
    assert fraction(take) == "1/3"
    assert numbered(dataclasses.replace(take, manifest={**take.manifest, RESTAGED: {"kinship": "the same"}})) == {}
    assert fraction(dataclasses.replace(take, manifest={})) == ""
