"""The picture strip has every medium at every temperature, where it says, and can be read."""

import numpy as np
import pytest
from PIL import Image

from installation import images
from installation.burns import MEDIA
from installation.burns.calibration import Calibration, shipped
from installation.machine.files import share
from installation.publishing import PublishError
from installation.publishing.lettering import GROUND
from installation.publishing.strip import CAPTION, HEAD, Burnings, Layout, cells, strip
from tests.support import Wiener

PICTURE = share("assets") / "origins" / "cat.png"
SIDE, TEMPERATURES = 48, (0.0, 0.5, 1.0)
RAW = Burnings(PICTURE, SIDE, TEMPERATURES)
CALIBRATED = Burnings(PICTURE, SIDE, TEMPERATURES, shipped())
RESTORED = Burnings(PICTURE, SIDE, TEMPERATURES, None, Wiener())


def opened(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return opened(strip(RAW, tmp_path_factory.mktemp("strip") / "strip.png"))


@pytest.fixture(scope="module")
def raw():
    return list(cells(RAW))


@pytest.fixture(scope="module")
def calibrated():
    return list(cells(CALIBRATED))


@pytest.fixture(scope="module")
def restored():
    return list(cells(RESTORED))


def column(burnt, name):
    return [cell for medium, cell in burnt if medium == name]


def test_it_has_every_medium_at_every_temperature_white_noise_first(raw):
    found = [(name, cell.temperature) for name, cell in raw]
    names = ["gaussian", *sorted(set(MEDIA) - {"gaussian"})]
    assert found == [(name, temperature) for name in names for temperature in TEMPERATURES]


def test_every_picture_stands_pixel_for_pixel_in_its_place(sheet, raw):
    page = Layout(SIDE, len(MEDIA), len(TEMPERATURES))
    for place, (_, cell) in enumerate(raw):
        left, top = page.corner(*divmod(place, len(TEMPERATURES)))
        np.testing.assert_array_equal(sheet[top : top + SIDE, left : left + SIDE], cell.burnt)


def test_the_sheet_is_as_large_as_its_layout_says(sheet):
    assert sheet.shape[1::-1] == Layout(SIDE, len(MEDIA), len(TEMPERATURES)).extent


def test_at_temperature_zero_stands_the_picture_itself(raw):
    np.testing.assert_array_equal(column(raw, "heat")[0].burnt, images.load(PICTURE, SIDE, SIDE))


@pytest.mark.parametrize("name", sorted(MEDIA))
def test_on_the_calibrated_scale_every_medium_stands_at_its_own_temperature(name, calibrated):
    burnt = [cell.temperature for cell in column(calibrated, name)]
    assert burnt == [shipped().raw(name, temperature) for temperature in TEMPERATURES]


def test_the_same_strip_is_drawn_twice(sheet, tmp_path):
    assert np.array_equal(opened(strip(RAW, tmp_path / "again.png")), sheet)


def test_without_a_restorer_nothing_is_restored(raw):
    assert {cell.restored for _, cell in raw} == {None}


def test_what_a_restorer_makes_of_a_picture_stands_below_it(tmp_path, restored):
    drawn = opened(strip(RESTORED, tmp_path / "strip.png"))
    page = Layout(SIDE, len(MEDIA), len(TEMPERATURES), paired=True)
    for place, (_, cell) in enumerate(restored):
        left, top = page.corner(*divmod(place, len(TEMPERATURES)))
        below = top + SIDE + page.px(4)
        np.testing.assert_array_equal(drawn[below : below + SIDE, left : left + SIDE], cell.restored)


def test_the_exact_restorer_brings_white_noise_nearer_to_the_picture(restored):
    picture = images.load(PICTURE, SIDE, SIDE).astype(float)
    half = column(restored, "gaussian")[1]
    assert half.restored is not None
    assert abs(half.restored - picture).mean() < abs(half.burnt - picture).mean()


def test_names_and_temperatures_are_written_where_no_picture_is(sheet):
    page = Layout(SIDE, len(MEDIA), len(TEMPERATURES))
    for place in range(len(MEDIA)):
        left, top = page.corner(place, 0)
        for words in (
            sheet[top - page.px(HEAD) : top, left : left + SIDE],
            sheet[top + SIDE : top + SIDE + page.px(CAPTION) + 3, left : left + SIDE],
        ):
            assert (words == GROUND).all(axis=-1).mean() > 0.5
            assert not (words == GROUND).all()


def test_no_name_runs_into_the_next(sheet):
    page = Layout(SIDE, len(MEDIA), len(TEMPERATURES))
    for place in range(1, len(MEDIA)):
        left, top = page.corner(place, 0)
        between = sheet[top - page.px(HEAD) : top, left - page.px(12) : left - 1]  # a j hangs over by a pixel
        assert (between == GROUND).all()


def test_the_edge_is_ground(sheet):
    for edge in (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]):
        assert (edge == GROUND).all()


@pytest.mark.parametrize("side", [64, 256, 500])
def test_words_grow_with_the_pictures(side):
    assert Layout(side, 8, 5).px(CAPTION) == round(CAPTION * side / 256)


def test_a_width_makes_it_smaller_and_keeps_its_shape(sheet, tmp_path):
    with Image.open(strip(RAW, tmp_path / "small.webp", width=320)) as small:
        assert small.format == "WEBP"
        assert small.size == (320, round(sheet.shape[0] * 320 / sheet.shape[1]))


def test_the_foot_says_on_which_scale_and_by_whom():
    assert "scale of each medium" in RAW.words()
    assert "white noise" in CALIBRATED.words()
    assert "wiener" in RESTORED.words()
    assert Burnings(PICTURE, SIDE, TEMPERATURES, Calibration()).words() == RAW.words()  # an empty table changes nothing


def test_progress_goes_from_the_first_cell_to_the_last(tmp_path):
    told: list[float] = []
    strip(Burnings(PICTURE, 16, (1.0,)), tmp_path / "strip.png", progress=told.append)
    assert told == [(place + 1) / len(MEDIA) for place in range(len(MEDIA))]


def test_another_kind_of_file_is_refused_with_the_name_to_use(tmp_path):
    with pytest.raises(PublishError, match=r"--out .*strip\.png"):
        strip(RAW, tmp_path / "strip.gif")


def test_a_picture_that_is_missing_leaves_nothing_behind(tmp_path):
    with pytest.raises(images.ImageError, match="no such file"):
        strip(Burnings(tmp_path / "gone.png", SIDE, TEMPERATURES), tmp_path / "strip.png")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PublishError, match="cannot be written"):
        strip(Burnings(PICTURE, 16, (0.0,)), tmp_path / "file" / "strip.png")
