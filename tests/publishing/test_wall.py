"""A film of what the wall showed: the stage's knobs, its black, and what was written over it, from the log."""

import dataclasses

import numpy as np
import pytest

from installation.panels import all_knobs
from installation.publishing.forms import Wishes
from installation.publishing.forms.h264 import h264
from installation.publishing.reel import reel
from installation.publishing.wall import on_the_wall, overlays
from installation.publishing.whole import PublishError
from installation.recording import segment
from installation.recording.journal import Journal, read
from installation.recording.takes import LOG, SCENE, load
from installation.stage.light import decode
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
