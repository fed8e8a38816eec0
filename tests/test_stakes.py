"""What is at stake in a scene: two tables, checked completely, each wrong key named with what it takes."""

import contextlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import stakes
from installation.panels import all_knobs
from installation.stakes import PHASES, Casino, Ransom, StakeError

KNOBS = all_knobs()
READINGS = {"/reading/entropy", "/reading/memory"}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(
    st.sampled_from([*Casino.__dataclass_fields__, *Ransom.__dataclass_fields__, "bet"]), ANYTHING, max_size=3
)


def test_without_a_table_nothing_is_at_stake():
    assert stakes.casino(None) is None
    assert stakes.ransom(None, KNOBS) is None


def test_an_empty_table_is_the_usual_game():
    assert stakes.casino({}, READINGS) == Casino()
    assert stakes.ransom({}, KNOBS) == Ransom()


def test_every_key_can_be_said():
    casino = stakes.casino({"underlying": "memory", "life": 30, "capital": 5}, READINGS)
    assert casino == Casino(underlying="/reading/memory", life=30, capital=5.0)
    words = dict.fromkeys(map(str, PHASES), "Mine.")
    ransom = stakes.ransom({"price": 3, "bits": 12, "words": words}, KNOBS)
    assert ransom == Ransom(price=3.0, bits=12, words=words)
    assert pickle.loads(pickle.dumps(ransom)) == ransom  # noqa: S301 - it crosses a pipe of ours


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"underlying": "entropie"}, "no reading 'entropie' to write options on. Did you mean /reading/entropy?"),
        ({"lief": 3}, "casino has no 'lief'. Did you mean life?"),
        ({"life": 2.5}, "life takes a whole number, not 2.5"),
        ({"life": True}, "life takes a whole number, not True"),
        ({"noise": 3.0}, "noise takes a number from 0 to 1, not 3.0"),
        ("entropy", "casino takes a table"),
    ],
)
def test_a_casino_that_cannot_be_is_refused_with_what_it_takes(table, sentence):
    with pytest.raises(StakeError) as refused:
        stakes.casino(table, READINGS)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"fire": "/burn/heat/temperatur"}, "Did you mean /burn/heat/temperature?"),
        ({"fire": "/burn/medium"}, "ransom: fire takes one of"),
        ({"bits": 64}, "bits takes a number from 1 to 40"),
        ({"words": {"hold": "Mine."}}, "Did you mean held?"),
        ({"words": "Mine."}, "a text for each phase"),
        ({"ransom": 3}, "ransom has no 'ransom'"),
    ],
)
def test_a_ransom_that_cannot_be_is_refused_with_what_it_takes(table, sentence):
    with pytest.raises(StakeError) as refused:
        stakes.ransom(table, KNOBS)
    assert sentence in str(refused.value)


@given(table=TABLES | ANYTHING.filter(lambda raw: raw is not None))
def test_any_table_is_a_stake_or_a_sentence(table):
    for read in (lambda: stakes.casino(table, READINGS), lambda: stakes.ransom(table, KNOBS)):
        with contextlib.suppress(StakeError):
            assert isinstance(read(), Casino | Ransom)
