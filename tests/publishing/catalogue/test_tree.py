"""A lineage is divided where a generation did not grow from the one before it, and is drawn within its frame."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.publishing.catalogue.tree import FAINTEST, PIECES, WIDTH, branches, planted
from installation.records import Generation
from tests.recording.rehearsal import generation


def grown(*lengths, source=""):
    """Generations of several growths after one another."""
    found: list[Generation] = []
    for length in lengths:
        begun = len(found)
        for step in range(length):
            serial = begun + step + 1
            one = dataclasses.replace(generation(serial), parent=serial - 1 if step else 0, source=source)
            found.append(one)
    return found


def drawn(generations, pictures):
    """The tree of generations, which is there."""
    tree = planted(branches(generations, "owl.webp"), pictures)
    assert tree is not None
    return tree


@given(st.lists(st.integers(1, 70), max_size=12))
def test_every_generation_stands_on_one_branch(lengths):
    found = branches(grown(*lengths), "owl.webp")
    assert [len(branch.generations) for branch in found] == lengths
    assert [place for branch in found for place in branch.places] == list(range(sum(lengths)))


@given(st.lists(st.integers(1, 70), min_size=1, max_size=12))
def test_the_drawing_stays_within_its_frame(lengths):
    tree = drawn(grown(*lengths), {0: ("a.webp", "origin")})
    for limb in tree.limbs:
        assert len(limb.pieces) <= PIECES + 1
        for piece in limb.pieces:
            for x, y in (piece.start, piece.end):
                assert 0 <= x <= WIDTH
                assert 0 <= y <= tree.height
            assert FAINTEST <= piece.strength <= 1


def test_a_branch_is_named_after_the_picture_it_grew_from():
    first, second = branches([*grown(2), *grown(2, source="archive/cow.webp")], "owl.webp")
    assert (first.origin, second.origin) == ("owl.webp", "archive/cow.webp")


def test_a_line_is_as_strong_as_the_memory_that_is_left():
    (limb,) = drawn(grown(50), {}).limbs
    strengths = [piece.strength for piece in limb.pieces]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] == pytest.approx(0.99)


def test_pictures_hang_where_they_were_made():
    tree = drawn(grown(11), {0: ("a", ""), 5: ("b", ""), 10: ("c", "")})
    left, middle, right = (hung.at[0] for hung in tree.pictures)
    assert middle == pytest.approx((left + right) / 2)


def test_where_nothing_grew_nothing_is_drawn():
    assert planted([], {}) is None
