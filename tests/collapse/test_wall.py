"""Words on a wall: which generations stand there, and how a performer's knobs reach them."""

import pytest

from installation.collapse import text
from installation.collapse.knobs import Words
from installation.collapse.wall import EXCERPT, Author, columns, head
from installation.machine.files import share

REAL = text.load(share("assets") / "texts" / "moby-dick.txt")[:900]


def serials(author):
    return [column[0].split()[1] for column in author.columns()]


def test_the_real_text_stays_beside_the_last_two_generations():
    author, seen = Author(REAL, 1), []
    for _ in range(5):
        author.write(Words(last=9))
        seen.append(serials(author))
    assert seen == [["0"], ["0", "1"], ["0", "1", "2"], ["0", "2", "3"], ["0", "3", "4"]]


def test_after_the_last_generation_the_real_text_is_back_and_the_next_run_is_another():
    author = Author(REAL, 1)
    runs = [[author.write(Words(last=2)) for _ in range(3)] for _ in range(2)]
    assert [[each.serial for each in run] for run in runs] == [[0, 1, 2]] * 2
    assert runs[0][0].words == runs[1][0].words == REAL
    assert runs[0][1].words != runs[1][1].words


def test_the_same_seed_writes_the_same_words():
    first, second = Author(REAL, 7), Author(REAL, 7)
    for _ in range(3):
        assert first.write(Words()).words == second.write(Words()).words


def test_a_knob_that_is_turned_is_heard_by_the_next_generation():
    bold, dull = Author(REAL, 3), Author(REAL, 3)
    for author in (bold, dull):
        author.write(Words())
    vocabulary = [
        author.write(Words(temperature=heat)).readings["vocabulary"] for author, heat in ((bold, 2.0), (dull, 0.3))
    ]
    assert vocabulary[0] > vocabulary[1]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_column_has_a_head_with_its_generation_and_the_words_it_has_left(size):
    generation = text.first(REAL, 3)
    drawn = columns([generation] * size)
    assert len(drawn) == size
    assert drawn[0][0] == head(generation) == f"Generation 0 · {len(set(REAL)):,} words"
    assert len(drawn[0][1].split()) <= EXCERPT
