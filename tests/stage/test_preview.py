import logging
from functools import partial

import numpy as np
import pytest

from installation.images import load
from installation.stage.preview import EVERY, Preview
from tests.support import until

PIXELS = np.full((16, 32, 3), (200, 100, 50), np.uint8)


@pytest.fixture
def preview(tmp_path):
    preview = Preview(tmp_path / "state" / "preview.png", 0.0)
    yield preview
    preview.close()


def test_the_picture_offered_is_in_the_file(preview):
    preview.offer(PIXELS)
    until(preview.path.exists)
    np.testing.assert_array_equal(load(preview.path, 16, 32), PIXELS)


def test_a_picture_is_due_once_per_second(preview):
    assert [preview.due(now) for now in (0.0, 0.1, EVERY - 0.01, EVERY, EVERY + 0.1)] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_a_disk_that_cannot_be_written_is_counted_logged_once_and_recovered_from(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    (tmp_path / "state").write_text("a file where the folder should be")
    preview = Preview(tmp_path / "state" / "preview.png", 0.0)
    for _ in range(3):
        before = preview.unwritten
        preview.offer(PIXELS)
        until(partial(lambda before: preview.unwritten > before, before))
    assert len(caplog.records) == 1
    (tmp_path / "state").unlink()
    preview.offer(PIXELS)
    until(preview.path.exists)
    preview.close()
    assert "after 3" in caplog.records[-1].message


def test_closing_ends_its_thread(preview):
    preview.close()
    assert not preview._thread.is_alive()
