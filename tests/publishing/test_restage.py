"""What cannot be rendered again is refused with a sentence; that all of it comes out the same, tests/system shows."""

import dataclasses

import pytest
import torch
from PIL import Image

from installation import images
from installation.loop.generation import turn
from installation.loop.glimpse import Glimpse
from installation.loop.lineage import Lineage, to_bytes
from installation.machine.files import share
from installation.machine.glimpses import is_glimpse
from installation.machine.settings import EngineSettings, Settings
from installation.publishing.kinship import Otherwise
from installation.publishing.restage import Performer, restage
from installation.publishing.retake import retake
from installation.publishing.score import score
from installation.recording.journal import Journal
from installation.recording.takes import LOG, TakeError, generations
from installation.restorers import ember
from installation.restorers.exact import Nobody
from tests.publishing.performance import Piece, performed
from tests.recording.rehearsal import SETTINGS, frames, noise, rehearse

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


def test_a_take_of_several_engines_is_refused_with_what_can_be_done(take):
    with pytest.raises(TakeError, match=r"shows 4 engines side by side.*Publish it as it was recorded\."):
        again(dataclasses.replace(take, manifest={**take.manifest, "engines": 4}))


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


@pytest.mark.parametrize(("changed", "verdict"), [(None, "every one identical"), ("a hat", "Generation 2 differs")])
def test_what_the_restorer_was_told_is_told_it_again(take, photograph, changed, verdict):
    """On its way from one prompt to another it was told a blend, which the log has in words."""
    model, lineage = ember.load(share("assets") / "ember"), Lineage.begin("hearth", 7, photograph)
    (take.folder / BEGINNING).write_bytes(to_bytes(lineage))
    log = Journal(take.folder / "again.jsonl")
    for prompt in ("a cat:0.25 | a flower:0.75", "a flower"):
        model.prompt(prompt)
        lineage.next()
        *_, last = turn(lineage, model, {"/burn/gaussian/temperature": 0.8}, lambda: 0.0)
        assert last.generation
        assert last.generation.prompt == prompt
        said = {"prompt": changed if changed and lineage.serial > 1 else prompt}
        log.write({"generation": dataclasses.asdict(last.generation) | said})
    log.close()
    (take.folder / "again.jsonl").replace(take.folder / LOG)
    told = {"threads": torch.get_num_threads(), "restorer": "ember", "digest": model.digest}
    assert verdict in again(dataclasses.replace(take, manifest=told)).sentence()


def moving(serial):
    """What cues, modulators and hands make of the knobs: they stand with every generation, whoever moved them."""
    media = ("gaussian", "heat", "brownian", "mean")
    return {
        "/burn/medium": media[serial % 4],
        "/burn/gaussian/temperature": 0.1 * serial,
        "/burn/mean/of": "seen",
        "/loop/zoom": 1.0 + 0.01 * serial,
        "/loop/origin-return": 0.1,
        "/loop/noise-floor": 0.02,
    }


def wounded(serial):
    return {"/lesion/share": 0.1 * (serial % 3), "/burn/gaussian/temperature": 0.4}


@pytest.mark.parametrize(
    "piece",
    [
        Piece(generations=8, knobs=moving),
        Piece(generations=3, restorer="ember", knobs=wounded),
        Piece(generations=3, restorer="demon", size=128, grid=2, knobs=lambda _: {"/burn/medium": "brownian"}),
    ],
    ids=["cues and modulators", "lesions", "a wall"],
)
def test_what_moves_the_loop_is_rendered_again_hash_for_hash(tmp_path, piece):
    assert again(performed(tmp_path / "take", piece)).sentence().startswith(f"{piece.generations} generations")


def test_what_was_seen_outside_is_seen_again(tmp_path):
    """The camera is gone; its pictures were kept."""
    name = "glimpse-0000000001.png"
    assert is_glimpse(name)
    (folder := tmp_path / "take").mkdir()
    Image.fromarray(noise(3)).save(folder / name)
    seen = Glimpse(name, images.to_tensor(images.load(folder / name, 64, 64)), 0.4)
    filmed = performed(folder, Piece(outside=lambda _: seen, knobs=lambda _: {"/camera/mix": 0.4}))
    assert {each.glimpse for each in generations(filmed)} == {name}
    assert again(filmed).identical
    kept, _ = retake(filmed, Otherwise(size=128), Settings(state=tmp_path, recording=SETTINGS), lambda _: None)
    assert kept
    assert (kept.folder / name).read_bytes() == (folder / name).read_bytes()
    assert again(kept).identical


def test_a_restorer_that_listens_is_told_the_scenes_words_where_that_of_the_take_did_not(tmp_path):
    silent = performed(tmp_path / "take", Piece(generations=1))
    told = {}
    for wanted in (Otherwise(restorer="ember"), Otherwise(steps=2)):
        performer = Performer(silent, EngineSettings(), wanted)
        performer.enter(next(score(silent)))
        told[wanted.restorer] = getattr(performer.restorer, "text", None)
    assert told == {"ember": "a cat", None: None}
