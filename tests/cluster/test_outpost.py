"""An outpost without a cluster: the real engine in this process, asked as an envoy asks it."""

import itertools

import pytest
import torch

from installation import scenes
from installation.cluster.ledger import MOST
from installation.cluster.letters import Commission, enclosed, unpacked
from installation.cluster.outpost import Outpost
from installation.loop.checkpoints import stand
from installation.machine import wires as wiring
from installation.machine.files import share
from installation.machine.settings import EngineSettings
from installation.panels import all_knobs
from installation.records import Order
from tests.support import until
from tests.system.performance import scene_file

PATIENCE = 60.0


class Correspondent:
    """Begins an outpost, asks it, and keeps all that it says."""

    def __init__(self, scene, copies=(), coding="raw"):
        knobs = {address: knob.default for address, knob in all_knobs().items()} | dict(scene.values)
        self.outpost = Outpost(Commission(EngineSettings(device="cpu", threads=1, size=64), knobs, copies, coding, 90))
        self.scene, self.dispatches = scene, []
        self.reports, self.pictures = [], []

    def order(self, name, **data):
        self.outpost.tell([enclosed(Order(name, data))], {})

    def play(self, *, resume=False, seed=7):
        self.order("play", scene=self.scene, seed=seed, resume=resume)

    def hear(self):
        dispatch = self.outpost.hear(0.05)
        self.dispatches.append(dispatch)
        self.reports += dispatch.reports
        self.pictures += dispatch.pictures
        return dispatch

    def until(self, wanted):
        """Hear until a report is as wanted; that report."""

        def heard():
            return next((each.data for each in self.hear().reports if wanted(each)), None)

        return until(heard, PATIENCE)

    def reaches(self, serial):
        return self.until(lambda each: each.name == "generation" and each.data["serial"] >= serial)

    def generations(self):
        return [each.data for each in self.reports if each.name == "generation"]


@pytest.fixture
def scene(tmp_path):
    return scenes.load(scene_file(tmp_path, loop="pace = 0.0\nstages = 1"), all_knobs(), share("assets"))


@pytest.fixture
def station(scene):
    threads, begun = torch.get_num_threads(), []

    def begin(**told):
        begun.append(Correspondent(scene, **told))
        return begun[-1]

    yield begin
    for each in begun:
        each.outpost.leave()
    torch.set_num_threads(threads)  # which the engine has set for itself


def test_a_generation_comes_with_its_picture_and_the_checkpoint_to_go_on_from(station):
    there = station()
    there.play()
    there.reaches(3)
    for dispatch in there.dispatches:
        for told in [each.data for each in dispatch.reports if each.name == "generation"]:
            assert dispatch.checkpoint is not None
            kept = stand(dispatch.checkpoint)
            assert kept is not None
            assert kept.serial >= told["serial"]
            shown = [each for each in dispatch.pictures if each.phase == "generation"]
            assert told["serial"] in [each.generation for each in shown]


def test_the_engine_says_what_it_plays_and_its_pictures_go_forward(station):
    there = station(coding="jpeg")
    there.play()
    there.reaches(3)
    assert there.reports[0].name == "playing"
    assert there.reports[0].data["threads"] == 1
    stamps = [each.stamp_ns for each in there.pictures]
    assert stamps == sorted(stamps)
    assert {unpacked(each).shape for each in there.pictures} == {(64, 64, 3)}
    finished = [each.generation for each in there.pictures if each.phase == "generation"]
    assert finished == sorted(set(finished))


def test_a_knob_and_an_order_reach_it(station):
    there = station()
    there.play()
    there.reaches(1)
    there.outpost.tell([], {"/burn/gaussian/temperature": 0.75})
    there.until(lambda each: each.name == "generation" and each.data["temperature"] == 0.75)
    before = there.generations()[-1]["serial"]
    there.order("origin")
    again = there.until(lambda each: each.name == "generation" and each.data["parent"] == 0)
    assert again["serial"] > before


def test_another_goes_on_at_the_next_serial_and_paints_what_this_one_would_have(station):
    whole = station()
    whole.play()
    whole.reaches(8)
    first = station()
    first.play()
    first.reaches(3)
    copies = [each.checkpoint for each in first.dispatches if each.checkpoint]
    second = station(copies=(copies[-1],))
    second.play(resume=True)
    second.reaches(8)
    told = [*first.generations(), *second.generations()]
    assert [each["serial"] for each in told] == list(range(1, len(told) + 1))
    digests = [each["digest"] for each in told]
    assert all(ours == theirs["digest"] for ours, theirs in zip(digests, whole.generations(), strict=False))


def test_whoever_does_not_listen_is_waited_for_and_misses_nothing(station):
    there = station()
    there.play()
    there.reaches(1)
    until(lambda: len(there.outpost._ledger) == MOST, PATIENCE)
    there.reaches(MOST + 4)
    serials = [each["serial"] for each in there.generations()]
    assert serials == list(range(1, len(serials) + 1))


def test_what_cannot_be_played_is_refused_and_the_outpost_stays(station, scene, tmp_path):
    there = station()
    there.order("adopt", path=str(tmp_path / "nothing.png"))
    there.order("play", scene=scene, seed=7, resume=False)
    there.order("adopt", path=str(tmp_path / "nothing.png"))
    assert "nothing.png" in there.until(lambda each: each.name == "refused")["reason"]
    assert there.reaches(1)


def test_a_picture_from_outside_comes_with_the_generation_that_names_it(station):
    there = station()
    there.play()
    there.order("adopt", path=share("assets") / "origins" / "astronaut.png")
    named = there.until(lambda each: each.name == "generation" and each.data["source"])["source"]
    brought = dict(itertools.chain.from_iterable(each.glimpses.items() for each in there.dispatches))
    assert list(brought) == [named]
    assert brought[named].startswith(b"\x89PNG")


def test_it_beats_while_there_is_nothing_to_tell(station):
    there = station()
    beats = [there.hear().vitals["beat"] for _ in range(2)]
    until(lambda: there.hear().vitals["beat"] > beats[-1], PATIENCE)


def test_when_it_has_left_nothing_of_it_is_there_and_whoever_asks_is_told(station):
    there = station()
    there.play()
    there.reaches(1)
    folder = there.outpost._wires.folder
    assert folder.parent == wiring.memory_folder()
    there.outpost.leave()
    assert not folder.exists()
    with pytest.raises(EOFError):
        there.hear()
