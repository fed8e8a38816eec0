"""Runs side by side: numbers, a sheet and a page, from nothing but what was kept."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from installation.collapse import CollapseError, folder
from installation.collapse.chart import GROUND
from installation.collapse.comparison import FILES, ROWS, html, lives, numbers, panels, png, strip, write
from installation.collapse.images import MEANING
from installation.collapse.sheet import MARGIN, WIDTH


def kept(state, name, mode, last=2):
    """A run whose readings fall, its seeds growing darker."""
    path = folder.home(state, name)
    folder.begin(path, {"settings": {"mode": mode, "size": 64}, "taught": 40, "beginning": {"seed": 1}})
    for serial in range(last + 1):
        place = folder.place(path, serial)
        Image.new("RGB", (12 * 64, 64), (200 - 20 * serial, 90, 60)).save(place / folder.SEEDS)
        folder.keep(path, serial, dict.fromkeys(MEANING, 1.0 / (1 + serial)), {"seconds": 1.0})
    return folder.read(path)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    return [kept(state, "starved", "synthetic"), kept(state, "fed", "fresh")]


def test_every_reading_has_a_panel_with_a_curve_for_each_run(runs):
    drawn = panels(lives(runs))
    assert [panel.title for panel in drawn] == [meaning.title for meaning in MEANING.values()]
    assert all([curve.name for curve in panel.curves][:2] == ["synthetic", "20% fresh"] for panel in drawn)


def test_only_the_kinds_left_know_what_chance_alone_does(runs):
    with_theory = [panel for panel in panels(lives(runs)) if any(curve.kind == "theory" for curve in panel.curves)]
    assert [panel.title for panel in with_theory] == ["kinds left"]
    assert [len(curve.values) for curve in with_theory[0].curves] == [3, 3, 3, 3]


def test_the_strip_has_a_row_for_the_first_the_middle_and_the_last_generation(runs, tmp_path):
    assert len(lives(runs)[0].shown()) == 3
    long = lives([kept(tmp_path, "long", "synthetic", last=19)])[0]
    assert [each.serial for each in long.shown()] == [0, 10, 19]
    assert len(long.shown()) == ROWS
    assert strip(long).width == WIDTH - 2 * MARGIN


def test_the_numbers_hold_everything_and_are_plain_json(runs):
    said = json.loads(json.dumps(numbers(lives(runs)), allow_nan=False))
    assert list(said["runs"]) == ["synthetic", "20% fresh"]
    assert said["runs"]["synthetic"]["readings"]["recall"] == [1.0, 0.5, 0.33333]
    assert said["runs"]["20% fresh"]["settings"]["mode"] == "fresh"
    assert len(said["runs"]["synthetic"]["kinds by chance"]) == 3


def test_the_sheet_has_its_width_its_ground_and_the_seeds(runs):
    with Image.open(io.BytesIO(png(lives(runs)))) as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[1] == WIDTH
    assert pixels[0, 0].tolist() == list(GROUND)
    assert (pixels == (200, 90, 60)).all(axis=2).any()
    assert (pixels[:, -20:] == GROUND).all()


def test_the_page_needs_nothing_else(runs):
    page = html(lives(runs))
    assert "<script" not in page
    assert "http" not in page
    assert page.count("<svg") == len(MEANING)
    assert page.count("data:image/webp;base64,") == 2


def test_everything_is_written_whole(runs, tmp_path):
    assert [path.name for path in write(runs, tmp_path)] == list(FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_two_runs_with_the_same_diet_are_called_by_their_names(runs, tmp_path):
    compared = lives([*runs, kept(tmp_path, "twin", "synthetic")])
    assert [life.title for life in compared] == ["starved", "20% fresh", "twin"]


def test_a_run_without_a_generation_is_refused(tmp_path):
    with pytest.raises(CollapseError, match="no generation yet"):
        lives([kept(tmp_path, "young", "synthetic", last=-1)])


def test_damaged_seeds_are_said(tmp_path):
    run = kept(tmp_path, "hurt", "synthetic")
    run.generation(1).seeds.write_bytes(b"no picture")
    with pytest.raises(CollapseError, match="is damaged"):
        png(lives([run]))
