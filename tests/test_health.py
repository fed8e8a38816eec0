"""How the piece is: what the processes' boards say, and what of it is not as it should be, in sentences."""

from dataclasses import replace

import pytest

from installation.engine import ENGINE_VITALS
from installation.health import ALONE, SILENT, Health, felt, silence, troubles
from installation.machine.child import Phase
from installation.machine.memory import Weight
from installation.machine.supervisor import Duty, Ward
from installation.machine.wires import lay
from installation.recording.recorder import RECORDER_VITALS
from installation.stage.panel import STAGE_VITALS
from tests.machine import lives

NOW = 1000.0
WELL = Health("hearth", "playing", deaths={"engine": 0}, memory={"engine": Weight(1e9, 1e9, 2e9)})
VITALS = {"engine": ENGINE_VITALS, "stage": STAGE_VITALS, "recorder": RECORDER_VITALS}


@pytest.fixture
def wards(tmp_path):
    """Processes that were employed and beat just now, though none of them was ever started."""
    wires = lay(tmp_path)
    wards = {name: Ward(Duty(name, lives.obedient, (), told, 9.0, 9.0), wires, list) for name, told in VITALS.items()}
    for ward in wards.values():
        ward.vitals.write({"phase": float(Phase.RUNNING), "beat": NOW})
    yield wards
    for ward in wards.values():
        ward.vitals.close()


def test_it_is_told_from_the_boards_of_the_processes(wards):
    wards["engine"].vitals.write({"serial": 7.0, "temperature": 0.3, "rate": 2.0})
    wards["stage"].vitals.write({"fps": 60.0, "worst_gap_ms": 21.0})
    seen = felt("hearth", "playing", wards, NOW)
    assert (seen.serial, seen.temperature, seen.rate, seen.stage_fps, seen.worst_gap_ms) == (7, 0.3, 2.0, 60.0, 21.0)
    assert (seen.state, seen.deaths, seen.degraded) == ("playing", dict.fromkeys(VITALS, 0), ())


def test_before_anybody_is_employed_there_is_nothing_to_tell_of():
    assert felt("hearth", "loading", {}, NOW) == Health("hearth", "loading")


@pytest.mark.parametrize(("state", "becomes"), [("playing", ALONE), ("closed", "closed"), ("loading", "loading")])
def test_a_picture_that_burns_on_alone_is_a_trouble_only_while_the_piece_should_play(wards, state, becomes):
    wards["stage"].vitals.write({"burning_on": 1.0})
    seen = felt("hearth", state, wards, NOW)
    assert seen.state == becomes
    assert bool(seen.degraded) == (becomes == ALONE)


def test_a_process_is_silent_after_a_while_unless_it_loads(wards):
    wards["recorder"].vitals.write({"phase": float(Phase.LOADING)})
    [engine, stage] = felt("hearth", "playing", wards, NOW + SILENT + 1).degraded
    assert engine == "The engine has been silent for 6 s; it is started anew when its time is up."
    assert stage.startswith("The stage")


def test_what_has_never_beaten_is_coming_and_not_silent():
    assert silence({"beat": 0.0, "phase": float(Phase.RUNNING)}, NOW) == 0.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"state": ALONE}, "gives no pictures"),
        ({"deaths": {"engine": 1, "stage": 0}}, "The engine was started anew once in the last ten minutes."),
        ({"deaths": {"stage": 3}}, "The stage was started anew 3 times"),
        ({"memory": {"engine": Weight(2.5e9, 1e9, 2e9)}}, "The engine holds 2.5 GB, more than the 2.0 it may"),
        ({"dropped_frames": 3}, "dropped 3 frames"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(wrong, says):
    [sentence] = troubles(replace(WELL, **wrong), {})
    assert says in sentence


def test_where_all_is_well_nothing_is_said():
    assert list(troubles(WELL, {"engine": SILENT})) == []
