"""A score is read as a stream: every generation with what led to it, and its time, in which long pauses are cut."""

import dataclasses
import tracemalloc

import numpy as np
import pytest

from installation.publishing.projection import LAST_LOOK, LONGEST_PAUSE
from installation.publishing.reel import reel
from installation.publishing.score import Times, overview, score
from installation.recording.journal import Journal
from installation.recording.takes import FRAMES, LOG, Mark
from tests.publishing.performance import SECOND, Piece, performed
from tests.recording.rehearsal import frame, frames, rehearse

NOTHING = np.zeros((1, 1, 3), np.uint8)
TURN = Times(None, 10 * SECOND, (11 * SECOND, 12 * SECOND), (13 * SECOND,), 14 * SECOND)


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return performed(tmp_path_factory.mktemp("takes") / "slept", Piece(rest={3: 3600.0}))


def passages(take):
    return [passage for passage in score(take) if passage.generation]


def with_lines(take, *lines):
    log = Journal(take.folder / LOG)
    for line in lines:
        log.write(line)
    log.close()
    return take


def test_the_moments_of_the_take_keep_their_times():
    assert [TURN.at(share, 0.5) / SECOND for share in (0.25, 0.5, 0.75, 1.0)] == [11, 12, 13, 14]


def test_more_stages_fill_the_time_of_burning_and_more_steps_that_of_restoring():
    assert TURN.at(0.4, 0.8) == 11 * SECOND
    assert TURN.at(0.8, 0.8) == 12 * SECOND
    assert TURN.at(0.9, 0.8) == 13 * SECOND


def test_a_burning_that_nobody_saw_takes_its_share_of_the_turn():
    unseen = dataclasses.replace(TURN, burns=(), restores=())
    assert unseen.at(0.5, 0.0) == 12 * SECOND


def test_every_generation_is_a_passage_and_the_rest_is_one_without(take):
    assert [passage.generation and passage.generation["serial"] for passage in score(take)] == [1, 2, 3, 4, None]


def test_an_overview_counts_generations_and_knows_their_steps(tmp_path):
    rising = performed(tmp_path / "take", Piece(knobs=lambda serial: {"/restore/steps": serial}))
    assert dataclasses.astuple(overview(rising)) == (4, (1, 4))


def test_a_pause_is_cut_as_a_film_cuts_it(take):
    last = passages(take)[-1].times.ended
    began = passages(take)[0].times.still
    assert (last - began) / SECOND == pytest.approx(reel(take, 25).seconds - LAST_LOOK)
    assert (last - began) / SECOND == pytest.approx(3.75 + LONGEST_PAUSE)


def test_lines_of_the_log_keep_their_place_among_the_pictures(take):
    for before, passage in zip(passages(take), passages(take)[1:], strict=False):
        times = [line["at_ns"] for line in passage.lines if "at_ns" in line]
        assert times == sorted(times)
        assert all(before.times.ended <= at <= passage.times.ended for at in times[1:])


def test_the_words_somebody_asked_for_hold_until_another_scene(tmp_path):
    generation = {"generation": {"serial": 9, "parent": 8, "knobs": {}}}
    take = with_lines(
        rehearse(tmp_path / "take", frames(0)),
        generation,
        {"message": {"address": "/prompt", "arguments": ["a dog"]}},
        generation,
        {"playing": {"scene": "machine-dementia", "serial": 9, "model": "worn"}},
        generation,
        {"playing": {"scene": "hearth", "serial": 0, "model": None}},
        generation,
    )
    assert [(each.number, each.prompt) for each in passages(take)] == [
        (0, None),
        (0, "a dog"),
        (1, "a dog"),
        (2, None),
    ]


def test_a_generation_whose_picture_was_lost_ends_when_it_was_logged(tmp_path):
    take = rehearse(tmp_path / "take", (each for each in frames(9) if each.serial != 9))
    log = Journal(take.folder / "again.jsonl")
    for serial, at in ((1, 6), (2, 10)):
        log.write({"at_ns": at * 50_000_000, "generation": {"serial": serial, "knobs": {}}})
    log.close()
    (take.folder / "again.jsonl").replace(take.folder / LOG)
    first, second = passages(take)
    assert first.times.ended == 5 * 50_000_000
    assert (second.times.began, second.times.ended) == (5 * 50_000_000, 10 * 50_000_000)
    assert len(second.times.burns) == 2


def test_a_score_ten_times_as_long_takes_no_more_memory(tmp_path):
    short, long = (endless(tmp_path / str(count), count) for count in (200, 2000))
    assert peak(long) < 1.2 * peak(short)


def endless(folder, count):
    """A take of so many generations, of which there are only the log and the marks."""
    take = rehearse(folder, frames(1))
    log, marks = Journal(folder / LOG), Journal(folder / FRAMES)
    for each in (rehearsed(serial) for serial in range(2, 4 * count + 2)):
        marks.write(dataclasses.asdict(Mark(each.serial, 0, 0, 0, each.generation, each.phase, 0.3, each.stamp_ns)))
        log.write({"at_ns": each.stamp_ns, "readings": {"/reading/entropy": 7.0}})
        if each.phase == "generation":
            log.write({"at_ns": each.stamp_ns, "generation": {"serial": each.generation, "knobs": {}}})
    log.close()
    marks.close()
    return take


def rehearsed(serial):
    return frame(serial, pixels=NOTHING)


def peak(take):
    """The most memory that reading a score takes, in bytes."""
    tracemalloc.start()
    try:
        assert overview(take).generations == sum(passage.generation is not None for passage in score(take))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
