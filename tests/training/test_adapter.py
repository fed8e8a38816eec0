"""Adapters: a pipeline learns beside its own weights, which are there again, bit for bit, when it takes them off."""

import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.randomness import generator
from installation.restorers import ModelError, Restoring, diffusion, lora
from installation.restorers.lesions import Lesion, wound
from installation.training.adapter import Adapter
from tests.restorers import tiny_pipeline
from tests.restorers.test_ember import picture

STEPS = 12


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_pipeline.build(tmp_path_factory.mktemp("models") / "tiny-sd")


def loaded(folder) -> diffusion.Diffusion:
    model = diffusion.load(folder)
    assert isinstance(model, diffusion.Diffusion)
    return model


@pytest.fixture
def model(base):
    return loaded(base)


@pytest.fixture(scope="module")
def learnt(base, tmp_path_factory):
    """The folder of an adapter that has learnt one picture."""
    folder, model = tmp_path_factory.mktemp("learnt"), loaded(base)
    with Adapter(model, generator(1, 0), rate=1e-2) as adapter:
        for step in range(STEPS):
            adapter.learn(picture(), generator(1, step))
        adapter.save(folder, base)
    return folder


def weights(model):
    return {name: weight.clone() for name, weight in model.pipe.unet.named_parameters()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def restored(model):
    burnt = Gaussian(0.6)(picture(), generator(3, 1))
    *_, last = model.restore(burnt, Restoring(steps=1), generator(3, 2))
    return last.denoised


def test_a_fresh_adapter_changes_nothing(model):
    before = restored(model)
    with Adapter(model, generator(1, 0)):
        assert torch.equal(restored(model), before)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_learning_lowers_the_loss_at_what_is_learnt(tmp_path, prediction):
    model = loaded(tiny_pipeline.build(tmp_path / "model", prediction=prediction))
    with Adapter(model, generator(1, 0), rate=1e-2) as adapter:
        before = adapter.loss(picture(), generator(9, 9)).item()
        for step in range(STEPS):
            adapter.learn(picture(), generator(1, step % 2))
        assert adapter.loss(picture(), generator(9, 9)).item() < before


def test_the_models_own_weights_stay_as_they_are_bit_for_bit(model):
    before, painted = weights(model), restored(model)
    with Adapter(model, generator(1, 0), rate=1e-2) as adapter:
        adapter.learn(picture(), generator(1, 1))
        assert not torch.equal(restored(model), painted)
    assert same(weights(model), before)
    assert torch.equal(restored(model), painted)


def test_the_same_seed_learns_the_same(model):
    def once():
        with Adapter(model, generator(4, 0)) as adapter:
            adapter.learn(picture(), generator(4, 1))
            return weights(model)

    assert same(once(), once())


def test_a_saved_adapter_plays_like_a_models_folder_and_is_taken_off_without_a_trace(base, learnt):
    plain, adapted = diffusion.load(base), diffusion.load(learnt)
    assert adapted.digest != plain.digest
    assert not torch.equal(restored(adapted), restored(plain))
    assert torch.equal(restored(adapted), restored(diffusion.load(learnt)))
    lora.take_off(adapted.pipe.unet)
    assert same(weights(adapted), weights(plain))
    lora.put_on(adapted.pipe.unet, learnt)
    assert torch.equal(restored(adapted), restored(diffusion.load(learnt)))


def test_a_lesion_below_an_adapter_heals_bit_for_bit(learnt):
    model = diffusion.load(learnt)
    before, painted = weights(model), restored(model)
    wound(model, Lesion(0.8))
    assert not torch.equal(restored(model), painted)
    wound(model, Lesion())
    assert same(weights(model), before)


def test_an_adapter_of_another_model_is_refused_and_nothing_is_worn(model, learnt, tmp_path):
    before = weights(model)
    (tmp_path / lora.WEIGHTS).write_bytes((learnt / lora.WEIGHTS).read_bytes()[:-1])
    with pytest.raises(ModelError, match="does not fit"):
        lora.put_on(model.pipe.unet, tmp_path)
    assert same(weights(model), before)


def test_a_folder_that_does_not_say_its_base_is_refused(tmp_path):
    (tmp_path / lora.BASE).write_text("[]")
    with pytest.raises(ModelError, match="does not say its base"):
        diffusion.load(tmp_path)


def test_transformers_are_not_adapted(tmp_path, learnt):
    flux = tiny_pipeline.build(tmp_path / "flux", "flux")
    with pytest.raises(ModelError, match="Use Stable Diffusion"):
        Adapter(diffusion.load(flux), generator(1, 0))  # type: ignore[arg-type] # which is what is refused
    (tmp_path / lora.BASE).write_text(f'{{"base": "{flux}"}}')
    (tmp_path / lora.WEIGHTS).write_bytes((learnt / lora.WEIGHTS).read_bytes())
    with pytest.raises(ModelError, match="adapters are for Stable Diffusion"):
        diffusion.load(tmp_path)
