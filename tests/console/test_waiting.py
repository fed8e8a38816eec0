"""What waits to be published is kept on the disk, and whatever else lies there is passed over."""

import pytest

from installation.console import waiting
from installation.console.waiting import FILE, Wanted
from installation.machine.files import StorageError


def test_what_is_written_down_is_read_again_in_its_order(tmp_path):
    wanted = [Wanted("b", ("h264", "gif")), Wanted("a", ("prores",))]
    waiting.keep(tmp_path, wanted)
    assert waiting.kept(tmp_path) == wanted
    waiting.keep(tmp_path, [])
    assert waiting.kept(tmp_path) == []


def test_where_nothing_was_written_down_nothing_waits(tmp_path):
    assert waiting.kept(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    ["", "{", "3", '{"take": "a"}', '["a", 1, null]', '[{"take": "a"}]', '[{"take": 1, "forms": ["gif"]}]',
     '[{"take": "a", "forms": [1]}]', '[{"take": "a", "forms": "gif"}]'],
)  # fmt: skip
def test_what_is_no_job_is_passed_over(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert waiting.kept(tmp_path) == []


def test_a_disk_that_refuses_is_said(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(StorageError):
        waiting.keep(tmp_path, [])
