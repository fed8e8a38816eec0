"""The search for a key: every key in its turn, on what anybody can see, as fast as it says."""

import itertools
import time
from typing import Any, cast

import numpy as np
import pytest

from installation import images
from installation.burns.cipher import HEADER, encrypt, key
from installation.machine.files import share
from installation.machine.supervisor import Duty, Ward
from installation.machine.wires import lay
from installation.market.search import LOOK, NAME, SEARCH_VITALS, search
from installation.market.search import run as live
from installation.records import Order
from tests.support import until


class Uplink:
    """The process's end of its pipe: ``orders`` are what it will be told."""

    def __init__(self, *orders):
        self.orders, self.found = list(orders), []

    def order(self, patience=0.0):  # noqa: ARG002 - nothing is waited for
        return self.orders.pop(0) if self.orders else None

    def report(self, name, **data):
        self.found.append((name, data["tick"]))


@pytest.fixture(scope="module")
def portrait():
    return images.load(share("assets") / "origins" / "cat.png", 64, 64)


def run(portrait, tick, keys, *orders):
    """A search at one batch a second: whether it stays, what it found, and how it beat."""
    uplink, beats, seconds = Uplink(*orders), [], itertools.count()
    header = encrypt(portrait, key(tick)).reshape(-1)[:HEADER]
    stays = search(
        header, keys, cast("Any", uplink), lambda _, **told: beats.append(told), lambda: float(next(seconds))
    )
    return stays, uplink.found, beats


@pytest.mark.parametrize("tick", [0, 1, LOOK - 1, LOOK, 2 * LOOK + 7])
def test_it_finds_the_key_and_says_so_once(portrait, tick):
    stays, found, beats = run(portrait, tick, 4 * LOOK)
    assert stays
    assert found == [("found", tick)]
    assert beats[-1]["tried"] == tick + 1


def test_a_key_beyond_those_that_are_tried_is_not_found(portrait):
    stays, found, beats = run(portrait, 5 * LOOK, 2 * LOOK + 3)
    assert stays
    assert found == []
    assert beats[-1]["tried"] == 2 * LOOK + 3


def test_the_rate_it_shows_is_what_it_has_done_over_the_time_it_took(portrait):
    _, _, beats = run(portrait, 5 * LOOK, 3 * LOOK)
    assert [beat["rate"] for beat in beats] == 3 * [float(LOOK)]
    assert np.all(np.diff([beat["tried"] for beat in beats]) == LOOK)


def test_it_leaves_when_it_is_told_to(portrait):
    stays, found, beats = run(portrait, 3 * LOOK, 4 * LOOK, Order("quit"))
    assert not stays
    assert found == []
    assert len(beats) == 1


@pytest.mark.system
def test_a_process_of_its_own_finds_the_key_on_what_everybody_can_see(portrait, tmp_path):
    header = encrypt(portrait, key(900)).tobytes()[:HEADER]
    ward = Ward(Duty(NAME, live, (header, 10), SEARCH_VITALS, 60.0, 60.0), lay(tmp_path), list)
    try:
        found = until(lambda: [r.data for r in ward.look(time.monotonic()) if r.name == "found"], within=60.0)
        assert found == [{"tick": 900}]
        assert ward.vitals.read()["tried"] == 901.0
    finally:
        ward.kill()
