"""What hangs on the wall: drawn once, faded slowly, side by side, and never flashing."""

import logging
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.readings.register import Value
from installation.stage.overlays.fade import SLOWEST, towards
from installation.stage.overlays.figures import Figures
from installation.stage.overlays.hanging import Hanging
from installation.stage.overlays.sheet import SAFE
from installation.stage.overlays.still import EVERY, KINDS, Kind, Still
from installation.stage.overlays.ticker import Ticker
from tests.stage.overlays.drawing import CANVAS, FIGURES, AtOnce, sign, signs_of

COUNTER = sign(kind="counter", text="{generation}")
TICKER = sign(kind="ticker", items=["ENTROPY {reading:entropy:.2f}", "MEMORY {reading:memory:.2f}", "{generation}"])
FRAME = 1 / 30


class Wall:
    """A hanging and the frames that have passed over it."""

    def __init__(self, *signs):
        self.hanging, self.now = Hanging(AtOnce()), 0.0
        self.hanging.hang(signs)

    def frame(self, figures=FIGURES, level=1.0, canvas=CANVAS):
        self.now += FRAME
        return self.hanging.overlays(self.now, figures, canvas, level)

    def after(self, seconds, **how):
        for _ in range(round(seconds / FRAME)):
            seen = self.frame(**how)
        return seen


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 0.5)), max_size=60))
def test_whatever_is_wanted_opacity_moves_no_faster_than_it_may(wishes):
    opacity = 0.0
    for goal, elapsed in wishes:
        after = towards(opacity, goal, elapsed)
        assert abs(after - opacity) <= elapsed / SLOWEST + 1e-12
        assert 0.0 <= after <= 1.0
        opacity = after


def test_a_fade_arrives_exactly():
    assert towards(0.9, 1.0, 9.0) == 1.0
    assert towards(0.1, 0.0, 9.0) == 0.0
    assert towards(0.5, 0.5, 0.1) == 0.5
    assert towards(0.5, 1.0, -3.0) == 0.5


def test_what_does_not_change_keeps_its_revision():
    wall = Wall(COUNTER)
    wall.after(3.0)
    assert len({overlay.revision for _ in range(60) for overlay in wall.frame()}) == 1


def test_what_changes_is_drawn_anew_but_no_more_than_twice_a_second():
    wall = Wall(COUNTER)
    wall.after(3.0)
    revisions = [wall.frame(Figures(generation=frame))[0].revision for frame in range(150)]
    assert 5.0 / EVERY - 2 <= len(set(revisions)) <= 5.0 / EVERY + 1


def test_a_number_that_changes_stays_as_opaque_as_it_was():
    wall = Wall(COUNTER)
    wall.after(3.0)
    assert {overlay.opacity for n in range(90) for overlay in wall.frame(Figures(generation=n))} == {1.0}


def test_a_new_caption_dissolves_into_its_place():
    wall = Wall(sign(kind="caption", text="before"))
    (before,) = wall.after(3.0)
    both = wall.after(1.2, figures=Figures(caption="after"))
    assert [both[0].revision == before.revision, both[1].revision == before.revision] == [True, False]
    assert both[0].opacity + both[1].opacity == pytest.approx(1.0, abs=0.1)
    assert len(wall.after(2.0, figures=Figures(caption="after"))) == 1


@pytest.mark.parametrize("kind", [COUNTER, TICKER], ids=lambda each: each.kind)
def test_a_switch_hammered_thirty_times_a_second_gives_no_flash(kind):
    wall = Wall(kind)
    wall.after(3.0)
    seen = [max((o.opacity for o in wall.frame(level=float(tick % 2))), default=0.0) for tick in range(90)]
    steps = np.abs(np.diff(seen))
    assert steps.max() <= FRAME / SLOWEST + 1e-9


def test_the_next_scenes_signs_come_while_the_last_ones_go():
    wall = Wall(COUNTER)
    (old,) = wall.after(3.0)
    wall.hanging.hang([sign(kind="text", text="next")])
    half = wall.after(0.8)
    assert [overlay.revision == old.revision for overlay in half] == [True, False]
    (new,) = wall.after(3.0)
    assert new.opacity == 1.0


def test_the_same_signs_again_change_nothing():
    wall = Wall(COUNTER)
    (before,) = wall.after(3.0)
    wall.hanging.hang([sign(kind="counter", text="{generation}")])
    assert wall.frame()[0].revision == before.revision


