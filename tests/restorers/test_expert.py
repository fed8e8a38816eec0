"""Ember's expert for words: who is asked when, what it is told, and that it travels with its ember."""

import contextlib

import pytest
import torch

from installation.burns.gaussian import Gaussian
from installation.randomness import generator
from installation.restorers import ModelError, networks, wavelet
from installation.restorers.conditions import remember, tables
from installation.restorers.ember import Ember, load, loudness
from installation.restorers.lesions import Lesion, wound
from installation.restorers.networks import COARSE, LOUD, Painter, ask, hears
from installation.training.objective import build_network
from installation.training.proof import export
from tests.restorers.test_ember import falling_bands, picture, restored, tiny_network
from tests.restorers.tiny_conditions import knowing


def layouter():
    """An expert that has learnt nothing, and so says something of everything."""
    torch.manual_seed(3)
    network = build_network((32, 32), expert=True).eval()
    torch.nn.init.normal_(network.conv_out.weight, std=0.02)
    return network


def ember(*, expert=True):
    lays_out = Painter(layouter(), knowing(("cat", "dog"))) if expert else None
    return Ember(tiny_network(), falling_bands(), "", knowing(), expert=lays_out)


@pytest.fixture(scope="module")
def two():
    return ember()


@pytest.fixture(scope="module")
def one():
    return ember(expert=False)


@pytest.fixture
def folder(tmp_path):
    export(ember(), tmp_path / "ember")
    return tmp_path / "ember"


def bands(seed=0, places=8):
    return torch.randn(2, wavelet.CHANNELS, places, places, generator=torch.Generator().manual_seed(seed))


@contextlib.contextmanager
def saying(model, text="cat"):
    model.prompt(text)
    yield model
    model.prompt("")


def said(network, heard):
    level, width = loudness(torch.tensor([4.0, 9.0])), 4 * network.config.block_out_channels[0]
    with torch.inference_mode():
        return ask(network, heard, level, torch.zeros(2, width))


def test_an_expert_says_something_of_coarse_bands_and_nothing_of_fine_ones():
    answer = said(layouter(), bands())
    assert answer.shape == bands().shape
    assert hears(layouter()) == COARSE
    assert answer[:, :COARSE].abs().amin(dim=(0, 2, 3)).gt(0.0).all()
    assert not answer[:, COARSE:].any()


def test_an_expert_is_told_nothing_of_fine_bands():
    heard, other = bands(), bands(1)
    other[:, :COARSE] = heard[:, :COARSE]
    assert torch.equal(said(layouter(), heard), said(layouter(), other))


def test_a_whole_network_is_asked_as_it_is():
    network, level = tiny_network(), loudness(torch.tensor([4.0, 9.0]))
    with torch.inference_mode():
        (plain,) = network(bands(), level, class_labels=torch.zeros(2, 128), return_dict=False)
    torch.testing.assert_close(said(network, bands()), plain, atol=1e-5, rtol=0.0)
    assert hears(network) == wavelet.CHANNELS


def test_the_expert_guesses_behind_loud_noise_and_nowhere_else(one, two):
    noisy = picture() + 2.0 * torch.randn(1, 3, 64, 64)
    with saying(one), saying(two):
        assert torch.equal(one.denoise(noisy, 0.99 * LOUD), two.denoise(noisy, 0.99 * LOUD))
        assert not torch.equal(one.denoise(noisy, LOUD), two.denoise(noisy, LOUD))


@pytest.mark.parametrize("text", ["", "unheard-of"])
def test_where_nothing_is_said_that_it_knows_the_expert_is_not_asked(one, two, text):
    with saying(two, text):
        assert torch.equal(one.denoise(picture(), 5.0), two.denoise(picture(), 5.0))


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_fine_bands_of_loud_noise_are_guessed_by_the_linear_filter(two, size):
    noisy = picture(0, *size) + 5.0 * torch.randn(1, 3, *size)
    with saying(two):
        heard, guess = wavelet.analyse(noisy), wavelet.analyse(two.denoise(noisy, 5.0))
    linear = two.bands.filter(torch.full((1, 1, 1, 1), 5.0)).denoise(torch.zeros_like, heard)
    torch.testing.assert_close(guess[:, COARSE:], linear[:, COARSE:], atol=1e-4, rtol=0.0)


