"""The projectors follow the doors, and leave their lamps in peace."""

import asyncio
import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.settings import ProjectorSettings
from installation.programme.pjlink import Power
from installation.programme.projector import Beamer, Projectors, decide
from tests.programme.beamer import Babbler, Mute, Projector, switched_on
from tests.support import until

powers, wishes = st.sampled_from(list(Power)), st.booleans()


@given(powers, wishes, st.floats(0.001, 1e6))
def test_a_lamp_told_a_moment_ago_is_left_in_peace(power, wanted, busy):
    assert decide(power, busy, wanted=wanted) is None


@given(st.sampled_from([Power.WARMING, Power.COOLING]), wishes)
def test_a_lamp_that_warms_or_cools_is_left_in_peace(power, wanted):
    assert decide(power, 0.0, wanted=wanted) is None


def test_what_is_as_it_should_be_is_told_nothing_and_all_else_is():
    assert decide(Power.OFF, 0.0, wanted=True) == "on"
    assert decide(Power.ON, 0.0, wanted=False) == "off"
    assert decide(Power.ON, 0.0, wanted=True) is decide(Power.OFF, 0.0, wanted=False) is None


def quick(*targets, **words):
    """Settings of projectors that may be asked at once again, which none outside a test would put up with."""
    settings = ProjectorSettings(kind="pjlink", hosts=targets, **{"warm_up": 0, "cool_down": 0, "patience": 1, **words})
    return settings.model_copy(update={"poll": 0.02})


def test_the_lamp_follows_the_doors_through_warming_and_cooling():
    projector = Projector()
    with switched_on(projector) as target, Projectors(quick(target), at_least=0.0) as projectors:
        projectors.want(on=True)
        until(lambda: projector.power == "3")
        projectors.want(on=False)  # the doors close while it warms
        seen = projector.visits
        until(lambda: projector.visits > seen + 2)
        assert projector.commands() == ["%1POWR 1"]
        projector.finish()
        until(lambda: projector.power == "2")
        projector.finish()
        assert projector.commands() == ["%1POWR 1", "%1POWR 0"]


def test_nothing_is_switched_before_somebody_wants_it():
    projector = Projector(power="1")
    with switched_on(projector) as target:
        with Projectors(quick(target), at_least=0.0):
            pass
        assert projector.visits == 0


def test_leaving_leaves_the_lamp_as_it_is():
    projector = Projector(power="1")
    with switched_on(projector) as target:
        with Projectors(quick(target), at_least=0.0) as projectors:
            projectors.want(on=True)
            until(lambda: projector.visits)
        assert projector.commands() == []


def test_a_lamp_is_left_in_peace_by_the_clock_where_it_says_nothing_useful():
    projector = Projector()

    async def exchanges(target):
        beamer = Beamer(target, quick(target, warm_up=600, cool_down=600))
        for wanted in (True, True, False, True):
            await beamer(wanted)
            projector.power = "0"  # it says that it is off, while it warms

    with switched_on(projector) as target:
        asyncio.run(exchanges(target))
    assert projector.commands() == ["%1POWR 1"]


def test_a_busy_projector_is_asked_again():
    projector = Projector(busy=True)
    with switched_on(projector) as target, Projectors(quick(target), at_least=0.0) as projectors:
        projectors.want(on=True)
        until(lambda: len(projector.commands()) > 1)
        projector.busy = False
        until(lambda: projector.power == "3")


def test_polls_are_a_minute_apart_or_more():
    with pytest.raises(ValueError, match="greater than or equal to 60"):
        ProjectorSettings(kind="pjlink", hosts=("10.0.0.1",), poll=59)


def test_doors_that_flap_do_not_make_it_ask_more_often():
    projector = Projector()
    with switched_on(projector) as target, Projectors(quick(target), at_least=300.0) as projectors:
        projectors.want(on=True)
        until(lambda: projector.power == "3")
        for wanted in itertools.islice(itertools.cycle([False, True]), 500):
            projectors.want(on=wanted)
    assert projector.visits == 1


@pytest.mark.parametrize("broken", [Babbler(), Mute(), Babbler(babble=b"PJLINK 0\r%1POWR=\r")])
def test_one_that_answers_nonsense_or_nothing_does_not_keep_the_other_dark(broken, caplog):
    sane = Projector()
    with switched_on(broken) as first, switched_on(sane) as second:
        with Projectors(quick(first, second), at_least=0.0) as projectors:
            projectors.want(on=True)
            until(lambda: sane.power == "3" and broken.visits > 1)
        assert sum(first in record.getMessage() for record in caplog.records) == 1  # trouble is said once


def test_nobody_waits_for_a_projector():
    with switched_on(Mute()) as target, Projectors(quick(target, patience=30)) as projectors:
        for _ in range(1000):
            projectors.want(on=True)
        assert "projectors" in {thread.name for thread in threading.enumerate()}
    assert "projectors" not in {thread.name for thread in threading.enumerate()}  # and leaving does not, either


def test_faults_are_said_when_they_change(caplog):
    projector = Projector(faults="010000")
    with switched_on(projector) as target, Projectors(quick(target), at_least=0.0) as projectors:
        projectors.want(on=True)
        until(lambda: "lamp warns" in caplog.text)
        projector.faults = "000000"
        until(lambda: "all is well again" in caplog.text)
    assert caplog.text.count("lamp warns") == 1


def test_without_a_projector_there_is_no_thread():
    before = threading.active_count()
    with Projectors(ProjectorSettings()) as projectors:
        projectors.want(on=True)
        assert threading.active_count() == before


def display(tmp_path, body="echo $1 >> said", **words):
    script = tmp_path / "dpms"
    script.write_text(f"#!/bin/sh\ncd {tmp_path}\n{body}\n")
    script.chmod(0o755)
    settings = ProjectorSettings(kind="display", on=(str(script), "on"), off=(str(script), "off"), **words)
    return settings.model_copy(update={"poll": 0.02})


def test_a_display_is_switched_by_a_command_again_and_again(tmp_path):
    said = tmp_path / "said"
    with Projectors(display(tmp_path), at_least=0.0) as projectors:
        projectors.want(on=True)
        until(lambda: said.exists() and said.read_text().split().count("on") > 1)
        projectors.want(on=False)
        until(lambda: said.read_text().split()[-1] == "off")


@pytest.mark.parametrize(
    ("body", "words", "sentence"),
    [
        ("exit 3", {}, "failed with exit code 3"),
        ("exec sleep 100", {"patience": 1}, "waited 1 s"),
        (None, {"on": ("/nowhere/xset",)}, "cannot run /nowhere/xset"),
    ],
)
def test_a_display_that_is_not_switched_is_said(tmp_path, caplog, body, words, sentence):
    settings = display(tmp_path, body or "true").model_copy(update=words)
    with Projectors(settings, at_least=0.0) as projectors:
        projectors.want(on=True)
        until(lambda: sentence in caplog.text)


def test_pjlink_needs_a_host_and_knows_its_own_port():
    with pytest.raises(ValueError, match="say where the projectors are"):
        ProjectorSettings(kind="pjlink")
    hosts = ("192.168.1.40", "beamer.local:4353", "[fe80::1]", "[fe80::1]:99")
    assert ProjectorSettings(hosts=hosts).hosts == (
        "192.168.1.40:4352",
        "beamer.local:4353",
        "[fe80::1]:4352",
        "[fe80::1]:99",
    )
