"""Every medium at 1920 x 1080 beside its peers: ``make bench``. In ``make test`` each runs once, and nothing is timed.

Compare within a group. A peer does the same work with another library, from the same picture, with random numbers of
its own where there are any; where there are none its result is held to ours. Ours use as many threads as torch does.
"""

import io
import math

import cv2
import numpy as np
import pytest
import scipy.fft  # type: ignore[import-untyped] # ships no types
import scipy.ndimage  # type: ignore[import-untyped] # ships no types
import torch
from PIL import Image as Pillow

from installation.burns.animorphosis import Animorphosis, leopard
from installation.burns.black_scholes import HOTTEST_YEARS, BlackScholes, price
from installation.burns.brownian import Brownian
from installation.burns.cipher import Cipher, key
from installation.burns.gaussian import Gaussian
from installation.burns.heat import blur_width, diffuse
from installation.burns.jpeg import resave
from installation.burns.mean import Mean, mean_image
from installation.images import to_pixels
from installation.randomness import generator

pytestmark = pytest.mark.bench
HEIGHT, WIDTH = 1080, 1920
PIXELS = HEIGHT * WIDTH
REACH = 5.5  # widths: where a Gaussian filter has the tolerance of float32
PHI = math.pi / 4  # T = 0.5


@pytest.fixture(scope="module")
def wide():
    """A picture of random colours: no transform has less to do with it than with a photograph. 1 x 3 x H x W."""
    return torch.rand(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture(scope="module")
def smooth(wide):
    """The same as 8-bit pixels with the contrast of a photograph, H x W x 3."""
    return to_pixels(diffuse(wide, 2.0).mul(6.0).clamp(-1.0, 1.0))


def dice():
    return np.random.default_rng(1)


# ------------------------------------------------------------------ gaussian
def numpy_noise(image):
    noise = dice().standard_normal(image.shape, dtype=np.float32)
    return np.float32(math.cos(PHI)) * image.numpy() + np.float32(math.sin(PHI)) * noise


def torch_noise(image):
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(2))
    return math.cos(PHI) * image + math.sin(PHI) * noise


def diffusers_noise(image):
    from diffusers import DDPMScheduler

    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(2))
    return DDPMScheduler().add_noise(image, noise, torch.tensor([259]))


NOISES = {
    "ours": lambda image: Gaussian(0.5)(image, generator(1, 1)).image,
    "numpy": numpy_noise,
    "torch": torch_noise,
    "diffusers add_noise": diffusers_noise,
}


@pytest.mark.benchmark(group="gaussian, T 0.5")
@pytest.mark.parametrize("who", NOISES)
def test_gaussian(benchmark, wide, who):
    burnt = np.asarray(benchmark(NOISES[who], wide))
    assert burnt.std() == pytest.approx(math.sqrt(math.cos(PHI) ** 2 / 3 + math.sin(PHI) ** 2), rel=0.01)


# ------------------------------------------------------------------ heat
def scipy_heat(image, blur):
    modes = scipy.fft.dctn(image.numpy(), axes=(-2, -1), norm="ortho", workers=torch.get_num_threads())
    for axis, n in ((-1, WIDTH), (-2, HEIGHT)):
        decay = np.exp(-(blur**2) / 2 * (np.pi / n * np.arange(n)) ** 2).astype(np.float32)
        modes *= decay if axis == -1 else decay[:, None]
    return scipy.fft.idctn(modes, axes=(-2, -1), norm="ortho", workers=torch.get_num_threads(), overwrite_x=True)


def opencv_heat(image, blur):
    side = 2 * math.ceil(REACH * blur) + 1
    planes = [cv2.GaussianBlur(one, (side, side), blur, borderType=cv2.BORDER_REFLECT) for one in image[0].numpy()]
    return np.stack(planes)[None]


def ndimage_heat(image, blur):
    return scipy.ndimage.gaussian_filter(image.numpy(), (0, 0, blur, blur), mode="reflect", truncate=REACH)


HEATS = {"ours": diffuse, "scipy dctn": scipy_heat, "opencv": opencv_heat, "scipy gaussian_filter": ndimage_heat}
FILTERS = {"opencv": (2.0, 12.0), "scipy gaussian_filter": (2.0, 4.0)}  # exact from two pixels on; seconds beyond these
BLURS = (0.5, 2.0, 4.0, 12.0, 40.0, 300.0)


def contests():
    """Who has the same result at which width."""
    for blur in BLURS:
        for who in HEATS:
            low, high = FILTERS.get(who, (0.0, math.inf))
            if low <= blur <= high:
                yield blur, who


@pytest.mark.parametrize(("blur", "who"), list(contests()))
def test_heat(benchmark, wide, blur, who):
    benchmark.group = f"heat, {blur:g} px"
    burnt = np.asarray(benchmark(HEATS[who], wide, blur))
    assert np.abs(burnt - diffuse(wide, blur).numpy()).max() < 2e-6


