"""The collapse process: what it tells of a job, and that it obeys between any two moments of it."""

import math
from multiprocessing import Pipe
from pathlib import Path

import pytest

from installation.collapse import CollapseError, folder
from installation.collapse.images import MEANING, Settings
from installation.collapsing import process
from installation.machine.child import Phase
from installation.machine.wires import Uplink
from installation.records import Order
from installation.training.retraining import Moment

KEPT = folder.KeptGeneration(3, Path("/there"), {"recall": 0.25}, {})
LEARNING = Moment("learn", 4, 0.5, loss=0.1)


class Conductor:
    """The other end of the pipe, and a board."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        self.uplink = Uplink(theirs)
        self.beats: list[tuple[Phase, dict[str, float]]] = []

    def beat(self, phase=Phase.RUNNING, **signs):
        self.beats.append((phase, signs))

    def heard(self):
        reports = []
        while self.pipe.poll():
            reports.append(self.pipe.recv())
        return [(report.name, dict(report.data)) for report in reports]

    def work(self, *moments):
        return process.work(moments, self.uplink, self.beat)


@pytest.fixture
def conductor():
    return Conductor()


def test_a_finished_generation_is_reported_with_its_folder_and_its_readings(conductor):
    conductor.work(Moment("generation", 3, 1.0, kept=KEPT))
    assert conductor.heard() == [("generation", {"serial": 3, "path": "/there", "readings": {"recall": 0.25}})]


def test_a_generation_that_diverged_is_reported_as_refused(conductor):
    conductor.work(Moment("refused", 4, 0.0, refused="It got worse."))
    assert conductor.heard() == [("refused", {"reason": "It got worse.", "order": "generation"})]


def test_the_board_says_what_is_being_learnt_and_what_was_measured_last():
    assert process.signs(LEARNING) == {"progress": 0.5, "loss": 0.1}
    signs = process.signs(Moment("generation", 3, 1.0, kept=KEPT))
    assert (signs["generation"], signs["recall"], signs["progress"]) == (3.0, 0.25, 0.0)
    assert math.isnan(signs["frechet"])
    assert signs.keys() <= process.COLLAPSE_VITALS.keys()
    assert set(MEANING) <= process.COLLAPSE_VITALS.keys()


def test_at_the_last_moment_it_says_that_it_has_ended(conductor):
    assert conductor.work(LEARNING) == "It has come to generation 10, its last."
    assert len(conductor.beats) == 1


def test_the_order_to_quit_is_heard_between_two_moments(conductor):
    conductor.pipe.send(Order("quit"))
    assert conductor.work(LEARNING, LEARNING) == ""
    assert len(conductor.beats) == 1


def test_at_rest_it_beats_and_goes_on_when_it_is_woken(conductor):
    for name in ("rest", "wake", "quit"):
        conductor.pipe.send(Order(name))
    assert conductor.work(LEARNING, LEARNING, LEARNING) == ""
    assert len(conductor.beats) == 2


def test_at_rest_it_can_be_told_to_leave(conductor):
    for name in ("rest", "quit"):
        conductor.pipe.send(Order(name))
    assert conductor.work(LEARNING, LEARNING) == ""
    assert len(conductor.beats) == 1


def test_a_conductor_that_is_gone_ends_it(conductor):
    conductor.pipe.close()
    with pytest.raises(EOFError):
        conductor.work(LEARNING)


def test_a_run_goes_on_as_it_was_begun(tmp_path):
    path = tmp_path / "collapse" / "fed"
    folder.begin(path, {"settings": {"mode": "fresh", "share": 0.3, "size": 64}, "beginning": {"seed": 7}})
    job = process.begun(path)
    assert (job.settings, job.seed, job.path) == (Settings("fresh", 0.3, size=64), 7, path)


def test_a_new_run_begins_with_the_usual_settings(tmp_path):
    job = process.begun(tmp_path / "collapse" / "show-001")
    assert (job.settings, job.last) == (Settings(), process.LAST)
    assert job.gallery.taught.shape[1:] == (Settings().size, Settings().size, 3)


def test_a_run_of_another_version_is_refused(tmp_path):
    path = tmp_path / "collapse" / "fed"
    path.mkdir(parents=True)
    (path / folder.MANIFEST).write_text('{"format": 0}')
    with pytest.raises(CollapseError, match="another version"):
        process.begun(path)
