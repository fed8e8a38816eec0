"""Cues are data: any tables give a list or a sentence, fades have one shape, chains have their moments."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.cues import CURVES, FOLLOWS, Cue, CueError, chain, eased, find, read, spelled, tracked

shares = st.floats(0.0, 1.0)
HEAT = "/burn/gaussian/temperature"


def values(table):
    return {f"/{key}": float(value) for key, value in table.items()}


def listed(*tables):
    return read(list(tables), values, {"hearth"})


@pytest.mark.parametrize("curve", CURVES)
def test_a_fade_begins_at_its_beginning_and_ends_at_its_end(curve):
    assert [eased(curve, share) for share in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


@pytest.mark.parametrize("curve", CURVES)
@given(shares, shares)
def test_a_fade_never_turns_back(curve, one, other):
    early, late = sorted((one, other))
    assert eased(curve, early) <= eased(curve, late) + 1e-12


@pytest.mark.parametrize("curve", CURVES)
@given(shares)
def test_a_fade_comes_as_it_goes(curve, share):
    assert eased(curve, share) + eased(curve, 1.0 - share) == pytest.approx(1.0)


@pytest.mark.parametrize(("curve", "order"), [("linear", 0), ("ease", 1), ("s-curve", 2)])
def test_a_smoother_fade_sets_off_more_slowly(curve, order):
    small = 1e-3
    assert math.log(eased(curve, small), small) == pytest.approx(order + 1, abs=0.4)


def test_a_cue_is_read_whole():
    table = {"number": 12.5, "name": "Visit", "scene": "hearth", "prompt": "a face", "fade": 20, "curve": "ease"}
    waits = {"follow": "auto-follow", "pre-wait": 1, "post-wait": 2.5}
    cues = listed(table | waits | {"heat": 0.6}, {"number": 13})
    assert cues == (
        Cue("12.5", "Visit", "hearth", "a face", {"/heat": 0.6}, 20.0, "ease", "auto-follow", 1.0, 2.5),
        Cue("13"),
    )


def test_a_cue_says_who_leads_from_now_on_or_that_nobody_does():
    named, ended, silent = listed(
        {"number": 1, "control": {"model": "canny", "of": "depth", "from": "present"}, "likeness": {"model": "ip"}},
        {"number": 2, "control": "none"},
        {"number": 3},
    )
    assert named.guides == {"control": ("canny", "depth", "present"), "likeness": ("ip", "origin")}
    assert (ended.guides, silent.guides) == ({"control": ()}, {})
    assert tracked((named, ended, silent), 2).guides == {"control": (), "likeness": ("ip", "origin")}


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"number": 1}, "begin each with"),
        ([{}], "number takes a number like 1 or 12.5"),
        ([{"number": 0}], "from 1 to 10000"),
        ([{"number": True}], "not True"),
        ([{"number": 1.00001}], "a number like 1 or 12.5"),
        ([{"number": 2}, {"number": 1}], "cue 1 stands after cue 2"),
        ([{"number": 1}, {"number": 1.0}], "Give each its own number"),
        ([{"number": 1, "fade": -1}], "cue 1: fade takes seconds from 0 to 86400, not -1"),
        ([{"number": 1, "pre-wait": math.nan}], "pre-wait takes seconds"),
        ([{"number": 1, "curve": "es"}], "Did you mean ease?"),
        ([{"number": 1, "scene": "heart"}], "Did you mean hearth?"),
        ([{"number": 1, "name": 4}], "name takes text in quotes, not 4"),
        ([{"number": 1, "control": {"model": "./canny"}}], "the name of a folder in the models folder"),
        ([{"number": 1, "follow": "auto-continue"}], "is the last; nothing can follow it"),
    ],
)
def test_what_is_wrong_is_said_with_cue_and_key(tables, sentence):
    with pytest.raises(CueError) as caught:
        read(tables, values, {"hearth"})
    assert sentence in str(caught.value)


@given(st.integers(1000, 10_000_000).map(lambda n: n / 1000))
def test_a_number_is_spelled_so_that_it_is_read_again(number):
    assert float(spelled(number)) == number
    assert not spelled(number).endswith(".")


def test_a_cue_is_found_by_any_spelling_of_its_number():
    cues = listed({"number": 2}, {"number": 12.5})
    assert [find(cues, number) for number in ("2", "2.0", "12.50")] == [0, 0, 1]


@pytest.mark.parametrize("number", ["3", "two", "nan", "inf", "1e999"])
def test_a_cue_that_is_not_there_is_refused(number):
    with pytest.raises(CueError, match="There is no cue"):
        find(listed({"number": 2}), number)


def test_where_there_are_no_cues_it_is_said_how_to_write_one():
    with pytest.raises(CueError, match=r"Write \[\[cue\]\]"):
        find((), "1")


cues_ = st.lists(
    st.builds(
        Cue,
        st.just("1"),
        fade=st.floats(0.0, 100.0),
        follow=st.sampled_from(FOLLOWS),
        pre_wait=st.floats(0.0, 100.0),
        post_wait=st.floats(0.0, 100.0),
    ),
    min_size=1,
    max_size=8,
)


@given(cues_)
def test_a_chain_ends_with_the_first_cue_that_nothing_follows(cues):
    places = [place for _, place in chain(cues, 0)]
    assert places == list(range(len(places)))
    assert all(cue.follow != "none" for cue in cues[: len(places) - 1])
    assert len(places) == len(cues) or cues[places[-1]].follow == "none"


@given(cues_)
def test_no_cue_of_a_chain_begins_before_the_last(cues):
    moments = [moment for moment, _ in chain(cues, 0)]
    assert moments == sorted(moments)


def test_what_continues_begins_with_the_last_and_what_follows_after_it():
    first, second = Cue("1", fade=8.0, post_wait=1.0), Cue("2", pre_wait=0.5)
    for follow, begins in (("auto-continue", 1.5), ("auto-follow", 9.5)):
        following = (Cue("1", fade=first.fade, post_wait=first.post_wait, follow=follow), second)
        assert list(chain(following, 0)) == [(0.0, 0), (begins, 1)]


TRACK = (
    Cue("1", prompt="a face", values={"/a": 1.0}),
    Cue("2", values={"/b": 2.0}),
    Cue("3", scene="hearth", values={"/c": 3.0}),
    Cue("4", values={"/a": 4.0}),
)


def test_a_list_amounts_to_the_last_word_on_every_knob_since_the_last_scene():
    assert [tracked(TRACK, place).values for place in range(-1, 4)] == [
        {},
        {"/a": 1.0},
        {"/a": 1.0, "/b": 2.0},
        {"/c": 3.0},
        {"/a": 4.0, "/c": 3.0},
    ]
    assert [tracked(TRACK, place).scene for place in (1, 2, 3)] == [None, "hearth", "hearth"]
    assert [tracked(TRACK, place).prompt for place in (-1, 1, 3)] == [None, "a face", None]
