"""Every form of an edition keeps the same promises: whole or not there, under the take's name, in its folder."""

import dataclasses
import shutil

import pytest

from installation.publishing import DEFAULT, FORMS, PublishError, Wishes, chosen, publish
from installation.publishing.forms.registry import Form, form
from installation.recording import takes
from tests.publishing.outside import ffprobe, identify, needs_ffmpeg, needs_imagemagick
from tests.recording.rehearsal import frames, rehearse

SMALL = Wishes(height=256, rate=5, loop=1.0)
NAME = "2026-11-23T14-05-09-owl"
QUICK = sorted(set(FORMS) - {"print"})  # a print is 24 megapixels; tests/publishing/test_paper.py makes small ones


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("takes") / NAME, frames(25))


@pytest.fixture(scope="module")
def edition(take, tmp_path_factory):
    """Every form at once, by its name."""
    out = tmp_path_factory.mktemp("edition")
    return dict(zip(QUICK, publish(take, out, forms=QUICK, wishes=SMALL), strict=True))


def files(path):
    return sorted(path.iterdir()) if path.is_dir() else [path]


def test_an_edition_lies_in_its_folder_under_the_name_of_the_take(edition):
    (out,) = {path.parent for path in edition.values()}
    assert sorted(out.iterdir()) == sorted(edition.values())
    assert all(path.name.startswith(NAME) for path in edition.values())


@needs_ffmpeg
@pytest.mark.parametrize("name", sorted(set(QUICK) - {"webp"}))  # Debian's FFmpeg 5 knows no animated WebP
def test_ffmpeg_opens_what_was_made(edition, name):
    for file in files(edition[name])[:2]:
        assert int(ffprobe(file)["streams"][0]["nb_read_frames"]) >= 1


@needs_imagemagick
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("contact-sheet", "PNG"),
        ("exr", "EXR"),
        ("generations", "PNG"),
        ("gif", "GIF"),
        ("png", "PNG"),
        ("tiff", "TIFF"),
        ("webp", "WEBP"),
    ],
)
def test_imagemagick_opens_what_was_made(edition, name, kind):
    for file in files(edition[name])[:2]:
        assert set(identify(file, "%m")) == {kind}


@pytest.mark.parametrize("name", QUICK)
def test_an_interruption_leaves_what_was_there(take, tmp_path, name):
    def interrupt(_):
        raise KeyboardInterrupt

    place = FORMS[name].place(take, tmp_path)
    place.write_text("the old one")
    with pytest.raises(KeyboardInterrupt):
        FORMS[name].make(take, place, SMALL, interrupt)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(place.name, "the old one")]


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_take_whose_pictures_are_lost_is_refused_with_a_sentence(take, tmp_path, name):
    lost = tmp_path / "lost"
    shutil.copytree(take.folder, lost)
    (lost / "frames-0000.mkv").unlink()
    with pytest.raises(PublishError, match=r"nothing to publish|cannot be read\."):
        publish(takes.load(lost), tmp_path / "out", forms=[name], wishes=SMALL)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("name", ["h264", "loop", "gif", "png", "generations"])
def test_progress_rises_to_one(take, tmp_path, name):
    heard: list[float] = []
    publish(take, tmp_path, heard.append, forms=[name], wishes=SMALL)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["png", "h264"])
def test_a_second_edition_replaces_the_first(take, tmp_path, name):
    first, second = (publish(take, tmp_path, forms=[name], wishes=SMALL) for _ in range(2))
    assert first == second == tuple(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["takes/../takes", ".", "x/.."])
def test_however_a_take_is_reached_its_edition_stays_in_the_folder(take, tmp_path, monkeypatch, path):
    monkeypatch.chdir(take.folder)
    known = dataclasses.replace(
        take, folder=take.folder.parent / "x" / ".." / take.name if "x" in path else take.folder
    )
    assert FORMS["h264"].place(known, tmp_path) == tmp_path / f"{NAME}.mp4"


def test_a_name_that_is_no_form_is_answered_with_the_nearest():
    with pytest.raises(PublishError, match=r"'hvec'. Did you mean hevc\? There are: .*prores4444"):
        chosen(["h264", "hvec"])


def test_forms_are_made_in_the_order_asked_for_and_each_once():
    assert [each.name for each in chosen(["gif", " png", "gif"])] == ["gif", "png"]
    assert [each.name for each in chosen(DEFAULT)] == ["h264", "contact-sheet"]


def test_an_everyday_word_stands_for_the_most_usual_form():
    assert [each.name for each in chosen(["stills", "film", "png", "sheet"])] == ["png", "h264", "contact-sheet"]
    with pytest.raises(PublishError, match=r"Did you mean stills\?"):
        chosen(["still"])


def test_an_encoder_that_is_not_there_is_said_before_anything_is_made(monkeypatch):
    strange = Form("strange", "", ".x", lambda *_: None, ("libx264", "libnonesuch"))
    monkeypatch.setitem(FORMS, "strange", strange)
    assert strange.lack() is not None
    with pytest.raises(PublishError, match=r"strange needs libnonesuch, which the FFmpeg of av .* lacks. Leave it out"):
        chosen(["strange"])


def test_this_wheel_of_av_can_make_every_form():
    assert [each.lack() for each in FORMS.values() if each.lack()] == []


def test_two_forms_of_one_name_are_a_mistake():
    with pytest.raises(ValueError, match="Two forms are called h264"):
        form("h264", ".mp4")(lambda *_: None)


def test_no_two_forms_go_to_the_same_place():
    assert len({each.ending for each in FORMS.values()}) == len(FORMS)


@pytest.mark.parametrize(
    ("wish", "option"),
    [
        ({"rate": 0}, "--rate"),
        ({"rate": 1000}, "--rate"),
        ({"height": 1}, "--height"),
        ({"height": 10**6}, "--height"),
        ({"title": -1.0}, "--title-card"),
        ({"title": float("nan")}, "--title-card"),
        ({"loop": 0.0}, "--loop"),
        ({"loop": float("inf")}, "--loop"),
        ({"stills": "all"}, "--stills"),
    ],
)
def test_a_wish_nobody_can_fulfil_is_refused_with_its_option(wish, option):
    with pytest.raises(PublishError, match=option):
        Wishes(**wish)
