"""What the archive promises: it is the exact denoiser of its pictures, and every patch has an owner."""

import logging
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from installation import images
from installation.burns.gaussian import Gaussian
from installation.randomness import generator
from installation.restorers import patches
from installation.restorers.archive import ideal, load
from installation.restorers.protocol import ModelError, Restoring

SHIPPED = Path(__file__).parents[2] / "assets" / "archive"


def paint(number):
    """A 64 px picture: waves and a disc whose place and colours follow its number."""
    y, x = np.mgrid[0:64, 0:64] / 64.0
    waves = np.stack([np.sin(np.pi * ((number + 2) * x**2 + (c + 1) * y**2 + number / 7)) for c in range(3)], axis=-1)
    disc = ((x - 0.2 - 0.1 * number) ** 2 + (y - 0.5) ** 2 < 0.02)[..., None]
    return np.where(disc, [250, 30 * number, 10], 127.5 + 90.0 * waves).round().astype(np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive")
    for number in range(5):
        Image.fromarray(paint(number)).save(path / f"{number}.png")
    return path


@pytest.fixture(scope="module")
def archive(folder):
    return load(folder, side=64)


@pytest.fixture(scope="module")
def whole(folder):
    return load(folder, side=64, locality="whole")


def picture(number):
    return images.to_tensor(paint(number))


def noisy(number, sigma):
    x = picture(number)
    return x + sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(number))


def test_the_whole_archive_expects_its_mean_behind_infinite_noise(whole):
    mean = torch.cat([picture(number) for number in range(5)]).double().mean(dim=0)
    assert (whole.denoise(noisy(0, 1e9), 1e9) - mean).abs().max() <= 1e-6


@pytest.mark.parametrize("number", range(5))
def test_the_whole_archive_gives_back_its_own_picture_from_little_noise(whole, number):
    assert torch.equal(whole.denoise(noisy(number, 0.02), 0.02), picture(number))


def test_the_whole_archive_can_be_asked_at_another_size(whole):
    assert whole.denoise(torch.zeros(2, 3, 96, 32), 1.0).shape == (2, 3, 96, 32)


def test_the_ideal_denoiser_weighs_by_the_gaussian_posterior():
    pictures = torch.tensor([-1.0, 1.0]).reshape(2, 1, 1, 1).expand(2, 3, 8, 8)
    x = torch.full((1, 3, 8, 8), 0.01)
    expected = math.tanh(float(x.sum()) / 2.0**2)  # E[y | x] for y = +-1 with equal odds
    torch.testing.assert_close(ideal(x, 2.0, pictures), torch.full_like(x, expected))


@pytest.mark.parametrize("sigma", [0.01, 0.3, 0.9, 3.0, 80.0])
def test_patches_never_leave_the_range_of_the_archive(archive, sigma):
    denoised = archive.denoise(noisy(1, sigma), sigma)
    low, high = archive.pictures.min() / 127.5 - 1.0, archive.pictures.max() / 127.5 - 1.0
    assert denoised.min() >= low - 1e-5
    assert denoised.max() <= high + 1e-5


def test_patches_give_back_a_picture_of_the_archive_from_little_noise(archive):
    assert (archive.denoise(noisy(2, 0.02), 0.02) - picture(2)).abs().max() < 0.05


def test_patches_take_noise_away(archive):
    burnt = noisy(3, 0.4)
    assert (archive.denoise(burnt, 0.4) - picture(3)).std() < 0.25 * (burnt - picture(3)).std()


@pytest.mark.parametrize("number", range(5))
def test_a_picture_of_the_archive_traces_to_itself_in_place(archive, number):
    trace = archive.trace(noisy(number, 0.02), 0.02)
    rows, columns = trace.picture.shape[1:]
    top = torch.arange(rows)[:, None].expand(rows, columns) * trace.pitch
    at_home = (
        (trace.picture[0] == number)
        & (trace.top[0] == top)
        & (trace.left[0] == top[:1].T.new_tensor(range(columns)) * trace.pitch)
    )
    assert at_home.float().mean() > 0.95


@pytest.mark.parametrize("sigma", [0.1, 0.8, 2.0, 20.0])
def test_a_trace_names_real_places_and_shares(archive, sigma):
    trace = archive.trace(noisy(0, sigma).repeat(2, 1, 1, 1), sigma)
    assert trace.picture.shape[0] == 2
    assert trace.picture.max() < len(archive.files)
    assert max(trace.top.max(), trace.left.max()) + trace.extent <= 64
    assert ((trace.weight > 0.0) & (trace.weight <= 1.0 + 1e-6)).all()


@pytest.mark.parametrize("number", range(5))
def test_a_picture_of_the_archive_is_made_of_itself(archive, folder, number):
    first, name = archive.sources(picture(number))[0]
    assert first == folder / f"{number}.png"
    assert name == f"{number} 100%"


def test_sources_are_files_and_their_shares_of_a_picture_fall(archive):
    found = archive.sources(torch.cat([picture(0)[..., :32], picture(3)[..., 32:]], dim=-1))
    shares = [float(name.split()[1].rstrip("%")) for _, name in found]
    assert all(path.is_file() for path, _ in found)
    assert {path.name for path, _ in found[:2]} == {"0.png", "3.png"}
    assert shares == sorted(shares, reverse=True)


