"""What the doctor sees of a cluster: three real nodes on this machine."""

import pytest

from installation.cluster.examination import Remark, examine, refuses_strangers
from installation.cluster.reach import LOCAL, reached
from installation.machine.settings import Settings
from tests.support import until

NODES = 3


def settings(place, **cluster):
    return Settings.model_validate({"cluster": {"address": place, **cluster}})


@pytest.fixture(scope="module")
def remarks(federation):
    with reached(federation.address, patience=20.0) as reach:
        until(lambda: len(reach.nodes()) == NODES, 60.0)  # a node that another test has killed is missed after a while
    return list(examine(settings(federation.address, patience=20.0)))


def test_a_machine_that_names_no_cluster_has_none():
    assert list(examine(Settings())) == []


def test_a_private_cluster_is_not_started_to_be_looked_at():
    (remark,) = examine(settings(LOCAL))
    assert remark.well
    assert "nobody else gets in" in remark.sentence


def test_a_head_that_is_not_there_is_a_sentence_and_says_who_plays_meanwhile():
    (remark,) = examine(settings("127.0.0.1:1", patience=1.0))
    assert not remark.well
    assert "Nobody answered at 127.0.0.1:1 within 1 s" in remark.sentence
    assert remark.sentence.endswith("Until then the engines play on this machine.")


def test_it_is_said_who_is_there_and_that_nobody_else_is_heard(remarks, federation):
    assert remarks[0] == Remark(
        well=True, sentence=f"{federation.address} answers: 3 machines with 3 cores and 0 cards to give."
    )
    assert remarks[1] == Remark(well=True, sentence="It listens to this machine only.")


def test_every_machine_says_how_it_paints_and_what_time_it_is(remarks):
    assert len(remarks) == 2 + NODES
    for remark in remarks[2:]:
        assert "1 core, 0 cards, paints as this machine does; its clock is" in remark.sentence
        assert remark.well  # one clock: it cannot be half a frame off for certain


def test_a_cluster_with_a_token_refuses_strangers_and_one_without_does_not(federation):
    assert not refuses_strangers(federation.address)
    with reached(LOCAL, cpus=1) as private:
        assert refuses_strangers(private.address)
