"""A collapse of pictures is kept at every generation, resumable, and not to be mistaken for learning that diverged."""

import contextlib
import itertools
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from installation.collapse import CollapseError, folder
from installation.collapse.images import MEANING, Settings
from installation.machine.files import StorageError
from installation.restorers import ember
from installation.training import gallery
from installation.training.retraining import SHOWN, TRIALS, Job
from tests.support import until
from tests.training.tiny_ember import tiny_ember, wall

#: Begins the same run, and in generation 1 learns for ever.
ENDLESS = """
import sys, time
from pathlib import Path
from installation.training import gallery
from installation.training.retraining import Job
from tests.training.test_retraining import SMALL

path, model, wall = map(Path, sys.argv[1:])
hung = gallery.hang(gallery.files(wall), SMALL.size)
for moment in Job(path, SMALL, hung, model, seed=3, last=2).moments():
    if (moment.serial, moment.phase) == (1, "learn"):
        time.sleep(120)
"""
SMALL = Settings(count=8, steps=2, practice=4, batch=2, size=64)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A model and a wall to begin from."""
    place = tmp_path_factory.mktemp("ground")
    return tiny_ember(place / "ember"), gallery.hang(gallery.files(wall(place / "wall")), SMALL.size)


@pytest.fixture
def job(ground, tmp_path):
    return Job(tmp_path / "collapse" / "one", SMALL, ground[1], ground[0], seed=3, last=2)


@pytest.fixture(scope="module")
def whole(ground, tmp_path_factory):
    """A run that nobody interrupted: the job and its moments."""
    job = Job(tmp_path_factory.mktemp("whole") / "collapse" / "one", SMALL, ground[1], ground[0], seed=3, last=2)
    return job, list(job.moments(itertools.count().__next__))


@contextlib.contextmanager
def limited(size_bytes):
    """No file of this process may grow beyond so many bytes: writing fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    deaf = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, deaf)


def finished(moments):
    return [moment.serial for moment in moments if moment.phase == "generation"]


