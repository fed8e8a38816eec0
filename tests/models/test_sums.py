"""The sums of a model's files."""

import hashlib

import pytest

from installation.models import sums
from installation.restorers import ModelError


@pytest.fixture
def folder(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    sums.record(tmp_path, ["two", "one"])
    return tmp_path


def test_they_are_written_as_sha256sum_writes_them(folder):
    lines = [f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in ("one", "two")]
    assert (folder / sums.NAME).read_text() == "".join(lines)
    assert sums.verify(folder) == 2


def test_a_file_that_was_changed_is_named(folder):
    (folder / "two").write_text("three")
    with pytest.raises(ModelError, match="two: not the file that was downloaded"):
        sums.verify(folder)


def test_a_file_that_was_lost_is_named(folder):
    (folder / "one").unlink()
    with pytest.raises(ModelError, match="one: missing or unreadable"):
        sums.verify(folder)


@pytest.mark.parametrize("content", [b"", b"one\n", b"\xff"])
def test_a_damaged_list_is_said(folder, content):
    (folder / sums.NAME).write_bytes(content)
    with pytest.raises(ModelError, match="Add the model again"):
        sums.verify(folder)
