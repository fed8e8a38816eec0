"""An edition on three real nodes: complete, and equal hash for hash to the one made in order, whoever dies."""

from __future__ import annotations

import dataclasses
from itertools import chain

import pytest

from installation.cluster.editions import passport, spread_out
from installation.cluster.spread import News
from installation.machine.settings import CatalogueSettings
from installation.publishing.numbered import loaded
from installation.publishing.portfolio import Outcome, in_order, opened
from installation.recording import takes
from tests.publishing import prints

COUNT, NODES = 6, 4  # variants, and three nodes with the one that is killed


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    return prints.edition(prints.scene(tmp_path_factory.mktemp("scene")), count=COUNT)


def bound(folder, edition):
    return opened(folder, edition, loaded(edition.restorer).digest, None, CatalogueSettings())


@pytest.fixture(scope="module")
def made_in_order(edition, tmp_path_factory):
    """The same edition, made here, one variant after the other."""
    folder = tmp_path_factory.mktemp("in-order")
    with bound(folder, edition) as portfolio:
        assert not any(each.failure for each in in_order(portfolio, loaded(edition.restorer), lambda *_: None))
    return prints.sums(folder / "takes")


def numbers(outcomes):
    """The numbers of what came, once for each time it came; nothing may have failed."""
    return sorted(each.variant.number for each in outcomes if not each.failure)


def test_a_node_is_killed_and_the_edition_is_complete_and_equal(federation, reach, edition, made_in_order, tmp_path):
    doomed = federation.join()
    heard: list[News] = []
    came: list[Outcome] = []
    with bound(tmp_path, edition) as portfolio:
        outcomes = spread_out(portfolio, reach, prints.SETTINGS, heard.append)
        while len(came) < COUNT // 2 and [news.kind for news in heard].count("joined") < NODES:
            came.append(next(outcomes))
        federation.kill(doomed)  # nobody is given work, and nobody heard, until the next outcome is asked for
        assert numbers(chain(came, outcomes)) == list(range(1, COUNT + 1))
    assert prints.sums(tmp_path / "takes") == made_in_order
    assert {news.kind for news in heard} & {"gone", "left out"}


def test_it_goes_on_where_an_edition_made_in_order_was_left(reach, edition, made_in_order, tmp_path):
    with bound(tmp_path, edition) as portfolio:
        here = in_order(portfolio, loaded(edition.restorer), lambda *_: None)
        assert [next(here).variant.number for _ in range(COUNT - 2)] == list(range(1, COUNT - 1))
    with bound(tmp_path, edition) as portfolio:
        assert numbers(spread_out(portfolio, reach, prints.SETTINGS)) == [COUNT - 1, COUNT]
    assert prints.sums(tmp_path / "takes") == made_in_order


def test_what_refuses_there_is_said_here_in_its_own_words(reach, edition, tmp_path):
    speechless = dataclasses.replace(edition, scene=dataclasses.replace(edition.scene, prompt="|"), count=2)
    with bound(tmp_path, speechless) as portfolio:
        failures = [each.failure for each in spread_out(portfolio, reach, prints.SETTINGS)]
    assert len(failures) == 2
    assert all(failure.startswith("A blend names 1 to 16 prompts") for failure in failures)
    assert takes.all_takes(tmp_path) == []


def test_who_cannot_restore_as_this_machine_does_is_left_out(edition):
    ours = passport(edition, prints.SETTINGS)
    assert [(each.restorer, each.model) for each in ours.weights] == [("none", None)]
    assert ours.threads == edition.terms.threads == 1
