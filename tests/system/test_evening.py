"""Kept after the fact, streamed to whoever asks, closed with the doors, published by itself: one evening, all real."""

import pytest

from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording import takes
from tests.publishing.outside import needs_ffmpeg
from tests.system.evening import RING, listed

pytestmark = [pytest.mark.system, pytest.mark.timeout(480)]


# ------------------------------------------------------------------ kept after the fact
def test_the_last_minutes_are_kept_after_the_fact_and_nothing_in_between_is_missing(evening):
    first, second, _ = (takes.marks(take.folder) for take in evening.takes)
    assert second[0].frame <= first[-1].frame + 1
    assert second[-1].frame >= evening.newest
    assert (second[-1].at_ns - first[0].at_ns) / 1e9 >= RING - 1.0  # it holds the shown turn, and what came since


def test_what_was_kept_is_whole_and_every_picture_of_it_can_be_read(evening):
    for take in evening.takes[:2]:
        assert take.status == "complete"
        assert len(list(takes.frames(take))) == take.frames > 0


def test_what_was_kept_can_be_rendered_again(evening):
    verdict = restage(evening.takes[1], EngineSettings(), lambda _: None)
    assert verdict.identical
    assert verdict.generations > 0


# ------------------------------------------------------------------ the live stream
@needs_ffmpeg
def test_any_web_server_serves_the_stream_and_another_player_plays_it_while_the_show_runs(evening):
    (video,) = evening.streamed["streams"]
    assert (video["codec_name"], video["pix_fmt"], video["width"]) == ("h264", "yuv420p", 64)
    assert evening.streamed["packets"]


def test_pieces_of_last_night_go_as_new_ones_come(evening):
    new = evening.pieces - evening.yesterday
    assert new
    assert min(evening.yesterday) not in evening.pieces
    assert len(listed(evening.live)) <= 30
    assert len(evening.pieces) <= 36


# ------------------------------------------------------------------ the closing
def test_the_closing_of_the_doors_ends_the_take(evening):
    last = evening.takes[-1]
    assert (last.status, last.reason) == ("complete", "The doors closed.")
    assert last.frames > 0


def test_after_the_closing_the_catalogue_is_published_by_itself_with_every_take_and_the_houses_imprint(
    evening, browser
):
    page = browser.new_page()
    page.goto((evening.state / "site" / "index.html").as_uri())
    assert page.title() == "An evening"
    assert page.locator("ol.wall li").count() == len(evening.takes) == 3
    assert page.locator(".by").inner_text() == "Ada"
    page.close()


def test_the_evenings_lineage_is_one_line_over_its_takes(evening, browser):
    page = browser.new_page()
    page.goto((evening.state / "site" / "index.html").as_uri())
    assert page.locator(".descents li").count() == 1
    assert page.locator(".descents .limb").count() == 3
    page.close()


def test_nobody_is_troubled(evening):
    assert "Traceback" not in evening.said
    assert "ERROR" not in evening.said
