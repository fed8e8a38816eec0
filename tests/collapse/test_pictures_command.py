"""``burntout collapse pictures`` and ``report``: a run is made, goes on, begins again, and is drawn beside another."""

import json

import pytest
from typer.testing import CliRunner

from installation.cli import collapsing, voice
from installation.collapse import CollapseError, folder
from installation.collapse.images import MEANING
from tests.training.tiny_ember import tiny_ember, wall

SMALL = ("--count", 8, "--size", 64, "--steps", 1, "--practice", 1, "--batch", 2)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    place = tmp_path_factory.mktemp("ground")
    return wall(place / "wall"), tiny_ember(place / "ember")


@pytest.fixture(autouse=True)
def as_nice_as_before(monkeypatch):
    """The command steps back behind the show for good; a test must not take the whole suite along."""
    monkeypatch.setattr(collapsing, "NICE", 0)


def called(*arguments):
    app = voice.group("Burn.")
    app.add_typer(collapsing.app, name="collapse")
    result = CliRunner().invoke(app, ["collapse", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def pictures(ground, state, *arguments):
    return called("pictures", ground[0], "--model", ground[1], "--state", state, *arguments)


def last(state, name):
    return folder.read(folder.home(state, name)).last


def test_a_run_is_made_is_gone_on_with_and_is_drawn_beside_another(ground, tmp_path):
    said = pictures(ground, tmp_path, *SMALL, "--name", "starved", "--generations", 1)
    assert all(meaning.title.split()[0] in said for meaning in MEANING.values())
    pictures(ground, tmp_path, "--name", "starved", "--generations", 2, "--resume")
    pictures(ground, tmp_path, *SMALL, "--name", "fed", "--generations", 0, "--mode", "fresh", "--share", 0.5)
    assert (last(tmp_path, "starved"), last(tmp_path, "fed")) == (2, 0)
    called("report", "starved", "fed", "--state", tmp_path, "--out", tmp_path / "out")
    assert list(json.loads((tmp_path / "out" / "pictures.json").read_text())["runs"]) == ["synthetic", "50% fresh"]
    pictures(ground, tmp_path, "--name", "starved", "--generations", 0, "--resume", "--rebirth")
    assert last(tmp_path, "starved") == 0


def test_there_is_nothing_to_resume_where_nothing_was_begun(ground, tmp_path):
    with pytest.raises(CollapseError, match="holds no collapse"):
        pictures(ground, tmp_path, "--resume")


def test_what_cannot_be_done_is_a_sentence(ground, tmp_path):
    with pytest.raises(CollapseError, match="Did you mean fresh"):
        pictures(ground, tmp_path, "--mode", "fersh")
