"""What is published is whole or not there."""

import pytest

from installation.publishing.whole import PublishError, whole


def write_half(path, interruption):
    with whole(path) as beside:
        beside.write_text("half")
        raise interruption


def test_the_file_appears_when_all_went_well(tmp_path):
    with whole(tmp_path / "out" / "film.mp4") as beside:
        beside.write_text("new")
        assert not (tmp_path / "out" / "film.mp4").exists()
    assert [file.read_text() for file in (tmp_path / "out").iterdir()] == ["new"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError])
def test_an_interruption_leaves_what_was_there(tmp_path, interruption):
    (tmp_path / "film.mp4").write_text("old")
    with pytest.raises(interruption):
        write_half(tmp_path / "film.mp4", interruption)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"film.mp4": "old"}


def test_a_place_that_cannot_be_written_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(PublishError, match="cannot be written"), whole(tmp_path / "out" / "film.mp4"):
        pass
