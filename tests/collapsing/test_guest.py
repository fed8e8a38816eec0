"""The collapse's guest: one process at a time, an engine that wears what comes of it, and nights that end in time."""

import json
import logging
import math
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from installation.collapse import CollapseError, folder
from installation.collapse.readings import GENERATION, OF_PICTURES
from installation.collapsing import process
from installation.collapsing.guest import CollapseGuest, following
from installation.control.commands import COMMANDS
from installation.machine.settings import Settings
from installation.readings.register import Value
from installation.records import Message, Order, Report

RUN = {"settings": {}, "beginning": {"seed": 1}}


@dataclass
class House:
    """As much of a house as a collapse knows; whoever is employed has a board that says what ``vitals`` says."""

    settings: Settings
    vitals: dict[str, float] = field(default_factory=lambda: dict(process.COLLAPSE_VITALS))
    paths: list[Path] = field(default_factory=list)
    told: list[tuple[str, Order]] = field(default_factory=list)
    dismissed: int = 0
    models: Path | None = None
    learn: Any = None

    def employ(self, duty, born, learn):
        assert not born()
        self.learn = learn
        path, self.models = duty.arguments
        self.paths.append(path)
        return SimpleNamespace(ward=SimpleNamespace(vitals=SimpleNamespace(read=lambda: self.vitals)))

    def dismiss(self, name, now):  # noqa: ARG002 - at any time
        assert name == process.NAME
        self.dismissed += 1

    def tell(self, name, order):
        self.told.append((name, order))


@pytest.fixture
def house(tmp_path):
    return House(Settings(state=tmp_path))


@pytest.fixture
def guest(house):
    guest = CollapseGuest()
    guest.open(house)
    return guest


def say(guest, address, *arguments, source="osc", now=0.0):
    return guest.hear(Message(address, arguments, source), now)


def keep(state, name, last):
    """A run with so many generations, as the job leaves it."""
    path = folder.home(state, name)
    folder.begin(path, RUN)
    for serial in range(last + 1):
        folder.place(path, serial)
        folder.keep(path, serial, {"recall": 0.5}, {})
    return path


def worn(house):
    """What the engine was last asked to wear."""
    name, order = house.told[-1]
    assert (name, order.name) == ("engine", "wear")
    return order.data["model"]


def test_every_command_of_the_collapse_is_declared():
    declared = {address for address in COMMANDS if address.startswith("/collapse/")}
    assert declared == {f"/collapse/{name}" for name in ("start", "pause", "stop", "wear", "rebirth")}


def test_other_commands_are_not_its_business(guest):
    assert not say(guest, "/scene/load", "cat")


def test_a_run_is_started_by_name_in_a_process_of_its_own(guest, house, tmp_path):
    assert say(guest, "/collapse/start", "fed")
    assert house.paths == [tmp_path / "collapse" / "fed"]


def test_a_second_one_is_refused_while_the_first_goes_on(guest):
    say(guest, "/collapse/start", "fed")
    with pytest.raises(CollapseError, match="fed is collapsing already; send /collapse/stop first"):
        say(guest, "/collapse/start", "starved")


def test_a_name_that_leaves_the_folder_is_refused(guest, house):
    with pytest.raises(CollapseError, match="no name for a run"):
        say(guest, "/collapse/start", "../../etc")
    assert not house.paths


def test_without_a_name_the_unnamed_run_goes_on_and_after_its_last_generation_the_next_begins(tmp_path):
    assert following(tmp_path) == "show-001"
    keep(tmp_path, "fed", 1)
    keep(tmp_path, "show-001", 1)
    assert following(tmp_path) == "show-001"
    keep(tmp_path, "show-009", process.LAST)
    assert following(tmp_path) == "show-010"


def test_a_pause_is_an_order_and_its_end_too(guest, house):
    say(guest, "/collapse/start", "fed")
    say(guest, "/collapse/pause")
    say(guest, "/collapse/pause", 0)
    assert house.told == [(process.NAME, Order("rest")), (process.NAME, Order("wake"))]


@pytest.mark.parametrize("address", ["/collapse/pause", "/collapse/stop"])
def test_where_nothing_collapses_nothing_is_paused_or_ended(guest, address):
    with pytest.raises(CollapseError, match="send /collapse/start first"):
        say(guest, address)


