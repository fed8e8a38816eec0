"""The shelf says of every take what it is and what was published of it, and gives nothing else away."""

import os
import shutil

import pytest

from installation.console import shelf
from installation.machine.files import StorageError
from installation.recording import budget, segment, takes
from installation.recording.takes import TakeError
from installation.recording.writing import Writing
from tests.recording.rehearsal import SETTINGS, beginning, frames, rehearse

NOW = 2e9  # seconds since 1970


@pytest.fixture
def take(tmp_path):
    return rehearse(tmp_path / takes.FOLDER / "one", frames(5))


def published(take, *endings):
    for ending in endings:
        (take.folder / f"{take.name}{ending}").write_bytes(b"x" * 10)


def listed(state, running=None):
    return {each["name"]: each for each in shelf.listed(state, running, NOW)}


def test_a_take_is_listed_with_its_title_its_length_and_its_size(tmp_path, take):
    [told] = shelf.listed(tmp_path, None, NOW)
    pictures = (take.folder / segment.NAME.format(0)).stat().st_size
    assert (told["title"], told["scene"], told["status"]) == ("Machine dementia", "machine-dementia", "complete")
    assert told["seconds"] == pytest.approx((take.ended - take.started).total_seconds(), abs=1e-3)
    assert (told["bytes"], told["editions"], told["protected"]) == (pictures, [], False)


def test_the_newest_stands_first_and_what_is_no_take_is_passed_over(tmp_path):
    for name in ("b", "a"):
        rehearse(tmp_path / takes.FOLDER / name, frames(2))
    (tmp_path / takes.FOLDER / "notes").mkdir()
    assert [each["name"] for each in shelf.listed(tmp_path, None, NOW)] == ["a", "b"]


def test_a_take_that_was_cut_off_ended_with_its_last_picture_and_one_that_runs_has_not_ended(tmp_path):
    writing = Writing(beginning(tmp_path / takes.FOLDER / "cut"), SETTINGS)
    for one in frames(4):
        writing.add(one)
    began = takes.glance(writing.folder).started.timestamp()
    os.utime(writing.folder / segment.NAME.format(0), (began + 90, began + 90))
    assert (listed(tmp_path)["cut"]["status"], listed(tmp_path)["cut"]["seconds"]) == ("cut off", pytest.approx(90))
    running = listed(tmp_path, writing.folder)["cut"]
    assert (running["status"], running["seconds"]) == ("running", pytest.approx(NOW - began))
    writing.end("Stopped.")


def test_what_was_published_is_listed_with_how_it_is_shown_and_sent(take):
    published(take, ".mp4", ".png", "-prores.mov", "-notes.txt")
    (take.folder / "one-png").mkdir()
    (take.folder / "one-png" / "00001.png").write_bytes(b"x" * 7)
    told = {each.form: (each.shown, each.sent, each.total_bytes) for each in shelf.editions(take)}
    assert told == {
        "h264": ("film", "one.mp4", 10),
        "contact-sheet": ("picture", "one.png", 10),
        "prores": ("", "one-prores.mov", 10),
        "png": ("", "one-png.tar", 7),
    }


def test_an_edition_is_found_by_the_name_it_is_sent_under(take):
    published(take, ".mp4")
    assert shelf.edition(take, "one.mp4") == take.folder / "one.mp4"


@pytest.mark.parametrize("sent", ["", "take.json", "one.mp4/", "../one/one.mp4", "/etc/passwd", "one.gif", "\0", "."])
def test_nothing_but_what_was_published_is_sent(take, sent):
    published(take, ".mp4")
    with pytest.raises(TakeError, match="Nothing of one is called"):
        shelf.edition(take, sent)


@pytest.mark.usefixtures("take")
@pytest.mark.parametrize("name", ["", ".", "..", "../takes/one", "one/", "/etc", "ona", "\0", "x" * 5000])
def test_what_is_no_takes_name_is_refused_with_a_sentence(tmp_path, name):
    with pytest.raises(TakeError, match=r"There is no take .{0,90}\."):
        shelf.find(name, tmp_path)


def test_a_take_that_is_deleted_is_gone_with_its_editions_and_its_preview(tmp_path, take):
    published(take, ".mp4")
    shelf.preview(take, tmp_path).parent.mkdir()
    shelf.preview(take, tmp_path).write_bytes(b"jpeg")
    shelf.delete(take, tmp_path)
    assert shelf.listed(tmp_path, None, NOW) == []
    assert not take.folder.exists()
    assert not shelf.preview(take, tmp_path).exists()


@pytest.mark.parametrize(("form", "sent"), [("one.mp4", "one.mp4"), ("one-png", "one-png.tar")])
def test_an_edition_that_is_deleted_goes_with_its_sidecar_and_nothing_else_does(take, form, sent):
    published(take, ".mp4", ".mp4.json", "-png.json", ".gif")
    (take.folder / "one-png").mkdir()
    (take.folder / "one-png" / "00001.png").write_bytes(b"png")
    before = set(take.folder.iterdir())
    shelf.withdraw(take, sent)
    assert before - set(take.folder.iterdir()) == {take.folder / form, take.folder / f"{form}.json"}


@pytest.mark.parametrize("sent", ["", "take.json", "../one/one.mp4", "frames-0000.mkv", "one.gif", ".", "\0"])
def test_nothing_but_what_was_published_is_deleted(take, sent):
    published(take, ".mp4")
    before = set(take.folder.iterdir())
    with pytest.raises(TakeError, match="Nothing of one is called"):
        shelf.withdraw(take, sent)
    assert set(take.folder.iterdir()) == before


def test_of_a_protected_take_no_edition_is_deleted(take):
    published(take, ".mp4")
    shelf.protect(take, wanted=True)
    with pytest.raises(TakeError, match="is protected"):
        shelf.withdraw(take, "one.mp4")
    assert shelf.edition(take, "one.mp4").exists()


def test_what_a_deletion_that_was_killed_has_left_goes_with_the_next(take):
    published(take, ".mp4")
    (take.folder / f".one-png{shelf.GONE}").mkdir()
    shelf.withdraw(take, "one.mp4")
    assert not list(take.folder.glob(f".*{shelf.GONE}"))


def test_a_take_that_is_protected_stays_until_that_is_lifted(tmp_path, take):
    shelf.protect(take, wanted=True)
    assert listed(tmp_path)["one"]["protected"]
    assert (take.folder / budget.KEEP).exists()  # the nightly chore leaves it alone too
    with pytest.raises(TakeError, match="is protected"):
        shelf.delete(take, tmp_path)
    shelf.protect(take, wanted=False)
    shelf.protect(take, wanted=False)
    shelf.delete(take, tmp_path)


def test_what_is_gone_meanwhile_is_said(tmp_path, take):
    shutil.rmtree(take.folder)
    with pytest.raises(StorageError, match="cannot be"):
        shelf.delete(take, tmp_path)
    with pytest.raises(StorageError, match="cannot be"):
        shelf.protect(take, wanted=True)


def test_every_form_is_offered_with_its_words_and_the_usual_ones_are_marked():
    forms = shelf.forms()
    assert all(form["doc"] for form in forms)
    assert [form["name"] for form in forms if form["usual"]] == ["h264", "contact-sheet"]
