"""The real pictures: cropped alike, a tenth held back, and put on sheets from which they can be cut again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.collapse import CollapseError
from installation.images import ImageError
from installation.training.gallery import FEWEST, HELD, cut, files, hang, sheet, shipped
from tests.training.tiny_ember import wall


def test_the_house_has_enough_pictures_of_its_own():
    assert len(shipped()) > 100


def test_every_tenth_picture_is_held_back_and_no_other(tmp_path):
    hung = hang(files(wall(tmp_path, 30)), 64)
    assert (len(hung.taught), len(hung.held)) == (27, 30 // HELD)
    assert hung.taught.shape[1:] == (64, 64, 3)
    assert not any((held == hung.taught).all(axis=(1, 2, 3)).any() for held in hung.held)


def test_the_digest_is_of_the_pictures_and_not_of_their_place(tmp_path):
    one, other = (hang(files(wall(tmp_path / name)), 64).digest for name in ("one", "other"))
    assert one == other != hang(files(wall(tmp_path / "more", 25)), 64).digest


def test_too_few_pictures_are_refused(tmp_path):
    with pytest.raises(CollapseError, match=f"at least {FEWEST}"):
        hang(files(wall(tmp_path, FEWEST - 1)), 64)


def test_a_damaged_picture_is_named(tmp_path):
    (wall(tmp_path) / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"broken\.png"):
        hang(files(tmp_path), 64)


@given(st.integers(1, 40), st.integers(1, 16))
def test_what_is_put_on_a_sheet_is_cut_out_again(count, columns):
    pictures = np.random.default_rng(count).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    assert np.array_equal(cut(sheet(pictures, columns), 4, count), pictures)


@pytest.mark.parametrize("count", [5, 1])
def test_a_sheet_of_another_size_is_refused(count):
    with pytest.raises(ValueError, match="hold no"):
        cut(np.zeros((6, 8, 3), np.uint8), 4, count)
