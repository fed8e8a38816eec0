"""Ember behind the restorers' protocol, its folder on disk, and the weights that are shipped."""

import json
import socket

import pytest
import torch

from installation import images
from installation.burns.gaussian import Gaussian
from installation.machine.files import share
from installation.randomness import generator, white
from installation.records import Burnt
from installation.restorers import ModelError, Restoring, wavelet
from installation.restorers.ember import Ember, as_noise, load, loudness
from installation.restorers.filters import Bands, Doubt
from installation.restorers.sampling import karras_sigmas
from installation.training.objective import build_network
from installation.training.proof import export, psnr, vouch, wiener
from tests.restorers.tiny_conditions import knowing

SHIPPED = share("assets") / "ember"
ORIGINS = sorted(file for file in (share("assets") / "origins").iterdir() if file.suffix in {".jpg", ".png", ".webp"})


def tiny_network(seed=0):
    torch.manual_seed(seed)
    network = build_network((32, 32, 32)).eval()
    torch.nn.init.normal_(network.conv_out.weight, std=0.02)
    return network


def falling_bands():
    """Coarse bands loud, fine ones quiet, as in any photograph."""
    std = torch.logspace(0.7, -1.5, wavelet.CHANNELS).view(1, -1, 1, 1)
    return Bands(torch.zeros_like(std), std)


@pytest.fixture(scope="module")
def tiny():
    return Ember(tiny_network(), falling_bands(), "tiny", knowing())


@pytest.fixture
def folder(tmp_path):
    export(Ember(tiny_network(), falling_bands(), "", knowing()), tmp_path / "ember")
    return tmp_path / "ember"


@pytest.fixture(scope="module")
def shipped():
    return load(SHIPPED)


def picture(seed=0, height=64, width=64):
    """A soft random scene in -1 to 1."""
    coarse = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").tanh()


def restored(ember, burnt, seed=1, **knobs):
    return list(ember.restore(burnt, Restoring(**knobs), generator(seed, 0)))


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_every_denoising_step_is_yielded(tiny, steps):
    walked = restored(tiny, Gaussian(0.5)(picture(), generator(0, 0)), steps=steps)
    assert [step.index for step in walked] == list(range(steps))
    assert all(step.denoised.shape == (1, 3, 64, 64) and step.denoised.isfinite().all() for step in walked)
    assert [step.sigma for step in walked] == sorted((step.sigma for step in walked), reverse=True)


def test_no_step_is_spent_where_nothing_can_be_heard(tiny):
    burnt = Gaussian(0.5)(picture(), generator(0, 0))
    sigmas = [step.sigma for step in restored(tiny, burnt, steps=4)]
    assert sigmas == pytest.approx(karras_sigmas(5, 0.02, 1.0)[:4])
    assert [step.sigma for step in restored(tiny, burnt, steps=2)][1] > 0.1


def test_an_unburnt_picture_comes_back_untouched(tiny):
    image = picture()
    (only,) = restored(tiny, Burnt(image, 0.0, 0.0))
    assert torch.equal(only.denoised, image)


def test_the_same_random_numbers_give_the_same_picture_bit_for_bit(tiny):
    burnt = Gaussian(0.7)(picture(), generator(0, 0))
    one, again, other = (restored(tiny, burnt, seed, churn=0.5)[-1].denoised for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (128, 64)])
def test_any_multiple_of_32_can_be_restored(tiny, size):
    burnt = Gaussian(0.5)(picture(0, *size), generator(0, 0))
    assert restored(tiny, burnt)[-1].denoised.shape[-2:] == size


@pytest.mark.parametrize("size", [(72, 64), (32, 64), (64, 100)])
def test_other_sizes_are_refused_with_the_sizes_that_work(tiny, size):
    with pytest.raises(ModelError, match="multiples of 32 pixels from 64"):
        tiny.restore(Burnt(torch.zeros(1, 3, *size), 0.5, 1.0), Restoring(), generator(0, 0))


def test_a_batch_is_restored_as_its_pictures_one_by_one(tiny):
    both = torch.cat([picture(1), picture(2)])
    torch.testing.assert_close(tiny.denoise(both, 0.8)[1:], tiny.denoise(both[1:], 0.8), atol=1e-4, rtol=0.0)


def test_the_result_is_an_ordinary_tensor_that_the_loop_may_change(tiny):
    result = tiny.denoise(picture(), 1.0)
    result.mul_(0.5)
    assert not result.is_inference()


