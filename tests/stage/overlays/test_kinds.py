"""Every kind of sign: drawn legibly at any size of canvas, and saying what its figures say."""

from typing import Any

import numpy as np
import pytest

from installation.readings.register import NOT_YET, Value
from installation.stage.light import decode
from installation.stage.overlays import bar, caption, columns, counter, curve, ladder, sources, text
from installation.stage.overlays.figures import Figures, Histories, Source
from installation.stage.overlays.sheet import EMBER, SAFE
from installation.stage.overlays.still import KINDS as DRAWN
from tests.stage.overlays.drawing import FIGURES, sign

CANVASES = [(640, 360), (1280, 720), (1920, 1080)]
NOISE = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
TABLES: dict[str, dict[str, Any]] = {
    "caption": {"text": "A machine is shown one photograph and asked to remember it. " * 3},
    "text": {"text": "generation {generation}"},
    "counter": {"text": "{reading:entropy:.2f}", "label": "entropy", "unit": "bit"},
    "curve": {"reading": "entropy", "second": "memory", "theory": 6.5, "label": "entropy"},
    "bar": {"reading": "memory"},
    "ladder": {},
    "columns": {"columns": [["Gen 0", "all that it had read " * 20], ["Gen 9", "the the the"]]},
    "sources": {"label": "this patch came from"},
}


def past(**values):
    """Histories of readings, a note a second, the last one now."""
    histories = Histories()
    for second in range(max(len(told) for told in values.values())):
        histories.note(float(second), {f"/reading/{name}": Value(told[second]) for name, told in values.items()})
    return histories


FULL = Figures(
    knobs=FIGURES.knobs, readings=FIGURES.readings, generation=7, picture=decode(NOISE),
    sources=tuple(Source(f"picture {n}", NOISE) for n in range(20)),
    past=past(entropy=[6.0, 7.0, 6.5, 7.125], memory=[1.0, 0.5, 0.3, 0.25]),
)  # fmt: skip


def drawn(kind, canvas=(640, 360), figures=FULL, **table):
    what = sign(kind=kind, **{**TABLES[kind], **table})
    return DRAWN[kind].draw(DRAWN[kind].content(what, figures), what, canvas)


def reach(drawing, colour, tolerance=12):
    """The columns and rows, counted from the contents, that have nearly this colour."""
    rows, across = np.nonzero((np.abs(drawing.pixels[..., :3].astype(int) - colour) <= tolerance).all(axis=-1))
    return across - drawing.pad, rows - drawing.pad


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("kind", TABLES)
def test_it_stays_between_the_margins_of_any_canvas(kind, canvas):
    width, height = drawn(kind, canvas).size
    assert width <= canvas[0] * (1 - 2 * SAFE) + 2
    assert height <= canvas[1] * (1 - 2 * SAFE) + 2


@pytest.mark.parametrize("kind", TABLES)
def test_it_has_bright_ink(kind):
    assert drawn(kind).pixels[..., :3].max() > 230


@pytest.mark.parametrize("kind", [kind for kind in TABLES if kind not in {"sources", "ladder", "columns"}])
def test_it_grows_with_the_canvas(kind):
    small, large = drawn(kind, (640, 360)).size, drawn(kind, (1920, 1080)).size
    assert large[1] / small[1] == pytest.approx(3.0, rel=0.08)


@pytest.mark.parametrize("kind", TABLES)
def test_equal_contents_are_equal_so_nothing_is_drawn_twice(kind):
    what = sign(kind=kind, **TABLES[kind])
    assert DRAWN[kind].content(what, FULL) == DRAWN[kind].content(what, FULL)


@pytest.mark.parametrize("kind", TABLES)
def test_before_anything_is_known_it_shows_nothing_or_a_dash(kind):
    what = sign(kind=kind, **TABLES[kind])
    content = DRAWN[kind].content(what, Figures())
    if content is not None:
        assert DRAWN[kind].draw(content, what, (640, 360)).pixels.shape[2] == 4


def test_what_is_said_live_stands_before_the_scenes_own_words():
    what = sign(kind="caption", text="written")
    assert caption.content(what, Figures(caption="said")) == "said"
    assert caption.content(what, Figures(caption=" ")) == "written"
    assert caption.content(sign(kind="caption"), Figures()) is None


def test_a_text_that_would_not_fit_is_smaller():
    whole = drawn("text", text="a").size[1]
    long = drawn("text", text="a" * 200)
    assert long.size[1] < whole
    assert long.size[0] <= 640 * (1 - 2 * SAFE) + 2


def test_numbers_that_change_do_not_move():
    assert drawn("counter").size == drawn("counter", figures=Figures(readings={"/reading/entropy": Value(1.11)})).size


