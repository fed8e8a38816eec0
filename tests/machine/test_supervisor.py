"""The supervisor with real processes that are killed, hang, fail and obey. Its clock is put forward, not waited for."""

import logging
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.child import PULSE, Phase
from installation.machine.supervisor import (
    GRACE,
    LONGEST_DELAY,
    MEMORY_OF_DEATHS,
    QUIET,
    WEIGH_EVERY,
    Duty,
    Ward,
    back_off,
    how,
)
from installation.machine.wires import lay
from installation.records import Order, Report
from tests.machine import lives
from tests.support import until

LIFE = 60.0  # seconds a new interpreter may take on a busy machine
LOADING, RUNNING = 3600.0, 900.0  # patience: our clock is put forward past it where that is the point


class Watch:
    """A ward, looked at again and again on a clock of our own, and all it has reported."""

    def __init__(self, wires, entry: Callable[..., None], orders=(), arguments=(), most=math.inf):
        duty = Duty(lives.NAME, entry, arguments, PULSE, LOADING, RUNNING)
        self.ward = Ward(duty, wires, lambda: list(orders), most)
        self.reports: list[Report] = []
        self.ahead = 0.0

    @property
    def now(self):
        return time.monotonic() + self.ahead

    def look(self):
        self.reports += self.ward.look(self.now)

    def until(self, predicate):
        def looked():
            self.look()
            return predicate()

        return until(looked, within=LIFE)

    def named(self, name):
        return [report.data for report in self.reports if report.name == name]

    def lives(self, number=1):
        """Wait for its so-manieth life and return the process's number."""
        self.until(lambda: len(self.named("alive")) >= number)
        return self.named("alive")[-1]["pid"]

    def weighs(self):
        """Look until it was weighed anew; what it holds."""
        self.ahead += WEIGH_EVERY
        self.look()
        return self.ward.weight.held

    def dies(self):
        deaths = len(self.ward.deaths)
        self.until(lambda: len(self.ward.deaths) > deaths)


@pytest.fixture
def watch(tmp_path):
    """Begin to watch a process; at the end none is left."""
    begun = []

    def begin(entry, orders=(), **more):
        begun.append(Watch(lay(tmp_path), entry, orders, **more))
        return begun[-1]

    yield begin
    for each in begun:
        each.ward.kill()
        each.ward.vitals.close()


