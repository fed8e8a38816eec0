"""A scene performed without a show: a take like one that was recorded, and the same whenever it is performed."""

import dataclasses
import itertools
import math

import pytest

from installation import images
from installation.loop.lineage import from_bytes
from installation.machine.files import StorageError
from installation.machine.settings import EngineSettings, RecordingSettings
from installation.publishing.kinship import Otherwise
from installation.publishing.performing import Length, perform, told, whole
from installation.publishing.restage import restage
from installation.publishing.retake import retake
from installation.publishing.variants import EditionError
from installation.recording import journal, takes
from installation.recording.takes import LOG
from installation.restorers.shelf import load
from tests.publishing import prints


def performed(folder, scene, restorer="none", **terms):
    """Four generations of a scene, or on other terms."""
    edition = prints.edition(scene)
    wanted = dataclasses.replace(edition.terms, **terms)
    with_whom = load(restorer, None, None, "cpu")
    heard: list[float] = []
    take = perform(edition.scene, with_whom, wanted, told(edition.scene, with_whom, 1), folder, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    return take


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return prints.scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def take(scene, tmp_path_factory):
    return performed(tmp_path_factory.mktemp("takes") / "owl", scene)


def test_it_is_a_whole_take(take, scene):
    assert (take.status, take.reason, take.dropped) == ("complete", "Performed to its end.", 0)
    assert (take.title, take.scene, take.origin, take.seed) == ("Owl", "owl", "owl.webp", scene.seed)
    assert (take.folder / "scene.toml").read_text() == scene.text
    assert [each.serial for each in takes.generations(take)] == [1, 2, 3, 4]
    assert len(list(takes.frames(take))) == take.frames == 1 + 4 * (2 + 1 + 1)


def test_it_is_rendered_again_hash_for_hash(take):
    assert restage(take, EngineSettings(), lambda _: None).identical


def test_so_it_is_with_a_restorer_that_knows_other_pictures(scene, tmp_path):
    made = performed(tmp_path / "owl", scene, "archive", length=Length(generations=2))
    assert restage(made, EngineSettings(), lambda _: None).identical


def test_two_performances_are_equal_byte_for_byte(take, scene, tmp_path):
    assert prints.sums(performed(tmp_path / "owl", scene).folder) == prints.sums(take.folder)


def test_what_lay_in_the_folder_is_begun_afresh(take, scene, tmp_path):
    (tmp_path / "owl").mkdir()
    (tmp_path / "owl" / "log.jsonl").write_text('{"at_ns": 1, "event": "half of it"}\n')
    assert prints.sums(performed(tmp_path / "owl", scene).folder) == prints.sums(take.folder)


def test_a_generation_lasts_as_long_as_the_pace_says(take):
    ends = [mark.at_ns / 1e9 for mark in takes.marks(take.folder) if mark.phase == "generation"]
    assert ends == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0])
    assert (take.ended - take.started).total_seconds() == pytest.approx(2.0)
    assert {each.seconds for each in takes.generations(take)} == {0.5}


def test_where_the_scene_goes_as_fast_as_it_can_a_film_can_follow(scene, tmp_path):
    hasty = dataclasses.replace(scene, values={**scene.values, "/loop/pace": 0.0})
    stamps = [mark.at_ns for mark in takes.marks(performed(tmp_path / "owl", hasty).folder)]
    assert {round((after - before) / 1e6) for before, after in itertools.pairwise(stamps)} == {33}


@pytest.mark.parametrize(("length", "generations"), [(Length(3), 3), (Length(seconds=1.1), 3), (Length(2, 60.0), 2)])
def test_it_is_as_long_as_was_asked_for(scene, tmp_path, length, generations):
    made = performed(tmp_path / "owl", scene, length=length)
    assert len(list(takes.generations(made))) == generations


def test_the_longest_score_is_played_once_and_where_none_is_a_minute(scene):
    assert whole(scene) == Length(generations=4)
    assert whole(dataclasses.replace(scene, score={})) == Length(seconds=60.0)


def test_the_knobs_follow_the_score_generation_by_generation(take):
    heats = [each.temperature for each in takes.generations(take)]
    assert heats == pytest.approx([0.25, 0.3, 0.35, 0.4])


def test_the_log_has_what_a_film_of_the_wall_needs(take):
    lines = list(journal.read(take.folder / LOG))
    stage = [line["stage"] for line in lines if "stage" in line]
    assert stage[0]["/stage/brightness"] == 0.5
    entropies = [line["readings"]["/reading/entropy"] for line in lines if "readings" in line]
    assert entropies == [each.readings["entropy"] for each in takes.generations(take)]
    assert all(before["at_ns"] <= after["at_ns"] for before, after in itertools.pairwise(lines))


def test_a_modulator_hears_the_pictures(take):
    brightness = [
        line["stage"]["/stage/brightness"]
        for line in journal.read(take.folder / LOG)
        if "/stage/brightness" in line.get("stage", {})
    ]
    assert max(brightness) > 0.5
    assert all(math.isfinite(each) for each in brightness)


def test_a_machine_is_not_measured_that_did_not_play(take):
    said = [line for line in journal.read(take.folder / LOG) if "readings" in line]
    assert not any("watts" in address for line in said for address in (*line["readings"], *line["states"]))


def test_it_begins_with_the_origin_and_its_lineage(take):
    first = next(takes.frames(take))
    lineage = from_bytes((take.folder / "lineage-000.safetensors").read_bytes())
    assert (first.pixels == images.to_pixels(lineage.present)).all()
    assert (first.generation, first.stamp_ns, lineage.serial) == (0, 0, 0)


def test_a_kindred_performance_of_it_can_be_made(take, tmp_path):
    settings = prints.SETTINGS.model_copy(update={"state": tmp_path})
    made, _ = retake(take, Otherwise(size=128), settings, lambda _: None)
    assert made is not None
    assert next(takes.frames(made)).pixels.shape == (128, 128, 3)


def test_a_scene_that_begins_with_the_camera_is_refused(scene, tmp_path):
    with pytest.raises(EditionError, match="begins with what the camera sees"):
        performed(tmp_path / "owl", dataclasses.replace(scene, camera=True))


def test_a_disk_without_room_is_refused_before_anything_is_played(scene, tmp_path):
    with pytest.raises(StorageError, match="are kept for the show itself"):
        performed(tmp_path / "owl", scene, recording=RecordingSettings(reserve_bytes=2**60))
