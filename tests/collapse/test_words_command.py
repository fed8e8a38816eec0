"""``burntout collapse words``: four generations side by side, the readings below, and everything kept when asked."""

import json

import pytest
from typer.testing import CliRunner

from installation.cli import collapsing, voice
from installation.collapse import CollapseError
from installation.collapse.text import MEANING
from installation.machine.files import share


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "page.txt"
    path.write_text((share("assets") / "texts" / "moby-dick.txt").read_text(encoding="utf-8")[:4000], encoding="utf-8")
    return path


def called(*arguments):
    app = voice.group("Burn.")
    app.add_typer(collapsing.app, name="collapse")
    result = CliRunner().invoke(app, ["collapse", "words", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_generations_stand_side_by_side_and_readings_below(page):
    said = called(page)
    assert all(f"generation {serial}" in said for serial in (0, 1, 7, 9))
    assert all(meaning.title.split()[0] in said for meaning in MEANING.values())
    assert "by chance" in said


def test_what_comes_out_is_kept_and_a_run_goes_on(page, tmp_path):
    called(page, "--generations", 2, "--out", tmp_path)
    said = called(page, "--generations", 4, "--out", tmp_path)
    assert "report.png" in said.replace("\n", "")
    assert len(json.loads((tmp_path / "report.json").read_text())["readings"]["vocabulary"]) == 5
    assert len(list(tmp_path.glob("generation-*.json"))) == 5


def test_rebirth_begins_a_longer_or_shorter_life_from_generation_zero(page, tmp_path):
    called(page, "--generations", 3, "--out", tmp_path)
    called(page, "--generations", 1, "--out", tmp_path, "--rebirth")
    assert len(list(tmp_path.glob("generation-*.json"))) == 2


def test_a_long_run_is_shown_in_as_many_columns_as_fit(page):
    header = next(line for line in called(page, "--generations", 25).splitlines() if line.startswith("generation    "))
    assert header.split()[1:] == ["0", "3", "6", "9", "12", "15", "18", "21", "24"]


def test_what_is_refused_is_a_sentence(page):
    with pytest.raises(CollapseError, match="temperature takes a number"):
        called(page, "--temperature", 9)
