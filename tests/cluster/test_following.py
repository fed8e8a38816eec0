"""Two stage machines, one engine: two real envoys on one real cluster, with a ring each."""

import numpy as np
import pytest

from installation import scenes
from installation.machine.child import Phase
from installation.machine.files import share
from installation.machine.settings import Settings
from installation.panels import all_knobs
from tests.cluster.walls import PATIENCE, Wall
from tests.support import until
from tests.system.performance import scene_file

RATE = 4.0  # frames of this wall a second: one is longer than anything that holds up a busy machine
TOGETHER = 1.5  # seconds
PACE = "pace = 0.5\nstages = 1"  # seconds a generation


def settings(folder, address, *, follow):
    engine = {"name": "wall", "at": "cluster", "follow": follow}
    cluster = {"address": address, "pictures": "raw", "together": TOGETHER, "silence": PATIENCE}
    return Settings.model_validate(
        {
            "state": folder / "state",
            "stage": {"rate": RATE},
            "engine": {"device": "cpu", "size": 64},
            "engines": [engine],
            "cluster": cluster,
        }
    )


@pytest.fixture(scope="module")
def shown(federation, tmp_path_factory):
    """Two machines, after they have played together and the one that played has left."""
    folders = [tmp_path_factory.mktemp(name) for name in ("lead", "other")]
    scene = scenes.load(scene_file(folders[0], loop=PACE), all_knobs(), share("assets"))
    told = [settings(folder, federation.address, follow=bool(place)) for place, folder in enumerate(folders)]
    lead, other = (Wall(folder, each, scene) for folder, each in zip(folders, told, strict=True))
    try:
        until(lambda: len(ticked(lead).finished and ticked(other).finished) >= 4, PATIENCE)
        lead.leave()
        until(lambda: "can be followed no more" in ticked(other).said(), PATIENCE)
        yield lead, other
    finally:
        other.leave()


def ticked(wall):
    """The wall, after it has heard what is new."""
    wall.tick()
    return wall


def both(shown):
    """The frames of each generation that both have shown, side by side."""
    lead, other = ({each.generation: each for each in wall.frames if each.phase == "generation"} for wall in shown)
    return [(lead[generation], other[generation]) for generation in sorted(lead.keys() & other.keys())]


def reported(wall, name):
    return [each.data for each in wall.reports if each.name == name]


def test_both_show_the_same_pictures(shown):
    assert len(both(shown)) >= 3
    for here, there in both(shown):
        np.testing.assert_array_equal(here.pixels, there.pixels)


def test_both_show_a_generation_within_one_frame_of_the_wall(shown):
    for here, there in both(shown):
        assert abs(here.stamp_ns - there.stamp_ns) <= 1e9 / RATE


def test_whoever_follows_knows_what_plays_and_reports_each_generation_once(shown):
    lead, other = shown
    assert reported(other, "playing")[0] == reported(lead, "playing")[0]
    assert other.serials == sorted(set(other.serials))
    here, there = ({each["serial"]: each["digest"] for each in reported(wall, "generation")} for wall in shown)
    assert len(both := here.keys() & there.keys()) >= 3  # the last may have come after whoever played it had left
    assert {serial: here[serial] for serial in both} == {serial: there[serial] for serial in both}


def test_both_look_at_the_clock_of_whoever_paints(shown):
    for wall in shown:
        vitals = wall.ward.vitals.read()
        assert abs(vitals["clock_offset_ms"]) <= vitals["clock_error_ms"]  # it is one clock: the truth is 0
        assert vitals["way_ms"] > 0.0


def test_when_nobody_plays_any_more_whoever_follows_waits_without_dying(shown):
    _, other = shown
    assert "Waiting until it plays elsewhere" in other.said()
    until(lambda: ticked(other).ward.vitals["phase"] == Phase.LOADING, 30.0)  # the stage burns on meanwhile
    assert other.ward.deaths == []
