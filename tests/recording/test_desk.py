from pathlib import Path

import pytest

from installation.errors import Refusal
from installation.machine.files import share
from installation.panels import all_knobs
from installation.recording.desk import RING, Desk
from installation.records import Order
from installation.scenes import load

PLAYING = {"seed": 7, "restorer": "archive", "digest": "d", "size": 64, "serial": 0}
CLOSED = {"frames": 3, "dropped": 0, "reason": "Stopped on request."}


class Office:
    """A desk, and everything that recorder and engine were told."""

    def __init__(self, state: Path, ring: float | None = None) -> None:
        self.recorder: list[Order] = []
        self.engine: list[Order] = []
        self.desk = Desk(state, self.recorder.append, self.engine.append, ring)

    def start(self):
        self.desk.start(load(share("scenes") / "hearth.toml", all_knobs(), share("assets")), PLAYING)

    def turn(self, now, *, is_open=True):
        """Look at the ring and the doors, and return the orders that came of it."""
        before = len(self.recorder)
        scene = load(share("scenes") / "hearth.toml", all_knobs(), share("assets"))
        self.desk.look(now, scene, PLAYING, is_open=is_open)
        return self.recorder[before:]


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


@pytest.fixture
def ring(tmp_path):
    return Office(tmp_path, ring=600.0)


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
    office.desk.refused({"folder": str(office.desk.take)})
    assert office.desk.take is None
    assert office.desk.last is None


def test_the_ring_being_refused_is_nothing_to_the_take_that_began_since(ring):
    (begun,) = ring.turn(0.0)
    ring.start()
    asked = ring.desk.take
    ring.desk.refused(begun.data)
    assert ring.desk.take == asked


def test_without_a_ring_nothing_is_recorded_unasked(office):
    assert office.turn(0.0) == []
    with pytest.raises(Refusal, match="ring ="):
        office.desk.keep()


def test_the_ring_turns_after_its_time_and_not_before(ring, tmp_path):
    (begun,) = ring.turn(0.0)
    assert begun.name == "start"
    assert Path(begun.data["folder"]).parent == tmp_path / RING
    assert ring.turn(599.0) == []
    assert [order.name for order in ring.turn(600.0)] == ["stop", "start"]


def test_two_takes_of_the_ring_are_left_the_one_before_and_the_one_that_runs(ring, tmp_path):
    for name in ("2020-a", "2021-b", "2022-c"):
        (tmp_path / RING / name).mkdir(parents=True)
    (begun,) = ring.turn(0.0)
    assert [Path(each).name for each in begun.data["discard"]] == ["2020-a", "2021-b"]


def test_the_ring_is_no_take_that_anybody_asked_for(ring):
    ring.turn(0.0)
    assert ring.desk.take is None
    with pytest.raises(Refusal, match="/record/start"):
        ring.desk.stop()


def test_what_happens_while_the_ring_turns_is_logged_and_survives_a_rebirth(ring):
    (begun,) = ring.turn(0.0)
    ring.desk.log(event="something")
    assert ring.recorder[-1].name == "log"
    assert ring.desk.orders() == [begun]


def test_a_take_that_is_asked_for_stops_the_ring_which_turns_again_after_it(ring):
    ring.turn(0.0)
    ring.start()
    assert [order.name for order in ring.recorder[-2:]] == ["stop", "start"]
    assert ring.turn(1000.0) == []
    ring.desk.stop()
    assert [order.name for order in ring.turn(1001.0)] == ["start"]


def test_keeping_closes_the_ring_moves_it_and_lets_it_turn_again_at_once(ring, tmp_path):
    ring.turn(0.0)
    ring.desk.keep()
    stop, keep = ring.recorder[-2:]
    assert (stop.name, keep.name) == ("stop", "keep")
    assert keep.data == {"ring": str(tmp_path / RING), "takes": str(tmp_path / "takes")}
    assert [order.name for order in ring.turn(1.0)] == ["start"]


def test_all_that_begins_within_a_second_has_a_name_of_its_own_before_any_of_it_is_on_the_disk(ring):
    for now in (0.0, 1.0, 2.0):
        ring.turn(now)
        ring.desk.keep()
    ring.start()
    begun = [Path(order.data["folder"]).name for order in ring.recorder if order.name == "start"]
    assert len(set(begun)) == len(begun) == 4


def test_the_ring_knows_what_it_writes_when_an_earlier_one_is_closed_late(ring):
    (first,) = ring.turn(0.0)
    ring.desk.keep()
    (second,) = ring.turn(1.0)
    ring.desk.closed({**first.data, **CLOSED})
    assert ring.desk.orders() == [second]