def ended(pid):
    """Whether a process has ended: gone, or dead and not yet collected."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# ------------------------------------------------------------------ the law of rebirth


def test_the_first_death_is_forgiven_and_each_further_one_doubles_the_wait():
    waits = [back_off([0.0] * deaths, 1.0) for deaths in range(11)]
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_deaths_are_forgotten_after_ten_minutes():
    assert back_off([0.0] * 9, MEMORY_OF_DEATHS) == 0.0


@given(deaths=st.lists(st.floats(0.0, 1e6), max_size=5000), now=st.floats(1e6, 2e6))
def test_no_wait_is_ever_longer_than_a_minute(deaths, now):
    assert 0.0 <= back_off(deaths, now) <= LONGEST_DELAY


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "killed by SIGKILL"), (-15, "killed by SIGTERM"), (0, "left by itself"), (3, "failed with exit code 3")],
)
def test_an_exit_code_is_said_in_words(code, words):
    assert how(code) == words


# ------------------------------------------------------------------ a life


@pytest.mark.system
def test_a_process_begins_with_the_orders_it_is_born_with_and_then_obeys_in_order(watch):
    watched = watch(lives.obedient, [Order("play"), Order("rest")])
    watched.lives()
    watched.ward.post(Order("wake"))
    watched.until(lambda: len(watched.named("obeyed")) == 3)
    assert [data["order"] for data in watched.named("obeyed")] == ["play", "rest", "wake"]


@pytest.mark.system
def test_its_pulse_is_felt(watch):
    watched = watch(lives.obedient)
    pid = watched.lives()
    first = watched.ward.vitals["beat"]
    watched.until(lambda: watched.ward.vitals["beat"] > first)
    assert (watched.ward.vitals["phase"], watched.ward.pid) == (Phase.RUNNING, pid)


@pytest.mark.system
def test_told_to_stop_it_leaves_and_is_not_born_again(watch):
    watched = watch(lives.obedient)
    pid = watched.lives()
    watched.ward.stop(watched.now)
    assert watched.ward.gone(LIFE)
    watched.look()
    watched.ahead += 3600.0
    watched.look()
    assert (watched.ward.pid, watched.ward.deaths, len(watched.named("left"))) == (None, [], 1)
    assert ended(pid)


@pytest.mark.system
def test_told_to_stop_while_loading_it_is_not_waited_for(watch):
    watched = watch(lives.loading)
    watched.lives()
    watched.ward.stop(watched.now)
    assert watched.ward.gone(LIFE)


def test_stopping_what_never_lived_is_no_matter(watch):
    watched = watch(lives.obedient)
    watched.ward.post(Order("play"))
    watched.ward.stop(watched.now)
    watched.look()
    assert watched.ward.gone(0.0)
    assert watched.ward.pid is None


# ------------------------------------------------------------------ deaths


@pytest.mark.system
def test_killed_it_is_born_again_at_once_with_its_orders_and_the_reason_is_logged(watch, caplog):
    watched = watch(lives.obedient, [Order("play")])
    first = watched.lives()
    os.kill(first, signal.SIGKILL)
    second = watched.lives(2)
    watched.until(lambda: len(watched.named("obeyed")) == 2)
    assert second != first
    assert len(watched.ward.deaths) == 1
    assert re.search(r"The ward ended after \d+ s \(killed by SIGKILL\); starting it again in 0 s", caplog.text)


@pytest.mark.system
def test_what_keeps_failing_is_started_again_later_and_later(watch):
    watched = watch(lives.failing)
    watched.dies()
    watched.dies()
    second = watched.ward.deaths[-1]
    list(watched.ward.look(second + 0.99))
    assert watched.ward.pid is None
    list(watched.ward.look(second + 1.01))
    assert watched.ward.pid is not None


@pytest.mark.system
def test_forgiven_it_is_started_again_at_once(watch):
    watched = watch(lives.failing)
    watched.until(lambda: len(watched.ward.deaths) == 2)
    assert watched.ward.pid is None
    watched.ward.forgive()
    assert watched.ward.deaths == []
    watched.look()
    assert watched.ward.pid


@pytest.mark.system
def test_renewed_it_leaves_by_itself_and_lives_again_at_once_without_a_death(watch, caplog):
    obedient = watch(lives.obedient, [Order("first")])
    first = obedient.lives()
    with caplog.at_level(logging.INFO, "installation.machine"):
        obedient.ward.renew(obedient.now)
        assert obedient.lives(2) != first
    assert obedient.named("left")
    assert obedient.ward.deaths == []
    assert "has left, as it was asked to; starting it again." in caplog.text


def test_renewed_while_it_hangs_it_is_killed_after_its_grace(watch):
    deaf = watch(lives.deaf)
    first = deaf.lives()
    deaf.ward.renew(deaf.now)
    deaf.ahead += GRACE
    assert deaf.lives(2) != first
    assert deaf.ward.deaths == []


def test_the_last_words_of_the_dying_are_heard(watch, caplog):
    watched = watch(lives.failing)
    watched.dies()
    assert [data["text"] for data in watched.named("log")] == ["No model here."]
    assert "failed with exit code 3" in caplog.text


@pytest.mark.system
@pytest.mark.parametrize("how_it_hangs", ["stopped by a signal", "deaf"])
def test_hung_it_is_asked_to_end_then_killed_and_then_born_again(watch, how_it_hangs, caplog):
    watched = watch(lives.deaf if how_it_hangs == "deaf" else lives.hung)
    pid = watched.lives()
    if how_it_hangs != "deaf":
        os.kill(pid, signal.SIGSTOP)
    watched.ahead += RUNNING
    watched.until(lambda: "has been silent for" in caplog.text)
    assert not ended(pid)  # it has its grace
    watched.ahead += GRACE
    watched.dies()
    assert "killed by SIGKILL" in caplog.text
    assert ended(pid)
    assert watched.lives(2) != pid


@pytest.mark.system
def test_hung_it_may_still_save_what_it_has_when_it_is_asked_to_end(watch, caplog):
    watched = watch(lives.hung)
    watched.lives()
    watched.ahead += RUNNING
    watched.dies()
    assert len(watched.named("saved")) == 1
    assert "left by itself" in caplog.text


@pytest.mark.system
def test_a_second_sigterm_does_not_break_into_what_is_being_saved(watch, caplog):
    watched = watch(lives.slow_to_leave)
    pid = watched.lives()
    os.kill(pid, signal.SIGTERM)
    watched.until(lambda: watched.named("saving"))
    os.kill(pid, signal.SIGTERM)
    watched.ward.post(Order("finish"))
    watched.dies()
    assert len(watched.named("saved")) == 1
    assert "left by itself" in caplog.text


@pytest.mark.system
def test_loading_has_a_patience_of_its_own(watch, caplog):
    watched = watch(lives.loading)
    watched.lives()
    watched.ahead += (LOADING + RUNNING) / 2
    watched.look()
    assert "silent" not in caplog.text
    watched.ahead += LOADING
    watched.dies()
    assert "while loading" in caplog.text


@pytest.mark.system
def test_what_does_not_leave_in_time_is_killed_and_nothing_is_left(watch, caplog):
    watched = watch(lives.deaf)
    pid = watched.lives()
    watched.ward.stop(watched.now)
    assert not watched.ward.gone(0.0)
    watched.ward.kill()
    assert ended(pid)
    assert "did not leave in time; killing it" in caplog.text


@pytest.mark.system
def test_after_its_grace_what_was_told_to_stop_is_killed_by_looking(watch):
    watched = watch(lives.deaf)
    pid = watched.lives()
    watched.ward.stop(watched.now)
    watched.ahead += GRACE
    watched.until(lambda: watched.ward.pid is None)
    assert ended(pid)


@pytest.mark.system
def test_the_conductors_own_death_ends_the_process(watch):
    watched = watch(lives.obedient)
    pid = watched.lives()
    watched.ward._pipe.close()  # what the kernel does to a dead conductor's end
    until(lambda: ended(pid), within=LIFE)


# ------------------------------------------------------------------ memory


@pytest.mark.system
def test_what_grows_beyond_its_limit_is_asked_to_leave_and_lives_again_without_a_death(watch, caplog):
    watched = watch(lives.hoarding, arguments=("leave", "quit"), most=1e12)
    first = watched.lives()
    held = watched.weighs()
    assert held > 1e6
    watched.ward.weight = replace(watched.ward.weight, most=2.0 * held)
    watched.ward.post(Order("hoard", {"megabytes": int(3.0 * held / 2**20)}))
    watched.until(lambda: watched.weighs() > 2.0 * held)
    assert watched.lives(2) != first
    assert (watched.named("left"), watched.ward.deaths) == ([{"by": "leave"}], [])
    assert caplog.text.count("more than the") == 1
    watched.until(lambda: 0.0 < watched.weighs() < 2.0 * held)
    assert not watched.ward.weight.is_too_much


@pytest.mark.system
def test_what_finds_no_quiet_moment_is_renewed_in_the_end(watch):
    watched = watch(lives.hoarding, arguments=("quit",), most=1e12)
    first = watched.lives()
    held = watched.weighs()
    watched.ward.weight = replace(watched.ward.weight, most=2.0 * held)
    watched.ward.post(Order("hoard", {"megabytes": int(3.0 * held / 2**20)}))
    watched.until(lambda: watched.weighs() > 2.0 * held)
    assert not watched.named("left")
    watched.ahead += QUIET
    assert watched.lives(2) != first
    assert (watched.named("left"), watched.ward.deaths) == ([{"by": "quit"}], [])


@pytest.mark.system
def test_what_holds_too_much_from_the_start_is_complained_of_once_and_left_alone(watch, caplog):
    watched = watch(lives.hoarding, arguments=("leave", "quit"), most=1.0)
    watched.lives()
    assert watched.weighs() > 1.0
    assert watched.weighs() > 1.0
    watched.ahead += QUIET
    watched.look()
    assert not watched.named("left")
    assert caplog.text.count("memory.share") == 1


FIRST_CHILD = """
import sys, tempfile, time
from pathlib import Path
from installation.machine.child import PULSE
from installation.machine.supervisor import Duty, Ward
from installation.machine.wires import lay
from tests.machine import lives

ward = Ward(Duty(lives.NAME, lives.obedient, (), PULSE, 60.0, 60.0), lay(Path(sys.argv[1])), list)
list(ward.look(time.monotonic()))
sys.stdout.write(Path(f"/proc/{ward.pid}/status").read_text())
ward.kill()
"""


@pytest.mark.system
def test_ctrl_c_in_the_terminal_is_the_conductors_alone_from_the_first_child_on(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", FIRST_CHILD, str(tmp_path)], capture_output=True, text=True, timeout=LIFE, check=True
    )
    blocked = int(re.findall(r"SigBlk:\s+([0-9a-f]+)", told.stdout)[0], 16)
    assert blocked >> (signal.SIGINT - 1) & 1


@pytest.fixture(autouse=True)
def _lines(caplog):
    caplog.set_level(logging.INFO)
