"""The guest turns the knob as its controller says, and turns it again when somebody lets go of everything."""

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from installation.control.store import Store
from installation.health import Health
from installation.machine.memory import Weight
from installation.machine.settings import ReliefSettings, Settings
from installation.panels import all_knobs
from installation.readings.register import NOT_YET, Missing, Value
from installation.relief.condition import CELSIUS, DEGRADED, LITTLE, LOAD, MEMORY, WHY, taken, troubles
from installation.relief.condition import HOT as HOT_PART
from installation.relief.easing import FALL, MOST, RISE, Part, Strain
from installation.relief.guest import KNOB, ReliefGuest

COOL, HOT = (Strain((Part("coretemp", celsius, 100.0),)) for celsius in (50.0, 97.0))


@dataclass
class Sensors:
    """A watch over a machine whose strain the test decides."""

    seen: Strain | None = COOL

    def strain(self, now):  # noqa: ARG002 - it is always fresh
        return self.seen

    def close(self):
        self.seen = None


@dataclass
class House:
    """As much of a house as relief knows; it is its own doors."""

    store: Store = field(default_factory=lambda: Store(all_knobs(), release=120.0))
    serial: int = 1
    told: dict[str, str] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    guest: Any = None

    def health(self):
        degraded = (*self.wrong, *self.guest.troubles())
        return Health("little", "playing", memory={"engine": Weight(1.0, 1.0, 4.0)}, degraded=degraded)

    @property
    def doors(self):
        return self

    def read_out(self, notes):
        self.told |= dict(notes)


@pytest.fixture
def house():
    return House()


@pytest.fixture
def guest(house):
    guest = house.guest = ReliefGuest(house.settings.relief)
    guest.open(house)
    guest._watch.close()
    sensors: Any = Sensors()
    guest._watch = sensors
    return guest


def endure(guest, strain, begin, seconds):
    """Look once a second; returns when it ended."""
    guest._watch.seen = strain
    for now in range(begin, begin + int(seconds) + 1):
        guest.look(float(now))
    return begin + int(seconds) + 1


def stands(house, now):
    return house.store.current(KNOB, now, 0)


def test_a_cool_machine_turns_nothing(house, guest):
    now = endure(guest, COOL, 0, 100)
    assert KNOB not in house.store.held(now)


def test_heat_eases_and_long_calm_gives_the_work_back(house, guest, caplog):
    with caplog.at_level(logging.INFO):
        now = endure(guest, HOT, 0, RISE + 1)
        assert stands(house, now) == 1
        now = endure(guest, COOL, now, FALL + 1)
    assert stands(house, now + 5) == 0
    assert "eased to level 1 of 3: coretemp is at 97 of 100 degrees Celsius" in caplog.text
    assert "it has all of its work again" in caplog.text


def test_whoever_lets_every_knob_go_does_not_cool_the_machine_by_it(house, guest):
    now = endure(guest, HOT, 0, 3 * RISE + 2)
    house.store.let_go(None, now)
    now = endure(guest, HOT, now, 6)
    assert stands(house, now) == MOST


def test_a_technicians_hand_that_eases_further_is_left_alone(house, guest):
    now = endure(guest, HOT, 0, RISE + 1)
    house.store.hold(KNOB, 3, float(now))
    assert stands(house, endure(guest, HOT, now, 5)) == 3


def test_sensors_that_fell_silent_change_nothing(house, guest):
    now = endure(guest, HOT, 0, RISE + 1)
    assert stands(house, endure(guest, None, now, 10 * FALL)) == 1


def test_what_does_not_play_yet_cannot_be_eased(house, guest):
    house.serial = 0
    assert stands(house, endure(guest, HOT, 0, 5 * RISE)) == 0


def test_what_is_degraded_anywhere_is_told_in_numbers_and_words(house, guest):
    house.wrong = ("The engine was started anew once.",)
    endure(guest, HOT, 0, RISE + 1)
    assert guest.readings()[DEGRADED] == Value(2.0)
    assert house.told[WHY] == "The engine was started anew once. The engine's work is eased to level 1 of 3."


def test_where_all_is_well_there_are_no_words(house, guest):
    endure(guest, COOL, 0, 3)
    assert house.told[WHY] == ""
    assert guest.readings() == {CELSIUS: Value(50.0), LOAD: Value(0.0), DEGRADED: Value(0.0), MEMORY: Value(0.25)}


def test_who_does_not_want_relief_still_hears_how_the_machine_is(house):
    unwilling = house.guest = ReliefGuest(ReliefSettings(enabled=False))
    unwilling.open(house)
    unwilling._watch.close()
    sensors: Any = Sensors()
    unwilling._watch = sensors
    now = endure(unwilling, replace(HOT, free_bytes=1e9), 0, 5 * RISE)
    assert stands(house, now) == 0
    assert "Only 0.9 GiB are free" in house.told[WHY]
    assert unwilling.readings()[CELSIUS] == Value(97.0)


@pytest.mark.parametrize(
    ("strain", "says"),
    [
        ({"free_bytes": LITTLE - 1}, "GiB are free"),
        ({"celsius": {"nvme": HOT_PART}}, "nvme is at 85 degrees Celsius"),
    ],
)
def test_a_full_disk_and_a_hot_part_are_said(strain, says):
    [sentence] = troubles(replace(COOL, **strain), 0)
    assert says in sentence


def test_what_nobody_has_looked_at_is_no_trouble():
    assert list(troubles(None, 0)) == list(troubles(Strain(), 0)) == []


def test_without_a_sensor_no_number_is_made_up():
    assert isinstance(taken(Strain(), 0, {})[CELSIUS], Missing)
    assert taken(None, 0, {})[LOAD] == NOT_YET
    assert taken(None, 0, {})[MEMORY] == Value(0.0)
