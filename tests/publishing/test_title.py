"""A title card says what the film is, fits any film, and comes and goes without a jump."""

import dataclasses

import numpy as np
import pytest
from PIL import ImageFont

from installation.publishing import PublishError, Wishes, publish
from installation.publishing.film import H264, film
from installation.publishing.title import card, lines, opening, risen, set_in_rows
from installation.stage.flashes import FASTEST
from installation.stage.light import luminance
from tests.publishing.outside import decoded, needs_ffmpeg
from tests.recording.rehearsal import frame, frames, rehearse

RATE = 10


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("take"), frames(5))


def test_under_the_title_stand_time_origin_restorer_and_seed(take):
    first, *rest = lines(take)
    assert first == f"{take.started:%d %B %Y, %H:%M} UTC"
    assert rest == ["from owl.webp, restored by archive", f"lineage seed {2**63 - 25}"]


def test_what_is_not_known_is_not_said(take):
    bare = dataclasses.replace(take, origin="", seed=None, manifest={})
    assert len(lines(bare)) == 1


@pytest.mark.parametrize("size", [(1080, 1920), (1080, 1080), (120, 90), (1920, 1080)])
@pytest.mark.parametrize("title", ["Machine dementia", "Überdruß des Gedächtnisses " * 8, ""])
def test_words_stay_within_the_margins_of_any_film(take, size, title):
    shown = card(dataclasses.replace(take, title=title), *size)
    margin = size[0] // 13
    assert shown.shape == (*size, 3)
    assert shown.max() > 0.1
    for edge in (shown[:margin], shown[-margin:], shown[:, :margin], shown[:, -margin:]):
        assert edge.max() == 0.0


@pytest.mark.parametrize(("words", "rows"), [("", 0), ("Soot", 1), ("Über " * 20, 3), ("N" * 300, 1)])
def test_a_long_title_is_set_in_rows_before_it_becomes_small(words, rows):
    size, found = set_in_rows(words, 40, 600)
    assert " ".join(found).split() == words.split()
    assert len(found) <= max(rows, 0) <= 3
    assert max((ImageFont.load_default(size).getlength(row) for row in found), default=0) <= 600
    assert size == 40 or len(words) > 15


@pytest.mark.parametrize("seconds", [0.3, 1.0, 4.0])
def test_a_card_comes_out_of_the_dark_and_goes_back_into_it(take, seconds):
    seen = [luminance(light) for light in opening(card(take, 90, 160), seconds, RATE)]
    assert len(seen) == round(seconds * RATE)
    assert seen[0] == seen[-1] == 0.0
    assert max(seen) == pytest.approx(luminance(card(take, 90, 160))) or seconds < 1.0
    assert np.abs(np.diff(seen)).max() <= FASTEST / RATE


def test_a_film_rises_in_a_second_and_is_then_itself():
    white = np.ones((4, 4, 3), np.float32)
    seen = [float(light.mean()) for light in risen([white] * 12, RATE)]
    np.testing.assert_allclose(seen, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0, 1.0], rtol=1e-6)


@needs_ffmpeg
def test_a_film_begins_with_its_card_and_is_as_much_longer(take, tmp_path):
    plain, titled = (
        np.frombuffer(decoded(film(take, tmp_path / f"{title}.mp4", height=120, rate=RATE, title=title), "gray"), "u1")
        for title in (0.0, 2.0)
    )
    assert len(titled) - len(plain) == 2 * RATE * 120 * 120
    pictures = titled.reshape(-1, 120, 120)
    assert pictures[:18].max(axis=(1, 2)).argmax() in range(4, 16)
    assert pictures[RATE][: 120 // 4].max() <= 20  # nothing above the title
    assert pictures[RATE].max() > 120


def test_a_take_that_cannot_be_read_has_no_film_of_its_card_alone(tmp_path):
    take = rehearse(tmp_path / "t", (frame(n) for n in (1, 2)))
    (take.folder / "frames-0000.mkv").unlink()
    with pytest.raises(PublishError, match="nothing to publish"):
        publish(take, tmp_path / "out", forms=["h264"], wishes=Wishes(title=1.0))
    assert H264.size((64, 64), 90) == (90, 90)
