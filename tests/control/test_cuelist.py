"""A cue list is played: go, back, arm and stop, waits and follow-ons, scenes that a cue loads, and panics."""

import pytest

from installation.control.cuelist import DEBOUNCE, CueList
from installation.control.store import RETURN
from installation.cues import Cue
from tests.control.rehearsal import HEAT, LIGHT, Rehearsal, scene

WARM = Cue("1", "Warm", values={HEAT.address: 0.5}, fade=2.0, curve="linear")
HOT = Cue("2", "Hot", values={HEAT.address: 0.9, LIGHT.address: 9.0}, fade=4.0, curve="linear")
WORDS = Cue("2.5", "Words", prompt="an owl")
LAST = Cue("10", "Hearth", scene="hearth", values={LIGHT.address: 1.0}, fade=2.0, curve="linear")
LIST = (WARM, HOT, WORDS, LAST)
OWN = (Cue("7", "Ember", values={HEAT.address: 0.1}),)


def rehearse(*cues):
    return Rehearsal(CueList(), scenes=[scene("first", cues=cues), scene("hearth"), scene("own", cues=OWN)])


@pytest.fixture
def show():
    return rehearse(*LIST)


def says(show):
    return (show.ear.values["/cue/current"], show.ear.values["/cue/standing-by"])


def test_before_the_first_go_the_first_cue_stands_by(show):
    assert says(show) == ("", "1")
    assert show.ear.values["/cue/standing-by/name"] == "Warm"


def test_go_plays_what_stands_by_and_the_next_stands_by(show):
    show.send(0.0, "/go")
    assert says(show) == ("1", "2")
    assert [show.at(now) for now in (0.0, 1.0, 2.0, 9.0)] == pytest.approx([0.3, 0.4, 0.5, 0.5])


def test_a_second_press_within_a_tenth_of_a_second_is_none(show):
    show.send(1.0, "/go")
    show.send(1.0 + DEBOUNCE / 2, "/go")
    assert says(show) == ("1", "2")
    show.send(1.0 + DEBOUNCE, "/go")
    assert says(show) == ("2", "2.5")


def test_a_button_that_is_let_go_does_nothing(show):
    show.send(0.0, "/go", 0.0)
    show.send(0.0, "/cue/2/arm", False)  # noqa: FBT003 - what OSC's F becomes
    assert says(show) == ("", "1")


def test_a_cue_is_played_by_its_number(show):
    assert not show.send(0.0, "/cue/2/go")
    assert says(show) == ("2", "2.5")


def test_an_armed_cue_stands_by_and_nothing_else_happens(show):
    show.send(0.0, "/cue/2.50/arm")
    assert says(show) == ("", "2.5")
    show.send(1.0, "/go")
    assert says(show) == ("2.5", "10")


def test_a_cue_that_is_not_there_is_refused_with_the_nearest(show):
    assert show.send(0.0, "/cue/2.4/go") == "There is no cue 2.4. Did you mean 2.5?"


def test_after_the_last_cue_go_says_how_to_begin_again(show):
    show.send(0.0, "/cue/10/arm")
    show.send(1.0, "/go")
    show.tick(1.1)
    assert "/cue/1/go begins it again" in show.send(2.0, "/go")


def test_without_cues_go_says_how_to_write_one():
    assert "[[cue]]" in rehearse().send(0.0, "/go")


def test_a_cue_takes_the_knob_from_a_fade_that_is_under_way(show):
    show.send(0.0, "/go")
    show.send(1.0, "/go")
    assert show.at(1.0) == pytest.approx(0.4)
    assert show.at(3.0) == pytest.approx(0.65)


def test_a_hand_takes_the_knob_from_a_fade_that_is_under_way(show):
    show.send(0.0, "/go")
    show.send(1.0, HEAT.address, 0.0)
    assert show.at(1.0) == pytest.approx(0.4)
    assert show.at(1.0 + HEAT.glide) == 0.0


def test_a_cue_says_its_words(show):
    show.send(0.0, "/cue/2.5/go")
    show.tick(0.1)
    assert ("/prompt", "an owl") in show.heard


def test_a_cue_says_who_leads_and_back_gives_it_back_to_the_scene():
    show = rehearse(Cue("1", guides={"control": ("canny", "edge", "camera")}), Cue("2", guides={"control": ()}))
    for now, press, said in ((0.0, "/go", ("canny", "edge", "camera")), (1.0, "/go", ()), (2.0, "/back", None),
                             (3.0, "/back", ("scene",))):  # fmt: skip
        show.send(now, press)
        show.tick(now + 0.5)
        assert show.heard[-1] == ("/control", *(("canny", "edge", "camera") if said is None else said))


def test_what_continues_and_what_follows_begins_at_its_moment_whatever_the_tick():
    first = Cue("1", values={HEAT.address: 0.5}, fade=2.0, curve="linear", follow="auto-follow", post_wait=1.0)
    show = rehearse(first, Cue("2", values={LIGHT.address: 9.0}, fade=4.0, curve="linear", pre_wait=0.5), WORDS)
    show.send(0.0, "/go")
    assert says(show) == ("1", "2.5")
    show.tick(3.4)
    assert says(show) == ("1", "2.5")
    show.tick(4.5)  # a second late: the fade is where it would have been
    assert says(show) == ("2", "2.5")
    assert show.at(4.5, LIGHT) == pytest.approx(6.0)