# ------------------------------------------------------------------ brownian
def wanderers(image, temperature):
    """Where NumPy's particles are: the number of a place for each, HW."""
    width, places = blur_width(temperature, WIDTH), []
    steps = dice().standard_normal((2, HEIGHT, WIDTH), dtype=np.float32) * np.float32(width)
    for axis, side in enumerate((HEIGHT, WIDTH)):
        home = np.arange(side, dtype=np.float32) + np.float32(0.5)
        at = np.mod(steps[axis] + (home[:, None] if axis == 0 else home), 2 * side)
        places.append(np.minimum(np.minimum(at, 2 * side - at).astype(np.int32), side - 1))
    return (places[0] * WIDTH + places[1]).ravel(), image[0].reshape(3, -1).numpy()


def numpy_gather(image):
    places, colours = wanderers(image, 0.3)
    return np.stack([colour.take(places) for colour in colours])


def numpy_splat(image):
    places, colours = wanderers(image, 0.3)
    crowd = np.bincount(places, minlength=PIXELS) - 1
    return np.stack([np.bincount(places, colour, PIXELS) + crowd for colour in colours])


WALKS = {
    ("gather", "ours"): lambda image: Brownian(0.3, "gather")(image, generator(1, 1)).image,
    ("gather", "numpy"): numpy_gather,
    ("splat", "ours"): lambda image: Brownian(0.3, "splat")(image, generator(1, 1)).image,
    ("splat", "numpy"): numpy_splat,
}


@pytest.mark.parametrize(("deal", "who"), WALKS)
def test_brownian(benchmark, wide, deal, who):
    benchmark.group = f"brownian, {deal}, T 0.3"
    burnt = np.asarray(benchmark(WALKS[deal, who], wide))
    assert burnt.mean() == pytest.approx(float(wide.mean()), abs=0.01)


# ------------------------------------------------------------------ animorphosis
def numpy_leopard(image):
    return np.float32(math.cos(PHI)) * image.numpy() + np.float32(math.sin(PHI)) * leopard(HEIGHT, WIDTH).numpy()


def numpy_dealt_leopard(image):
    moved = leopard(HEIGHT, WIDTH).numpy().ravel().copy()
    ring = dice().permutation(moved.size)[: moved.size // 2]
    moved[ring] = moved[np.roll(ring, 1)]
    return np.float32(math.cos(PHI)) * image.numpy() + np.float32(math.sin(PHI)) * moved.reshape(3, HEIGHT, WIDTH)


LEOPARDS = {
    (0.0, "ours"): lambda image: Animorphosis(0.5)(image, generator(1, 1)).image,
    (0.0, "numpy"): numpy_leopard,
    (0.5, "ours"): lambda image: Animorphosis(0.5, 0.5)(image, generator(1, 1)).image,
    (0.5, "numpy"): numpy_dealt_leopard,
}


@pytest.mark.parametrize(("portion", "who"), LEOPARDS)
def test_animorphosis(benchmark, wide, portion, who):
    benchmark.group = f"animorphosis, T 0.5, {portion:.0%} dealt out"
    leopard(HEIGHT, WIDTH)  # ranked once for a size
    burnt = np.asarray(benchmark(LEOPARDS[portion, who], wide))
    assert portion > 0.0 or np.abs(burnt - numpy_leopard(wide)).max() < 1e-6


# ------------------------------------------------------------------ jpeg
def opencv_save(pixels):
    file = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    return cv2.imdecode(file, cv2.IMREAD_COLOR_RGB)


def pillow_save(pixels):
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "JPEG", quality=75, subsampling="4:2:0")
    with Pillow.open(file) as picture:
        return np.asarray(picture)


SAVES = {
    "ours": lambda pixels: resave(pixels, 75, "4:2:0", [(0, 0)]),
    "opencv": opencv_save,
    "pillow": pillow_save,
}


@pytest.mark.benchmark(group="jpeg, one pass, quality 75, 4:2:0")
@pytest.mark.parametrize("who", SAVES)
def test_jpeg(benchmark, smooth, who):
    assert np.array_equal(benchmark(SAVES[who], smooth), pillow_save(smooth))


