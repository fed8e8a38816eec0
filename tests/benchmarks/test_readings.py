"""All readings of a picture together at 1920 x 1080: ``make bench``. The whole update is to stay under 4 ms."""

import cv2
import numpy as np
import pytest

from installation.randomness import generator
from installation.readings.look import Look
from installation.readings.picture import of_picture

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def wide():
    return generator(1, 1).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)


@pytest.mark.benchmark(group="readings of a picture, 1920 x 1080")
def test_readings_of_a_picture(benchmark, wide):
    origin = Look(wide[::-1].copy())
    of_picture(origin, origin)  # what is known of the origin is worked out once
    assert all(np.isfinite(number) for number in benchmark(lambda: of_picture(Look(wide), origin)).values())


@pytest.mark.benchmark(group="readings of a picture, 1920 x 1080")
def test_peer_opencv_quarter_luma_histogram_and_cosine_transform(benchmark, wide):
    """A part of the same work: what any of them must begin with."""

    def begin():
        small = cv2.resize(wide, (480, 270), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        return cv2.calcHist([grey], [0], None, [256], [0, 256]), cv2.dct(grey.astype(np.float32))

    assert benchmark(begin)[0].sum() == 480 * 270
