"""What leads a picture besides words, as scenes, cues, messages and takes name it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.conditioning import KINDS, OF, SOURCES, Control, Likeness, heard, order, read, table, words
from installation.errors import Refusal

GUIDES = [
    *(("control", Control("canny", of, source)) for of in OF for source in SOURCES),
    *(("likeness", Likeness("ip", source)) for source in SOURCES),
]


@pytest.mark.parametrize(("kind", "guide"), GUIDES)
def test_what_a_table_or_a_message_says_gives_the_guide_back(kind, guide):
    assert read(kind, table(guide)) == guide
    assert heard(kind, words(guide)) == guide


def test_edges_of_the_origin_are_meant_where_nothing_else_is_said():
    assert read("control", {"model": "canny"}) == heard("control", ("canny",)) == Control("canny", "edge", "origin")
    assert heard("likeness", ("ip",)) == Likeness("ip", "origin")


def test_a_message_says_of_what_and_from_where_in_any_order():
    assert heard("control", ("canny", "camera", "depth")) == Control("canny", "depth", "camera")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_said_is_nobody(kind):
    assert heard(kind, ()) is heard(kind, ("",)) is None
    assert words(None) == ()


@pytest.mark.parametrize(
    ("kind", "raw", "sentence"),
    [
        ("control", "canny", "control takes a table with a model, like { model = "),
        ("control", {"of": "edge"}, "control takes a table with a model"),
        ("control", {"model": 3}, "control.model takes text in quotes"),
        ("control", {"model": "c", "of": "edges"}, "control.of takes one of edge, depth.*Did you mean edge"),
        ("control", {"model": "c", "from": "cam"}, "control.from takes one of origin, present, camera"),
        ("likeness", {"model": "c", "of": "edge"}, "likeness .a key of it. takes one of model, from"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_key(kind, raw, sentence):
    with pytest.raises(Refusal, match=sentence):
        read(kind, raw)


@pytest.mark.parametrize("model", ["../elsewhere", "/etc", ".hidden", 3])
def test_what_comes_over_a_wire_is_a_name_and_never_a_path(model):
    with pytest.raises(Refusal, match="the name of a folder in the models folder"):
        heard("control", (model,))


def test_two_words_for_one_thing_are_refused():
    with pytest.raises(Refusal, match="once each"):
        heard("control", ("canny", "camera", "origin"))


@given(st.sampled_from(KINDS), st.lists(st.one_of(st.text(max_size=8), st.integers(), st.floats()), max_size=4))
def test_whatever_is_said_is_a_guide_or_a_sentence(kind, said):
    found = None
    with contextlib.suppress(Refusal):
        found = heard(kind, said)
    assert found is None or read(kind, table(found)) == found


def test_an_order_names_the_guide_or_gives_the_scenes_own_back():
    own = {"control": Control("/whole/path")}
    assert order("/control", ("canny",), own).data == {"guide": Control("canny")}
    assert order("/control", ("scene",), own).data == {"guide": own["control"]}
    assert order("/likeness", ("scene",), own).data == {"guide": None}
    assert order("/lora", "smoke", own).data == order("/prompt", "smoke", own).data == {"text": "smoke"}
