import numpy as np
import pytest
from PIL import Image

from installation.stage.loader import Loader
from tests.support import until


@pytest.fixture
def loader():
    loader = Loader(32)
    yield loader
    loader.close()


@pytest.fixture
def photograph(tmp_path):
    Image.new("RGB", (40, 40), (200, 100, 50)).save(tmp_path / "photograph.png")
    return tmp_path / "photograph.png"


def test_a_picture_comes_in_the_size_of_the_stage_with_what_it_follows(loader, photograph):
    loader.ask(photograph, after=12)
    pixels, after = until(loader.loaded)
    np.testing.assert_array_equal(pixels, np.full((32, 32, 3), (200, 100, 50)))
    assert after == 12


def test_there_is_nothing_before_a_picture_was_asked_for(loader):
    assert loader.loaded() is None


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_a_damaged_picture_is_a_line_in_the_log_and_the_next_one_is_loaded(
    loader, photograph, tmp_path, caplog, content
):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(content)
    loader.ask(damaged, after=1)
    until(lambda: caplog.records)
    loader.ask(photograph, after=2)
    assert until(loader.loaded)[1] == 2
    assert [str(damaged) in record.message for record in caplog.records] == [True]


def test_of_many_pictures_asked_for_at_once_the_last_one_is_loaded(loader, photograph):
    for after in range(500):
        loader.ask(photograph, after)
    until(lambda: (loader.loaded() or (None, 0))[1] == 499)