def test_after_a_stop_another_may_start(guest, house):
    say(guest, "/collapse/start", "fed")
    say(guest, "/collapse/stop")
    say(guest, "/collapse/start", "starved")
    assert (house.dismissed, len(house.paths)) == (1, 2)


def test_a_finished_generation_is_announced_and_the_engine_wears_it(guest, house, caplog):
    say(guest, "/collapse/start", "fed")
    with caplog.at_level(logging.INFO):
        house.learn(Report("generation", {"serial": 3, "path": "/there", "readings": {"recall": 0.25}}))
    assert worn(house) == "/there"
    assert "Collapse fed, generation 3: recall 0.25." in caplog.text


def test_a_job_that_has_ended_is_sent_home_and_says_why(guest, house, caplog):
    say(guest, "/collapse/start", "fed")
    with caplog.at_level(logging.INFO):
        house.learn(Report("ended", {"reason": "The disk is full."}))
    assert house.dismissed == 1
    assert "Collapse fed: The disk is full." in caplog.text
    say(guest, "/collapse/start", "fed")


@pytest.mark.parametrize(
    ("wanted", "serial"), [(("fed", 1), 1), (("fed", 0.0), 0), (("fed", "newest"), 2), (("fed",), 2)]
)
def test_any_generation_of_a_run_can_be_worn(guest, house, tmp_path, wanted, serial):
    path = keep(tmp_path, "fed", 2)
    say(guest, "/collapse/wear", *wanted)
    assert worn(house) == str(path / f"generation-{serial:03}")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (("fed", 7), "has no generation 7; it has come to 2"),
        (("lost", 1), "holds no collapse of pictures"),
        (("fed", "oldest"), "takes the name of a run and a generation"),
        (("fed", math.inf), "takes the name of a run and a generation"),
        ((), "takes the name of a run and a generation"),
    ],
)
def test_what_cannot_be_worn_is_refused_with_a_sentence(guest, house, tmp_path, wanted, sentence):
    keep(tmp_path, "fed", 2)
    with pytest.raises(CollapseError, match=sentence):
        say(guest, "/collapse/wear", *wanted)
    assert not house.told


def test_rebirth_ends_the_collapse_and_gives_the_engine_its_own_weights_back(guest, house):
    say(guest, "/collapse/start", "fed")
    say(guest, "/collapse/rebirth")
    assert house.dismissed == 1
    assert worn(house) is None


def test_a_button_that_is_let_go_ends_nothing(guest, house):
    say(guest, "/collapse/start", "fed")
    say(guest, "/collapse/stop", 0)
    say(guest, "/collapse/rebirth", 0)
    assert not house.dismissed
    assert not house.told


def test_a_night_begins_when_the_doors_are_closed_and_ends_when_they_open(guest, house):
    say(guest, "/programme/open", 0, source="programme")
    say(guest, "/collapse/start", source="programme")
    assert len(house.paths) == 1
    assert not say(guest, "/programme/open", 1, source="programme")  # the conductor opens them
    assert house.dismissed == 1


def test_a_night_that_should_begin_before_the_last_visitor_has_left_waits(guest, house):
    say(guest, "/collapse/start", source="programme")
    assert not house.paths
    say(guest, "/programme/open", 0)
    assert len(house.paths) == 1


def test_what_a_performer_began_goes_on_when_the_doors_open(guest, house):
    say(guest, "/collapse/start", "fed")
    say(guest, "/programme/open", 0)
    say(guest, "/programme/open", 1)
    assert not house.dismissed


def test_how_far_it_is_is_a_reading_as_far_as_it_is_known_and_stays_after_the_end(guest, house):
    assert guest.readings() == {}
    say(guest, "/collapse/start", "fed")
    house.vitals |= {"generation": 2.0, "recall": 0.5}
    expected = {GENERATION: Value(2.0), OF_PICTURES["recall"]: Value(0.5)}
    assert guest.readings() == expected
    say(guest, "/collapse/stop")
    assert guest.readings() == expected


def test_a_damaged_manifest_is_refused(guest, tmp_path):
    path = keep(tmp_path, "fed", 0)
    (path / folder.MANIFEST).write_text(json.dumps([]))
    with pytest.raises(CollapseError):
        say(guest, "/collapse/wear", "fed")
