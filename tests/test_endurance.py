"""Endurance: what grows is found by its slope, a late frame by its gap, and the real program is opened and closed."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from installation import cli
from installation.endurance import (
    HOUR,
    HOUSE,
    LONGEST_GAP,
    MOST,
    Course,
    Sample,
    Verdict,
    endure,
    look,
    rebirths,
    slope,
    slopes,
)
from installation.stage.gaps import EDGES, Spread
from installation.trial import Trial, TrialError
from tests.support import until
from tests.system.performance import scene_file

FLAT = {"engine": dict.fromkeys(("memory", "files", "threads"), 0.0), HOUSE: {"shared memory": 0.0, "processes": 0.0}}
HOARDER = (sys.executable, str(Path(__file__).with_name("understudy.py")), "hoard")


def gaps(*, of):
    """A thousand gaps of 17 ms, and one that is so long."""
    counts = [0.0] * len(EDGES)
    counts[16] = 1000.0
    counts[EDGES.index(of)] += 1.0
    return Spread(tuple(counts))


WELL = Verdict(3, 60.0, FLAT, FLAT, 0, gaps(of=100.0))


def held(at, pid=7, **things):
    return Sample(at, {"engine": {"memory": 1e8, **things}}, {"engine": pid})


# ------------------------------------------------------------------ slopes


@given(st.floats(-1e9, 1e9), st.floats(-1e6, 1e6), st.integers(2, 40))
def test_the_slope_of_a_line_is_its_own(begin, by, count):
    assert slope(range(count), [begin + by * n for n in range(count)]) == pytest.approx(by, abs=1e-3)


@given(st.integers(0, 29), st.floats(0.0, 1e9))
def test_one_jump_however_high_is_no_growth(when, height):
    assert slope(range(30), [1.0 + 1e-9 * n + height * (n == when) for n in range(30)]) == pytest.approx(0.0, abs=1e-6)


def test_a_days_up_and_down_is_no_growth():
    assert slope(range(60), [float(n % 6 < 3) for n in range(60)]) == pytest.approx(0.0)


def test_slopes_are_growth_an_hour_after_warming_up():
    samples = [
        held(0.0, memory=9e9),
        *(held(n * HOUR / 10, memory=1e9 + n * 1e5, files=50.0 + n) for n in range(1, 20)),
    ]
    grown = slopes(samples)["engine"]
    assert grown["memory"] == pytest.approx(1e6)
    assert grown["files"] == pytest.approx(10.0)


@pytest.mark.parametrize("few", [[], [held(1.0)]])
def test_of_too_few_samples_there_is_no_slope(few):
    assert all(not any(things.values()) for things in slopes(few).values())


def test_a_process_that_was_started_anew_is_counted_and_measured_from_there():
    samples = [held(n * HOUR, pid=1, memory=1e9 * n) for n in range(9)] + [held(n * HOUR, 2) for n in range(9, 20)]
    assert rebirths(samples) == 1
    assert slopes(samples)["engine"]["memory"] == 0.0


def test_who_goes_home_is_no_rebirth_and_has_no_slope():
    samples = [held(0.0), Sample(1.0, {}, {}), Sample(2.0, {}, {})]
    assert (rebirths(samples), slopes(samples)) == (0, {})


# ------------------------------------------------------------------ the verdict


def test_what_neither_grows_nor_stutters_is_well():
    assert WELL.faults == ()
    assert WELL.sentence() == "Well after 3 days in 60 s: nothing grows, and no frame was late."
    assert WELL.evenness().startswith(
        "1001 frames, half within 17 ms of the last, 99 % within 17, all within 100; 0 over"
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"gaps": gaps(of=110.0)}, "1 of 1001 frames came more than 100 ms after the last"),
        ({"rebirths": 2}, "started anew, 2 times"),
        ({"ended": "The program ended after 7 s."}, "ended after 7 s"),
    ],
)
def test_whatever_is_not_well_is_said(wrong, says):
    [fault] = replace(WELL, **wrong).faults
    assert says in fault
    assert replace(WELL, **wrong).sentence().startswith("NOT WELL after 3 days")


@pytest.mark.parametrize("thing", MOST)
def test_whatever_grows_too_fast_is_said_with_its_process_and_its_limit(thing):
    assert replace(WELL, slopes={"stage": {thing: 0.99 * MOST[thing]}}).faults == ()
    [fault] = replace(WELL, slopes={"stage": {thing: MOST[thing]}}).faults
    assert fault.startswith(f"stage: {thing} grows by ")


def test_the_report_is_plain_json_and_says_the_same():
    told = json.loads(json.dumps(replace(WELL, rebirths=1, gaps=gaps(of=110.0)).report()))
    assert (told["well"], len(told["faults"]), told["rebirths"]) == (False, 2, 1)
    assert told["gaps"] == {
        "frames": 1001, "p50_ms": 17.0, "p99_ms": 17.0, "p999_ms": 17.0, "longest_ms": 110.0, "over_100_ms": 1
    }  # fmt: skip


def test_a_gap_longer_than_can_be_counted_is_no_number_of_json():
    told = replace(WELL, gaps=gaps(of=EDGES[-1])).report()
    assert (told["gaps"]["longest_ms"], told["gaps"]["over_100_ms"]) == (None, 1)


def test_the_longest_gap_that_is_allowed_is_an_edge_of_counting():
    assert LONGEST_GAP in EDGES


# ------------------------------------------------------------------ real processes


def test_a_healthy_process_is_well():
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        show = Trial(process, 9, time.monotonic())
        until(lambda: look(show, 0.0).held["conductor"]["memory"] > 5e6)  # it has come to rest
        until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_SLEEPING)
        samples = [look(show, float(second)) for second in range(20)]
        process.kill()
    assert replace(WELL, held=samples[-1].held, slopes=slopes(samples)).faults == ()
    assert samples[-1].held[HOUSE] == {"shared memory": 0.0, "processes": 1.0}


def test_a_program_that_is_gone_is_a_sentence():
    process = subprocess.Popen(["true"])
    process.wait(10.0)
    with pytest.raises(TrialError, match="ended after 7 s"):
        look(Trial(process, 9, 0.0), 7.0)


@pytest.fixture
def state(tmp_path):
    (tmp_path / "state" / "scenes").mkdir(parents=True)
    return tmp_path / "state"


@pytest.mark.system
@pytest.mark.timeout(240)
def test_the_real_program_is_opened_and_closed_and_broken_off_it_says_what_was_seen_and_leaves_nothing(tmp_path, state):
    scene = scene_file(tmp_path)
    (state / "scenes" / scene.name).write_text(scene.read_text())
    heard: list[float] = []

    def progress(share):
        heard.append(share)
        if share * 60.0 > 3.0:
            raise KeyboardInterrupt

    verdict = endure(str(scene), state, Course(60.0, day=1.0, every=0.2), progress)
    assert verdict.broken_off
    assert verdict.days >= 1
    assert {"conductor", "engine", "stage", "recorder", HOUSE} <= verdict.slopes.keys()
    assert verdict.held["engine"]["memory"] > 1e8
    assert verdict.held["stage"].keys() == {"memory", "files", "threads", "GL objects"}
    assert verdict.held[HOUSE]["shared memory"] > 1e5
    assert verdict.gaps.total > 0
    assert (verdict.rebirths, verdict.ended) == (0, "")
    assert heard == sorted(heard)
    assert not [child for child in psutil.Process().children() if "installation" in child.cmdline()]


@pytest.mark.system
def test_a_leak_is_found_in_the_process_that_leaks_and_an_early_end_is_told(state):
    verdict = endure("little", state, Course(60.0, day=1.0, every=0.1), lambda _: None, HOARDER)
    leaks = [fault.partition(" grows")[0] for fault in verdict.faults if "grows" in fault]
    assert leaks == ["conductor: memory", "conductor: files", "conductor: threads"]
    assert verdict.ended.startswith("The program ended after")
    assert verdict.sentence().startswith("NOT WELL")


def test_a_scene_that_is_not_there_is_a_sentence():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TrialError, match="The program ended"):
        CliRunner().invoke(cli.app, ["soak", "--hours", "0.005", "--scene", "nonsense"], catch_exceptions=False)
    signal.signal(signal.SIGTERM, before)