def test_a_cue_waits_before_it_begins():
    show = rehearse(Cue("1", values={HEAT.address: 0.9}, pre_wait=5.0), WARM)
    show.send(0.0, "/go")
    show.tick(4.9)
    assert show.at(4.9) == HEAT.default
    assert says(show) == ("", "1")
    show.tick(5.0)
    assert show.at(20.0) == 0.9


def test_another_go_forgets_what_still_waited():
    show = rehearse(Cue("1", follow="auto-continue", post_wait=5.0), Cue("2", values={HEAT.address: 0.9}), WORDS)
    show.send(0.0, "/go")
    show.send(1.0, "/go")
    show.tick(9.0)
    assert says(show) == ("2.5", "")
    assert show.at(20.0) == HEAT.default


def test_stop_lets_fades_stand_and_nothing_that_waits_begins():
    show = rehearse(Cue("1", values={HEAT.address: 0.5}, fade=2.0, curve="linear", follow="auto-follow"), HOT)
    show.send(0.0, "/go")
    show.send(1.0, "/cue/stop")
    show.tick(9.0)
    assert show.at(9.0) == pytest.approx(0.4)
    assert says(show)[0] == "1"


@pytest.mark.parametrize("panic", ["black", "hold", "origin"])
def test_a_panic_stops_the_cues_and_its_end_does_not(show, panic):
    show.send(0.0, "/go")
    show.send(1.0, f"/panic/{panic}")
    assert show.at(9.0) == pytest.approx(0.4)
    show.send(10.0, "/cue/1/go")
    show.send(11.0, f"/panic/{panic}", False)  # noqa: FBT003 - what OSC's F becomes
    assert show.at(12.0) == pytest.approx(0.5)


def test_a_release_gives_every_knob_back_to_the_score(show):
    show.send(0.0, "/go")
    show.send(1.0, "/panic/release")
    assert show.at(1.0) == pytest.approx(0.4)
    assert show.at(1.0 + RETURN) == HEAT.default


def test_a_cue_loads_its_scene_then_turns_its_knobs_and_the_list_stays(show):
    show.send(0.0, "/cue/10/go")
    show.tick(1.0)
    assert show.scene.name == "hearth"
    assert says(show) == ("10", "")
    assert show.at(1.0, LIGHT) == LIGHT.default
    assert show.at(3.0, LIGHT) == 1.0
    show.send(4.0, "/cue/1/go")
    assert says(show) == ("1", "2")


def test_cues_behind_one_that_loads_a_scene_wait_for_it():
    show = rehearse(Cue("1", scene="hearth", follow="auto-continue"), Cue("2", values={LIGHT.address: 1.0}))
    show.send(0.0, "/go")
    show.tick(1.0)
    assert says(show) == ("2", "")
    assert show.at(9.0, LIGHT) == 1.0


def test_a_scene_that_is_refused_leaves_the_knobs_alone_and_the_list_goes_on():
    show = rehearse(Cue("1", scene="nowhere", values={LIGHT.address: 1.0}, follow="auto-continue"), WARM)
    show.send(0.0, "/go")
    show.tick(1.0)
    assert show.scene.name == "first"
    assert show.at(9.0, LIGHT) == LIGHT.default
    assert says(show) == ("1", "")
    assert show.at(9.0) == 0.5


def test_a_scene_that_anybody_else_loads_brings_its_own_list(show):
    show.send(0.0, "/go")
    show.send(1.0, "/scene/load", "own")
    assert says(show) == ("", "7")
    show.send(2.0, "/scene/load", "hearth")
    assert says(show) == ("", "")


def test_a_performers_scene_overtakes_a_cue_that_was_about_to_load_one(show):
    show.send(0.0, "/cue/10/go")
    show.send(1.0, "/scene/load", "own")
    assert says(show) == ("", "7")
    assert show.at(9.0, LIGHT) == LIGHT.default


def test_back_undoes_the_current_cue_as_it_came_and_it_stands_by_again(show):
    show.send(0.0, "/go")
    show.send(10.0, "/go")
    show.send(20.0, "/back")
    assert says(show) == ("1", "2")
    assert [show.at(now) for now in (20.0, 22.0, 24.0)] == pytest.approx([0.9, 0.7, 0.5])
    assert show.at(24.0, LIGHT) == LIGHT.default
    show.send(30.0, "/back")
    assert says(show) == ("", "1")
    assert show.at(40.0) == HEAT.default


def test_back_takes_words_back(show):
    show.send(0.0, "/cue/2.5/go")
    show.send(1.0, "/back")
    show.tick(2.0)
    assert show.heard[-1] == ("/prompt", "a cat")


def test_back_from_a_scene_loads_the_one_before(show):
    show.send(0.0, "/cue/10/go")
    show.tick(1.0)
    show.send(2.0, "/back")
    show.tick(3.0)
    assert show.scene.name == "first"
    assert says(show) == ("2.5", "10")
    assert show.at(9.0) == 0.9  # what the cues before it amount to


def test_back_before_the_first_go_is_refused(show):
    assert "nothing to go back to" in show.send(0.0, "/back")


def test_every_go_is_a_message_that_the_log_has(show):
    show.send(0.0, "/go")
    show.send(1.0, "/cue/2/go")
    assert show.heard == [("/go",), ("/cue/2/go",)]
