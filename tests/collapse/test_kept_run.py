"""The run that was really made: what it promised is in its numbers. Ember, five generations, the same seed and diet."""

import json

import pytest

from installation.collapse.images import MEANING, Settings, chance, understood
from installation.machine.files import share

RUNS = json.loads((share("assets") / "collapse" / "pictures.json").read_text(encoding="utf-8"))["runs"]
STARVED, FED, KEPT, UNTAUGHT = "synthetic", "20% fresh", "augmentation", "untaught"


def curve(run, reading):
    return RUNS[run]["readings"][reading]


@pytest.mark.parametrize("reading", MEANING)
def test_every_reading_of_every_generation_is_there(reading):
    assert [len(curve(run, reading)) for run in RUNS] == [6] * len(RUNS)


def test_all_runs_begin_alike_and_differ_only_in_their_diet():
    assert len({json.dumps(run["beginning"]) for run in RUNS.values()}) == 1
    assert len({run["readings"]["recall"][0] for run in RUNS.values()}) == 1
    assert [Settings(**{**RUNS[run]["settings"], "mode": "synthetic"}) for run in (STARVED, FED, KEPT)] == [
        Settings()
    ] * 3


def test_fed_on_itself_recall_falls_by_half_and_more_while_precision_stays():
    assert curve(STARVED, "recall")[-1] <= 0.5 * curve(STARVED, "recall")[0]
    assert min(curve(STARVED, "precision")) >= 0.95


def test_fed_on_itself_recall_and_variance_only_fall_and_the_distance_only_rises():
    assert curve(STARVED, "recall") == sorted(curve(STARVED, "recall"), reverse=True)
    assert curve(STARVED, "variance") == sorted(curve(STARVED, "variance"), reverse=True)
    assert curve(STARVED, "frechet") == sorted(curve(STARVED, "frechet"))


def test_a_fifth_of_fresh_pictures_comes_to_rest_far_above():
    assert min(curve(FED, "recall")) >= 3.0 * curve(STARVED, "recall")[-1]
    assert abs(curve(FED, "recall")[-1] - curve(FED, "recall")[-3]) < 0.05


def test_with_all_real_pictures_kept_it_is_slower_still():
    assert curve(STARVED, "recall")[-1] < curve(FED, "recall")[-1] < curve(KEPT, "recall")[-1]


def test_the_weights_alone_forget_in_the_same_order():
    """On the same ashes of real pictures, where no chance of the diet has a part."""
    ends = [curve(run, "weights")[-1] for run in (STARVED, FED, KEPT)]
    assert ends == sorted(ends)
    assert ends[0] < 0.9 * curve(STARVED, "weights")[0]
    assert curve(STARVED, "forgetting")[-1] > 1.1 * curve(STARVED, "forgetting")[0]


def test_a_model_that_is_taught_nothing_forgets_nothing_though_its_pictures_do():
    """Most of what recall loses is lost by copying copies; what the weights lose is told by the other two."""
    assert curve(UNTAUGHT, "recall")[-1] <= 0.5 * curve(UNTAUGHT, "recall")[0]
    assert len(set(curve(UNTAUGHT, "weights"))) == 1
    assert curve(UNTAUGHT, "forgetting")[-1] == pytest.approx(curve(UNTAUGHT, "forgetting")[0], rel=1e-2)


@pytest.mark.parametrize("run", RUNS)
def test_chance_alone_is_drawn_as_it_is_computed(run):
    settings = understood(RUNS[run]["settings"])
    assert RUNS[run]["kinds by chance"] == pytest.approx(chance(settings, RUNS[run]["taught"], 5), abs=1e-4)


def test_kinds_follow_what_chance_alone_would_leave():
    """To within a tenth of all: what the runs lose in number is what drawing with replacement loses."""
    for run in RUNS.values():
        assert run["readings"]["kinds"] == pytest.approx(run["kinds by chance"], abs=0.13)
