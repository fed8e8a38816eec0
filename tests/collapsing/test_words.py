"""The guest that has somebody write the wall, and the guest of a scene's own collapse."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from installation import scenes
from installation.collapse.knobs import Words
from installation.collapse.readings import OF_WORDS, WRITTEN
from installation.collapsing import author
from installation.collapsing.live import LIVE, LiveCollapse
from installation.collapsing.words import LEADS, WordsGuest, wants_words
from installation.machine.board import Board
from installation.machine.files import share
from installation.machine.wires import Wires
from installation.panels import all_knobs, all_readings
from installation.readings.register import Value
from installation.records import Message, Report


def scene(name):
    return scenes.load(share("scenes") / f"{name}.toml", all_knobs(), share("assets"), readings=all_readings())


@dataclass
class House:
    """As much of a house as these guests know."""

    scene: Any
    wires: Any = None
    duties: list[Any] = field(default_factory=list)
    dismissed: list[str] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    posted: list[Message] = field(default_factory=list)
    learn: Any = None
    vitals: dict[str, float] = field(default_factory=lambda: dict(author.AUTHOR_VITALS))

    def employ(self, duty, born, learn):
        assert not born()
        self.duties.append(duty)
        self.learn = learn
        return SimpleNamespace(ward=SimpleNamespace(vitals=SimpleNamespace(read=lambda: self.vitals)))

    def dismiss(self, name, now):  # noqa: ARG002 - at any time
        self.dismissed.append(name)

    def tell(self, name, order):
        self.told.append((name, order.name, order.data))

    def post(self, *messages, due=0.0):  # noqa: ARG002 - for now
        self.posted += messages
        return True


@pytest.fixture
def house():
    return House(scene("stammer"))


def received(guest, house):
    guest.open(house)
    guest.look(0.0)
    return guest


def test_only_a_scene_with_empty_columns_wants_words():
    wanting = [name for name in ("stammer", "hearth", "denoising", "machine-dementia") if wants_words(scene(name))]
    assert wanting == ["stammer"]


def test_an_author_is_employed_for_the_scene_once_and_dismissed_with_it(house):
    guest = received(WordsGuest(), house)
    guest.look(1.0)
    assert [duty.name for duty in house.duties] == [author.NAME]
    assert house.duties[0].arguments == (house.scene.seed,)
    house.scene = scene("hearth")
    guest.look(2.0)
    assert house.dismissed == [author.NAME]
    house.scene = scene("stammer")
    guest.look(3.0)
    assert len(house.duties) == 2


def test_what_the_author_writes_goes_to_the_stage(house):
    received(WordsGuest(), house)
    house.learn(Report("columns", {"columns": (("Generation 0", "Call me"),)}))
    house.learn(Report("log", {"text": "something else"}))
    assert house.told == [("stage", "columns", {"columns": (("Generation 0", "Call me"),)})]


def test_what_the_author_writes_becomes_the_prompt_where_that_is_wanted(house):
    guest = received(WordsGuest(), house)
    columns = (("Generation 0", "Call me"), ("Generation 1", "the whale | the " + "white " * 99))
    house.learn(Report("columns", {"columns": columns}))
    assert house.posted == []
    guest.news({LEADS: 1.0}, {})
    guest.news({"/loop/pace": 1.0}, {})
    house.learn(Report("columns", {"columns": columns}))
    (message,) = house.posted
    assert message.address == "/prompt"
    assert message.arguments == ("the whale the " + " ".join(["white"] * 21),)


def test_what_the_author_measures_is_a_reading_once_it_is_a_number(house):
    guest = received(WordsGuest(), house)
    assert guest.readings() == {}
    house.vitals |= {"generation": 3.0, "vocabulary": 944.0}
    assert guest.readings() == {WRITTEN: Value(3.0), OF_WORDS["vocabulary"]: Value(944.0)}
    assert set(guest.readings()) <= set(all_readings())


@dataclass
class Uplink:
    """A conductor that listens, and says quit after so many questions."""

    patience: int
    reports: list[Any] = field(default_factory=list)

    def order(self, _patience):
        self.patience -= 1
        return SimpleNamespace(name="quit") if self.patience < 0 else None


@pytest.mark.parametrize(("pace", "left"), [(Words().pace, False), (0.0, True)])
def test_words_stay_on_the_wall_for_their_time_unless_it_is_time_to_leave(tmp_path, pace, left):
    beats: list[int] = []
    board, conductor = Board.create(tmp_path / "board", {"/words/pace": pace}), Uplink(2)
    assert author.read_by_all(cast("Any", conductor), lambda: beats.append(1), board) is left
    assert len(beats) == (0 if left else 2)


def test_a_scene_that_wants_a_collapse_begins_it_and_the_next_scene_ends_it(tmp_path):
    house = House(scene("hearth"), Wires(tmp_path))
    guest = received(LiveCollapse(), house)
    guest.news({LIVE: 0.0}, {})
    guest.news({LIVE: 1.0}, {})
    guest.news({"/loop/pace": 1.0}, {})
    guest.news({LIVE: 0.0}, {})
    assert [message.address for message in house.posted] == ["/collapse/start", "/collapse/rebirth"]


def test_a_show_that_begins_with_such_a_scene_begins_its_collapse(tmp_path):
    house = House(scene("model-collapse"), Wires(tmp_path))
    received(LiveCollapse(), house)
    assert [message.address for message in house.posted] == ["/collapse/start"]
