"""Prometheus can read what we say, and it is what the piece says of itself."""

import asyncio
import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from installation.control.osc import Tally
from installation.machine.board import Board
from installation.readings import Missing, Value
from installation.web.glance import Glance, glance
from installation.web.metrics import exposition
from tests.support import until
from tests.web.home import WELL, get, living


def samples(text):
    """Every sample by name and labels."""
    families = text_string_to_metric_families(text)
    return {(each.name, *sorted(each.labels.values())): each.value for one in families for each in one.samples}


def told(readings=None, tally=None, boards=None):
    return samples(exposition(Glance(WELL, readings or {}, tally or Tally(), boards or {})).decode())


def test_health_is_told_in_units_of_prometheus():
    seen = told()
    assert seen["burntout_playing", "playing", "still"] == 1.0
    assert seen["burntout_generation",] == 7.0
    assert seen["burntout_stage_worst_gap_seconds",] == pytest.approx(0.02)
    assert seen["burntout_recording",] == 0.0
    assert seen["burntout_recent_deaths", "engine"] == 1.0
    assert seen["burntout_refused_total",] == 3.0
    assert seen["burntout_memory_bytes", "engine"] == 5e8
    assert seen["burntout_degraded",] == 0.0


def test_a_reading_that_is_there_is_told_with_its_unit_and_one_that_is_not_is_not():
    seen = told(
        {"/reading/entropy": Value(7.25), "/reading/watts": Value(60.0, estimated=True), "/reading/co2": Missing()}
    )
    entropy = next(key for key in seen if key[0] == "burntout_reading" and "/reading/entropy" in key)
    assert seen[entropy] == 7.25
    assert seen["burntout_reading_estimated", "/reading/watts", "W"] == 1.0
    assert not [key for key in seen if "/reading/co2" in key]


def test_what_the_osc_door_refused_is_told_by_cause():
    assert told(tally=Tally(received=9, refused={"rate": 4}))["burntout_osc_refused_total", "rate"] == 4.0


def test_vital_signs_are_read_off_their_boards_and_a_board_that_is_not_there_is_passed_over(tmp_path):
    Board.create(tmp_path / "engine", {"serial": 12.0, "memory": math.nan}).close()
    seen = told(boards={"engine": tmp_path / "engine", "stage": tmp_path / "stage"})
    vitals = {key: value for key, value in seen.items() if key[0] == "burntout_vital"}
    assert vitals == {("burntout_vital", "engine", "serial"): 12.0}


def test_metrics_are_served_only_where_they_are_asked_for(tmp_path):
    with living(tmp_path) as home:
        assert asyncio.run(get(home, "/metrics"))[0] == 404
    with living(tmp_path, metrics=True) as home:
        until(lambda: home.web.glance)
        status, headers, body = asyncio.run(get(home, "/metrics"))
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
        assert samples(body)["burntout_generation",] == 7.0


def test_a_glance_is_a_picture_of_the_house(tmp_path):
    with living(tmp_path) as home:
        seen = glance(home)
        assert (seen.health, seen.readings) == (home.health(), home.readings)
        assert seen.boards == {"engine": home.wires.vitals("engine")}
