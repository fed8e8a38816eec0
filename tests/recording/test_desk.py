from pathlib import Path

import pytest

from installation.errors import Refusal
from installation.machine.files import share
from installation.panels import all_knobs
from installation.recording.desk import Desk
from installation.records import Order
from installation.scenes import load

PLAYING = {"seed": 7, "restorer": "archive", "digest": "d", "size": 64, "serial": 0}
CLOSED = {"frames": 3, "dropped": 0, "reason": "Stopped on request."}


class Office:
    """A desk, and everything that recorder and engine were told."""

    def __init__(self, state: Path) -> None:
        self.recorder: list[Order] = []
        self.engine: list[Order] = []
        self.desk = Desk(state, self.recorder.append, self.engine.append)

    def start(self):
        self.desk.start(load(share("scenes") / "hearth.toml", all_knobs(), share("assets")), PLAYING)


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def test_a_take_begins_with_what_is_playing_and_the_state_it_can_be_rendered_from(office):
    office.start()
    (begun,) = office.recorder
    assert begun.name == "start"
    assert begun.data["folder"] == str(office.desk.take)
    assert begun.data["manifest"]["scene"] == "hearth"
    assert begun.data["manifest"]["seed"] == 7
    assert [order.data["path"] for order in office.engine] == [f"{office.desk.take}/lineage-000.safetensors"]


def test_only_one_take_runs_at_a_time(office):
    office.start()
    with pytest.raises(Refusal, match="/record/stop"):
        office.start()


def test_there_is_nothing_to_stop_before_a_start(office):
    with pytest.raises(Refusal, match="/record/start"):
        office.desk.stop()


def test_a_reborn_recorder_is_told_to_go_on_and_only_while_a_take_runs(office):
    assert office.desk.orders() == []
    office.start()
    assert office.desk.orders() == office.recorder[:1]
    office.desk.stop()
    assert office.desk.orders() == []


def test_every_lineage_of_a_take_is_kept_under_its_own_number(office):
    office.start()
    office.desk.playing(PLAYING)
    names = [Path(order.data["path"]).name for order in office.engine]
    assert names == ["lineage-000.safetensors", "lineage-001.safetensors"]
    assert office.recorder[-1].data["line"]["playing"] == PLAYING


def test_what_happens_between_takes_is_written_nowhere(office):
    office.desk.log(event="nothing")
    office.desk.playing(PLAYING)
    assert not office.recorder
    assert not office.engine


def test_a_closed_take_does_not_end_the_one_that_began_since(office):
    office.start()
    first = office.desk.take
    office.desk.stop()
    office.start()
    second = office.desk.take
    office.desk.closed({"folder": str(first), **CLOSED})
    assert office.desk.take == second
    office.desk.closed({"folder": str(second), **CLOSED})
    assert office.desk.take is None
    assert office.desk.last == second


def test_a_refused_take_never_was(office):
    office.start()
    office.desk.refused()
    assert office.desk.take is None
    assert office.desk.last is None
