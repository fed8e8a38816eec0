"""Address patterns: ``?``, ``*``, ``[a-z]``, ``{this,that}`` of OSC 1.0 and the ``//`` of 1.1.

A pattern is walked over an address together with all the places where it may stand by then, so no pattern, however it
was meant, takes more than (its pieces) x (the address's characters) steps; a regular expression would try every way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from installation.errors import Refusal

MOST_WILDCARDS = 16
#: Where the pattern may stand after a piece of it, if it stood at ``start`` before.
Piece = Callable[[str, int], Iterable[int]]

TOKEN = re.compile(
    r"(?P<deep>//+)|(?P<run>\*+)|(?P<one>\?)|(?P<set>\[!?[^][{}/]+\])|(?P<words>\{[^][{}/*?]*\})"
    r"|(?P<plain>(?:[^][{}*?/]|/(?!/))+)"
)


class PatternError(Refusal):
    """A pattern that is not one."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, ready to be matched."""

    text: str
    pieces: tuple[Piece, ...]

    def matches(self, address: str) -> bool:
        """Whether the whole address is one that the pattern stands for."""
        places = {0}
        for piece in self.pieces:
            places = {end for start in places for end in piece(address, start)}
            if not places:
                return False
        return len(address) in places


def parse(text: str) -> Pattern:
    """The pattern of a text. Raises ``PatternError`` for brackets that do not close and for too many wildcards."""
    pieces: list[Piece] = []
    at = wild = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise PatternError(f"{text[:60]}: the bracket at character {at + 1} has no partner, or holds another.")
        pieces += _pieces(found.lastgroup or "", found[0], is_last=found.end() == len(text))
        at, wild = found.end(), wild + (found.lastgroup != "plain")
    if wild > MOST_WILDCARDS:
        raise PatternError(f"{text[:60]}: {wild} wildcards; {MOST_WILDCARDS} are taken.")
    return Pattern(text, tuple(pieces))


def _pieces(kind: str, text: str, *, is_last: bool) -> list[Piece]:
    match kind:
        case "deep":
            return [_deep, _rest] if is_last else [_deep]
        case "run":
            return [_run]
        case "one":
            return [_one]
        case "set":
            return [_set(text[1:-1])]
        case "words":
            return [_words(tuple(text[1:-1].split(",")))]
        case _:
            return [_words((text,))]


def _deep(address: str, start: int) -> Iterable[int]:
    """Behind any slash from here on, this one first."""
    if not address.startswith("/", start):
        return ()
    return [at + 1 for at in range(start, len(address)) if address[at] == "/"]


def _rest(address: str, start: int) -> Iterable[int]:  # noqa: ARG001 - all pieces take the same
    return (len(address),)


def _run(address: str, start: int) -> Iterable[int]:
    """Any number of characters of this part."""
    end = address.find("/", start)
    return range(start, (len(address) if end < 0 else end) + 1)


def _one(address: str, start: int) -> Iterable[int]:
    return (start + 1,) if start < len(address) and address[start] != "/" else ()


def _words(words: tuple[str, ...]) -> Piece:
    return lambda address, start: [start + len(word) for word in words if address.startswith(word, start)]


def _set(inside: str) -> Piece:
    """One character out of a list with ranges, or with ``!`` one that is not in it."""
    negated = inside.startswith("!") and len(inside) > 1
    characters = _characters(inside[1:] if negated else inside)

    def piece(address: str, start: int) -> Iterable[int]:
        here = address[start : start + 1]
        return (start + 1,) if here and here != "/" and (here in characters) != negated else ()

    return piece


def _characters(listed: str) -> frozenset[str]:
    ranges = re.findall(r"(.)-(.)", listed)
    between = {chr(code) for low, high in ranges for code in range(ord(low), ord(high) + 1)}
    return frozenset(between | set(re.sub(r".-.", "", listed)))
