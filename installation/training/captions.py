"""What a picture shows, in a few plain English words, as far as its file's name and its tags say.

Only words of ``captions.toml`` are said: names of packages, artists and catalogues teach nothing that can be seen.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WORDS = Path(__file__).with_name("captions.toml")
EVERYTHING = "_"  # in a folder's table: what is said of every picture in it
SEQUENCE = re.compile(r"[0-9a-f]{4,5}(-[0-9a-f]{2,5})*")  # an emoji's file name: its code points
NESTED = re.compile(r"\.(?:zip|rcc|sh3f)[|/]")  # what stands before an archive within the archive tells of neither
TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
UNSEEN = {"black", "white", "heavy", "sign", "symbol"}  # in names of code points: filled, outlined, bold, a character
FLAG = range(0x1F1E6, 0x1F200)  # two of these letters make a country's flag
SKIN = range(0x1F3FB, 0x1F400)
GENDER = {0x2640: "woman", 0x2642: "man"}
PLURALS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """Words that are said, their kinds, other names for them, names inside some folders, folders passed over."""

    words: frozenset[str]
    kind: Mapping[str, str]
    means: Mapping[str, tuple[str, ...]]
    within: Mapping[str, Mapping[str, tuple[str, ...]]]
    silent: frozenset[str]


def caption(path: str, tags: Iterable[str] = ()) -> tuple[str, ...]:
    """Lower-case words for what is seen, most particular first.

    First speaks the file's own name, then its folders from near to far, then the tags, then what all these are kinds
    of. ``path`` is a manifest's: folders and file joined by ``|`` (or ``/``), an icon in a file after ``#``; the first
    of several parts is the package and says nothing. Empty when the names say nothing that can be seen. Plurals become
    singulars; file names that are code points are read as Unicode names them.
    """
    lexicon = _lexicon()
    *folders, name = re.split(r"[|/]", NESTED.split(path)[-1])
    spoken = [folder for folder in reversed(folders[1:]) if folder.lower() not in lexicon.silent]
    local = [lexicon.within[folder] for folder in reversed(folders) if folder in lexicon.within]
    said = [word for text in (_named(name), *spoken, *tags) for word in _read(text, local, lexicon)]
    said += [word for table in local for word in table.get(EVERYTHING, ())]
    said += [kind for word in said for kind in _kinds(word, lexicon)]
    return tuple(dict.fromkeys(said))


def vocabulary(captions: Iterable[Sequence[str]], least: int = 8, most: int = 1024) -> tuple[str, ...]:
    """The words of at least ``least`` captions, commonest first, equals in alphabetical order, at most ``most``."""
    counts = Counter(word for words in captions for word in set(words))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return tuple(word for word in ranked if counts[word] >= least)[:most]


@functools.cache
def _lexicon() -> _Lexicon:
    told = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    return _Lexicon(
        words=frozenset(word for group in told["words"].values() for word in group.split()),
        kind={word: kind for kind, members in told["kinds"].items() for word in members.split()},
        means=_split(told["means"]),
        within={folder: _split(table) for folder, table in told["within"].items()},
        silent=frozenset(told["silent"]),
    )


def _split(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(meaning.split()) for name, meaning in table.items()}


def _named(file: str) -> str:
    """A file's name as words: after ``#`` where it is one of many in a file, by Unicode where it is code points."""
    name = file.rpartition("#")[2]
    stem = name.partition(".")[0].lower()
    return " ".join(_unicode(stem)) if SEQUENCE.fullmatch(stem) and re.search(r"\d", stem) else name


def _unicode(stem: str) -> Iterator[str]:
    """The names of a sequence of code points, without skin tones and joiners."""
    for code in (int(digits, 16) for digits in stem.split("-")):
        if code in FLAG:
            yield "flag"
        elif code in GENDER:
            yield GENDER[code]
        elif code not in SKIN:
            words = unicodedata.name(chr(code), "").lower().split()
            yield " ".join(word for word in words if word not in UNSEEN)


def _read(text: str, local: list[Mapping[str, tuple[str, ...]]], lexicon: _Lexicon) -> Iterator[str]:
    """The known words of a text; two that stand together are tried as one first (fire-engine)."""
    tokens = [token.lower() for token in TOKEN.findall(text)]
    skip = False
    for token, following in zip(tokens, [*tokens, ""][1:], strict=True):
        pair = () if skip else _meaning(f"{token}-{following}", local, lexicon)
        yield from pair or (() if skip else _meaning(token, local, lexicon))
        skip = bool(pair)


def _meaning(token: str, local: list[Mapping[str, tuple[str, ...]]], lexicon: _Lexicon) -> tuple[str, ...]:
    for table in (*local, lexicon.means):
        for form in _forms(token):
            if form in table:
                return table[form]
    return next(((form,) for form in _forms(token) if form in lexicon.words), ())


def _kinds(word: str, lexicon: _Lexicon) -> Iterator[str]:
    """What a thing is a kind of, and what that is a kind of: ostrich, bird, animal."""
    while word in lexicon.kind:
        word = lexicon.kind[word]
        yield word


def _forms(token: str) -> Iterator[str]:
    """A word as it stands, then what its singular may be."""
    yield token
    for plural, singular in PLURALS:
        if token.endswith(plural):
            yield token.removesuffix(plural) + singular
