"""Orders that stand: an engine that begins in the midst of the show is told what holds, and no more."""

from multiprocessing import Pipe

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.cluster.standing import LASTING, Standing
from installation.machine.wires import Uplink
from installation.records import Order, Report


class Line:
    def __init__(self):
        self.conductor, theirs = Pipe()
        self.standing = Standing(Uplink(theirs))

    def hear(self, *orders):
        for order in orders:
            self.conductor.send(order)
        return [self.standing.order(1.0) for _ in orders]

    def held(self, *, begun=False):
        return self.standing.orders(begun=begun)


@pytest.fixture
def line():
    return Line()


def play(scene, seed=1):
    return Order("play", {"scene": scene, "seed": seed, "resume": False})


def test_orders_and_reports_pass_as_they_are(line):
    assert line.hear(play("hearth"), Order("origin")) == [play("hearth"), Order("origin")]
    line.standing.report("playing", scene="hearth")
    assert line.conductor.recv() == Report("playing", {"scene": "hearth"})


def test_the_last_of_each_holds(line):
    line.hear(play("hearth"), Order("wear", {"model": "a"}), play("melt"), Order("wear", {"model": "b"}))
    assert line.held() == [play("melt"), Order("wear", {"model": "b"})]


def test_what_was_done_once_does_not_hold(line):
    line.hear(play("hearth"), Order("origin"), Order("cipher", {"tick": 1}), Order("save", {"path": "x"}))
    assert line.held() == [play("hearth")]


def test_a_scene_comes_with_its_own_words(line):
    line.hear(play("hearth"), Order("prompt", {"text": "a fire"}), play("melt"))
    assert line.held() == [play("melt")]


def test_whoever_is_woken_does_not_rest(line):
    line.hear(Order("rest"), Order("wake"))
    assert line.held() == [Order("wake")]
    line.hear(Order("rest"))
    assert line.held() == [Order("rest")]


def test_what_has_begun_is_gone_on_with(line):
    line.hear(play("hearth"))
    (order,) = line.held(begun=True)
    assert order.data == {**play("hearth").data, "resume": True}


def test_a_seed_that_was_left_open_is_chosen_once(line):
    (heard,) = line.hear(play("hearth", seed=None))
    assert isinstance(heard.data["seed"], int)
    assert line.held() == [heard]


def test_what_is_repeated_comes_before_all_that_is_new(line):
    line.hear(play("hearth"), Order("rest"))
    line.standing.repeat(begun=False)
    line.conductor.send(Order("quit"))
    assert [line.standing.order(1.0).name for _ in range(3)] == ["play", "rest", "quit"]


@given(st.lists(st.sampled_from((*LASTING, "origin", "save"))))
def test_an_engine_that_hears_what_holds_stands_where_one_stands_that_heard_all(names):
    line = Line()
    line.hear(*[play("hearth") if name == "play" else Order(name, {"text": str(n)}) for n, name in enumerate(names)])
    again = Line()
    again.hear(*line.held())
    assert again.held() == line.held()
    assert len(line.held()) <= len(LASTING) - 1
