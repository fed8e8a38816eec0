"""What cannot be rendered again is refused with a sentence; that all of it comes out the same, tests/system shows."""

import pytest
import torch

from installation.loop.lineage import Lineage, to_bytes
from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording.takes import TakeError
from tests.recording.rehearsal import frames, rehearse

BEGINNING = "lineage-000.safetensors"


def again(take):
    return restage(take, EngineSettings(), lambda _: None)


@pytest.fixture
def take(tmp_path):
    recorded = rehearse(tmp_path / "take", frames(5))
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    (recorded.folder / BEGINNING).write_bytes(to_bytes(Lineage.begin("machine-dementia", 7, picture)))
    return recorded


def test_a_take_without_its_beginning_is_refused_with_the_file(take):
    (take.folder / BEGINNING).unlink()
    with pytest.raises(TakeError, match=f"{BEGINNING} cannot be read"):
        again(take)


def test_a_take_with_a_damaged_beginning_is_refused_with_the_file(take):
    path = take.folder / BEGINNING
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TakeError, match=f"{BEGINNING} is damaged"):
        again(take)


def test_a_take_that_does_not_say_how_it_was_computed_is_refused(take):
    with pytest.raises(TakeError, match="does not say its threads"):
        again(take)
