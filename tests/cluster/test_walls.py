"""Engines on a real cluster, and an envoy in a process of its own: nobody knows the difference, whoever dies."""

import shutil

import numpy as np
import pytest

from installation.cluster.envoy import ENVOY_VITALS
from installation.cluster.mosaic import seed_of
from installation.engine import ENGINE_VITALS
from installation.health import LOST, STRANDED, felt
from installation.loop.lineage import from_bytes
from tests.cluster import walls
from tests.cluster.federation import federation as founded
from tests.support import until


@pytest.fixture(scope="module")
def home(federation):
    """The one node that is large enough."""
    return federation.join(num_cpus=2)


@pytest.fixture(scope="module")
def playing(federation, home, tmp_path_factory):  # noqa: ARG001 - it plays at home
    """One engine at the cluster: a start costs seconds. The last test with it kills its node."""
    with walls.wall(tmp_path_factory.mktemp("wall"), federation.address, {**walls.ONE[0], "cpus": 2}) as wall:
        wall.reaches(2)
        yield wall


def test_to_everybody_else_the_envoy_is_the_engine():
    assert {name: ENVOY_VITALS[name] for name in ENGINE_VITALS} == ENGINE_VITALS


def test_pictures_arrive_in_the_ring_and_generations_with_the_conductor(playing):
    playing.plays_on()
    assert playing.serials == list(range(1, len(playing.serials) + 1))
    assert playing.finished[-1] in playing.serials
    assert {frame.phase for frame in playing.frames} == {"burn", "restore", "generation"}
    assert playing.frames[-1].pixels.shape == (64, 64, 3)
    stamps = [frame.stamp_ns for frame in playing.frames]
    assert stamps == sorted(stamps)


def test_its_vital_signs_are_here(playing):
    playing.plays_on()
    vitals = playing.ward.vitals.read()
    assert vitals["serial"] >= playing.serials[-1]
    assert vitals[STRANDED] == 0.0
    assert vitals["rate"] > 0.0


def test_a_knob_reaches_the_far_loop(playing):
    playing.board.write({"/burn/gaussian/temperature": 0.75})
    playing.hears(lambda each: each.name == "generation" and each.data["temperature"] == 0.75)
    playing.board.write({"/burn/gaussian/temperature": 0.4})


def test_an_order_reaches_the_far_loop(playing):
    playing.order("origin")
    assert playing.hears(lambda each: each.name == "generation" and each.data["parent"] == 0)["serial"] > 1


def test_the_lineage_lies_here_for_a_take_and_for_the_power_cut(playing, tmp_path):
    playing.order("save", path=str(tmp_path / "lineage.safetensors"))
    until(lambda: [playing.tick()] and (tmp_path / "lineage.safetensors").exists(), 30.0)
    saved = from_bytes((tmp_path / "lineage.safetensors").read_bytes())
    playing.plays_on()
    assert saved.digest() == playing.digests[playing.serials.index(saved.serial)]
    until(lambda: [playing.tick()] and (playing.settings.state / "lineage.safetensors").exists(), 30.0)


def test_a_node_that_dies_in_mid_frame_costs_nothing_and_shows_nothing_twice(federation, home, playing):
    playing.plays_on()  # an order in mid-generation costs a serial: that is over
    second, told, shown = federation.join(num_cpus=2), len(playing.serials), len(playing.frames)
    federation.kill(home)
    playing.hears(lambda each: each.name == "playing")
    playing.plays_on()
    assert len(walls.players(second)) == 1
    since = playing.serials[told - 1 :]
    assert since == list(range(since[0], since[0] + len(since)))
    finished = [each.generation for each in playing.frames[shown:] if each.phase == "generation"]
    assert finished == sorted(set(finished))
    assert "is lost" in playing.said()


def test_a_wall_of_engines_is_one_picture_and_every_lineage_its_own(federation, tmp_path):
    here, there = {"name": "here"}, {"name": "there", "at": "cluster"}
    with walls.wall(tmp_path, federation.address, here, there) as wall:
        told = wall.hears(lambda each: each.name == "beside" and each.data["generation"]["serial"] >= 2)
        wall.reaches(2)
        assert (told["engine"], told["generation"]["seed"]) == ("there", seed_of(7, 1))
        assert {each.data["seed"] for each in wall.reports if each.name == "playing"} == {7}
        frame = until(lambda: [wall.tick()] and wall.frames[-1].pixels[:, 64:].any() and wall.frames[-1], 30.0)
        assert frame.pixels.shape == (64, 128, 3)
        assert not np.array_equal(frame.pixels[:, :64], frame.pixels[:, 64:])
        assert (wall.settings.state / "engines" / "there").parent.exists()


def test_a_node_with_other_weights_is_refused_and_the_piece_plays_here(federation, tmp_path, monkeypatch):
    theirs = tmp_path / "theirs"
    walls.little(tmp_path)  # which lays the archive
    shutil.copytree(tmp_path / "archive", theirs / "archive")
    (theirs / "archive" / "owl.png").unlink()
    monkeypatch.chdir(theirs)
    stranger = federation.join(num_cpus=3)
    monkeypatch.chdir(tmp_path)
    with walls.wall(tmp_path, federation.address, {**walls.ONE[0], "cpus": 3}, model="archive") as wall:
        wall.reaches(2)
        assert "weights of archive" in wall.said()
        assert "Copy the same model there." in wall.said()
        assert "The engine plays on this machine until its next start." in wall.said()
        health = felt("little", "playing", {"engine": wall.ward}, 0.0)
        assert LOST in health.degraded
    federation.kill(stranger)


def test_where_nobody_answers_the_piece_plays_here(tmp_path):
    with walls.wall(tmp_path, "127.0.0.1:9", patience=1.0) as wall:
        wall.reaches(2)
        assert "Nobody answered at 127.0.0.1:9 within 1 s." in wall.said()
        assert wall.ward.vitals[STRANDED] == 1.0


def test_when_the_head_is_lost_this_machine_goes_on_from_the_next_serial(tmp_path):
    with founded(nodes=1) as alone, walls.wall(tmp_path, alone.address) as wall:
        wall.reaches(2)
        alone.lose_head()
        wall.hears(lambda each: each.name == "playing")
        wall.plays_on()
        assert wall.serials == list(range(1, len(wall.serials) + 1))
        assert "The head of the cluster" in wall.said()
        assert wall.ward.vitals[STRANDED] == 1.0
        assert wall.ward.deaths == []
