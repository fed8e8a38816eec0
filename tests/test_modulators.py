"""Modulators obey their laws: periods, means, bounds, a walk's variance and memory, and no tick rate in any of them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.knobs import Knob
from installation.modulators import (
    KINDS,
    LONGEST_KEY,
    SHAPES,
    SILENCE,
    Envelope,
    Follower,
    Lfo,
    ModulatorError,
    Still,
    Walk,
    partials,
    read,
    require_readings,
    table_of,
)
from installation.tables import TableError

HEAT = Knob("/burn/heat/temperature", "number", 0.3, 0.0, 1.0, "", 0.5, "How far.")
MEDIUM = Knob("/burn/medium", "choice", 0.0, 0.0, 1.0, "", 0.0, "Which.", ("gaussian", "heat"))
WAVES = [shape for shape in SHAPES if shape != "hold"]

ages = st.floats(0.0, 1e5)
periods = st.floats(0.1, 1000.0)
depths = st.floats(-1.0, 1.0)


@pytest.mark.parametrize("shape", WAVES)
@given(st.floats(0.01, 0.99), periods)
def test_an_oscillator_is_the_same_after_a_period(shape, turn, period):
    lfo = Lfo(1.0, shape, period)
    if min(abs(turn - edge) for edge in (0.0, 0.5, 1.0)) > 1e-3:  # a saw and a square jump there
        assert lfo.at(turn * period) == pytest.approx(lfo.at((turn + 3) * period), abs=1e-6)


@pytest.mark.parametrize("shape", WAVES)
def test_an_oscillator_moves_a_knob_around_where_it_stands(shape):
    turns = (np.arange(1000) + 0.5) / 1000
    values = [Lfo(0.2, shape, 8.0).at(8.0 * turn) for turn in turns]
    assert np.mean(values) == pytest.approx(0.0, abs=1e-6)
    assert max(np.abs(values)) == pytest.approx(0.2, rel=0.01)


@pytest.mark.parametrize("shape", SHAPES)
@given(ages, periods, depths)
def test_an_oscillator_never_goes_beyond_its_depth(shape, age, period, depth):
    assert abs(Lfo(depth, shape, period).at(age)) <= abs(depth) * (1 + 1e-12)


@pytest.mark.parametrize("shape", ["sine", "triangle", "saw"])
def test_an_oscillator_begins_where_the_knob_stands_and_rises(shape):
    lfo = Lfo(1.0, shape, 4.0)
    assert lfo.at(0.0) == 0.0
    assert lfo.at(0.1) > 0.0


def test_a_phase_is_a_head_start():
    assert Lfo(1.0, "sine", 8.0, phase=0.25).at(1.0) == pytest.approx(Lfo(1.0, "sine", 8.0).at(3.0))


@given(st.integers(0, 1000), st.floats(0.0, 0.99))
def test_a_sample_is_held_for_a_period(cycle, share):
    lfo = Lfo(1.0, "hold", 2.0, seed=3)
    assert lfo.at(2.0 * (cycle + share)) == lfo.at(2.0 * cycle)


def test_samples_are_uniform_and_their_seeds_tell_them_apart():
    samples = np.array([[Lfo(1.0, "hold", 1.0, seed=seed).at(float(n)) for n in range(400)] for seed in (1, 2)])
    assert np.abs(samples.mean()) < 0.08
    assert samples.var() == pytest.approx(1 / 3, rel=0.1)
    assert abs(np.corrcoef(samples)[0, 1]) < 0.2


WALKS = [Walk(1.0, 1.0, seed) for seed in range(600)]


@pytest.mark.parametrize("lag", [0.0, 0.25, 1.0, 2.0])
def test_a_walk_forgets_exponentially(lag):
    """E[x(t) x(t + s)] = depth^2 exp(-|s| / relaxation): over 600 walks, known to about 5 standard errors."""
    for age in (0.0, 7.3, 1e4):
        products = [walk.at(age) * walk.at(age + lag) for walk in WALKS]
        assert np.mean(products) == pytest.approx(
            math.exp(-lag), abs=5 * float(np.std(products)) / math.sqrt(len(WALKS))
        )


def test_a_walk_is_normal_and_around_where_the_knob_stands():
    values = np.array([walk.at(3.0) for walk in WALKS])
    assert abs(values.mean()) < 5 / math.sqrt(len(values))
    assert (values**4).mean() / (values**2).mean() ** 2 == pytest.approx(3.0, abs=0.7)


def test_the_partials_of_a_walk_share_its_variance():
    amplitudes, rates, _ = partials(5)
    assert (amplitudes**2).sum() / 2 == pytest.approx(1.0)
    assert np.all(np.diff(rates) > 0.0)


def test_a_single_walk_keeps_its_variance_for_months():
    """Over time the mean square of cosines of different rates is half their number, whatever the phases."""
    values = np.array([Walk(0.1, 1.0, 7).at(age) for age in np.linspace(0.0, 1e7, 4000)])
    assert values.std() == pytest.approx(0.1, rel=0.1)


@given(ages, st.floats(0.1, 1000.0), st.integers(0, 2**64 - 1))
def test_a_walk_is_bounded_and_scales_with_its_relaxation_time(age, relaxation, seed):
    value = Walk(0.5, relaxation, seed).at(age * relaxation)
    assert abs(value) <= 0.5 * float(partials(seed)[0].sum())
    assert value == pytest.approx(Walk(0.5, 1.0, seed).at(age), abs=1e-6)


KEYED = Envelope(1.0, "hit", attack=1.0, decay=2.0, sustain=0.5, release=4.0)


def test_an_envelope_attacks_decays_sustains_and_releases():
    struck = KEYED.heard(1.0, 10.0)
    assert [struck.at(10.0 + s) for s in (0.0, 0.5, 1.0, 2.0, 3.0, 50.0)] == [0.0, 0.5, 1.0, 0.75, 0.5, 0.5]
    released = struck.heard(0.0, 20.0)
    assert [released.at(20.0 + s) for s in (0.0, 2.0, 4.0, 9.0)] == [0.5, 0.25, 0.0, 0.0]


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 1.0)), max_size=12))
def test_no_key_makes_an_envelope_jump_or_leave_its_range(strokes):
    envelope, age = KEYED, 0.0
    for later, value in strokes:
        age += later
        here = envelope.at(age)
        envelope = envelope.heard(value, age)
        assert envelope.at(age) == pytest.approx(here, abs=1e-9)
        assert 0.0 <= here <= 1.0


def test_a_fader_that_moves_on_is_no_new_key():
    struck = KEYED.heard(0.6, 0.0)
    assert struck.heard(0.9, 1.0) is struck


def test_a_key_whose_letting_go_was_lost_lets_go_of_itself_and_may_be_struck_again():
    struck = KEYED.heard(1.0, 0.0)
    assert struck.at(LONGEST_KEY + 2.0) == 0.25
    assert struck.at(LONGEST_KEY + 4.0) == 0.0
    assert struck.heard(1.0, LONGEST_KEY + 5.0).at(LONGEST_KEY + 6.0) == 1.0


def test_a_follower_reaches_its_depth_from_low_to_high():
    follower = Follower(0.3, low=4.0, high=8.0, smoothing=0.0, reading="entropy")
    told = {value: follower.heard(value, 1.0).at(1.0) for value in (0.0, 4.0, 6.0, 8.0, 99.0)}
    assert told == {0.0: 0.0, 4.0: 0.0, 6.0: pytest.approx(0.15), 8.0: 0.3, 99.0: 0.3}


def test_a_follower_has_gone_63_percent_of_the_way_after_its_time_constant():
    follower = Follower(1.0, smoothing=2.0, reading="entropy").heard(1.0, 5.0)
    assert follower.at(7.0) == pytest.approx(1.0 - math.exp(-1.0))


@given(st.lists(st.floats(0.0, 10.0), max_size=20), st.floats(0.01, 5.0))
def test_no_tick_rate_can_be_heard_in_a_follower(ticks, smoothing):
    once = Follower(1.0, smoothing=smoothing, reading="entropy", signal=replace(Follower(1.0).signal, origin=0.2))
    once = often = once.heard(0.9, 0.0)
    for tick in sorted(ticks):
        often = often.heard(0.9, tick)
    assert often.at(11.0) == pytest.approx(once.at(11.0))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_heard(value):
    follower = Follower(1.0, reading="entropy").heard(0.5, 1.0)
    assert follower.heard(value, 2.0) is follower


def test_a_signal_that_falls_silent_fades_without_a_jump_and_a_reading_holds():
    level, entropy = Follower(1.0, smoothing=0.1, input="level"), Follower(1.0, smoothing=0.1, reading="entropy")
    level, entropy = level.heard(1.0, 0.0), entropy.heard(1.0, 0.0)
    assert level.at(SILENCE + 1e-6) == pytest.approx(level.at(SILENCE), abs=1e-4)
    assert level.at(SILENCE + 5.0) < 0.01
    assert entropy.at(1e5) == pytest.approx(1.0)


def test_what_listens_to_nothing_stays_itself():
    for deaf in (Lfo(1.0), Walk(1.0), Still()):
        assert deaf.heard(1.0, 1.0) is deaf


TABLES = [
    {"kind": "lfo", "shape": "saw", "period": 2, "depth": -0.2, "phase": 0.5},
    {"kind": "walk", "relaxation": 3.5, "depth": 0.1, "seed": 9},
    {"kind": "envelope", "input": "hit", "depth": 0.4, "attack": 0.0, "sustain": 1},
    {"kind": "follower", "reading": "watts/card", "low": 30, "high": 300, "depth": 0.5},
    {"kind": "follower", "input": "level", "depth": 0.5, "smoothing": 0},
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["kind"]))
def test_a_table_gives_a_modulator_and_the_modulator_its_table(table):
    made = read(HEAT, table)
    assert isinstance(made, KINDS[table["kind"]])
    assert table_of(made).items() >= table.items()
    assert read(HEAT, table_of(made)) == made


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "kind takes one of lfo, walk, envelope, follower, not None"),
        ({"kind": "lof"}, "Did you mean lfo?"),
        ({"kind": "lfo"}, "lfo: depth is missing"),
        ({"kind": "lfo", "depth": 2}, "depth takes a number from -1 to 1, not 2"),
        ({"kind": "lfo", "depth": True}, "not True"),
        ({"kind": "lfo", "depth": 0.1, "period": 0}, "period takes a number from 0.02 to 86400"),
        ({"kind": "lfo", "depth": 0.1, "shape": "sinus"}, "Did you mean sine?"),
        ({"kind": "lfo", "depth": 0.1, "perod": 1}, "lfo has no 'perod'. Did you mean period?"),
        ({"kind": "lfo", "depth": 0.1, "seed": 0.5}, "seed takes a whole number"),
        ({"kind": "envelope", "depth": 0.1}, "input is missing"),
        ({"kind": "envelope", "depth": 0.1, "input": "a b"}, "input takes a name of letters"),
        ({"kind": "envelope", "depth": 0.1, "input": "a", "key": 1}, "envelope has no 'key'"),
        ({"kind": "follower", "depth": 0.1}, "say what it follows"),
        ({"kind": "follower", "depth": 0.1, "input": "a", "reading": "b"}, "say what it follows"),
        ({"kind": "follower", "depth": 0.1, "input": "a", "low": 2}, "low must lie below high"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(table, sentence):
    with pytest.raises((ModulatorError, TableError)) as caught:
        read(HEAT, table)
    assert sentence in str(caught.value)


def test_what_has_no_way_between_two_values_cannot_be_modulated():
    with pytest.raises(ModulatorError, match="cannot be modulated: it takes one of gaussian, heat"):
        read(MEDIUM, TABLES[0])


def test_a_reading_that_is_not_taken_is_said_with_the_nearest():
    playing = {HEAT.address: Follower(0.1, reading="entropie")}
    with pytest.raises(ModulatorError, match=r"no reading 'entropie'. Did you mean entropy\?"):
        require_readings(playing, ["/reading/entropy", "/reading/memory"])
    require_readings(playing, ["/reading/entropie"])
