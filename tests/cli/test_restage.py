"""``burntout restage``: the same or kindred, told in a sentence or refused with one; its bar tells the time truly."""

import re

import pytest
from typer.testing import CliRunner

from installation import cli
from installation.cli.voice import progress_bar
from installation.recording import takes
from installation.recording.takes import TakeError
from tests.publishing.performance import performed


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return performed(tmp_path_factory.mktemp("recorded") / "piece")


@pytest.fixture
def called(tmp_path):
    """The command, with room for all it says, and without a disk that has to keep gigabytes."""
    (machine := tmp_path / "machine.toml").write_text("[recording]\nreserve_bytes = 0\n")
    state = ["--state", tmp_path / "state", "--config", machine]

    def call(*words):
        told = CliRunner().invoke(cli.app, [*map(str, ["restage", *words, *state])], catch_exceptions=False)
        return told.exit_code, re.sub(r"\s+", " ", told.output)

    return call


def test_without_options_it_compares_and_keeps_nothing(take, called, tmp_path):
    code, said = called(take.folder)
    assert code == 0
    assert "4 generations rendered again, every one identical." in said
    assert takes.all_takes(tmp_path / "state") == []


def test_what_is_kept_says_that_it_is_the_same_and_where_it_is(take, called, tmp_path):
    _, said = called(take.folder, "--keep")
    (kept,) = takes.all_takes(tmp_path / "state")
    assert f"piece rendered again: the same, hash for hash. It is in {kept.folder}." in said


def test_a_kindred_performance_says_what_differs(take, called, tmp_path):
    _, said = called(take.folder, "--size", 128, "--steps", 2, "--restorer", "demon", "--rate", 8)
    (kept,) = takes.all_takes(tmp_path / "state")
    assert kept.name == "piece-kindred-128px-2steps-demon-8fps"
    assert "A kindred performance of piece: 128 instead of 64 pixels a side" in said


@pytest.mark.parametrize("option", ["size", "rate", "steps", "restorer"])
def test_a_wish_that_cannot_be_is_refused_by_the_name_of_its_option(take, called, option):
    with pytest.raises(TakeError, match=f"--{option}"):
        called(take.folder, f"--{option}", "0")


def test_the_time_left_is_reckoned_from_what_was_done_since_it_went_on():
    """Six tenths were done yesterday; each tenth takes 40 seconds, longer than rich looks back by itself."""
    clock = 0.0
    bar = progress_bar()
    bar.get_time = lambda: clock
    task = bar.add_task("Restaging", total=1.0)
    for clock, share in ((100.0, 0.6), (140.0, 0.7), (180.0, 0.8)):  # noqa: B007 - the bar looks at the clock
        bar.update(task, completed=share)
    assert bar.tasks[0].time_remaining == pytest.approx(80.0, abs=1.0)
