"""Editions over two workers are to come at least 1.7 times as fast as over one, on two cores; Ray's own share of a
generation is to stay under 5 %. A minute or two on a quiet machine, and only with ``--benchmark-enable``.

Every worker has one thread of torch. The plain loop has one too, and makes the same variants in this process. All are
warm: weights are loaded, and workers have made a variant before anything is timed.
"""

import time

import pytest

from installation.cluster.editions import spread_out
from installation.cluster.passport import passport
from installation.cluster.reach import LOCAL, reached
from installation.cluster.spread import spread
from installation.machine.settings import CatalogueSettings
from installation.publishing.numbered import loaded
from installation.publishing.performing import Length
from installation.publishing.portfolio import in_order, opened
from tests.cluster import federation as work
from tests.publishing import prints

pytestmark = pytest.mark.bench

COUNT, GENERATIONS = 8, 20  # variants, and of each
JOBS = 300  # that do nothing
TEXT = prints.TEXT.replace('"none"', '"ember"').replace("size = 64", "size = 256").replace("steps = 1", "steps = 2")
TEXT, _, _ = TEXT.partition("[edition.restore]")  # all variants are as much work


@pytest.fixture
def measuring(pytestconfig):
    """Nothing is done where nothing is measured."""
    pytest.importorskip("ray", reason="optional extra: pip install 'burntout[cluster]'")
    if not pytestconfig.getoption("--benchmark-enable"):
        pytest.skip("takes minutes: --benchmark-enable")


@pytest.fixture
def made(tmp_path):
    """Makes so many variants with a seed, here or over a cluster; the seconds that each took."""
    scene = prints.scene(tmp_path, TEXT)

    def make(count, seed, reach=None):
        edition = prints.edition(scene, count=count, seed=seed, length=Length(GENERATIONS, None))
        restorer, place = loaded(edition.restorer), tmp_path / f"{seed}-{count}-{reach and reach.address}"
        with opened(place, edition, restorer.digest, None, CatalogueSettings()) as portfolio:
            begun = time.monotonic()
            if reach is None:
                outcomes = list(in_order(portfolio, restorer, lambda *_: None))
            else:
                outcomes = list(spread_out(portfolio, reach, prints.SETTINGS))
            seconds = time.monotonic() - begun
        assert not any(each.failure for each in outcomes)
        return seconds / count

    return make


def over(made, workers):
    """Seconds for each variant over so many workers of this machine."""
    with reached(LOCAL, cpus=workers) as reach:
        made(2 * workers, 1, reach)
        return made(COUNT, 2, reach)


@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("measuring")
def test_editions_over_two_workers_and_one_beside_the_plain_loop(made, said):
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made(1, 1)
    plain, one, two = made(COUNT, 2), over(made, 1), over(made, 2)
    torch.set_num_threads(threads)
    said(
        f"Editions: {COUNT} variants of {GENERATIONS} generations, ember in two steps, 256 x 256, a strip of each. "
        f"Plain loop {3600 / plain:.0f} an hour, one worker {3600 / one:.0f}, two workers {3600 / two:.0f}: "
        f"{one / two:.2f} times one. Ray's share of a generation: "
        f"{1000 * (one - plain) / GENERATIONS:.1f} ms of {1000 * plain / GENERATIONS:.0f}, {one / plain - 1:+.1%}."
    )
    assert two > 0.0


@pytest.mark.usefixtures("measuring")
def test_what_a_job_costs_that_does_nothing(said):
    ours = passport((), prints.SETTINGS)
    with reached(LOCAL, cpus=2) as reach:
        list(spread({str(number): work.Errand(number) for number in range(4)}, work.squared, reach, passport=ours))
        begun = time.monotonic()
        jobs = {str(number): work.Errand(number) for number in range(JOBS)}
        done = list(spread(jobs, work.squared, reach, passport=ours))
        seconds = time.monotonic() - begun
    said(f"A job that does nothing, over two local workers: {1000 * seconds / JOBS:.1f} ms each, of {JOBS}.")
    assert len(done) == JOBS
