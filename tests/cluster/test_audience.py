"""What stage machines hear that follow an engine which another one plays."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from installation.cluster.audience import MOST, Audience
from installation.cluster.letters import Dispatch, Picture
from installation.records import Report

VITALS = {"beat": 1.0, "phase": 1.0}
PLAYING = Report("playing", {"scene": "hearth", "seed": 7})


def sent(number, *reports, checkpoint=None):
    """A dispatch with one picture, of the generation of this number."""
    shown = Picture(number, "generation", 0.0, number, 1, 1, "raw", bytes(3))
    return Dispatch((shown,), reports, {**VITALS, "beat": float(number)}, checkpoint)


def after(audience, number=0):
    """What an audience that was told something hears."""
    told = audience.after(number, 0.0)
    assert told is not None
    return told


def heard(told):
    """The generations of the pictures that were heard."""
    return [picture.generation for picture in told[1].pictures]


def test_before_anything_is_told_there_is_nothing_to_hear():
    assert Audience().after(0, 0.0) is None


def test_whoever_joins_hears_what_plays_and_sees_the_newest_picture():
    audience = Audience()
    audience.tell(sent(1, PLAYING))
    audience.tell(sent(2))
    number, dispatch = after(audience)
    assert heard((number, dispatch)) == [2]
    assert dispatch.reports == (PLAYING,)


@given(st.lists(st.integers(0, 6), max_size=20))
def test_everybody_who_keeps_up_sees_everything_once_whatever_the_pauses(pauses):
    audience, seen, number, shown = Audience(), [], 0, 0
    for pause in [1, *pauses]:
        for _ in range(pause):
            shown += 1
            audience.tell(sent(shown))
        if told := audience.after(number, 0.0):
            number = told[0]
            seen += heard(told)
    assert seen == list(range(1, shown + 1))


def test_whoever_is_slow_misses_the_oldest_and_holds_nobody_up():
    audience = Audience()
    audience.tell(sent(1))
    number, _ = after(audience)
    for generation in range(2, 3 * MOST):
        audience.tell(sent(generation))
    assert heard(after(audience, number)) == list(range(2 * MOST, 3 * MOST))


def test_the_checkpoint_and_what_is_said_in_the_log_are_for_whoever_plays():
    audience = Audience()
    audience.tell(
        sent(1, Report("log", {"text": "ember is warm"}), Report("generation", {"serial": 1}), checkpoint=b"all")
    )
    _, dispatch = after(audience)
    assert dispatch.checkpoint is None
    assert [report.name for report in dispatch.reports] == ["generation"]


def test_where_nothing_is_new_the_pulse_is_heard():
    audience = Audience()
    audience.tell(sent(1))
    number, _ = after(audience)
    audience.tell(Dispatch((), (), {**VITALS, "beat": 9.0}))
    again, dispatch = after(audience, number)
    assert (again, dispatch.pictures, dispatch.vitals["beat"]) == (number, (), 9.0)


def test_whoever_waits_is_told_at_once():
    audience, told = Audience(), []
    audience.tell(sent(1))
    waiting = threading.Thread(target=lambda: told.append(audience.after(1, 30.0)))
    waiting.start()
    audience.tell(sent(2))
    waiting.join(30.0)
    assert heard(told[0]) == [2]
