"""``burntout publish`` lists every form, makes those asked for, and leaves nothing half-made."""

import re

import pytest
from typer.testing import CliRunner

from installation import cli
from installation.publishing import FORMS, PublishError
from installation.recording.takes import TakeError
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


@pytest.fixture
def published(tmp_path):
    """A take with a film and a contact sheet beside it."""
    made = rehearse(tmp_path / "takes" / "owl", frames(2))
    for ending in (".mp4", ".mp4.json", ".png"):
        (made.folder / f"owl{ending}").write_bytes(b"x" * 2_000_000)
    return made


def test_what_was_published_is_listed_with_its_form_and_size(published):
    told = called("published", published.folder).output
    assert re.search(r"h264 +owl\.mp4 +2\.0", told)
    assert "contact-sheet" in told


def test_where_nothing_was_published_that_is_said(take):
    assert "burntout publish owl" in called("published", take.folder).output


@pytest.mark.parametrize(("answer", "code", "stays"), [("y\n", 0, False), ("n\n", 1, True), ("", 1, True)])
def test_an_edition_is_deleted_only_after_a_yes(published, answer, code, stays):
    words = ["published", str(published.folder), "--delete", "owl.mp4"]
    told = CliRunner().invoke(cli.app, words, input=answer, catch_exceptions=False)
    assert (told.exit_code, (published.folder / "owl.mp4").exists()) == (code, stays)
    assert (published.folder / "owl.png").exists()


def test_nothing_but_an_edition_is_deleted(published):
    for name in ("take.json", "../owl/owl.mp4", "/etc/passwd", "owl.gif"):
        with pytest.raises(TakeError, match="Nothing of owl is called"):
            called("published", published.folder, "--delete", name, "--yes")
    assert called("published", published.folder, "--delete", "owl.mp4", "--yes").exit_code == 0
    assert not (published.folder / "owl.mp4.json").exists()
