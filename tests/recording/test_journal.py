"""The journal keeps every line that was written whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.files import StorageError
from installation.recording import journal
from installation.recording.journal import Journal

values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
lines = st.lists(st.dictionaries(st.text(), values | st.lists(values), max_size=4), max_size=8)


def write(path, said):
    book = Journal(path)
    for line in said:
        book.write(line)
    book.close()


@given(said=lines)
def test_what_is_written_is_read(tmp_path_factory, said):
    path = tmp_path_factory.mktemp("journal") / "log.jsonl"
    write(path, said)
    assert list(journal.read(path)) == said


@given(said=lines, cut=st.integers(0, 400))
def test_a_cut_costs_at_most_the_line_it_went_through(tmp_path_factory, said, cut):
    path = tmp_path_factory.mktemp("journal") / "log.jsonl"
    write(path, said)
    path.write_bytes(path.read_bytes()[:cut])
    read = list(journal.read(path))
    whole = path.read_bytes().count(b"\n")
    assert read[:whole] == said[:whole]
    assert len(read) <= whole + 1


def test_a_torn_line_does_not_spoil_the_next(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"whole":1}\n{"to')
    write(path, [{"next": 2}])
    assert list(journal.read(path)) == [{"whole": 1}, {"next": 2}]


def test_every_line_is_on_its_way_before_the_next(tmp_path):
    book = Journal(tmp_path / "log.jsonl")
    book.write({"first": 1})
    assert list(journal.read(tmp_path / "log.jsonl")) == [{"first": 1}]
    book.close()


def test_lines_that_are_no_objects_and_no_text_are_left_out(tmp_path):
    (tmp_path / "log.jsonl").write_bytes(b'3\n\xff\xfe\n[1]\n\n{"good":true}\n')
    assert list(journal.read(tmp_path / "log.jsonl")) == [{"good": True}]


def test_no_journal_reads_as_an_empty_one(tmp_path):
    assert list(journal.read(tmp_path / "log.jsonl")) == []


def test_a_place_where_nothing_can_be_written_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(StorageError, match=r"cannot be written .* Make room or choose another --state"):
        Journal(tmp_path / "missing" / "log.jsonl")


def test_what_json_does_not_know_is_written_as_text(tmp_path):
    write(tmp_path / "log.jsonl", [{"folder": tmp_path}])
    assert list(journal.read(tmp_path / "log.jsonl")) == [{"folder": str(tmp_path)}]