def test_louder_noise_is_answered_on_a_coarser_level():
    answered = [patches.level_for(sigma, 256) for sigma in (0.01, 0.5, 0.51, 1.0, 2.0, 4.0, 8.0, 80.0)]
    assert answered == [0, 0, 1, 1, 2, 3, 4, 5]


def test_a_small_picture_keeps_at_least_one_patch():
    assert [patches.levels(side) for side in (8, 32, 64, 256, 1024)] == [1, 3, 4, 6, 6]


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 160), (10, 13)])
def test_pasting_windows_back_gives_the_picture(height, width):
    x = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    cut = patches.windows(x)
    assert len(cut) == 2 * np.prod(patches.grid(height, width))
    torch.testing.assert_close(patches.paste(cut, x), x)


def test_the_axes_are_orthonormal():
    torch.testing.assert_close(patches.axes().T @ patches.axes(), torch.eye(40), atol=1e-5, rtol=0.0)


def test_the_axes_hold_nearly_all_that_pictures_vary_by(shipped):
    tier = shipped.tiers[0]
    assert tier.coordinates.var(dim=0).sum() > 0.97 * tier.patches.var(dim=0).sum()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (96, 64)])
def test_restoring_yields_every_step_at_any_multiple_of_32(archive, height, width):
    rng = generator(1, 2)
    burnt = Gaussian(0.9)(torch.zeros(1, 3, height, width), rng)
    steps = list(archive.restore(burnt, Restoring(steps=3), rng))
    assert [step.index for step in steps] == [0, 1, 2]
    assert all(step.denoised.shape == (1, 3, height, width) and step.denoised.isfinite().all() for step in steps)


def test_a_size_that_cannot_be_halved_five_times_is_refused(archive):
    with pytest.raises(ModelError, match="multiples of 32"):
        archive.restore(Gaussian(0.5)(torch.zeros(1, 3, 48, 64), generator(0, 0)), Restoring(), generator(0, 0))


def test_restoring_twice_is_equal_bit_for_bit(folder):
    results = []
    for _ in range(2):
        rng = generator(7, 1)
        *_, last = load(folder, side=64).restore(Gaussian(0.6)(picture(1), rng), Restoring(steps=4, churn=0.5), rng)
        results.append(last.denoised)
    assert torch.equal(*results)


def test_nothing_burnt_is_nothing_restored(archive):
    rng = generator(0, 0)
    (step,) = archive.restore(Gaussian(0.0)(picture(4), rng), Restoring(), rng)
    assert torch.equal(step.denoised, picture(4))


def test_pictures_that_cannot_be_read_are_skipped_and_counted(folder, tmp_path, caplog):
    (tmp_path / "broken.png").write_bytes((folder / "0.png").read_bytes()[:100])
    (tmp_path / "words.txt").write_text("not a picture")
    Image.fromarray(paint(1)).save(tmp_path / "good.png")
    with caplog.at_level(logging.WARNING):
        archive = load(tmp_path, side=64)
    assert (archive.files, archive.skipped) == (("good.png",), ("broken.png",))
    assert "1 of 2 pictures cannot be read" in caplog.text


def test_an_empty_folder_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(ModelError, match=r"no picture that can be read\. Put some"):
        load(tmp_path)


def test_a_missing_folder_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        load(tmp_path / "nowhere")


def test_the_digest_follows_the_files(folder, archive, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert load(tmp_path, side=64).digest == archive.digest
    Image.fromarray(paint(9)).save(tmp_path / "4.png")
    assert load(tmp_path, side=64).digest != archive.digest


@pytest.fixture(scope="module")
def shipped():
    return load(SHIPPED)


@pytest.mark.parametrize("sigma", [0.3, 0.9, 3.0, 7.0, 80.0])
def test_the_number_of_threads_leaves_no_bit_changed(shipped, sigma):
    x = images.to_tensor(images.load(SHIPPED / "kitten.webp", 256, 256)) + 0.2
    before, results = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append(shipped.denoise(x, sigma))
    torch.set_num_threads(before)
    assert torch.equal(*results)


@pytest.mark.parametrize("level", [0, 1])
def test_the_index_is_built_and_answers_alike_with_one_thread_and_with_two(shipped, level):
    import faiss

    queries = (shipped.tiers[level].coordinates[::70] + 0.05).numpy()
    before, results = faiss.omp_get_max_threads(), []
    for threads in (1, 2):
        faiss.omp_set_num_threads(threads)
        results.append(patches._index(shipped.tiers[level].coordinates).search(queries, patches.NEAREST))
    faiss.omp_set_num_threads(before)
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_index_finds_most_of_the_nearest_patches(shipped):
    tier = shipped.tiers[0]
    queries = tier.coordinates[::2000] + 0.1
    found, _ = patches._nearest(tier, queries)
    _, exact = patches._all(tier, queries)
    wanted = exact.topk(patches.NEAREST, largest=False).indices
    hits = (found[:, :, None] == wanted[:, None, :]).any(dim=2)
    assert hits.float().mean() > 0.8


@pytest.mark.parametrize("name", ["kitten.webp", "petra.webp", "morisot-reading.webp"])
def test_the_shipped_archive_knows_its_own_pictures(shipped, name):
    x = images.to_tensor(images.load(SHIPPED / name, 256, 256))
    owners = shipped.trace(x + 0.02, 0.1).picture
    assert owners.flatten().mode().values == shipped.files.index(name)
