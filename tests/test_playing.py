"""What plays: one request at a time, the last wish wins, and a new engine goes on where the old one stood."""

import pytest

from installation.machine.files import share
from installation.panels import all_knobs
from installation.playing import Playing
from installation.records import Order
from installation.scenes import load


@pytest.fixture(scope="module")
def repertoire():
    return {name: load(share("scenes") / f"{name}.toml", all_knobs(), share("assets")) for name in NAMES}


NAMES = ("hearth", "machine-dementia", "heat-equation")


class Stand:
    """What plays, with a list where the engine would be."""

    def __init__(self, scene, seed=None, *, anew=False):
        self.orders: list[Order] = []
        self.playing = Playing(scene, seed, self.orders.append, anew=anew)

    def asked(self):
        return [(order.data["scene"].name, order.data["resume"]) for order in self.orders]


def test_the_first_engine_goes_on_from_the_checkpoint_unless_a_new_lineage_was_asked_for(repertoire):
    for anew in (False, True):
        (order,) = Stand(repertoire["hearth"], anew=anew).playing.first_orders()
        assert order.data["resume"] is not anew


def test_a_reborn_engine_always_goes_on(repertoire):
    stand = Stand(repertoire["hearth"], anew=True)
    stand.playing.first_orders()
    assert stand.playing.began({"scene": "hearth"})
    assert stand.playing.first_orders()[0].data["resume"]
    assert not stand.playing.began({"scene": "hearth"})


def test_of_many_scenes_asked_for_before_an_answer_the_last_is_played(repertoire):
    stand = Stand(repertoire["hearth"])
    stand.playing.first_orders()
    for name in ("heat-equation", "hearth", "machine-dementia"):
        stand.playing.change(repertoire[name])
    assert stand.asked() == []
    stand.playing.began({"scene": "hearth"})
    assert stand.asked() == [("machine-dementia", False)]
    assert not stand.playing.begun
    stand.playing.began({"scene": "machine-dementia"})
    assert stand.playing.begun


def test_a_refused_scene_is_reported_only_while_it_is_still_wanted(repertoire):
    stand = Stand(repertoire["hearth"])
    stand.playing.first_orders()
    stand.playing.change(repertoire["heat-equation"])
    assert not stand.playing.refused()  # hearth was refused, and something else is asked for by now
    assert stand.asked() == [("heat-equation", False)]
    assert stand.playing.refused()


def test_a_seed_from_the_command_line_goes_before_the_scenes_own(repertoire):
    (order,) = Stand(repertoire["hearth"], 7).playing.first_orders()
    assert order.data["seed"] == 7
    (order,) = Stand(repertoire["machine-dementia"]).playing.first_orders()
    assert order.data["seed"] == 1901
