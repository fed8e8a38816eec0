"""Out of memory: in parts, then at half the size, then a sentence; each said once, with the same random numbers."""

import logging

import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.randomness import generator, white
from installation.records import Step
from installation.restorers import ModelError, Restoring, diffusion
from installation.restorers.thrift import HALF, IN_PARTS, WHOLE, Thrift
from tests.restorers import tiny_pipeline
from tests.support import wiener

KNOBS = Restoring()


class Card:
    """A stand-in for a model on a card that has room for so many pixels, and runs out at its second step."""

    def __init__(self, room):
        self.room, self.sliced, self.seen = room, False, []

    def enable_slicing(self):
        self.sliced = True

    def restore(self, burnt, _, rng):
        x = burnt.source + burnt.sigma * white(rng, burnt.source)
        self.seen.append(x)
        yield Step(0, burnt.sigma, burnt.image, burnt.image)
        if burnt.image[0, 0].numel() > self.room * (2 if self.sliced else 1):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        yield Step(1, 0.5, burnt.image, wiener(x, burnt.sigma), latents=x)


def thrifty(card, factor=8):
    return Thrift((card, object()), factor, lambda: None)


def burnt(side=64):
    picture = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2.0 - 1.0
    return Gaussian(0.5)(picture, generator(5, 1))


def restored(thrift, card, side=64):
    *_, last = thrift.restore(card.restore, burnt(side), KNOBS, generator(5, 2))
    return last


def test_where_there_is_room_nothing_changes(caplog):
    card = Card(64 * 64)
    thrift = thrifty(card)
    *_, alone = card.restore(burnt(), KNOBS, generator(5, 2))
    assert torch.equal(restored(thrift, card).denoised, alone.denoised)
    assert (thrift.level, card.sliced, caplog.messages) == (WHOLE, False, [])


def test_first_the_autoencoder_takes_pictures_in_parts_and_the_numbers_are_the_same(caplog):
    card = Card(64 * 32)
    thrift = thrifty(card)
    with caplog.at_level(logging.WARNING):
        restored(thrift, card)
        restored(thrift, card)
    assert (thrift.level, card.sliced) == (IN_PARTS, True)
    assert torch.equal(card.seen[0], card.seen[1])
    assert caplog.messages == ["The memory ran out, so the autoencoder takes pictures in parts from now on."]


def test_then_pictures_are_restored_at_half_their_size_and_shown_whole(caplog):
    card = Card(32 * 32)
    thrift = thrifty(card)
    with caplog.at_level(logging.WARNING):
        last = restored(thrift, card)
    assert thrift.level == HALF
    assert [tuple(x.shape[-2:]) for x in card.seen] == [(64, 64), (64, 64), (32, 32)]
    assert last.denoised.shape == last.x.shape == (1, 3, 64, 64)
    assert last.latents is None
    assert len(caplog.messages) == 2
    restored(thrift, card)
    assert len(card.seen) == 4


def test_then_it_is_said_what_to_do():
    card = Card(10)
    with pytest.raises(ModelError, match=r"does not last for 64 x 64.*choose a smaller model, or a smaller size"):
        restored(thrifty(card), card)


def test_a_size_that_has_no_half_is_refused_before():
    card = Card(10)
    with pytest.raises(ModelError, match="does not last for 40 x 40"):
        restored(thrifty(card), card, 40)
    assert len(card.seen) == 2


def test_what_was_recorded_is_given_back_first():
    given = []
    thrift = Thrift((), 8, lambda: given.append("back"))
    card = Card(64 * 32)
    with pytest.raises(ModelError):
        restored(thrift, Card(10))
    assert given == ["back"] * 3
    assert card.seen == []


@pytest.mark.parametrize("family", ["sd", "flux"])
def test_a_pipeline_that_runs_out_of_memory_goes_on_at_half_the_size(tmp_path, family, caplog):
    model = diffusion.load(tiny_pipeline.build(tmp_path, family))
    network = model.pipe.unet if family == "sd" else model.pipe.transformer

    def starve(_, arguments, named):
        latents = arguments[0] if arguments else named["hidden_states"]
        if latents[0].numel() >= 4 * 8 * 8:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    network.register_forward_pre_hook(starve, with_kwargs=True)
    *_, last = model.restore(burnt(64), Restoring(1), generator(5, 2))
    assert last.denoised.shape == (1, 3, 64, 64)
    assert last.denoised.isfinite().all()
    assert "at half their size" in caplog.text