@pytest.mark.parametrize("sigma", [0.1, 1.0, 10.0])
def test_with_a_silent_network_ember_is_the_wiener_filter(sigma):
    silent = Ember(build_network((32, 32, 32)), falling_bands(), "silent", knowing())
    noisy = sigma * white(generator(0, 0), picture())
    std = silent.bands.std
    expected = wavelet.synthesise(std**2 / (std**2 + sigma**2) * wavelet.analyse(noisy))
    torch.testing.assert_close(silent.denoise(noisy, sigma), expected)
    torch.testing.assert_close(wiener(silent.bands, noisy, sigma), expected)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 5.0, 50.0])
def test_preconditioning_gives_the_network_and_its_target_unit_variance(sigma):
    """Karras et al. 2022, appendix B.6: the requirements c_in, c_out and c_skip are derived from."""
    bands = falling_bands()
    linear = bands.filter(torch.tensor(sigma).view(1, 1, 1, 1))
    one = torch.ones_like(bands.std)
    torch.testing.assert_close((bands.std**2 + sigma**2) / linear.loud**2, one)
    left = (1.0 - linear.gain) ** 2 * bands.std**2 + linear.gain**2 * sigma**2
    torch.testing.assert_close(left / linear.rest**2, one)


def test_a_caption_changes_what_is_seen_and_silence_takes_it_back(tiny):
    noisy, unasked = picture(3), tiny.denoise(picture(3), 2.0)
    tiny.prompt("a cat")
    asked = tiny.denoise(noisy, 2.0)
    tiny.prompt("")
    assert not torch.equal(asked, unasked)
    assert torch.equal(tiny.denoise(noisy, 2.0), unasked)


def test_a_blend_of_captions_is_their_sum_by_weight(tiny):
    """Seen from outside: the network hears one vector, which a caption of both words together would have too."""
    heard = []
    tiny.network.class_embedding.register_forward_pre_hook(lambda _, given: heard.append(given[0]))
    for text in ("cat", "hat", "cat:1 | hat:3", "cat | hat:-0.5"):
        tiny.prompt(text)
        tiny.denoise(picture(3), 2.0)
    cat, hat, blend, without = heard
    torch.testing.assert_close(blend, 0.25 * cat + 0.75 * hat)
    torch.testing.assert_close(without, cat - 0.5 * hat)
    tiny.prompt("")


def test_words_that_were_never_learnt_are_passed_over(tiny):
    unasked = tiny.denoise(picture(3), 2.0)
    tiny.prompt("quinquagesima")
    assert torch.equal(tiny.denoise(picture(3), 2.0), unasked)


def test_a_medium_that_was_learnt_is_recovered_straight_away():
    silent = Ember(build_network((32, 32, 32)), falling_bands(), "silent", knowing())
    clean = picture()
    torch.testing.assert_close(silent.recover(0.75 * clean, "dimming", 0.5), clean, atol=1e-4, rtol=1e-4)


def test_a_medium_that_was_never_met_is_refused_with_those_that_were(tiny):
    with pytest.raises(ModelError, match="not trained on water, only on dimming"):
        tiny.recover(picture(), "water", 0.5)


@pytest.mark.parametrize(("temperature", "sigma"), [(0.0, 0.0), (0.5, 1.0), (1.0, 80.0)])
def test_a_medium_sounds_like_white_noise_of_its_temperature(temperature, sigma):
    assert as_noise(torch.tensor(temperature)).item() == pytest.approx(sigma, rel=1e-4)


def test_held_variance_comes_back_as_grain_and_nothing_else_moves(tiny):
    burnt = Gaussian(0.7)(picture(), generator(0, 0))
    flat, held = (restored(tiny, burnt, steps=1, hold=hold)[-1].denoised for hold in (0.0, 1.0))
    assert held.std() > flat.std()
    assert torch.equal(restored(tiny, burnt, steps=1, sampler="lcm", hold=1.0)[-1].denoised, flat)


def test_errors_that_were_measured_are_written_and_read(tmp_path):
    measured = Doubt(torch.tensor([0.1, 1.0]), torch.full((2, wavelet.CHANNELS), 0.25))
    export(Ember(tiny_network(), falling_bands(), "", knowing(), measured), tmp_path / "ember")
    torch.testing.assert_close(load(tmp_path / "ember").doubt.at(0.5), torch.full((wavelet.CHANNELS,), 0.25))


def test_noise_beyond_the_trained_range_sounds_like_its_edge():
    assert loudness(torch.tensor([1e-6, 1e6])).tolist() == loudness(torch.tensor([0.02, 80.0])).tolist()


def test_a_folder_gives_back_the_ember_that_was_written(folder):
    ember = load(folder)
    assert (ember.name, len(ember.digest)) == ("ember", 64)
    expected = Ember(tiny_network().to(ember.network.dtype), falling_bands(), "", knowing()).denoise(picture(), 1.0)
    torch.testing.assert_close(ember.denoise(picture(), 1.0), expected, atol=0.02, rtol=0.0)


