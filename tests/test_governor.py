"""The governor: it turns knobs as everybody does, gives way to hands, and burns nothing in the dark."""

import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from installation.control.effort import FEWEST
from installation.governor import AGAIN, EVERY, GREED, NAME, Governor
from installation.machine.settings import GovernorSettings, Settings
from installation.readings.register import Missing, Value
from installation.records import Message

STEPS = "/restore/steps"


@dataclass
class House:
    """As much of a house as a governor knows: limits, sensors, and an inbox."""

    settings: Settings
    readings: dict[str, Any] = field(default_factory=dict)
    posted: list[Message] = field(default_factory=list)
    scene: Any = field(default_factory=lambda: SimpleNamespace(title="Heat death", values={}))

    def post(self, *messages, due=0.0):  # noqa: ARG002 - for now
        self.posted += messages
        return True

    def said(self, address):
        return [message.arguments[0] for message in self.posted if message.address == address]


def house(tmp_path, **limits):
    return House(Settings(state=tmp_path, governor=GovernorSettings(**limits)), {"/reading/watts": Value(50.0)})


def greedy(house, greed=1.0):
    governor = Governor()
    governor.open(house)
    governor.news({GREED: greed}, {})
    return governor


def look(governor, seconds, start=0.0):
    for second in range(round(seconds)):
        governor.look(start + second)


def test_as_long_as_nobody_is_greedy_nothing_is_turned(tmp_path):
    at_rest = house(tmp_path, watts=200.0)
    look(greedy(at_rest, 0.0), 60)
    assert at_rest.posted == []


def test_the_greed_of_the_first_scene_is_known_without_being_told(tmp_path):
    first = house(tmp_path, watts=200.0)
    first.scene.values = {GREED: 1.0}
    governor = Governor()
    governor.open(first)
    look(governor, 4)
    assert first.said(STEPS)


def test_below_its_limit_steps_rise_and_above_it_they_fall(tmp_path):
    burning = house(tmp_path, watts=200.0)
    governor = greedy(burning)
    look(governor, 100)
    assert burning.said(STEPS)[-1] > FEWEST
    assert burning.said(STEPS) == sorted(burning.said(STEPS))
    burning.readings["/reading/watts"] = Value(300.0)
    look(governor, 100, start=100.0)
    assert burning.said(STEPS)[-1] == FEWEST
    assert {message.source for message in burning.posted} == {NAME}


def test_without_a_sensor_nothing_is_burnt_for_nothing(tmp_path):
    dark = house(tmp_path, watts=200.0, degrees=80.0)
    dark.readings["/reading/machine/celsius"] = Missing()
    look(greedy(dark), 60)
    assert set(dark.said(STEPS)) == {FEWEST}


def test_without_a_limit_it_says_so_once_and_leaves_the_scene_alone(tmp_path, caplog):
    boundless = house(tmp_path)
    with caplog.at_level(logging.INFO):
        look(greedy(boundless), 20)
    assert boundless.posted == []
    assert len([line for line in caplog.messages if "[governor] watts" in line]) == 1


def test_when_greed_ends_the_scene_has_its_knobs_back(tmp_path):
    sated = house(tmp_path, watts=200.0)
    governor = greedy(sated)
    look(governor, 20)
    governor.news({GREED: 0.0}, {})
    look(governor, 4, start=20.0)
    assert sorted(sated.said("/knob/release")) == ["/loop/pace", STEPS]


def test_a_performer_who_turns_the_knob_has_it_until_the_hand_is_let_go(tmp_path):
    shared = house(tmp_path, watts=200.0)
    governor = greedy(shared)
    look(governor, 10)
    governor.news({STEPS: 7.0}, {STEPS: "osc 10.0.0.7"})
    before = len(shared.said(STEPS))
    look(governor, 100, start=10.0)
    assert len(shared.said(STEPS)) == before
    look(governor, 100, start=110.0)
    assert len(shared.said(STEPS)) > before


def test_what_stands_still_is_said_again_before_the_hand_would_be_let_go(tmp_path):
    steady = house(tmp_path, watts=40.0)
    look(greedy(steady), 3 * AGAIN + EVERY)
    assert steady.said(STEPS).count(FEWEST) >= 3
