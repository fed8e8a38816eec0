"""Signs are checked completely before a scene plays: any table gives a Sign or a sentence, and nothing else."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import scenes, signs
from installation.panels import all_knobs, all_readings
from installation.signs import KINDS, Placeholder, Sign, SignError, parts
from installation.stage.overlays.still import KINDS as DRAWN
from tests.stage.overlays.drawing import KNOBS, NAMES, sign, signs_of

ROOT = Path(__file__).parents[1]
NEEDED = {"text": "7", "items": ["a"], "reading": "entropy"}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([*KINDS, "bottom"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("kind", "where", "size", "text", "items", "columns", "reading", "theory", "low", "high", "window", "other")


def least(kind):
    """The shortest table of a kind."""
    return {"kind": kind, **{key: NEEDED[key] for key in KINDS[kind].needs}}


def refusal(**table):
    with pytest.raises(SignError) as caught:
        sign(**table)
    return str(caught.value)


def test_every_kind_that_can_be_asked_for_can_be_drawn():
    assert {*KINDS} == {*DRAWN, "ticker"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sign_that_says_no_more_than_it_must_stands_where_its_kind_does(kind):
    found = sign(**least(kind))
    assert (found.kind, found.where, found.size) == (kind, KINDS[kind].where, KINDS[kind].size)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].needs])
def test_a_sign_without_what_it_must_have_is_refused(kind):
    assert refusal(kind=kind) == f"overlay 1: a {kind} needs {KINDS[kind].needs[0]}."


def test_signs_travel_between_processes():
    found = signs_of('[[overlay]]\nkind = "columns"\ncolumns = [["Gen 0", "all"], ["Gen 9", "the the"]]')
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own


def test_a_reading_may_be_called_by_its_name_or_by_its_address():
    assert sign(kind="bar", reading="entropy") == sign(kind="bar", reading="/reading/entropy")


def test_theory_is_a_reading_or_a_level():
    assert sign(kind="curve", reading="entropy", theory="memory").theory == "/reading/memory"
    assert sign(kind="curve", reading="entropy", theory=6).theory == 6.0


def test_a_text_is_taken_apart_into_words_and_placeholders():
    assert parts("{{S}} = {reading:spectral-temperature/fine:.2f} after {generation}, {knob:/loop/pace}") == (
        "{", "S}", " = ",
        Placeholder("reading", "/reading/spectral-temperature/fine", ".2f"),
        " after ",
        Placeholder("generation"),
        ", ",
        Placeholder("knob", "/loop/pace", ".4g"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"kind": "captoin"}, "Did you mean caption?"),
        ({"kind": "text", "text": "a", "wehre": "top"}, "a text has no 'wehre'. Did you mean where?"),
        ({"kind": "text", "text": "a", "where": "topleft"}, "Did you mean top-left?"),
        ({"kind": "text", "text": "a", "size": 3}, "size takes a number from 0.01 to 0.4, not 3."),
        ({"kind": "text", "text": "a", "size": True}, "size takes a number"),
        ({"kind": "text", "text": 7}, "text takes a text"),
        ({"kind": "text", "text": "a" * 4001}, "at most 4000 letters"),
        ({"kind": "text", "text": "{entropy}"}, "is no placeholder. Write {reading:entropy:.2f}"),
        ({"kind": "text", "text": "{"}, "Write a brace that is only a brace twice."),
        ({"kind": "text", "text": "{reading:}"}, "{reading} needs a name"),
        ({"kind": "text", "text": "{reading:entropi}"}, "Did you mean /reading/entropy?"),
        ({"kind": "text", "text": "{reading:entropy:999999999f}"}, "is no format for a number"),
        ({"kind": "text", "text": "{reading!r:entropy}"}, "is no placeholder"),
        ({"kind": "text", "text": "{knob:/loop/pase}"}, "there is no knob '/loop/pase'. Did you mean /loop/pace?"),
        ({"kind": "text", "text": "{knob:/burn/medium}"}, "is no number: it takes one of gaussian, heat"),
        ({"kind": "ticker", "items": []}, "items takes a list of 1 to 64 texts"),
        ({"kind": "ticker", "items": ["a"], "where": "left"}, "a ticker runs along the top or the bottom, not left."),
        ({"kind": "columns", "columns": [["Gen 0"]]}, 'a column is ["its head", "its text"]'),
        ({"kind": "columns", "columns": [["", ""]] * 7}, "1 to 6 pairs"),
        ({"kind": "bar", "reading": "memori"}, "Did you mean /reading/memory?"),
        ({"kind": "bar", "reading": "memory", "low": 1, "high": 1}, "low must lie below high."),
        ({"kind": "curve", "reading": "memory", "theory": "nothing"}, "there is no reading '/reading/nothing'."),
        ({"kind": "curve", "reading": "memory", "window": 1}, "window takes a number from 5 to 1800"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence_with_its_number(table, sentence):
    told = refusal(**table)
    assert told.startswith("overlay 1: ")
    assert sentence in told


@pytest.mark.parametrize("raw", [{}, "caption", [1], {"kind": "text"}])
def test_overlays_are_tables_in_a_list(raw):
    with pytest.raises(SignError, match="in two brackets"):
        signs.read(raw, KNOBS)


def test_a_wall_takes_only_so_many():
    with pytest.raises(SignError, match="12 at most"):
        signs.read([least("caption")] * 13, KNOBS)


def test_without_a_list_of_readings_their_names_are_taken_as_they_come():
    assert signs.read([{"kind": "bar", "reading": "price"}], KNOBS)[0].reading == "/reading/price"


@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6))
def test_any_table_gives_a_sign_or_a_sentence(table):
    try:
        found: object = signs.read([table], KNOBS, NAMES)[0]
    except SignError as refused:
        found = str(refused)
    assert isinstance(found, Sign) or str(found).startswith("overlay 1: ")


def test_a_scene_has_its_overlays_and_names_its_file_when_one_is_wrong(tmp_path):
    path = tmp_path / "ticker.toml"
    path.write_text('origin = "cat"\n[[overlay]]\nkind = "ticker"\nitems = ["{reading:entropy:.1f} bit"]\n')
    scene = scenes.load(path, all_knobs(), ROOT / "assets", readings=all_readings())
    assert [sign.kind for sign in scene.overlays] == ["ticker"]
    path.write_text('origin = "cat"\n[[overlay]]\nkind = "ticker"\nitems = ["{reading:entrpy:.1f} bit"]\n')
    with pytest.raises(scenes.SceneError, match=r"ticker.toml: overlay 1: there is no reading .* Did you mean"):
        scenes.load(path, all_knobs(), ROOT / "assets", readings=all_readings())
