"""What publishing costs, form by form: ``make bench``, or this file with ``--benchmark-enable``.

Measured are ten minutes: of the take named by ``BURNTOUT_BENCH_TAKE``, a folder, or else of a rehearsed one. In ``make
test`` it is a second, and nothing is timed. Bytes stand beside the seconds, in MB.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from installation import images
from installation.machine.settings import CatalogueSettings
from installation.publishing import FORMS, Wishes, archive
from installation.publishing.catalogue.site import site
from installation.recording import takes
from tests.conftest import ORIGIN
from tests.recording.rehearsal import frame, rehearse

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]

MINUTES, SIDE = 10, 256
TAKE = os.environ.get("BURNTOUT_BENCH_TAKE")
HEIGHT = int(os.environ.get("BURNTOUT_BENCH_HEIGHT", "1080"))  # of films; the whole of AV1 takes an hour on two cores


@pytest.fixture(scope="module")
def take(measured, tmp_path_factory):
    """What is published: 20 pictures a second, each a photograph burnt a little more than the last, then whole."""
    if measured and TAKE:
        return takes.load(Path(TAKE))
    photograph, rng = images.load(ORIGIN, SIDE, SIDE).astype(np.float32), np.random.default_rng(1)
    count = MINUTES * 60 * 20 if measured else 5

    def burnt(serial):
        heat = frame(serial, photograph).temperature * 100.0
        return np.clip(photograph + heat * rng.standard_normal(photograph.shape, np.float32), 0, 255).astype(np.uint8)

    recorded = (frame(serial, burnt(serial)) for serial in range(1, count + 1))
    return rehearse(tmp_path_factory.mktemp("takes") / "2026-11-23T20-00-00-bench", recorded)


def size(path):
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def once(benchmark, take, make):
    """Time it once, and say of which take and how large what it made is."""
    path = benchmark.pedantic(make, rounds=1)
    benchmark.extra_info.update(MB=round(size(path), 1), frames=take.frames, height=HEIGHT)
    assert path.exists()


@pytest.mark.benchmark(group=f"a take of {MINUTES} minutes published")
@pytest.mark.parametrize("name", sorted(FORMS))
def test_form(benchmark, take, measured, tmp_path, name):
    wishes = Wishes(height=HEIGHT) if measured else Wishes(height=256, rate=5, loop=1.0)
    form = FORMS[name]
    once(benchmark, take, lambda: form.make(take, form.place(take, tmp_path), wishes, lambda _: None))


@pytest.mark.benchmark(group=f"a take of {MINUTES} minutes published")
def test_bag(benchmark, take, tmp_path):
    once(benchmark, take, lambda: archive.bag(take, tmp_path, lambda _: None))


@pytest.mark.benchmark(group=f"a take of {MINUTES} minutes published")
def test_site(benchmark, take, tmp_path):
    once(benchmark, take, lambda: site([take], tmp_path, CatalogueSettings(), lambda *_: None).parent)


@pytest.mark.benchmark(group=f"a take of {MINUTES} minutes published")
def test_site_again(benchmark, take, tmp_path):
    site([take], tmp_path, CatalogueSettings(), lambda *_: None)
    once(benchmark, take, lambda: site([take], tmp_path, CatalogueSettings(), lambda *_: None).parent)