def test_a_disk_that_refuses_the_ring_is_asked_again_a_turn_later(ring):
    (begun,) = ring.turn(0.0)
    ring.desk.refused(begun.data)
    assert ring.turn(1.0) == []
    assert [order.name for order in ring.turn(600.0)] == ["start"]


def test_a_day_is_a_take_the_closing_ends_it_and_the_opening_begins_the_next(office):
    office.start()
    first = office.desk.take
    (ended,) = office.turn(0.0, is_open=False)
    assert (ended.name, ended.data["reason"]) == ("stop", "The doors closed.")
    assert office.desk.take is None
    assert office.turn(1.0, is_open=False) == []
    assert [order.name for order in office.turn(2.0)] == ["start"]
    assert office.desk.take != first
    assert office.turn(3.0) == []


def test_where_nothing_was_recorded_nothing_begins_with_the_next_opening(office):
    office.turn(0.0, is_open=False)
    assert office.turn(1.0) == []


def test_a_stop_behind_closed_doors_is_heard_in_the_morning(office):
    office.start()
    office.turn(0.0, is_open=False)
    office.desk.stop()
    assert office.turn(1.0) == []
    with pytest.raises(Refusal, match="/record/start"):
        office.desk.stop()


def test_a_take_that_is_begun_behind_closed_doors_goes_on(office):
    office.turn(0.0, is_open=False)
    office.start()
    assert office.turn(1.0, is_open=False) == []
    assert office.turn(2.0) == []
    assert office.desk.take is not None


def test_behind_closed_doors_the_ring_holds_the_evening(ring):
    ring.turn(0.0)
    assert ring.turn(10_000.0, is_open=False) == []
    assert [order.name for order in ring.turn(20_000.0)] == ["stop", "start"]


def test_a_take_is_told_where_the_stage_stands_when_it_begins_and_whenever_that_changes(office):
    office.desk.moved({"/stage/brightness": 0.5, "/stage/black": 0.0, "/loop/pace": 1.0}, 1.0)
    office.start()
    office.desk.moved({}, 2.0)
    office.desk.moved({"/stage/brightness": 0.7, "/loop/zoom": 1.0}, 3.0)
    assert [order.data["line"]["stage"] for order in office.recorder[1:]] == [
        {"/stage/brightness": 0.5, "/stage/black": 0.0},
        {"/stage/brightness": 0.7},
    ]


def test_a_fade_of_the_stage_fills_no_log(office):
    office.start()
    for tick in range(101):
        office.desk.moved({"/stage/brightness": tick / 100}, 10.0 + tick / 100)
    told = [order.data["line"]["stage"]["/stage/brightness"] for order in office.recorder[1:]]
    assert told[0] == 0.0
    assert len(told) <= 26


def test_the_last_word_of_a_fade_is_told_when_its_time_has_come(office):
    office.start()
    office.desk.moved({"/stage/brightness": 0.2}, 10.0)
    office.desk.moved({"/stage/brightness": 0.3}, 10.01)
    office.desk.moved({}, 10.05)
    assert office.recorder[-1].data["line"]["stage"] == {"/stage/brightness": 0.3}


def lines(office):
    """What the recorder was told to log."""
    return [order.data["line"] for order in office.recorder if order.name == "log"]


def test_what_is_written_over_the_picture_is_logged_and_that_it_is_wiped_away(office):
    office.start()
    columns = {"columns": [["0", "call me"]]}
    for order in (Order("columns", columns), Order("overlays", {"signs": ()}), Order("overlays", {"signs": ()})):
        office.desk.ordered(order)
    assert [line["written"] for line in lines(office)] == [{"columns": columns}, {}]


def test_a_caption_is_logged_as_the_message_that_it_was(office):
    office.start()
    office.desk.ordered(Order("caption", {"text": "who was it"}))
    assert lines(office) == []


def test_a_take_that_begins_later_is_told_what_stands_there(office):
    office.desk.ordered(Order("caption", {"text": "who was it"}))
    office.desk.ordered(Order("columns", {"columns": [["0", "call me"]]}))
    office.start()
    (line,) = lines(office)
    assert set(line["written"]) == {"caption", "columns"}


def test_shipped_pictures_are_named_by_their_place_on_any_machine(office):
    office.start()
    pictures = [(str(share("assets") / "archive" / "owl.webp"), "owl 40%"), ("/elsewhere/own.png", "own 10%")]
    office.desk.ordered(Order("sources", {"pictures": pictures}))
    (line,) = lines(office)
    assert [path for path, _ in line["written"]["sources"]["pictures"]] == ["archive/owl.webp", "/elsewhere/own.png"]
