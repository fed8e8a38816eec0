"""Whoever looks at a restaged take is told what it is: the same, or kindred, of which take, and how it differs."""

import dataclasses

import pytest

from installation.machine.settings import CatalogueSettings
from installation.publishing.catalogue.leaf import Leaf, gathered
from installation.publishing.catalogue.pages import index
from installation.publishing.film import credits_of
from installation.publishing.kinship import (
    AS_IT_WAS,
    RESTAGED,
    Otherwise,
    differences,
    kinship,
    name,
    needed,
    record,
)
from installation.publishing.provenance import source_type, statement, xmp
from installation.publishing.score import Overview
from installation.publishing.title import lines
from installation.recording.takes import TakeError
from tests.recording.rehearsal import frames, rehearse

SEEN = Overview(4, (1, 3))
WANTED = Otherwise(size=512, steps=8, restorer="ember")


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    made = rehearse(tmp_path_factory.mktemp("takes") / "owl", frames(5))
    return dataclasses.replace(made, manifest={**made.manifest, "size": 256, "model": None})


def restaged(take, wanted):
    differs = differences(take, wanted, SEEN)
    return dataclasses.replace(take, manifest={**take.manifest, RESTAGED: record(take, differs)})


def test_what_was_recorded_is_kin_to_nothing(take):
    assert kinship(take) == ""


def test_what_is_asked_for_as_it_was_is_the_same(take):
    same = restaged(take, Otherwise(size=256, restorer="archive"))
    assert kinship(same) == "owl rendered again: the same, hash for hash."


def test_a_kindred_performance_says_of_what_and_how_it_differs(take):
    assert kinship(restaged(take, WANTED)) == (
        "A kindred performance of owl: 512 instead of 256 pixels a side, restored by ember instead of archive, "
        "8 instead of 1 to 3 steps a generation."
    )


def test_another_rate_alone_is_kindred_too(take):
    assert kinship(restaged(take, Otherwise(rate=12))).endswith("burning in up to 12 pictures a second.")


def test_steps_that_every_generation_had_are_no_difference(take):
    assert differences(take, Otherwise(steps=3), Overview(4, (3, 3))) == {}


def test_another_restorer_comes_without_the_model_of_the_last(take):
    worn = dataclasses.replace(take, manifest={**take.manifest, "model": "/models/worn"})
    assert Otherwise(restorer="ember").played(worn.manifest)["model"] is None
    assert Otherwise(size=512).played(worn.manifest)["model"] == "/models/worn"


def test_only_what_differs_is_needed(take):
    wanted = Otherwise(size=256, restorer="archive", rate=12)
    assert needed(wanted, differences(take, wanted, SEEN)) == Otherwise(rate=12)
    assert needed(AS_IT_WAS, {}) == AS_IT_WAS


def test_a_name_says_what_was_wanted_and_stays_in_its_folder(take):
    wanted = dataclasses.replace(WANTED, model="../models/My Model")
    assert name(take, differences(take, wanted, SEEN)) == "owl-kindred-512px-8steps-ember-my-model"
    assert name(take, {}) == "owl-again"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"size": 500}, "--size: a multiple of 64 from 64 to 4096"),
        ({"size": 8192}, "--size"),
        ({"rate": 0}, "--rate from 1 to 120"),
        ({"steps": 51}, "--steps from 1 to 50"),
        ({"restorer": "embers"}, "--restorer from ember, archive"),
    ],
)
def test_what_nobody_could_render_is_refused_with_what_can_be(wanted, sentence):
    with pytest.raises(TakeError, match=sentence):
        Otherwise(**wanted)


def test_title_film_statement_stills_and_catalogue_say_it(take):
    kindred = restaged(take, WANTED)
    said = kinship(kindred)
    assert ": ".join(lines(kindred)[-2:]) == said
    assert said in credits_of(kindred)["comment"]
    assert statement(kindred)["restaged"] == said
    assert statement(kindred)["restaged_from"]["differs"]["size"] == {"was": 256, "is": 512}
    assert said in xmp(kindred, "Machine dementia, generation 1.").decode()
    empty = dict.fromkeys(field.name for field in dataclasses.fields(Leaf))
    assert ("restaged", said) in Leaf(**{**empty, "take": kindred}).facts()


def test_the_index_tells_kin_apart_and_no_lineage_goes_on_in_them(take, tmp_path):
    recorded = gathered(take, tmp_path / "recorded", lambda _: None)
    kindred = gathered(restaged(take, WANTED), tmp_path / "kindred", lambda _: None)
    assert ", kindred</span>" in index([kindred], CatalogueSettings())
    assert ", kindred" not in index([recorded], CatalogueSettings())
    assert (len(recorded.strands), len(kindred.strands)) == (1, 0)


def test_a_recorded_take_says_nothing_of_kin(take):
    assert "restaged" not in statement(take)
    assert "rendered again" not in credits_of(take)["comment"]


def test_what_ember_restored_anew_is_called_what_it_is(take):
    made = dataclasses.replace(take, manifest={**take.manifest, "restorer": "ember"})
    assert source_type(made, 3).endswith("trainedAlgorithmicMedia")