def test_a_counter_is_as_large_as_it_says():
    assert drawn("counter", label="", unit="", size=0.3).size[1] > 2 * drawn("text", text="7").size[1]
    assert counter.content(sign(kind="counter", text="{generation}"), FULL) == "7"
    assert text.content(sign(kind="text", text=" "), FULL) is None


@pytest.mark.parametrize(("memory", "share"), [(0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (7.0, 1.0), (-3.0, 0.0)])
def test_a_bar_is_as_long_as_its_share_of_the_axis(memory, share):
    figures = Figures(readings={"/reading/memory": Value(memory)})
    across, _ = reach(drawn("bar", (1280, 720), figures, low=0, high=1), EMBER)
    assert len(np.unique(across)) == pytest.approx(share * 0.3 * 1280, abs=1)


def test_a_bar_without_a_number_is_empty():
    assert bar.content(sign(kind="bar", reading="memory"), Figures(readings={"/reading/memory": NOT_YET})).share == 0.0


def test_the_axis_of_a_curve_takes_in_whatever_was_measured():
    shown = curve.content(sign(kind="curve", reading="entropy"), Figures(past=past(entropy=[2.0, 99.0])))
    assert (shown.low, shown.high) == (0.0, 99.0)


def test_an_axis_that_is_given_stays_and_has_a_length():
    assert curve.content(sign(kind="curve", reading="entropy", low=6, high=8), FULL).high == 8.0
    flat = sign(kind="curve", reading="entropy", low=9)
    assert curve.content(flat, FULL).high == 10.0


def test_a_curve_goes_as_far_back_as_its_window():
    shown = curve.content(sign(kind="curve", reading="entropy", window=5), Figures(past=past(entropy=[1.0] * 60)))
    assert [ago for ago, _ in shown.main] == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]


def test_a_long_past_is_thinned_but_keeps_its_ends():
    shown = curve.content(
        sign(kind="curve", reading="entropy", window=1800), Figures(past=past(entropy=[*map(float, range(1500))]))
    )
    assert len(shown.main) <= 240
    assert (shown.main[0][1], shown.main[-1][1]) == (0.0, 1499.0)


def test_a_falling_reading_falls_on_the_sheet():
    falling = Figures(past=past(entropy=[8.0, 6.0, 4.0, 2.0, 0.0]))
    across, down = reach(drawn("curve", (1280, 720), falling, window=5, second="memory", theory=0), EMBER)
    line = down > 40
    assert np.corrcoef(across[line], down[line])[0, 1] > 0.9


def test_theory_is_a_level_or_a_reading():
    level = curve.content(sign(kind="curve", reading="entropy", theory=6), FULL)
    assert level.theory == ((120.0, 6.0), (0.0, 6.0))
    assert curve.content(sign(kind="curve", reading="entropy", theory="memory"), FULL).theory[-1] == (0.0, 0.25)


def test_white_noise_is_level_and_its_power_is_its_variance():
    grey = np.repeat(np.random.default_rng(2).normal(128, 20, (256, 256, 1)), 3, 2).clip(0, 255).astype(np.uint8)
    waves, powers = ladder.spectrum(grey)
    assert np.median(powers) == pytest.approx(400.0, rel=0.05)
    assert abs(np.polyfit(np.log(waves), np.log(powers), 1)[0]) < 0.1
    assert waves[-1] == pytest.approx(2.0, rel=0.1)
    assert np.all(np.diff(waves) < 0)


def test_the_axes_of_the_ladder_end_where_pictures_do():
    assert [ladder.across(wave, 256) for wave in (512.0, 2.0)] == [0.0, 1.0]
    assert [ladder.upward(power) for power in (0.0, 1e-2, 1e7, 1e30)] == [0.0, 0.0, 1.0, 1.0]


def test_columns_share_the_width_and_what_is_too_long_ends_with_an_ellipsis():
    what = sign(kind="columns", columns=[["Gen 0", "word " * 400], ["Gen 1", "the"]])
    short = columns.draw(what.columns, what, (1280, 720))
    assert short.size == (round(0.9 * 1280), short.size[1])
    assert short.size[1] <= 0.8 * 720
    assert columns.content(what, Figures(columns=(("Gen 7", "the the"),))) == (("Gen 7", "the the"),)


def test_sources_stand_in_a_row_as_many_as_fit_with_the_middle_of_each_picture():
    red = np.zeros((30, 90, 3), np.uint8)
    red[:, 30:60] = (250, 0, 0)
    what = sign(kind="sources", width=0.5)
    drawing = sources.draw((Source("a name that is much too long for its picture", red),) * 12, what, (640, 360))
    across, _ = reach(drawing, (250, 0, 0))
    assert drawing.size == (6 * 49 - 6, drawing.size[1])  # 43 pixels and a gap of 6 each, in 320
    assert len(np.unique(across)) == pytest.approx(6 * 43, abs=12)
    assert sources.content(what, Figures()) is None
