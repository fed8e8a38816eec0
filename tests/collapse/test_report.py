"""The report holds what was said and measured, beside what chance alone would have done, in three forms."""

import io
import json
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from installation.collapse import theory
from installation.collapse.chart import GROUND
from installation.collapse.report import FILES, chance, html, numbers, png, words, write
from installation.collapse.sheet import WIDTH
from installation.collapse.text import MEANING, Settings, load
from installation.machine.files import StorageError, share

REAL = load(share("assets") / "texts" / "moby-dick.txt")[:600]


@pytest.fixture(scope="module")
def report():
    return words(REAL, Settings(), seed=1, last=9, text="a <b>page</b>")


def test_the_first_two_generations_and_the_last_are_shown_side_by_side(report):
    assert list(report.voices()) == [0, 1, 7, 9]


@pytest.mark.parametrize(("last", "shown"), [(1, [0, 1]), (2, [0, 1, 2]), (5, [0, 1, 3, 5])])
def test_a_short_run_shows_what_there_is(last, shown):
    assert list(words(REAL, Settings(order=2), last=last).voices()) == shown


def test_voices_say_no_more_than_asked(report):
    assert all(len(said.split()) <= 12 for said in report.voices(10).values())


def test_every_reading_has_its_panel_and_theory_stands_beside_what_it_knows(report):
    assert [panel.title for panel in report.panels()] == [meaning.title for meaning in MEANING.values()]
    assert {panel.title for panel in report.panels() if len(panel.curves) > 1} == {"vocabulary", "unigram entropy"}


def test_the_words_that_are_left_are_the_last_generations_commonest_first(report):
    left, last = report.left(), report.generations[-1].words
    assert set(left) <= set(last)
    assert all(last.count(one) >= last.count(other) for one, other in pairwise(left))
    assert "." not in left


def test_chance_loses_the_words_that_theory_says():
    counts = np.unique(REAL, return_counts=True)[1]
    expected = theory.expected_support(counts, 5)
    np.testing.assert_allclose(chance(REAL, 0.0, 5, 1)["vocabulary"], expected, rtol=0.04)


def test_chance_with_fresh_words_loses_fewer():
    fed, starved = (chance(REAL, share, 8, 1)["vocabulary"][-1] for share in (0.2, 0.0))
    assert fed > 1.3 * starved


def test_the_numbers_are_plain_json_with_everything_needed_to_make_them_again(report):
    said = json.loads(json.dumps(numbers(report), allow_nan=False))
    assert (said["seed"], said["settings"]["temperature"]) == (1, 0.7)
    assert said["readings"]["vocabulary"] == report.curve("vocabulary")
    assert {len(curve) for curve in said["readings"].values()} == {10}


def test_the_sheet_is_a_picture_as_wide_as_promised_with_something_on_it(report):
    sheet = Image.open(io.BytesIO(png(report)))
    assert sheet.width == WIDTH
    pixels = np.asarray(sheet)
    assert pixels[0, 0].tolist() == list(GROUND)
    assert 0.01 < (pixels != GROUND).any(axis=2).mean() < 0.5


def test_the_sheets_margins_stay_empty(report):
    pixels = np.asarray(Image.open(io.BytesIO(png(report))))
    assert (pixels[:, -20:] == GROUND).all()
    assert (pixels[-20:] == GROUND).all()


def test_a_stammer_without_a_space_still_fits_its_column():
    stammering = words(("Look", "ye", *["here", "\u2014"] * 300), Settings(), last=2)
    pixels = np.asarray(Image.open(io.BytesIO(png(stammering))))
    assert (pixels[:, -20:] == GROUND).all()


def test_the_page_needs_nothing_else_and_believes_no_names(report):
    page = html(report)
    assert "<script" not in page
    assert "http" not in page
    assert "a &lt;b&gt;page&lt;/b&gt;" in page
    assert page.count("<svg") == len(MEANING)


def test_the_report_is_written_whole(report, tmp_path):
    assert [path.name for path in write(report, tmp_path)] == list(FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_a_run_kept_in_a_folder_says_the_same_as_one_that_is_not(tmp_path):
    kept, free = (words(REAL, Settings(), last=2, folder=folder) for folder in (tmp_path, None))
    assert numbers(kept) == numbers(free)


def test_a_disk_that_refuses_is_said(report, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        write(report, tmp_path / "file")
