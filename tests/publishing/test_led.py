"""A take that was led by edges of the camera and by the likeness of a picture is rendered again, hash for hash."""

import dataclasses

import pytest
import torch
from PIL import Image

from installation import images
from installation.conditioning import Control, Likeness
from installation.loop.generation import turn
from installation.loop.glimpse import Glimpse
from installation.loop.lineage import Lineage, to_bytes
from installation.machine.settings import EngineSettings
from installation.publishing.restage import restage
from installation.recording.journal import Journal
from installation.recording.takes import LOG, TakeError, generations
from installation.restorers import guides, precision
from installation.restorers.diffusion import load
from tests.recording.rehearsal import frames, noise, rehearse
from tests.restorers import tiny_guides, tiny_pipeline

FIRE = {"/burn/gaussian/temperature": 0.6, "/restore/steps": 2.0, "/restore/control/strength": 1.5}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    tiny_pipeline.build(folder / "xl", "sdxl")
    tiny_guides.control_xl(folder / "canny")
    tiny_guides.likeness(folder / "ip", 64)
    return folder


@pytest.fixture
def dtype(request):
    """What the pipeline computes with: float32, where a test asks for nothing else."""
    return getattr(request, "param", torch.float32)


@pytest.fixture
def take(tmp_path, models, photograph, dtype):
    """Three generations, each led by another picture of the camera; then two that nobody holds any more."""
    recorded, model = rehearse(tmp_path / "take", frames(5)), load(models / "xl", dtype=dtype)
    lineage = Lineage.begin("little", 7, images.to_tensor(images.to_pixels(photograph)))
    log = Journal(recorded.folder / "again.jsonl")
    told: dict[str, object] = {}
    for number, control in enumerate((Control("canny", "edge", "camera"), None)):
        held = guides.load(control, models / "canny", model) if control else None
        ready = {"control": held, "likeness": guides.load(Likeness("ip", "present"), models / "ip", model)}
        guides.exchange(model, ready)
        (recorded.folder / f"lineage-{number:03d}.safetensors").write_bytes(to_bytes(lineage))
        playing = {"threads": torch.get_num_threads(), "restorer": "diffusion", "model": "xl", "digest": model.digest}
        playing |= {"scene": "little", "seed": 7, "serial": lineage.serial, **guides.told(model)}
        playing |= precision.told(model)
        if number:
            log.write({"playing": playing})
        told = told or playing
        for _ in range(3 - number):
            lineage.next()
            *_, last = turn(lineage, model, FIRE, lambda: 0.0, guide=seen(recorded.folder, lineage.serial))
            assert last.generation, last.refused
            log.write({"generation": dataclasses.asdict(last.generation)})
    log.close()
    (recorded.folder / "again.jsonl").replace(recorded.folder / LOG)
    return dataclasses.replace(recorded, manifest=told)


def seen(folder, serial):
    """What the camera shows at a generation, which the take keeps."""
    name = f"glimpse-{serial:010d}.png"
    Image.fromarray(noise(serial)).save(folder / name)
    return lambda _: Glimpse(name, images.to_tensor(noise(serial)), 1.0)


def again(take, models):
    return restage(take, EngineSettings(models=models), lambda _: None)


@pytest.mark.parametrize("dtype", [torch.bfloat16], indirect=True, ids=precision.named)
def test_it_is_rendered_with_the_numbers_it_was_made_with_whatever_this_machine_prefers(take, models):
    assert restage(take, EngineSettings(models=models, dtype="float32"), lambda _: None).identical


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], indirect=True, ids=precision.named)
def test_a_take_that_does_not_say_its_numbers_is_of_float32(take, models, dtype):
    del take.manifest["dtype"]
    log = take.folder / LOG
    log.write_text(log.read_text().replace('"dtype"', '"of old"'))
    assert again(take, models).identical == (dtype is torch.float32)


def test_it_is_rendered_again_hash_for_hash_and_needs_what_the_camera_showed(take, models):
    logged = [each.guide for each in generations(take)]
    assert logged == [f"glimpse-{serial:010d}.png" for serial in (1, 2, 3)] + ["", ""]
    assert again(take, models).sentence().startswith("5 generations")
    Image.fromarray(noise(9)).save(take.folder / logged[1])
    assert again(take, models).first_difference == 2


def test_led_by_another_network_of_the_same_name_it_is_refused(take, models):
    other = take.manifest["control"] | {"digest": "of another"}
    changed = dataclasses.replace(take, manifest={**take.manifest, "control": other})
    with pytest.raises(TakeError, match=r"was led by another control \(canny\) than is here"):
        again(changed, models)
