"""Patterns stand for what the specification says, and none of them takes long to find out."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.control.patterns import MOST_WILDCARDS, PatternError, parse

BY_HAND = [
    ("/burn/temperature", "/burn/temperature", True),
    ("/burn/temperature", "/burn/temperatures", False),
    ("/burn/?eat", "/burn/heat", True),
    ("/burn/?eat", "/burn/eat", False),
    ("/burn?heat", "/burn/heat", False),
    ("/burn/*/temperature", "/burn/heat/temperature", True),
    ("/burn/*/temperature", "/burn/heat/deep/temperature", False),
    ("/burn/*", "/burn/", True),
    ("/burn/h*t", "/burn/ht", True),
    ("/output/[1-3]/gain", "/output/2/gain", True),
    ("/output/[1-3]/gain", "/output/4/gain", False),
    ("/output/[!1-3]/gain", "/output/4/gain", True),
    ("/output/[!1-3]/gain", "/output//gain", False),
    ("/output/[a-]", "/output/-", True),
    ("/output/[!]", "/output/!", True),
    ("/output/[3-1]", "/output/2", False),
    ("/{burn,loop}/pace", "/loop/pace", True),
    ("/{burn,loop}/pace", "/stage/pace", False),
    ("/{a,ab}c", "/abc", True),
    ("/a{,b}c", "/ac", True),
    ("//temperature", "/burn/heat/temperature", True),
    ("//temperature", "/temperature", True),
    ("//temperature", "/burn/mytemperature", False),
    ("/burn//temperature", "/burn/temperature", True),
    ("/burn//temperature", "/burn/a/b/temperature", True),
    ("/burn//temperature", "/burntemperature", False),
    ("/burn//", "/burn/heat/temperature", True),
    ("/burn//", "/burn", False),
    ("//", "/anything/at/all", True),
    ("/a.c", "/abc", False),
    ("/a(b", "/a(b", True),
]


@pytest.mark.parametrize(("pattern", "address", "fits"), BY_HAND)
def test_a_pattern_stands_for_what_the_specification_says(pattern, address, fits):
    assert parse(pattern).matches(address) is fits


#: Pieces of patterns and the regular expressions that mean the same.
PIECES = {
    "a": "a",
    "b": "b",
    "/": "/",
    "?": "[^/]",
    "*": "[^/]*",
    "[ab]": "[ab]",
    "[!a]": "[^a/]",
    "[a-c]": "[a-c]",
    "{a,bb}": "(?:a|bb)",
    "{,ab}": "(?:|ab)",
    "//": "/(?:.*/)?",
}


@given(st.lists(st.sampled_from(sorted(PIECES)), max_size=7), st.text("abc/", max_size=10))
def test_it_agrees_with_regular_expressions(pieces, address):
    pattern = "/x" + "".join(pieces) + "x"
    if "///" in pattern:
        return
    wanted = re.compile("/x" + "".join(PIECES[piece] for piece in pieces) + "x", re.DOTALL)
    addressed = "/x" + address + "x"
    assert parse(pattern).matches(addressed) == bool(wanted.fullmatch(addressed))


@pytest.mark.parametrize("pattern", ["/a[b", "/a{b", "/a]", "/a}", "/[]", "/{a,{b}}", "/[a/b]", "/{a*}", "/[[a]]"])
def test_a_bracket_without_its_partner_is_refused_with_its_place(pattern):
    with pytest.raises(PatternError, match="bracket at character"):
        parse(pattern)


def test_too_many_wildcards_are_refused():
    assert parse("/" + "?" * MOST_WILDCARDS).matches("/" + "a" * MOST_WILDCARDS)
    with pytest.raises(PatternError, match="17 wildcards; 16 are taken"):
        parse("/" + "?" * 17)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_any_text_is_a_pattern_or_refused(text):
    with contextlib.suppress(PatternError):
        assert isinstance(parse("/" + text).matches("/burn/gaussian/temperature"), bool)


class Counted(str):
    """An address that counts how often a star looks for the end of its part."""

    __slots__ = ()
    steps = 0

    def find(self, *where):
        type(self).steps += 1
        return super().find(*where)


def test_the_worst_pattern_is_walked_in_a_bounded_number_of_steps():
    address = Counted("/" + "a" * 60)
    assert not parse("/" + "*a" * MOST_WILDCARDS + "b").matches(address)
    assert 0 < Counted.steps <= MOST_WILDCARDS * (len(address) + 1)