def opened(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def digests(path):
    return [ember.verify(each.path) for each in folder.read(path).generations]


def same_pictures(one, other):
    pairs = zip(folder.read(one).generations, folder.read(other).generations, strict=True)
    return all(a.samples.read_bytes() == b.samples.read_bytes() for a, b in pairs)


def until_learning(moments, serial):
    """Walk into the middle of a generation, and leave it there."""
    next(moment for moment in moments if moment.serial == serial and moment.phase == "learn")


def test_every_generation_is_finished_in_turn(whole):
    assert finished(whole[1]) == [0, 1, 2]


def test_a_job_learns_then_paints_and_its_share_only_grows(whole):
    first = [moment for moment in whole[1] if moment.serial == 1]
    assert [phase for phase, _ in itertools.groupby(moment.phase for moment in first)] == [
        "learn", "paint", "generation",
    ]  # fmt: skip
    assert [moment.share for moment in first] == sorted(moment.share for moment in first)
    assert first[-1].share == 1.0


def test_a_moment_says_how_long_the_rest_takes(whole):
    """With a clock that ticks at every look, as much is left as the share says."""
    learning = [moment for moment in whole[1] if moment.phase == "learn" and moment.serial == 1]
    assert all(moment.seconds_left > 0.0 and moment.pictures_per_second == 2.0 for moment in learning)
    assert learning[-1].seconds_left < 10.0


def test_a_generation_is_a_model_its_readings_and_two_pictures(whole):
    for each in folder.read(whole[0].path).generations:
        assert ember.load(each.path).digest
        assert each.readings.keys() == MEANING.keys()
        assert opened(each.seeds).shape == (64, 2 * SHOWN * 64, 3)
        assert opened(each.samples).shape == (64, 16 * 64, 3)


def test_readings_are_finite_and_shares_are_shares(whole):
    for each in folder.read(whole[0].path).generations:
        assert np.isfinite(list(each.readings.values())).all()
        assert all(0.0 <= each.readings[name] <= 1.0 for name in ("recall", "precision", "kinds", "coverage", "tail"))


def test_the_models_differ_from_generation_to_generation(whole):
    assert len(set(digests(whole[0].path))) == 3


def test_the_seeds_are_painted_by_the_kept_model(whole):
    """What is on the disk is what the audience sees: nobody has to believe the pictures."""
    job, generations = whole[0], folder.read(whole[0].path).generations
    again = job.seeds(ember.load(generations[2].path), generations[:2])
    assert np.array_equal(opened(generations[2].seeds), gallery.sheet(again, 2 * SHOWN))


def test_generations_whose_weights_are_equal_paint_the_same_out_of_the_same_noise(whole):
    job, generations = whole[0], folder.read(whole[0].path).generations
    model = ember.load(generations[0].path)
    first, later = job.seeds(model, ()), job.seeds(model, generations[:1])
    assert np.array_equal(first[:SHOWN], later[:SHOWN])
    assert not np.array_equal(first[SHOWN:], later[SHOWN:])


def test_a_job_left_in_the_middle_of_a_generation_goes_on_as_if_it_had_not_been(whole, job):
    until_learning(job.moments(), 2)
    assert folder.read(job.path).last == 1
    assert finished(job.moments()) == [0, 1, 2]
    assert digests(job.path) == digests(whole[0].path)
    assert same_pictures(job.path, whole[0].path)


def test_a_killed_job_goes_on_where_it_was_and_comes_to_the_same_end(whole, job, ground):
    """SIGKILL in the middle of generation 1, at a moment of nobody's choosing."""
    told = [job.path, job.model, ground[0].parent / "wall"]
    alone = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", ENDLESS, *map(str, told)], env=alone) as child:
        until(
            lambda: (job.path / folder.BEING_MADE / "generation-001").is_dir() or child.poll() is not None, within=120
        )
        child.kill()
    assert folder.read(job.path).last == 0
    assert finished(job.moments()) == [0, 1, 2]
    assert digests(job.path) == digests(whole[0].path)


def test_a_kept_model_says_nothing_of_the_folder_it_was_made_in(whole):
    path = whole[0].path
    told = "".join(file.read_text() for file in path.rglob("*.json"))
    assert str(path.parent) not in told


def test_what_is_kept_is_not_made_again(whole):
    job = whole[0]
    before = [each.samples.stat().st_mtime_ns for each in folder.read(job.path).generations]
    assert [moment.phase for moment in job.moments()] == ["generation"] * 3
    assert [each.samples.stat().st_mtime_ns for each in folder.read(job.path).generations] == before


def test_a_run_may_be_taken_further_later(job, whole):
    assert finished(replace(job, last=1).moments()) == [0, 1]
    assert finished(job.moments()) == [0, 1, 2]
    assert digests(job.path) == digests(whole[0].path)


def test_a_neighbour_that_begins_alike_takes_generation_zero_over(whole, ground):
    beside = Job(
        whole[0].path.with_name("two"), replace(SMALL, mode="fresh"), ground[1], ground[0], seed=3, last=1
    )  # fmt: skip
    assert "paint" not in {moment.phase for moment in beside.moments() if moment.serial == 0}
    zero = folder.read(beside.path).generation(0)
    assert zero.made["taken from"] == "one"
    assert ember.verify(zero.path) == digests(whole[0].path)[0]


def test_another_seed_begins_anew(whole, ground):
    beside = Job(whole[0].path.with_name("three"), SMALL, ground[1], ground[0], seed=4, last=0)
    assert "paint" in {moment.phase for moment in beside.moments()}


def test_another_run_in_the_same_folder_is_refused(job):
    list(replace(job, last=0).moments())
    with pytest.raises(CollapseError, match="another settings"):
        list(replace(job, settings=replace(SMALL, mode="fresh")).moments())


def test_what_all_generations_painted_is_taught_where_nothing_is_forgotten(ground, tmp_path):
    job = Job(tmp_path / "one", replace(SMALL, mode="accumulate", practice=1), ground[1], ground[0], last=2)
    list(job.moments())
    assert folder.read(job.path).generation(2).made["pictures"] == len(ground[1].taught) + 8 + 8


def test_generation_zero_is_the_model_as_it_was_given(whole, ground):
    given, zero = (ember.load(path).network.state_dict() for path in (ground[0], folder.read(whole[0].path).weights(0)))
    assert all(given[name].equal(zero[name]) for name in given)


def test_a_diverging_generation_is_refused_and_repeated_at_half_the_rate(ground, tmp_path):
    """Learning that explodes is no collapse: the generation is made again, lower, and the ones before stay."""
    wild = Job(tmp_path / "one", replace(SMALL, rate=3.0, practice=30), ground[1], ground[0], last=1)
    refused = [moment.refused for moment in wild.moments() if moment.phase == "refused"]
    assert all("lower" in sentence for sentence in refused)
    assert folder.read(wild.path).generation(1).made["rate"] == 3.0 * 0.5 ** len(refused) < 3.0


def test_a_generation_that_diverges_at_every_rate_ends_the_run_with_a_sentence(ground, tmp_path):
    hopeless = Job(tmp_path / "one", replace(SMALL, rate=10.0, practice=30), ground[1], ground[0], last=1)
    with pytest.raises(CollapseError, match=f"Generation 1 diverged at {TRIALS} rates"):
        list(hopeless.moments())
    assert folder.read(hopeless.path).last == 0


def test_a_full_disk_ends_the_run_cleanly_and_generation_zero_is_intact(ground, tmp_path):
    """The kernel refuses to let files grow: writes fail as on a full disk."""
    job = Job(tmp_path / "one", SMALL, ground[1], ground[0], last=0)
    list(job.moments())
    before = digests(job.path)
    moments = replace(job, last=1).moments()
    with limited(8192), pytest.raises(StorageError, match="Make room"):
        list(moments)
    assert digests(job.path) == before
    assert finished(replace(job, last=1).moments()) == [0, 1]


def test_damaged_samples_are_said_with_what_to_do(job):
    list(replace(job, last=0).moments())
    folder.read(job.path).generation(0).samples.write_bytes(b"no picture")
    with pytest.raises(CollapseError, match="is damaged"):
        list(job.moments())
