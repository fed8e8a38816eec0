"""Endurance: what grows is found by its slope, and the real program is opened and closed."""

import psutil
import pytest

from installation import endurance
from installation.endurance import HOUR, MOST, EnduranceError, Sample, Verdict, look, slopes
from installation.machine.wires import Wires
from tests.system.performance import scene_file


def held(at, **more):
    return Sample(at, {**dict.fromkeys(MOST, 100.0), **more})


def test_a_slope_is_growth_an_hour_after_warming_up():
    samples = [held(0.0, memory=9e9), *(held(n * HOUR / 10, memory=1e9 + n * 1e5, files=50 + n) for n in range(1, 20))]
    assert slopes(samples)["memory"] == pytest.approx(1e6)
    assert slopes(samples)["files"] == pytest.approx(10.0)
    assert slopes(samples)["threads"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("few", [[], [held(1.0)]])
def test_of_too_few_samples_there_is_no_slope(few):
    assert set(slopes(few).values()) == {0.0}


@pytest.mark.parametrize("name", MOST)
def test_whatever_grows_too_fast_is_said(name):
    flat = dict.fromkeys(MOST, 0.0)
    assert Verdict(3, 60.0, flat, flat).sentence().startswith("Flat after 3 days in 60 s: 0.0 MB memory (+0.0 MB an")
    assert Verdict(3, 60.0, flat, {**flat, name: MOST[name]}).sentence().startswith("GROWING")


def test_a_program_that_is_gone_is_a_sentence(tmp_path):
    process = psutil.Popen(["true"])
    process.wait(10.0)
    with pytest.raises(EnduranceError, match="ended after 7 s"):
        look(process, Wires(tmp_path), 7.0)


@pytest.mark.system
def test_the_real_program_is_opened_and_closed_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(endurance, "DAY", 1.0)
    monkeypatch.setattr(endurance, "SAMPLE_EVERY", 0.2)
    (tmp_path / "state").mkdir()
    heard: list[float] = []
    verdict = endurance.endure(str(scene_file(tmp_path)), tmp_path / "state", 3.0, heard.append)
    assert verdict.days >= 1
    assert verdict.held["memory"] > 1e8
    assert heard == sorted(heard)
    assert not [child for child in psutil.Process().children() if "installation" in child.cmdline()]
