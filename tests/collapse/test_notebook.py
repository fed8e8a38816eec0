"""A killed run goes on where it was, generation 0 is never touched again, and nobody's run is mixed with another."""

import json
import logging

import pytest

from installation.collapse.ngram import CollapseError
from installation.collapse.notebook import PATTERN, collapse, rebirth
from installation.collapse.text import Settings, load
from installation.machine.files import StorageError, share

REAL = load(share("assets") / "texts" / "moby-dick.txt")[:400]
COLD = Settings()


def told(folder, last, settings=COLD, seed=1, real=REAL):
    return list(collapse(folder, real, settings, seed, last))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_generation_is_a_file_of_its_own(tmp_path):
    assert [each.serial for each in told(tmp_path, 2)] == [0, 1, 2]
    assert names(tmp_path) == [PATTERN.format(serial) for serial in range(3)]


def test_a_run_goes_on_as_if_it_had_never_stopped(tmp_path):
    whole = told(tmp_path / "whole", 4)
    told(tmp_path / "cut", 2)
    assert told(tmp_path / "cut", 4) == whole


def test_a_run_that_is_left_in_the_middle_has_kept_what_it_gave(tmp_path):
    running = collapse(tmp_path, REAL, COLD, 1, 9)
    for _ in range(3):
        next(running)
    del running
    assert names(tmp_path) == [PATTERN.format(serial) for serial in range(3)]


def test_what_is_there_is_not_made_again(tmp_path):
    told(tmp_path, 2)
    before = [(path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(tmp_path.iterdir())]
    told(tmp_path, 2)
    assert [(path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(tmp_path.iterdir())] == before


def test_fewer_generations_may_be_asked_for_than_there_are(tmp_path):
    assert told(tmp_path, 3)[:2] == told(tmp_path, 1)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"serial": 1, "words": 3}'])
def test_a_damaged_generation_is_made_again(tmp_path, content, caplog):
    whole = told(tmp_path, 3)
    (tmp_path / PATTERN.format(2)).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert told(tmp_path, 3) == whole
    assert f"{PATTERN.format(2)} is damaged" in caplog.text


def test_a_generation_under_another_ones_name_is_not_believed(tmp_path):
    whole = told(tmp_path, 2)
    (tmp_path / PATTERN.format(2)).write_bytes((tmp_path / PATTERN.format(1)).read_bytes())
    assert told(tmp_path, 2) == whole


def test_a_damaged_generation_zero_is_refused_and_left_alone(tmp_path):
    told(tmp_path, 1)
    zero = tmp_path / PATTERN.format(0)
    zero.write_text("{")
    with pytest.raises(CollapseError, match="damaged"):
        told(tmp_path, 1)
    assert zero.read_text() == "{"


def test_changed_words_in_generation_zero_are_noticed(tmp_path):
    told(tmp_path, 1)
    zero = tmp_path / PATTERN.format(0)
    said = json.loads(zero.read_text())
    zero.write_text(json.dumps(said | {"words": "another text"}))
    with pytest.raises(CollapseError, match="damaged"):
        told(tmp_path, 1)


@pytest.mark.parametrize(
    ("other", "name"),
    [({"seed": 2}, "seed"), ({"settings": Settings(fresh=0.5)}, "settings"), ({"real": REAL[:300]}, "text")],
)
def test_another_run_is_not_mixed_in(tmp_path, other, name):
    told(tmp_path, 1)
    with pytest.raises(CollapseError, match=f"another {name}"):
        told(tmp_path, 2, **other)


def test_generations_without_the_first_are_refused(tmp_path):
    told(tmp_path, 1)
    (tmp_path / PATTERN.format(0)).unlink()
    with pytest.raises(CollapseError, match="not the first"):
        told(tmp_path, 1)


def test_rebirth_leaves_generation_zero_as_it_was_and_nothing_else(tmp_path):
    told(tmp_path, 3)
    (tmp_path / "notes.txt").write_text("mine")
    zero = (tmp_path / PATTERN.format(0)).read_bytes()
    rebirth(tmp_path)
    assert names(tmp_path) == [PATTERN.format(0), "notes.txt"]
    assert (tmp_path / PATTERN.format(0)).read_bytes() == zero


def test_after_rebirth_the_same_life_is_lived_again(tmp_path):
    first = told(tmp_path, 2)
    rebirth(tmp_path)
    assert told(tmp_path, 2) == first


def test_where_nothing_can_be_written_the_run_says_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        told(tmp_path / "file" / "folder", 1)
