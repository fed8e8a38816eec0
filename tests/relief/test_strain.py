"""What the sensors say, and what is not believed."""

import math
import threading
import time
from types import SimpleNamespace
from typing import NamedTuple

import psutil
import pytest

from installation.relief.easing import Part, Strain
from installation.relief.strain import LIMIT, SILENCE, Watch, believed, card, processors, this_machine
from tests.support import until


class Sensor(NamedTuple):
    """As psutil's own."""

    label: str
    current: float
    high: float | None
    critical: float | None


class NVMLError(Exception):
    """As NVML's own."""


def nvml(*, reasons=0, limit=93):
    """The part of NVML that is asked: a card of 71 degrees."""

    def threshold(_handle, _kind):
        if limit is None:
            raise NVMLError
        return limit

    return SimpleNamespace(
        NVMLError=NVMLError,
        NVML_TEMPERATURE_GPU=0,
        NVML_TEMPERATURE_THRESHOLD_SLOWDOWN=1,
        nvmlClocksThrottleReasonSwThermalSlowdown=0x20,
        nvmlClocksThrottleReasonHwThermalSlowdown=0x40,
        nvmlDeviceGetTemperature=lambda _handle, _kind: 71,
        nvmlDeviceGetCurrentClocksThrottleReasons=lambda _handle: reasons,
        nvmlDeviceGetTemperatureThreshold=threshold,
        nvmlDeviceGetName=lambda _handle: "a card",
    )


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({}, Part("a card", 71.0, 93.0)),
        ({"limit": None}, Part("a card", 71.0, LIMIT)),
        ({"reasons": 0x20}, Part("a card", 71.0, 93.0, throttled=True)),
        ({"reasons": 0x04}, Part("a card", 71.0, 93.0)),  # held by its power limit: no matter of heat
    ],
)
def test_a_card_says_how_warm_it_is_and_whether_heat_slows_it(given, part):
    assert card(nvml(**given), None) == part


def test_of_each_kind_of_sensor_the_warmest_counts_and_those_of_other_parts_do_not(monkeypatch):
    found = {
        "coretemp": [Sensor("Core 0", 55.0, 80.0, 100.0), Sensor("Core 1", 61.0, 80.0, 100.0)],
        "nvme": [Sensor("Composite", 90.0, 84.0, 65261.85)],
        "k10temp": [Sensor("Tctl", 70.0, None, None)],
    }
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: found, raising=False)
    assert list(processors()) == [Part("coretemp", 61.0, 100.0), Part("k10temp", 70.0, LIMIT)]


@pytest.mark.parametrize(("said", "limit"), [(100.0, 100.0), (0.0, LIMIT), (65261.85, LIMIT), (None, LIMIT)])
def test_a_limit_that_cannot_be_is_not_believed(said, limit):
    assert believed(said) == limit


def test_this_machine_can_be_looked_at_whatever_it_is_and_wherever_its_state_will_be(tmp_path):
    strain = this_machine(8.0, tmp_path / "not there yet" / "state")
    assert strain.load >= 0.0
    assert 0.0 < strain.free_bytes < math.inf


@pytest.fixture
def watch():
    """Makes watches, and closes them."""
    made = []

    def make(look):
        made.append(Watch(look, every=0.01))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_watch_looks_again_and_again(watch):
    looks = iter(Strain(load=float(count)) for count in range(1_000_000))
    watching = watch(lambda: next(looks))
    until(lambda: (seen := watching.strain(time.monotonic())) and seen.load > 2)


def test_sensors_that_hang_say_nothing_and_hold_nobody_up(watch):
    hanging = threading.Event()
    watching = watch(lambda: hanging.wait(30.0) and Strain())
    assert watching.strain(time.monotonic()) is None
    hanging.set()


def test_what_was_seen_long_ago_is_nothing_to_act_upon(watch):
    watching = watch(Strain)
    until(lambda: watching.strain(time.monotonic()))
    assert watching.strain(time.monotonic() + SILENCE + 1.0) is None
