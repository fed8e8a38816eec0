"""What is published is whole or not there."""

import pytest

from installation.publishing.whole import PublishError, whole, whole_folder


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


def fill(path, words, interruption=None):
    with whole_folder(path) as beside:
        (beside / "a").write_text(words)
        (beside / "b").write_text(words)
        if interruption:
            raise interruption


def words_in(path):
    return {file.name: file.read_text() for file in path.iterdir()}


def test_a_folder_appears_when_it_is_full(tmp_path):
    fill(tmp_path / "out" / "stills", "new")
    assert [folder.name for folder in (tmp_path / "out").iterdir()] == ["stills"]
    assert words_in(tmp_path / "out" / "stills") == {"a": "new", "b": "new"}


def test_a_new_folder_takes_the_place_of_the_old_one_and_keeps_nothing_of_it(tmp_path):
    fill(tmp_path / "stills", "old")
    (tmp_path / "stills" / "c").write_text("older")
    fill(tmp_path / "stills", "new")
    assert [folder.name for folder in tmp_path.iterdir()] == ["stills"]
    assert words_in(tmp_path / "stills") == {"a": "new", "b": "new"}


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError])
def test_an_interruption_leaves_the_folder_that_was_there(tmp_path, interruption):
    fill(tmp_path / "stills", "old")
    with pytest.raises(interruption):
        fill(tmp_path / "stills", "half", interruption)
    assert [folder.name for folder in tmp_path.iterdir()] == ["stills"]
    assert words_in(tmp_path / "stills") == {"a": "old", "b": "old"}


def test_what_a_killed_program_left_is_cleared_away(tmp_path):
    (tmp_path / ".stills.part").mkdir()
    (tmp_path / ".stills.part" / "half").write_text("half")
    fill(tmp_path / "stills", "new")
    assert words_in(tmp_path / "stills") == {"a": "new", "b": "new"}


def test_a_folder_where_nothing_can_be_written_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(PublishError, match="cannot be written"):
        fill(tmp_path / "out" / "stills", "new")
