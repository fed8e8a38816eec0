"""The camera's guest: a process only where there is a source, a size that follows the scene, and one command."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from installation.camera.eye import CameraError
from installation.camera.guest import CameraGuest
from installation.machine.ring import Ring
from installation.machine.settings import Settings
from installation.machine.wires import Wires
from installation.records import Message, Order


@dataclass
class Scene:
    size: int | None = None


@dataclass
class House:
    """As much of a house as a camera knows."""

    wires: Wires
    settings: Settings
    scene: Scene = field(default_factory=Scene)
    duties: list[Any] = field(default_factory=list)
    told: list[tuple[str, Order]] = field(default_factory=list)

    def employ(self, duty, born, learn):  # noqa: ARG002 - the camera reports nothing
        self.duties.append((duty, born()))

    def tell(self, process, order):
        self.told.append((process, order))


@pytest.fixture
def house(tmp_path):
    return House(Wires(tmp_path), Settings.model_validate({"camera": {"source": 3}, "engine": {"size": 128}}))


@pytest.fixture
def guest(house):
    guest = CameraGuest()
    guest.open(house)
    return guest


def test_without_a_source_nobody_is_employed_and_the_command_says_what_is_missing(tmp_path):
    house: Any = House(Wires(tmp_path), Settings())
    guest = CameraGuest()
    guest.open(house)
    assert not house.duties
    with pytest.raises(CameraError, match=r"\[camera\] source = 0"):
        guest.hear(Message("/camera/origin"), 0.0)


@pytest.mark.usefixtures("guest")
def test_with_a_source_its_ring_is_laid_and_its_process_knows_the_size(house):
    ((duty, orders),) = house.duties
    assert (duty.name, duty.arguments) == ("camera", (house.settings.camera,))
    assert orders == [Order("size", {"side": 128})]
    assert Ring(house.wires.camera).latest() is None


def test_a_scene_of_another_size_is_told_once(house, guest):
    house.scene.size = 256
    guest.look(0.0)
    guest.look(0.01)
    assert house.told == [("camera", Order("size", {"side": 256}))]


def test_the_origin_is_a_command_to_the_engine(house, guest):
    assert guest.hear(Message("/camera/origin", (1.0,)), 0.0)
    assert house.told == [("engine", Order("camera"))]


def test_a_button_that_is_let_go_does_nothing(house, guest):
    assert guest.hear(Message("/camera/origin", (0.0,)), 0.0)
    assert not house.told


def test_other_commands_are_not_its_business(guest):
    assert not guest.hear(Message("/panic/black"), 0.0)


@pytest.mark.parametrize("source", [True, "", -1, 1.5])
def test_what_is_no_source_is_refused(source):
    with pytest.raises(ValueError, match="source"):
        Settings.model_validate({"camera": {"source": source}})