# ------------------------------------------------------------------ black-scholes
def numpy_price(image, temperature, *, both):
    """The picture as a payoff with a margin of five standard deviations, and the whole of its Fourier transform."""
    years, axes = HOTTEST_YEARS * temperature**6, (-2, -1) if both else (-1,)
    strays, drift = 0.2 * math.sqrt(years), (0.05 - 0.02) * years
    pad = math.ceil((5.0 * strays + drift) * WIDTH)
    payoff = np.pad((image[0].numpy() + 1) / 2, [(0, 0), (pad, pad) if both else (0, 0), (pad, pad)], mode="edge")
    spectrum = np.fft.rfftn(payoff, axes=axes)
    for axis in axes:
        cycles = np.fft.rfftfreq(payoff.shape[-1]) if axis == -1 else np.fft.fftfreq(payoff.shape[-2])
        xi = 2 * np.pi * WIDTH * cycles
        wave = np.exp(-(strays**2) / 2 * xi**2 + 1j * drift * xi).astype(np.complex64)
        spectrum *= wave if axis == -1 else wave[:, None]
    value = np.fft.irfftn(spectrum, s=[payoff.shape[axis] for axis in axes], axes=axes)
    middle = value[:, pad : pad + HEIGHT] if both else value
    return 2 * math.exp(-0.05 * years) * middle[..., pad : pad + WIDTH] - 1


@pytest.mark.parametrize("assets", ["one", "two"])
@pytest.mark.parametrize("temperature", [0.1, 0.3, 0.45])
@pytest.mark.parametrize("who", ["ours", "numpy"])
def test_black_scholes(benchmark, wide, who, temperature, assets):
    benchmark.group = f"black-scholes, {assets}, T {temperature}"
    burn = BlackScholes(temperature, assets=assets)
    burnt = np.asarray(
        benchmark(lambda: burn(wide, generator(1, 1)).image)
        if who == "ours"
        else benchmark(numpy_price, wide, temperature, both=assets == "two")
    )
    if temperature > 0.1:  # finer than a pixel the circle's seam rings, in each at its own place
        assert np.abs(burnt - burn(wide, generator(1, 1)).image.numpy()).max() < 5e-6


STEP, STRIKE, SPOTS = 0.0021, 100.0, 1921


def our_calls():
    spots = STRIKE * torch.exp(STEP * (torch.arange(SPOTS, dtype=torch.float64) - SPOTS // 2))
    return price((spots - STRIKE).clamp(min=0.0), 1.0, 0.2, 0.05, STEP).numpy()


def quantlib_calls():
    quantlib = pytest.importorskip("QuantLib", reason="the peer for prices: pip install QuantLib")
    spots = STRIKE * np.exp(STEP * (np.arange(SPOTS) - SPOTS // 2)) * math.exp(0.05)
    payoff = quantlib.PlainVanillaPayoff(quantlib.Option.Call, STRIKE)
    calls = [quantlib.BlackCalculator(payoff, float(at), 0.2, math.exp(-0.05)) for at in spots]
    return np.array([call.value() for call in calls])


@pytest.mark.benchmark(group="black-scholes, calls at 1,921 prices")
@pytest.mark.parametrize("who", [our_calls, quantlib_calls])
def test_prices(benchmark, who):
    near = slice(SPOTS // 2 - 200, SPOTS // 2 + 200)  # beyond its edges a picture goes on level, a call does not
    assert np.abs(benchmark(who)[near] - our_calls()[near]).max() < 1e-3


# ------------------------------------------------------------------ mean and cipher
def numpy_mean(image):
    return np.float32(0.5) * image.numpy() + np.float32(0.5) * mean_image("archive", HEIGHT, WIDTH).numpy()


@pytest.mark.benchmark(group="mean, T 0.5")
@pytest.mark.parametrize("who", ["ours", "numpy"])
def test_mean(benchmark, wide, who):
    mean_image("archive", HEIGHT, WIDTH)  # averaged once for a size
    ours = lambda image: Mean(0.5)(image, generator(1, 1)).image  # noqa: E731 - one of a pair
    burnt = np.asarray(benchmark(ours if who == "ours" else numpy_mean, wide))
    assert np.abs(burnt - numpy_mean(wide)).max() < 1e-6


def bare_cipher(image):
    """The cryptography library called bare, between the same 8-bit conversions."""
    from cryptography.hazmat.primitives import ciphers

    pixels = np.round((image[0].numpy() + 1) * np.float32(127.5)).astype(np.uint8)
    chacha = ciphers.Cipher(ciphers.algorithms.ChaCha20(key(1), bytes(16)), None).encryptor()
    return np.frombuffer(chacha.update(pixels.tobytes()), np.uint8).reshape(pixels.shape) / np.float32(127.5) - 1


@pytest.mark.benchmark(group="cipher, T 1")
@pytest.mark.parametrize("who", ["ours", "cryptography"])
def test_cipher(benchmark, wide, who):
    ours = lambda image: Cipher(1.0)(image, generator(1, 1)).image  # noqa: E731 - one of a pair
    burnt = np.asarray(benchmark(ours if who == "ours" else bare_cipher, wide))
    assert burnt.std() == pytest.approx(1 / math.sqrt(3), rel=0.01)
