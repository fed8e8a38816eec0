"""Restaging beside the loop itself, in the same run: ``make bench``. In ``make test`` each runs once, nothing is timed.

The loop plays the same passages with the same restorer and does nothing with them. Compare within the group: what
comparing hashes costs, and what it costs to keep every picture without loss.
"""

import itertools

import pytest

from installation.machine.settings import EngineSettings, RecordingSettings, Settings
from installation.publishing.kinship import AS_IT_WAS
from installation.publishing.restage import Performer, restage
from installation.publishing.retake import retake
from installation.publishing.score import score
from tests.publishing.performance import Piece, performed

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(group="6 generations of 256 x 256, ember in two steps")]
PIECE = Piece(
    generations=6, restorer="ember", size=256, knobs=lambda _: {"/loop/stages": 4, "/restore/steps": 2}
)  # fmt: skip


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return performed(tmp_path_factory.mktemp("takes") / "piece", PIECE)


def silent(_share):
    pass


def test_the_loop_alone(benchmark, take):
    def play():
        performer = Performer(take, EngineSettings())
        for passage in score(take):
            performer.enter(passage)
            if passage.generation:
                *_, last = performer.moments(passage)
        return last

    assert benchmark(play).generation.serial == PIECE.generations


def test_restaged_and_compared(benchmark, take):
    assert benchmark(restage, take, EngineSettings(), silent).identical


def test_restaged_and_kept(benchmark, take, tmp_path):
    states = (tmp_path / str(number) for number in itertools.count())

    def keep():
        recording = RecordingSettings(reserve_bytes=0)
        return retake(take, AS_IT_WAS, Settings(state=next(states), recording=recording), silent)

    assert benchmark(keep)[1].identical
