"""``burntout publish`` lists every form, makes those asked for, and leaves nothing half-made."""

import re

import pytest
from typer.testing import CliRunner

from installation import cli
from installation.publishing import FORMS, PublishError
from tests.recording.rehearsal import frames, rehearse

SMALL = ["--height", "64", "--rate", "5"]


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("state") / "takes" / "owl", frames(9))


def called(*words):
    return CliRunner().invoke(cli.app, list(map(str, words)), catch_exceptions=False)


def test_help_lists_every_form_with_what_it_is():
    told = re.sub(r"\s+", " ", called("publish", "--help").output)
    for form in FORMS.values():
        assert f"{form.name} {form.doc}" in told


def test_help_says_what_this_machine_cannot_make(monkeypatch):
    form = FORMS["av1"]
    monkeypatch.setitem(FORMS, "av1", type(form)("av1", form.doc, form.ending, form.make, ("libnonesuch",)))
    told = re.sub(r"\s+", " ", called("publish", "--help").output)
    assert "For websites. av1 needs libnonesuch, which the FFmpeg of av" in told


def test_without_a_form_it_makes_a_film_and_a_contact_sheet(take, tmp_path):
    assert called("publish", take.folder, "--out", tmp_path, *SMALL).exit_code == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["owl.mp4", "owl.mp4.json", "owl.png", "owl.png.json"]


def test_it_makes_the_forms_asked_for_and_says_where_they_are(take, tmp_path):
    told = called("publish", take.folder, "--out", tmp_path, "--form", "gif,generations", "--loop", "1", *SMALL)
    assert {path.name for path in tmp_path.iterdir()} == {
        "owl-loop.gif",
        "owl-loop.gif.json",
        "owl-generations.png",
        "owl-generations.png.json",
    }
    for path in (tmp_path / "owl-loop.gif", tmp_path / "owl-generations.png"):
        assert str(path) in told.output


def test_a_take_is_found_by_its_name_in_the_state_and_nowhere_else(take, tmp_path):
    state = take.folder.parents[1]
    words = ["--state", state, "--out", tmp_path, "--form", "generations"]
    assert called("publish", "owl", *words).exit_code == 0
    assert called("publish", "../../../owl", *words).exit_code == 0  # a name leads nowhere else
    assert sorted(path.name for path in tmp_path.iterdir()) == ["owl-generations.png", "owl-generations.png.json"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--form", "gif,hvec"], "Did you mean hevc"),
        (["--rate", "0"], "--rate"),
        (["--stills", "both"], "--stills"),
        (["--form", "print", "--paper", "B4"], "A3, A2, A1, A0"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_made(take, tmp_path, words, sentence):
    with pytest.raises(PublishError, match=sentence):
        called("publish", take.folder, "--out", tmp_path, *words)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_ends_it_and_leaves_what_was_finished(take, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    form = FORMS["gif"]
    monkeypatch.setitem(FORMS, "gif", type(form)("gif", form.doc, form.ending, interrupted))
    told = called("publish", take.folder, "--out", tmp_path, "--form", "generations,gif,h264", *SMALL)
    assert told.exit_code != 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["owl-generations.png", "owl-generations.png.json"]
