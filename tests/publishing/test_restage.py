"""What cannot be rendered again is refused with a sentence; that all of it comes out the same, tests/system shows."""

import dataclasses

import pytest
import torch

from installation import images
from installation.loop.generation import turn
from installation.loop.lineage import Lineage, to_bytes
from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording.journal import Journal
from installation.recording.takes import LOG, TakeError
from installation.restorers.exact import Nobody
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


def test_a_picture_that_was_encrypted_and_given_back_is_rendered_again(take, photograph):
    """What is looked at, noise or picture, is the same both times: no other record is needed than the key's tick."""
    lineage, restorer = Lineage.begin("prometheus", 7, images.to_tensor(images.to_pixels(photograph))), Nobody()
    (take.folder / BEGINNING).write_bytes(to_bytes(lineage))
    cold = {"/burn/gaussian/temperature": 0.0, "/loop/colour": 0.0, "/loop/noise-floor": 0.0}
    log = Journal(take.folder / "again.jsonl")
    for locked in (None, True, None, False):
        if locked is not None:
            lineage.turn_key(9, locked=locked)
        lineage.next()
        *_, last = turn(lineage, restorer, cold, lambda: 0.0)
        assert last.generation
        log.write({"generation": dataclasses.asdict(last.generation)})
    log.close()
    (take.folder / "again.jsonl").replace(take.folder / LOG)
    told = {"threads": torch.get_num_threads(), "restorer": "none", "digest": Nobody.digest}
    assert again(dataclasses.replace(take, manifest=told)).sentence().startswith("4 generations")