def test_a_caption_is_shown_even_where_the_scene_has_none_and_only_once_where_it_has():
    said = Figures(caption="said live")
    assert len(Wall().after(3.0, figures=said)) == 1
    assert Wall().after(3.0) == []
    assert len(Wall(sign(kind="caption", text="written")).after(3.0, figures=said)) == 1


def test_signs_at_one_place_stand_side_by_side_and_above_the_ticker():
    wall = Wall(*signs_of("""
        [[overlay]]
        kind = "text"
        where = "bottom-left"
        text = "first"
        [[overlay]]
        kind = "text"
        where = "bottom-left"
        text = "second"
        [[overlay]]
        kind = "ticker"
        items = ["ticking"]
    """))  # fmt: skip
    band, *pieces_and_texts = wall.after(3.0)
    first, second = pieces_and_texts[-2:]
    assert second.at[1] + second.pixels.shape[0] / 2 < first.at[1] + first.pixels.shape[0] / 2 - 11
    assert first.at[1] + first.pixels.shape[0] / 2 < band.at[1] + band.pixels.shape[0] / 2 - 11
    assert band.pixels.shape[1] == CANVAS[0]


def test_another_canvas_is_drawn_for_at_once():
    wall = Wall(COUNTER, TICKER)
    small = {overlay.revision for overlay in wall.after(3.0)}
    large = wall.after(1.0, canvas=(1280, 720))
    assert not small & {overlay.revision for overlay in large}


def test_what_cannot_be_drawn_is_logged_and_what_stood_there_stays(monkeypatch, caplog):
    wall = Wall(COUNTER)
    (before,) = wall.after(3.0)

    def draw(*_):
        raise MemoryError

    monkeypatch.setitem(KINDS, "counter", Kind(KINDS["counter"].content, draw))
    still = Still(COUNTER, AtOnce())
    with caplog.at_level(logging.ERROR):
        assert still.overlays(0.0, FIGURES, CANVAS, 0.0, 1.0) == []
    assert "The counter could not be drawn: MemoryError()" in caplog.text
    assert wall.frame()[0].revision == before.revision


def test_a_ticker_moves_evenly_and_by_parts_of_a_pixel():
    wall = Wall(TICKER)
    wall.after(8.0)
    tracks: dict[int, list[float]] = {}
    for _ in range(30):
        for overlay in wall.frame()[1:]:
            tracks.setdefault(overlay.revision, []).append(overlay.at[0])
    longest = max(tracks.values(), key=len)
    steps = np.diff(longest)
    np.testing.assert_allclose(steps, steps[0], atol=1e-6)
    assert -2.0 < steps[0] < 0.0
    assert steps[0] != round(steps[0])


def test_a_tickers_texts_do_not_touch_and_come_back_in_their_order():
    wall = Wall(TICKER)
    wall.after(20.0)
    pieces = sorted(wall.frame()[1:], key=lambda overlay: overlay.at[0])
    assert len(pieces) >= 3
    for left, right in pairwise(pieces):
        assert right.at[0] - left.at[0] - left.pixels.shape[1] > 10


def test_a_tickers_text_keeps_the_figures_it_came_in_with():
    wall = Wall(TICKER)
    wall.after(9.0)
    before = {overlay.revision for overlay in wall.frame()}
    after = {overlay.revision for overlay in wall.frame(Figures(readings={"/reading/entropy": Value(1.0)}))}
    assert before == after


def test_a_ticker_never_holds_more_than_what_is_seen_and_the_next():
    ticker = Ticker(TICKER, AtOnce())
    for frame in range(3000):
        seen = ticker.overlays(frame * FRAME, FIGURES, CANVAS, 0.0, 1.0)
    assert len(ticker._tape) <= 10  # six are seen at most on this canvas
    assert all(overlay.at[0] < CANVAS[0] and overlay.at[0] + overlay.pixels.shape[1] >= 0 for overlay in seen)


def test_after_a_pause_a_ticker_goes_on_where_it_stood():
    wall = Wall(TICKER)
    before = {overlay.revision: overlay.at[0] for overlay in wall.after(9.0)[1:]}
    wall.now += 3600.0
    after = {overlay.revision: overlay.at[0] for overlay in wall.frame()[1:]}
    assert before.keys() == after.keys()
    assert all(before[each] - after[each] < 4.0 for each in before)


def test_a_tickers_band_keeps_to_the_safe_margin():
    band = Wall(TICKER).after(3.0)[0]
    height = band.pixels.shape[0]
    assert band.at[1] + height / 2 < CANVAS[1] * (1 - SAFE)