def test_other_weights_have_another_digest(folder, tmp_path):
    export(Ember(tiny_network(seed=9), falling_bands(), "", knowing()), tmp_path / "other")
    assert load(folder).digest != load(tmp_path / "other").digest


def test_an_older_ember_is_replaced_whole(folder):
    before = load(folder).digest
    (folder / "left-behind.txt").write_text("old")
    export(Ember(tiny_network(seed=9), falling_bands(), "", knowing()), folder)
    assert load(folder).digest != before
    assert not (folder / "left-behind.txt").exists()


def test_loading_asks_nothing_of_the_network(folder, monkeypatch):
    def refuse(*_):
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    load(folder)


def weights(folder):
    return next(folder.glob("*.safetensors"))


def cut_off(folder):
    weights(folder).write_bytes(weights(folder).read_bytes()[:-100])


def change_one_bit(folder):
    content = bytearray(weights(folder).read_bytes())
    content[-1] ^= 1
    weights(folder).write_bytes(content)


def lose_the_weights(folder):
    weights(folder).unlink()


def lose_the_sums(folder):
    (folder / "SHA256SUMS").unlink()


def empty_the_sums(folder):
    (folder / "SHA256SUMS").write_text("")


def scribble_over_the_sums(folder):
    (folder / "SHA256SUMS").write_bytes(b"\xff\xfe\x00scribble\n")


def bring_a_pickle(folder):
    (folder / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")


def slip_in_weights(folder):
    (folder / "diffusion_pytorch_model.fp16.safetensors").write_bytes(weights(folder).read_bytes())


def break_the_config(folder):
    (folder / "config.json").write_text("{")
    vouch(folder)


def swap_the_architecture(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "block_out_channels": [64, 64, 64]}))
    vouch(folder)


def lose_a_band(folder):
    (folder / "bands.json").write_text(json.dumps({"mean": [0.0] * 191, "std": [1.0] * 191}))
    vouch(folder)


def forget_how_wrong(folder):
    told = json.loads((folder / "bands.json").read_text())
    (folder / "bands.json").write_text(json.dumps({**told, "doubt": {"sigma": [1.0, 0.5], "variance": [[1.0]]}}))
    vouch(folder)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (cut_off, "damaged"),
        (change_one_bit, "damaged"),
        (lose_the_weights, "missing or unreadable"),
        (lose_the_sums, "nothing vouches"),
        (empty_the_sums, "not a list"),
        (scribble_over_the_sums, "not a list"),
        (bring_a_pickle, "pickled weights can run code"),
        (slip_in_weights, "does not list"),
        (break_the_config, "this is no ember"),
        (swap_the_architecture, "this is no ember"),
        (lose_a_band, "no statistics of 192 bands"),
        (forget_how_wrong, "no errors of 192 bands"),
    ],
)
def test_a_folder_that_cannot_be_trusted_is_refused_with_a_sentence(folder, harm, sentence):
    harm(folder)
    with pytest.raises(ModelError, match=sentence):
        load(folder)


def test_a_missing_folder_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="nothing vouches"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0, 3.0, 10.0])
def test_the_shipped_ember_restores_photographs_better_than_any_linear_filter(shipped, sigma):
    gains = []
    for index, file in enumerate(ORIGINS):
        clean = images.to_tensor(images.load(file, 256, 256))
        noisy = clean + sigma * white(generator(5, index), clean)
        gains.append(psnr(shipped.denoise(noisy, sigma), clean) - psnr(wiener(shipped.bands, noisy, sigma), clean))
    assert sum(gains) / len(gains) > 0.5, gains


def test_the_shipped_ember_brings_a_photograph_back_from_a_mild_burn(shipped):
    clean = images.to_tensor(images.load(ORIGINS[1], 256, 256))
    burnt = Gaussian(0.2)(clean, generator(0, 0))
    assert psnr(restored(shipped, burnt)[-1].denoised, clean) > psnr(burnt.image / burnt.signal, clean) + 8.0


def test_the_shipped_ember_gives_the_same_bits_twice(shipped):
    burnt = Gaussian(0.6)(picture(0, 256, 256), generator(0, 0))
    assert torch.equal(restored(shipped, burnt)[-1].denoised, restored(load(SHIPPED), burnt)[-1].denoised)


def test_the_shipped_folder_travels_light():
    sizes = [file.stat().st_size for file in SHIPPED.rglob("*")]
    assert max(sizes) <= 16_000_000
    assert sum(sizes) <= 60_000_000
