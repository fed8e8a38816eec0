"""Equal temperatures look equally burnt: the table is made on real pictures, rises, can be inverted, and is believed
only when it is whole."""

import json
import logging

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from installation import images
from installation.burns import MEDIA, chosen, on_raw_scale
from installation.burns.calibration import (
    FILE,
    REFERENCE,
    SEED,
    TEMPERATURES,
    Calibration,
    CalibrationError,
    first_good,
    gallery,
    isotonic,
    load,
    measured,
    save,
    shipped,
    standing,
    wear,
)
from installation.burns.chain import at
from installation.burns.damage import damage
from installation.knobs import declared
from installation.machine.files import share
from installation.randomness import generator

SHARES = st.floats(0.0, 1.0)
NAMES = sorted(MEDIA)
SIDE = 64
STEADY = [name for name in NAMES if name != "jpeg"]  # which freezes some pictures this small before they are burnt
SEQUENCES = st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=30).map(np.array)


@pytest.fixture(scope="module")
def pictures():
    return gallery(None, SIDE, 4)


@pytest.fixture(scope="module")
def table(pictures):
    """Measured here and now, small."""
    return measured(pictures)


@pytest.fixture(scope="module")
def shown():
    """Every fourth picture of those the shipped table was made on, with its serial."""
    return dict(list(enumerate(gallery(None, shipped().size, shipped().pictures)))[::4])


def harm(name, temperature, pictures):
    """The damage a medium does at a raw temperature, in units of what it does at its hottest, burnt again."""
    burnt = dict.fromkeys((temperature, 1.0), 0.0)
    for serial, pixels in pictures.items():
        image = images.to_tensor(pixels)
        for each in burnt:
            burnt[each] += float(damage(at(MEDIA[name](), each)(image, generator(SEED, serial)).image, image))
    return burnt[temperature] / burnt[1.0]


def scaled(scale, **temperatures):
    """Board values with the knob of the scale and the temperatures of some media."""
    index = float(declared()["/burn/scale"].choices.index(scale))
    return {"/burn/scale": index} | {f"/burn/{name}/temperature": value for name, value in temperatures.items()}


@given(values=SEQUENCES)
def test_a_monotone_fit_never_falls(values):
    assert (np.diff(isotonic(values)) >= -1e-9).all()


@given(values=SEQUENCES)
def test_a_monotone_fit_leaves_what_rises_already(values):
    np.testing.assert_allclose(isotonic(np.sort(values)), np.sort(values), atol=1e-9)


@given(values=SEQUENCES, seed=st.integers(0, 99))
def test_a_monotone_fit_is_the_nearest_in_least_squares(values, seed):
    fit, other = isotonic(values), np.sort(generator(seed, 0).uniform(-10.0, 10.0, len(values)))
    assert ((values - fit) ** 2).sum() <= ((values - other) ** 2).sum() + 1e-6
    assert (values - fit) @ other <= 1e-6  # the projection onto a convex cone: no way in it leads nearer
    assert (values - fit) @ fit == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_measured_row_rises_from_exactly_nothing_to_exactly_all(table, name):
    row = table.damage[name]
    assert (row[0], row[-1], len(row)) == (0.0, 1.0, len(TEMPERATURES))
    assert (np.diff(row) > 0.0).all()


@pytest.mark.parametrize("name", STEADY)
def test_half_the_harm_is_half_the_harm_when_it_is_burnt_again(table, pictures, name):
    assert harm(name, table.inverse(name, 0.5), dict(enumerate(pictures))) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("name", STEADY)
def test_on_the_calibrated_scale_every_medium_does_the_harm_of_white_noise(table, pictures, name):
    numbered = dict(enumerate(pictures))
    assert harm(name, table.raw(name, 0.6), numbered) == pytest.approx(harm(REFERENCE, 0.6, numbered), abs=0.04)


def test_progress_is_told_picture_by_picture(pictures):
    told: list[float] = []
    measured(pictures[:2], {"heat": MEDIA["heat"]}, told.append)
    assert told == [0.5, 1.0]


def test_the_same_pictures_give_the_same_table(pictures):
    some = {name: MEDIA[name] for name in ("gaussian", "brownian")}
    assert measured(pictures[:2], some) == measured(pictures[:2], some)


