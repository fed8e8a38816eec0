"""The board: the latest value of everything, from one writer to any number of readers."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.board import TRIES, Board, glance

NAMES = st.text(min_size=1, max_size=30)
NUMBERS = st.floats(allow_nan=False)


@pytest.fixture
def board(tmp_path):
    """A board, left at the end."""
    made = Board.create(tmp_path / "board", {"/loop/pace": 1.0, "/loop/zoom": 1.0, "beat": 0.0})
    yield made
    made.close()


@given(values=st.dictionaries(NAMES, NUMBERS, max_size=40))
def test_a_board_shows_its_first_values_to_whoever_joins(tmp_path, values):
    made = Board.create(tmp_path / "board", values)
    joined = Board(tmp_path / "board")
    assert joined.read() == values
    assert joined.names == tuple(values)
    made.close()
    joined.close()


@given(written=st.lists(st.dictionaries(st.sampled_from(["/loop/pace", "/loop/zoom", "beat"]), NUMBERS), max_size=8))
def test_only_the_latest_counts(tmp_path, written):
    board = Board.create(tmp_path / "board", {"/loop/pace": 1.0, "/loop/zoom": 1.0, "beat": 0.0})
    reader, expected = Board(tmp_path / "board"), board.read()
    for values in written:
        board.write(values)
        expected |= values
    assert reader.read() == expected
    assert reader.revision == len(written)
    board.close()
    reader.close()


def test_one_value_is_read_by_its_name(board):
    board.write({"beat": 7.5})
    assert board["beat"] == 7.5


def test_nothing_is_a_value_too(board):
    board.write({"beat": float("nan")})
    assert np.isnan(board["beat"])


@pytest.mark.parametrize(
    ("values", "error"), [({"beat": 1.0, "/loop/pase": 2.0}, KeyError), ({"beat": "x"}, ValueError)]
)
def test_a_wrong_write_changes_nothing(board, values, error):
    before = board.read(), board.revision
    with pytest.raises(error):
        board.write(values)
    assert (board.read(), board.revision) == before


def test_a_copy_is_not_changed_by_later_writes(board):
    copy = board.copy()
    board.write({"beat": 9.0})
    assert copy[board.names.index("beat")] == 0.0


def kill_at_work(board):
    """Leave the board as a writer leaves it who is killed between its two marks."""
    board._sequence[0] += np.uint64(1)


def test_a_writer_killed_at_work_does_not_blind_the_readers(board):
    board.write({"beat": 3.0})
    kill_at_work(board)
    assert board.read()["beat"] == 3.0


def test_after_a_killed_writer_the_next_one_marks_its_work_rightly_again(board):
    kill_at_work(board)
    board.write({"beat": 4.0})
    assert int(board._sequence[0]) % 2 == 0
    assert board["beat"] == 4.0


def test_values_written_together_are_read_together(tmp_path):
    names = [str(place) for place in range(64)]
    board = Board.create(tmp_path / "board", dict.fromkeys(names, 0.0))
    reader, done = Board(tmp_path / "board"), threading.Event()

    def write():
        number = 0.0
        while not done.is_set():
            number += 1.0
            board.write(dict.fromkeys(names, number))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        torn = sum(len(set(reader.copy().tolist())) > 1 for _ in range(2000))
    finally:
        done.set()
        writer.join(10)
    assert torn == 0, f"{torn} of 2000 reads in spite of {TRIES} tries"
    board.close()
    reader.close()


def test_a_glance_at_a_board_shows_it_and_at_none_nothing(board, tmp_path):
    board.write({"beat": 4.0})
    assert glance(tmp_path / "board")["beat"] == 4.0
    assert glance(tmp_path / "gone") == {}
    (tmp_path / "torn").write_bytes(b"half")
    assert glance(tmp_path / "torn") == {}
