"""Measuring melting points with the real archive, and keeping them beside those of others."""

from dataclasses import replace

import pytest

from installation import melting
from installation.knobs import KnobError
from installation.loop.forgetting import Trial
from installation.machine.settings import Settings
from installation.melt import Crucible, filled, keep, measure, row, subjects

QUICK = Crucible("archive", None, ("gaussian",), 64, 2, Trial(steps=1, generations=1))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A measurement of one generation, its state folder, and how often it was heard of."""
    state, heard = tmp_path_factory.mktemp("state"), []
    points = list(measure(QUICK, Settings(state=state), lambda: heard.append(1)))
    return points, state, len(heard)


def test_a_measurement_says_all_its_conditions(measured):
    (point,), _, _ = measured
    assert (point.restorer, point.model, point.medium, point.size, point.pictures) == (
        "archive",
        None,
        "gaussian",
        64,
        2,
    )
    assert (point.steps, point.generations, point.seed) == (1, 1, 1)
    assert len(bytes.fromhex(point.digest)) == 32
    assert "torch" in point.versions


def test_it_is_in_the_state_folders_table(measured):
    (point,), state, _ = measured
    assert melting.read(state / melting.NAME) == {point.subject: point}


def test_the_progress_bar_hears_of_as_many_generations_as_it_was_told(measured):
    points, _, heard = measured
    assert heard == QUICK.generations if points[0].temperature else heard == 1


def test_a_new_measurement_replaces_the_old_one_and_leaves_the_others(measured, tmp_path):
    (point,), _, _ = measured
    other = replace(point, medium="heat")
    newer = replace(point, temperature=0.25)
    for each in (point, other, newer):
        keep(tmp_path / "table.json", [each])
    assert melting.read(tmp_path / "table.json") == {newer.subject: newer, other.subject: other}


def test_without_a_medium_all_are_melted_and_a_misspelt_one_is_refused():
    assert "heat" in filled("ember", None, None, 64).media
    assert filled("ember", None, ["heat"], 64).media == ["heat"]
    with pytest.raises(KnobError, match=r"Did you mean heat\?"):
        filled("ember", None, ["haet"], 64)


def test_subjects_are_different_pictures():
    found = subjects(5, 64)
    assert found.shape == (5, 3, 64, 64)
    assert all(not found[0].equal(each) for each in found[1:])


def test_a_row_says_never_for_what_does_not_melt(measured):
    (point,), _, _ = measured
    assert row(replace(point, temperature=None))[1] == "never"
    assert row(replace(point, temperature=0.5))[1:3] == ("0.500", f"{point.kept:.0%}")
