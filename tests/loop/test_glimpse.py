"""What comes from outside is mixed in linearly, named in the log, and may become the origin."""

import time

import pytest
import torch

from installation.loop.drift import Dice, feed_back, palette
from installation.loop.generation import turn, turns
from installation.loop.glimpse import Glimpse, blind
from installation.loop.knobs import Looping, Seeing
from installation.loop.lineage import Lineage, from_bytes, to_bytes
from installation.randomness import generator
from tests.support import Wiener

STILL = Looping(colour=0.0, noise_floor=0.0)
VALUES = {"/camera/mix": 0.5, "/restore/steps": 1.0, "/loop/stages": 0.0}


def picture(seed):
    return torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def fed(share):
    a, b = picture(1), picture(2)
    glimpse = Glimpse("glimpse-b.png", b, share)
    return feed_back(a, a, palette(a), STILL, Dice(generator(1, 1), 1, 1), glimpse=glimpse), a, b


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_mix_is_linear(share):
    mixed, a, b = fed(share)
    torch.testing.assert_close(mixed, (1.0 - share) * a + share * b)


def lineage():
    return Lineage.begin("s", 7, picture(3))


def last(lineage, outside):
    *_, moment = turn(lineage, Wiener(), VALUES, time.perf_counter, outside=outside)
    return moment.generation


def seen(name):
    return lambda seeing: Glimpse(name, picture(9), seeing.mix)


def test_a_generation_says_what_it_has_seen():
    assert last(lineage(), seen("glimpse-x.png")).glimpse == "glimpse-x.png"
    assert last(lineage(), blind).glimpse == ""


def test_a_loop_that_sees_nothing_is_the_loop_without_a_camera():
    without = turns(lineage(), Wiener(), lambda _: VALUES, time.perf_counter)
    blinded = turns(lineage(), Wiener(), lambda _: VALUES, time.perf_counter, outside=lambda _: None)
    for _ in range(6):
        assert torch.equal(next(without).image, next(blinded).image)


def test_who_looks_is_told_the_knobs():
    asked: list[Seeing] = []
    last(lineage(), asked.append)
    assert asked == [Seeing(mix=0.5)]


def test_another_origin_begins_the_piece_again_and_stays():
    one = lineage()
    one.serial = 12
    one.adopt("glimpse-x.png", picture(5))
    assert torch.equal(one.present, one.origin)
    assert (one.serial, one.parent, one.source) == (12, 0, "glimpse-x.png")
    one.accept(picture(6))
    one.reignite()
    assert torch.equal(one.present, picture(5))
    assert one.source == "glimpse-x.png"


def test_a_checkpoint_remembers_whose_origin_it_is():
    one = lineage()
    one.adopt("glimpse-x.png", picture(5))
    assert from_bytes(to_bytes(one)).origin_name == "glimpse-x.png"
