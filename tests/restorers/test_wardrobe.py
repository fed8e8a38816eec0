"""The wardrobe: weights of another generation, put on and taken off while the show goes on."""

import pytest

from installation.machine.settings import EngineSettings
from installation.restorers import ModelError
from installation.restorers.ember import Ember
from installation.restorers.shelf import Shelf
from installation.restorers.wardrobe import NAME, Wardrobe
from installation.training.proof import export
from tests.restorers.test_ember import falling_bands, tiny_network
from tests.restorers.tiny_conditions import knowing


@pytest.fixture
def generations(tmp_path):
    """Two models as a collapse keeps them."""
    folders = [tmp_path / f"generation-{serial:03}" for serial in range(2)]
    for serial, folder in enumerate(folders):
        export(Ember(tiny_network(serial), falling_bands(), "", knowing()), folder)
    return list(map(str, folders))


@pytest.fixture(scope="module")
def shelf():
    return Shelf(EngineSettings(), "cpu")


@pytest.fixture
def wardrobe(shelf, tmp_path):
    return Wardrobe(shelf, tmp_path)


def test_what_is_worn_plays_until_it_is_taken_off(wardrobe, shelf, generations):
    own = wardrobe.take("ember", None)
    wardrobe.wear(generations[1])
    worn = wardrobe.take("ember", None)
    assert worn is wardrobe.take("ember", None)
    assert wardrobe.model("ember", None) == generations[1]
    assert worn.digest != own.digest
    wardrobe.wear(None)
    assert wardrobe.take("ember", None) is own is shelf.take("ember", None)
    assert wardrobe.model("ember", None) is None


def test_a_scene_that_names_its_own_model_has_its_will(wardrobe, generations):
    wardrobe.wear(generations[1])
    assert wardrobe.model("ember", generations[0]) == generations[0]
    assert wardrobe.take("archive", None).name == "archive"


def test_damaged_weights_are_refused_and_what_was_worn_stays_on(wardrobe, generations, tmp_path):
    wardrobe.wear(generations[0])
    before = wardrobe.take("ember", None)
    damaged = tmp_path / "generation-001" / "diffusion_pytorch_model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        wardrobe.wear(generations[1])
    assert wardrobe.take("ember", None) is before


def test_a_reborn_engine_wears_what_the_last_one_wore(wardrobe, shelf, generations, tmp_path):
    wardrobe.wear(generations[1])
    reborn = Wardrobe(shelf, tmp_path)
    assert reborn.model("ember", None) == generations[1]
    assert reborn.take("ember", None).digest == wardrobe.take("ember", None).digest


def test_where_the_worn_weights_are_gone_a_reborn_engine_plays_with_its_own_and_says_so(shelf, tmp_path, caplog):
    (tmp_path / NAME).write_text('"/nowhere/generation-003"')
    reborn = Wardrobe(shelf, tmp_path)
    assert reborn.take("ember", None) is shelf.take("ember", None)
    assert "The weights that it came with play instead." in caplog.text
    assert reborn.model("ember", None) is None
    assert Wardrobe(shelf, tmp_path).model("ember", None) is None


def test_a_memory_that_was_hurt_is_no_memory(shelf, tmp_path):
    (tmp_path / NAME).write_text('{"half')
    assert Wardrobe(shelf, tmp_path).model("ember", None) is None


def test_a_memory_that_cannot_be_written_is_said_and_the_show_goes_on(shelf, generations, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    wardrobe = Wardrobe(shelf, tmp_path / "file")
    wardrobe.wear(generations[0])
    assert wardrobe.model("ember", None) == generations[0]
    assert "After a restart of the engine it will wear its own weights." in caplog.text
