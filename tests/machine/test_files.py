"""Files are replaced whole or not at all, whatever the disk does."""

import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.files import (
    StorageError,
    alone,
    default_state,
    older,
    require_writable,
    share,
    write_and_keep,
    write_atomically,
    write_whole,
)

both = pytest.mark.parametrize("write", [write_atomically, write_whole])


@given(content=st.binary(max_size=2000) | st.text(max_size=500))
def test_what_was_written_is_read_back(tmp_path, content):
    write_atomically(tmp_path / "file", content)
    data = content.encode() if isinstance(content, str) else content
    assert (tmp_path / "file").read_bytes() == data


@both
def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path, write):
    for content in ("first", "second"):
        write(tmp_path / "file", content)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "second")]


def test_missing_folders_are_made(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "file", "here")
    assert (tmp_path / "a" / "b" / "file").read_text() == "here"


@both
def test_whoever_has_the_old_file_open_keeps_it_whole(tmp_path, write):
    write(tmp_path / "file", "old")
    with (tmp_path / "file").open() as reader:
        write(tmp_path / "file", "new and longer")
        assert reader.read() == "old"


def test_others_may_read_what_the_umask_lets_them(tmp_path):
    write_atomically(tmp_path / "file", "")
    (tmp_path / "plain").touch()
    assert stat.filemode((tmp_path / "file").stat().st_mode) == stat.filemode((tmp_path / "plain").stat().st_mode)


def test_a_folder_that_cannot_be_made_gives_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot be written \(.+\)\. Make room or choose another --state\."):
        write_atomically(tmp_path / "file" / "below", "nothing")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_in_the_files_place_gives_a_sentence_and_stays(tmp_path):
    (tmp_path / "file" / "treasure").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot be written"):
        write_atomically(tmp_path / "file", "nothing")
    assert [path.name for path in tmp_path.rglob("*")] == ["file", "treasure"]


def test_what_stood_there_before_stays_beside_it_the_newest_first(tmp_path):
    for content in "abcde":
        write_and_keep(tmp_path / "state.json", content, 3)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "state.json": "e",
        "state.1.json": "d",
        "state.2.json": "c",
    }


def test_where_nothing_can_be_written_what_was_kept_stays_as_it_is(tmp_path):
    write_and_keep(tmp_path / "state.json", "a", 3)
    older(tmp_path / "state.json", 1).mkdir()
    write_and_keep(tmp_path / "state.json", "b", 3)
    assert (tmp_path / "state.json").read_text() == "b"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.1.json", "state.json"]


ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from installation.machine.files import StorageError, require_writable, write_atomically

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
write_atomically(path, b"good" * 100)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(path, b"x" * 2000)
except StorageError as error:
    sys.stdout.write(str(error))
"""


def test_on_a_full_disk_the_old_file_stays_and_no_half_one_is_left(tmp_path):
    path = tmp_path / "file"
    told = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert f"{path} cannot be written (File too large)." in told.stdout
    assert path.read_bytes() == b"good" * 100
    assert list(tmp_path.iterdir()) == [path]


def test_this_process_may_still_write_large_files():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_state_folder_is_made_and_left_empty(tmp_path):
    assert require_writable(tmp_path / "a" / "state") == tmp_path / "a" / "state"
    assert list((tmp_path / "a" / "state").iterdir()) == []


def test_a_state_folder_that_takes_nothing_gives_a_sentence(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StorageError, match="Give it to this user, make room, or choose another with --state"):
        require_writable(tmp_path / "state")


def test_systemd_says_where_the_state_is(monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/burntout:/var/lib/other")
    assert default_state() == Path("/var/lib/burntout")


def test_without_systemd_the_state_is_where_the_platform_keeps_it(monkeypatch, tmp_path):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_state() == tmp_path / "burntout"


@pytest.mark.parametrize("kind", ["scenes", "assets"])
def test_what_ships_is_found(kind):
    assert share(kind).is_dir()


def test_a_state_folder_is_used_by_one_piece_at_a_time(tmp_path):
    with alone(tmp_path), pytest.raises(StorageError, match="--state"), alone(tmp_path):
        pass


def test_a_state_folder_is_free_again_when_its_piece_has_ended(tmp_path):
    with alone(tmp_path):
        pass
    with alone(tmp_path):
        assert (tmp_path / "lock").is_file()


def test_a_folder_that_cannot_hold_a_lock_stops_nobody(tmp_path):
    (tmp_path / "file").write_text("")
    with alone(tmp_path / "file" / "state"):
        pass