@pytest.mark.parametrize("sigma", [0.5, 5.0])
def test_words_are_heard_by_both(two, sigma):
    seen = []
    for text in ("cat", "hat:0.5 | cat:0.5"):
        with saying(two, text):
            seen.append(two.denoise(picture(), sigma))
    assert not torch.equal(*seen)


def test_guidance_goes_on_in_the_direction_of_the_words(two):
    noisy = picture() + 5.0 * torch.randn(1, 3, 64, 64)
    with saying(two):
        once, twice, thrice = (two.denoise(noisy, 5.0, guidance=strength) for strength in (1.0, 2.0, 3.0))
    torch.testing.assert_close(thrice - once, 2.0 * (twice - once), atol=1e-4, rtol=0.0)
    assert not torch.equal(twice, once)


def test_guidance_changes_nothing_where_nothing_is_said(two):
    noisy = picture()
    assert torch.equal(two.denoise(noisy, 5.0), two.denoise(noisy, 5.0, guidance=4.0))


def test_the_knob_guides(two):
    burnt = Gaussian(0.9)(picture(), generator(0, 0))
    with saying(two):
        plain, guided = (restored(two, burnt, guidance=strength)[-1].denoised for strength in (1.0, 3.0))
    assert not torch.equal(plain, guided)


def test_a_lesion_damages_both_and_both_heal(two):
    seen = []
    with saying(two):
        for lesion in (Lesion(), Lesion(share=0.9), Lesion()):
            wound(two, lesion)
            seen.append([two.denoise(picture(), sigma) for sigma in (0.5, 5.0)])
    healthy, damaged, healed = seen
    assert not any(map(torch.equal, healthy, damaged))
    assert all(map(torch.equal, healthy, healed))


def test_a_folder_gives_back_ember_and_expert(folder, two):
    back, noisy = load(folder), picture()
    assert back.expert
    assert back.expert.conditions.words == ("cat", "dog")
    with saying(back), saying(two):
        torch.testing.assert_close(back.denoise(noisy, 5.0), two.denoise(noisy, 5.0), atol=0.05, rtol=0.05)  # bfloat16


def test_alone_an_ember_restores_without_its_expert(folder):
    assert load(folder, alone=True).expert is None


def test_another_expert_is_another_model(folder, tmp_path):
    export(ember(expert=False), tmp_path / "other")
    assert load(folder).digest != load(tmp_path / "other").digest


def lose(file):
    file.unlink()


def spoil(file):
    file.write_bytes(file.read_bytes()[:-1] + b"!")


@pytest.mark.parametrize("harm", [lose, spoil])
@pytest.mark.parametrize("name", ["diffusion_pytorch_model.safetensors", "config.json", "conditions.safetensors"])
def test_an_expert_that_cannot_be_trusted_is_refused(folder, harm, name):
    harm(folder / networks.EXPERT / name)
    with pytest.raises(ModelError, match=r"Put assets/ember back"):
        load(folder)


def test_an_expert_that_nobody_listed_is_refused(folder, tmp_path):
    export(ember(expert=False), tmp_path / "plain")
    (folder / networks.EXPERT).rename(tmp_path / "plain" / networks.EXPERT)
    with pytest.raises(ModelError, match="does not list"):
        load(tmp_path / "plain")


def test_what_was_learnt_of_words_is_remembered_by_fresh_tables():
    before, fresh = knowing(("cat", "dog")), tables(2, 0, 128)
    remember(fresh, ("dog", "sea"), before)
    assert torch.equal(fresh["words"].weight[1], before.tables["words"].weight[2])
    assert not fresh["words"].weight[2].any()
