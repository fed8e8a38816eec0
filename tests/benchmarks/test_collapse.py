"""A generation of words: the model reads, writes as much, and is measured. It is to stay under 5 s on a CPU."""

import pytest

from installation.collapse.text import Settings, first, load, retrain
from installation.machine.files import share
from installation.randomness import generator

pytestmark = pytest.mark.bench


@pytest.mark.benchmark(group="a generation of 8,045 words")
@pytest.mark.parametrize(
    "settings", [Settings(), Settings(temperature=1.0), Settings(beam=5)], ids=["cold", "warm", "beam"]
)
def test_a_generation_of_words(benchmark, settings):
    real = load(share("assets") / "texts" / "moby-dick.txt")
    zero = first(real, settings.order)
    assert benchmark(lambda: retrain(zero, real, settings, generator(1, 1))).serial == 1
