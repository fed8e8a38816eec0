"""A film of what the wall showed: the stage's knobs, its black, and what was written over it, from the log."""

import contextlib
import dataclasses

import numpy as np
import pytest
from PIL import Image

from installation.knobs import read as read_knobs
from installation.machine.settings import StageSettings
from installation.panels import all_knobs
from installation.publishing.forms import Wishes
from installation.publishing.forms.h264 import h264
from installation.publishing.reel import reel
from installation.publishing.wall import on_the_wall, overlays
from installation.publishing.whole import PublishError
from installation.recording import segment, takes
from installation.recording.journal import Journal, read
from installation.recording.takes import LOG, SCENE, load
from installation.stage.graphics import GraphicsError, standalone, windowless
from installation.stage.light import decode
from installation.stage.panel import Staging
from installation.stage.sight import Sight
from installation.stage.software import Software
from installation.stage.window import Window
from tests.publishing.performance import SECOND, Piece, performed

PIECE = Piece()
SIZE = (90, 160)
SIGN = """
[[overlay]]
kind = "counter"
where = "top-left"
text = "{reading:entropy:.2f}"
"""


def staged(at, **knobs):
    return {"at_ns": round(at * SECOND), "stage": {f"/stage/{name}": value for name, value in knobs.items()}}


def said(at, address, *arguments):
    return {"at_ns": round(at * SECOND), "message": {"address": address, "arguments": list(arguments)}}


@pytest.fixture
def played(tmp_path):
    """A take with these lines in its log, at their times; its film begins at second 1."""

    def play(*lines, piece=PIECE):
        all_knobs()
        take = performed(tmp_path / f"take-{len(lines)}", piece)
        log = [*(line for line in read(take.folder / LOG) if "generation" in line), *lines]
        (take.folder / LOG).unlink()
        journal = Journal(take.folder / LOG)
        for line in sorted(log, key=lambda line: line["at_ns"]):
            journal.write(line)
        journal.close()
        return load(take.folder)

    return play


def film(take, rate=10):
    return list(on_the_wall(reel(take, rate), SIZE))


def alike(one, other):
    """Whether two pictures are the same but for their dither, a code or two of 255."""
    return bool(np.abs(one - other).max() < 0.03)


def without_a_card():
    with contextlib.suppress(GraphicsError):
        if not windowless().endswith("*"):
            pytest.skip("A film is drawn by the graphics card here, and the window of this test is not.")


def require_opengl():
    try:
        standalone().release()
    except GraphicsError as refusal:
        pytest.skip(f"{refusal} Install the packages libegl1, libegl-mesa0 and libgl1-mesa-dri.")


def light(picture):
    """The mean light of the picture in the middle of the canvas."""
    return float(picture[:, 35:125].mean())


def test_a_film_of_the_wall_has_as_many_pictures_in_the_size_asked_for(played):
    take = played()
    shown = film(take)
    assert len(shown) == reel(take, 10).ticks
    assert {picture.shape for picture in shown} == {(*SIZE, 3)}


def test_the_picture_stands_whole_in_the_middle_between_black(played):
    first = film(played())[0]
    assert light(first) > 0.02
    assert not first[:, :35].any()
    assert not first[:, 125:].any()


def test_a_take_of_before_the_stage_was_logged_is_shown_as_the_loop_made_it(played):
    take = played()
    first = next(iter(segment.pictures(take.folder / segment.NAME.format(0))))[1]
    whole = next(on_the_wall(reel(take, 10), (64, 64)))
    assert np.abs(np.round(whole * 255) - np.round(decode(first) * 255)).max() <= 1


def test_brightness_dims_the_picture_without_a_flash(played):
    bright, dim = film(played()), film(played(staged(1.0, brightness=1.0), staged(2.0, brightness=0.25)))
    assert light(dim[5]) == pytest.approx(light(bright[5]), rel=0.02)
    assert light(dim[30]) == pytest.approx(light(bright[30]) / 4, rel=0.05)


def test_black_is_black_and_ends(played):
    shown = film(played(staged(2.0, black=1.0), staged(3.0, black=0.0)))
    assert light(shown[9]) > 0.02
    assert not shown[15].any()
    assert light(shown[35]) > 0.02


def test_closed_doors_are_black_too(played):
    shown = film(played(said(2.0, "/programme/open", 0)))
    assert not shown[-1].any()


def test_a_held_picture_stands(played):
    shown = film(played(staged(1.5, hold=1.0), staged(4.0, hold=0.0)))
    assert alike(shown[22], shown[29])
    assert not alike(shown[29], shown[-1])


def test_only_those_phases_are_shown_that_the_stage_was_to_show(played):
    shown = film(played(staged(1.0, show=2.0, dissolve=0.0)), rate=4)
    assert alike(shown[0], shown[3])  # the stages of burning are not seen