def test_a_picture_wears_as_one_fire_that_grows(pictures):
    worn = wear(MEDIA["gaussian"], images.to_tensor(pictures[0]), 0)
    assert worn[0] == pytest.approx(0.0, abs=1e-5)
    assert (np.diff(worn) > 0.0).all()


def test_pictures_too_flat_to_be_harmed_are_refused():
    with pytest.raises(CalibrationError, match="heat did no harm"):
        measured([np.full((32, 32, 3), 90, np.uint8)], {"heat": MEDIA["heat"]})


def test_the_shipped_table_knows_every_medium_and_its_conditions():
    assert shipped().missing(MEDIA) == []
    assert shipped().pictures >= 64
    assert shipped().size == 256
    assert {"burntout", "torch", "numpy", "pillow"} <= set(shipped().versions)


@pytest.mark.parametrize("name", NAMES)
def test_where_the_shipped_table_says_half_the_harm_real_pictures_are_half_burnt(name, shown):
    assert harm(name, shipped().inverse(name, 0.5), shown) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("name", NAMES)
@given(temperature=SHARES)
def test_there_and_back_again(name, temperature):
    assert shipped().inverse(name, shipped().harm(name, temperature)) == pytest.approx(temperature, abs=1e-6)
    assert shipped().harm(name, shipped().inverse(name, temperature)) == pytest.approx(temperature, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
@given(cooler=SHARES, hotter=SHARES)
def test_hotter_on_one_scale_is_hotter_on_the_other(name, cooler, hotter):
    assume(hotter - cooler > 1e-6)
    assert shipped().raw(name, cooler) < shipped().raw(name, hotter)


@pytest.mark.parametrize("name", NAMES)
def test_untouched_and_nothing_left_are_the_same_on_both_scales(name):
    assert shipped().raw(name, 0.0) == 0.0
    assert shipped().raw(name, 1.0) == 1.0


@given(temperature=SHARES)
def test_white_noise_is_the_measure_and_stays_as_it_is(temperature):
    assert shipped().raw(REFERENCE, temperature) == temperature


@given(temperature=SHARES)
def test_a_medium_without_a_row_burns_raw(temperature):
    assert shipped().raw("lava", temperature) == temperature
    assert Calibration().raw("heat", temperature) == temperature


def test_on_the_raw_scale_the_board_is_left_alone():
    values = scaled("raw", heat=0.3)
    assert on_raw_scale(values) is values


@given(temperature=SHARES)
def test_the_calibrated_scale_looks_up_the_temperature_of_every_medium(temperature):
    burnt = on_raw_scale(scaled("calibrated", heat=temperature, jpeg=temperature))
    assert burnt["/burn/heat/temperature"] == shipped().raw("heat", temperature)
    assert burnt["/burn/jpeg/temperature"] == shipped().raw("jpeg", temperature)


def test_a_temperature_nobody_has_set_is_looked_up_too():
    burnt = on_raw_scale(scaled("calibrated"))
    assert burnt["/burn/heat/temperature"] == shipped().raw("heat", MEDIA["heat"]().temperature)


def test_what_has_been_looked_up_says_raw_and_is_not_looked_up_again():
    burnt = on_raw_scale(scaled("calibrated", heat=0.6))
    assert on_raw_scale(burnt) is burnt


def test_every_link_of_a_chain_burns_on_the_calibrated_scale():
    choices = declared()["/burn/medium"].choices, declared()["/burn/then"].choices
    board = scaled("calibrated", heat=0.4, jpeg=0.7)
    board |= {"/burn/medium": float(choices[0].index("heat")), "/burn/then": float(choices[1].index("jpeg"))}
    links = chosen(on_raw_scale(board)).links  # type: ignore[attr-defined] # a chain
    assert [link.temperature for link in links] == [shipped().raw("heat", 0.4), shipped().raw("jpeg", 0.7)]


def test_ones_own_table_is_taken_where_one_is_given():
    own = Calibration((0.0, 0.5, 1.0), {"gaussian": (0.0, 0.5, 1.0), "heat": (0.0, 0.25, 1.0)})
    burnt = on_raw_scale(scaled("calibrated", heat=0.25), own)
    assert burnt["/burn/heat/temperature"] == pytest.approx(0.5)


def test_a_table_comes_back_from_its_file_as_it_was(tmp_path):
    save(shipped(), tmp_path / "new" / FILE)
    assert load(tmp_path / "new" / FILE) == shipped()
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


def test_a_table_is_written_a_row_a_line(tmp_path):
    save(shipped(), tmp_path / FILE)
    assert len((tmp_path / FILE).read_text().splitlines()) < 30
    assert json.loads((tmp_path / FILE).read_text())["kind"] == "burntout calibration"


def changed(**what):
    """The shipped table's file with something else in it."""
    return json.dumps(json.loads((share("assets") / FILE).read_text()) | what)


FAULTY = {
    "empty": "",
    "cut off": changed()[:200],
    "a list": "[]",
    "of another program": changed(kind="loudness calibration"),
    "with a word for a number": changed(damage={"heat": [0.0, "much", 1.0]}),
    "with a row too short": changed(damage={"heat": [0.0, 1.0]}),
    "falling": changed(temperatures=[0.0, 0.5, 1.0], damage={"heat": [0.0, 1.5, 1.0]}),
    "level": changed(temperatures=[0.0, 0.4, 0.6, 1.0], damage={"heat": [0.0, 0.5, 0.5, 1.0]}),
    "not beginning at nothing": changed(temperatures=[0.0, 0.5, 1.0], damage={"heat": [0.1, 0.5, 1.0]}),
    "with a hole": changed(temperatures=[0.0, 0.5, 1.0], damage={"heat": [0.0, float("nan"), 1.0]}),
    "without temperatures": changed(temperatures=[], damage={"heat": []}),
}


@pytest.mark.parametrize("content", FAULTY.values(), ids=FAULTY)
def test_a_damaged_or_foreign_table_is_refused_with_a_sentence_that_says_how_to_make_another(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(CalibrationError, match=r"calibration\.json.*burntout calibrate"):
        load(tmp_path / FILE)


def test_a_missing_table_is_refused_with_the_same_advice(tmp_path):
    with pytest.raises(CalibrationError, match="burntout calibrate"):
        load(tmp_path / FILE)


def test_without_a_table_of_ones_own_the_shipped_one_stands(tmp_path):
    assert standing(tmp_path) == shipped()


def test_ones_own_table_stands_before_the_shipped_one(tmp_path, table):
    save(table, tmp_path / FILE)
    assert standing(tmp_path) == table


def test_a_damaged_table_of_ones_own_is_reported_and_does_not_stop_the_show(tmp_path, caplog):
    (tmp_path / FILE).write_text("{")
    assert standing(tmp_path) == shipped()
    assert "burntout calibrate" in caplog.text


def test_without_any_table_temperatures_stay_raw(tmp_path):
    assert first_good(tmp_path / "mine.json", tmp_path / "shipped.json") == Calibration()


def test_media_that_a_table_does_not_know_are_named(tmp_path, caplog):
    rows = {name: row for name, row in shipped().damage.items() if name not in {"heat", "jpeg"}}
    save(Calibration(shipped().temperatures, rows), tmp_path / FILE)
    with caplog.at_level(logging.WARNING):
        standing(tmp_path)
    assert "no heat and no jpeg" in caplog.text


def test_the_gallery_is_spread_over_all_pictures():
    shown = gallery(None, 16, 10**6)
    assert len(shown) >= 150
    assert len(gallery(None, 16, 7)) == 7
    np.testing.assert_array_equal(gallery(None, 16, 2)[1], shown[len(shown) // 2])


def test_the_gallery_looks_into_folders_of_folders(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    source = share("assets") / "origins" / "cat.png"
    (tmp_path / "deep" / "er" / "CAT.PNG").write_bytes(source.read_bytes())
    (tmp_path / "notes.txt").write_text("no picture")
    assert [one.shape for one in gallery(tmp_path, 40, 64)] == [(40, 40, 3)]


def test_a_folder_without_pictures_is_refused_with_what_to_name(tmp_path):
    with pytest.raises(CalibrationError, match=r"has no pictures\. Name a folder"):
        gallery(tmp_path, 64, 64)
