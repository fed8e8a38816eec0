"""Letters to all engines: what time is it there?"""

from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest

from installation.cluster.meeting import EVERY, Meeting


@dataclass
class Engine:
    """Somebody with a clock, who answers when he is told to."""

    number: int
    is_settled: bool = True
    letters: list[Future[tuple[int, int]]] = field(default_factory=list)

    def clock(self):
        self.letters.append(Future())
        return self.letters[-1]


@pytest.fixture
def engines():
    return [Engine(0), Engine(1)]


def test_an_answer_is_an_exchange_that_knows_when_the_letter_left_and_came_back(engines):
    meeting = Meeting()
    assert list(meeting.look(engines, 0.0)) == []
    engines[1].letters[0].set_result((5, 6))
    ((number, met),) = meeting.look(engines, 0.1)
    assert number == 1
    assert (met.heard_ns, met.answered_ns) == (5, 6)
    assert met.asked_ns <= met.returned_ns


def test_everybody_gets_a_letter_a_second_and_none_while_one_is_under_way(engines):
    meeting = Meeting()
    list(meeting.look(engines, 0.0))
    engines[0].letters[0].set_result((1, 2))
    list(meeting.look(engines, EVERY / 2))
    assert len(engines[0].letters) == 1
    list(meeting.look(engines, EVERY))
    assert [len(engine.letters) for engine in engines] == [2, 1]


def test_whoever_plays_nowhere_is_not_asked():
    nowhere = Engine(0, is_settled=False)
    list(Meeting().look([nowhere], 0.0))
    assert nowhere.letters == []


def test_a_letter_to_the_dead_is_forgotten(engines):
    meeting = Meeting()
    list(meeting.look(engines, 0.0))
    engines[0].letters[0].set_exception(ConnectionError())
    assert list(meeting.look(engines, EVERY)) == []
    assert len(engines[0].letters) == 2