@pytest.mark.parametrize("rate", [4, 10])
def test_pictures_that_come_as_fast_as_ticks_are_seen(played, rate):
    shown = film(played(), rate)
    assert not alike(shown[0], shown[2 * rate])


def test_signs_are_drawn_as_readings_were_and_dimmed_with_the_wall(played):
    readings = {"at_ns": SECOND, "readings": {"/reading/entropy": 7.25}, "states": {}}
    piece = Piece(scene_text='title = "Astronaut"\n' + SIGN)
    shown = film(played(readings, staged(1.0, overlays=1.0), staged(4.0, overlays=0.0), piece=piece))
    assert not shown[0][:, :35].any()
    assert shown[25][:, :35].any()
    assert not shown[-1][:, :35].any()


def test_what_a_performer_said_stands_on_the_wall(played):
    silent, speaking = film(played()), film(played(said(1.5, "/stage/caption", "who was it")))
    assert alike(silent[3], speaking[3])
    assert not alike(silent[25], speaking[25])


@pytest.mark.parametrize("knobs", [{"grain": 1.0}, {"smoulder": 1.0, "smoulder_amount": 1.0}])
def test_what_only_a_graphics_card_adds_is_in_the_film(played, knobs):
    require_opengl()
    plain, burning = film(played()), film(played(staged(1.0, **knobs)))
    assert np.abs(burning[-1] - plain[-1]).max() > 0.1
    assert light(burning[-1]) == pytest.approx(light(plain[-1]), rel=0.1)


def test_a_film_is_what_the_stage_would_put_into_its_window(played, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    without_a_card()
    take = played(staged(1.0, brightness=0.5))
    window = Software(Window(StageSettings(width=160, height=90, fullscreen=True)), (160, 90), "contain")
    knobs, seen = read_knobs(Staging, {"/stage/brightness": 0.5}), reel(take, 10)
    first = next(takes.frames(take))
    sight = Sight(first.pixels.shape[0], 0.0)
    sight.reel.arrive(first.pixels, 0.0, dataclasses.replace(knobs, dissolve=0.0))
    window.show(sight.exposure(0.0, {}, knobs, lambda _: ()), ())
    np.testing.assert_array_equal(next(on_the_wall(seen, SIZE)), decode(window.glance(160)))
    window.close()


COLUMNS = Piece(scene_text='title = "Astronaut"\n[[overlay]]\nkind = "columns"\n')
SOURCES = Piece(scene_text='title = "Astronaut"\n[[overlay]]\nkind = "sources"\nwhere = "top-left"\n')


def written(at, **told):
    return {"at_ns": round(at * SECOND), "written": told}


def test_words_that_collapse_stand_in_their_columns_until_they_are_wiped_away(played):
    text = {"columns": {"columns": [["0", "call me Ishmael"], ["1", "call me call me"]]}}
    shown = film(played(written(1.5, **text), written(3.0), piece=COLUMNS))
    assert not shown[3][:, :35].any()
    assert shown[18][:, :35].any()
    assert not shown[-1][:, :35].any()


def test_the_pictures_that_something_is_made_from_are_shown_with_their_names(played):
    named = {"sources": {"pictures": [["origins/astronaut.png", "astronaut 40%"]]}}
    shown = film(played(written(1.5, **named), piece=SOURCES))
    assert not shown[3][:, :35].any()
    assert shown[25][:, :35].any()


def test_a_take_from_elsewhere_shows_no_picture_of_this_machine(played, tmp_path):
    Image.fromarray(np.full((64, 64, 3), 255, np.uint8)).save(tmp_path / "private.png")
    pictures = [[str(tmp_path / "private.png"), "x"], ["../../private.png", "y"]]
    shown = film(played(written(1.0, sources={"pictures": pictures}), piece=SOURCES))
    assert not shown[-1][:, :35].any()


def test_signs_of_a_scene_that_is_gone_are_left_out_with_a_sentence(played, caplog):
    take = played()
    (take.folder / SCENE).write_text('[[overlay]]\nkind = "nonesuch"\n')
    assert overlays(take, take.scene) == ()
    assert "Nothing is written over the pictures of astronaut" in caplog.text
    assert overlays(take, "../../gone") == ()


def test_a_scene_that_came_with_the_program_brings_its_signs(played):
    kinds = {sign.kind for sign in overlays(played(), "machine-dementia")}
    assert kinds


def test_a_film_can_have_the_look_of_the_wall(played, tmp_path):
    take = played(staged(1.0, brightness=0.0))
    pictures, wall = (
        h264(take, tmp_path / f"{look}.mp4", Wishes(height=64, rate=5, look=look), lambda _: None)
        for look in ("pictures", "wall")
    )
    assert lit(pictures) > 40
    assert lit(wall) < 20


def lit(path):
    """The mean code of a film's last picture."""
    return list(segment.pictures(path))[-1][1].mean()


def test_another_look_is_refused():
    with pytest.raises(PublishError, match="--look pictures or wall"):
        dataclasses.replace(Wishes(), look="glass")
