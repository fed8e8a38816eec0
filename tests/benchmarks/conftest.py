"""What several benchmarks need: whether they measure, and the show in this process."""

import contextlib
import os
import sys
import threading

import pytest

from installation import scenes
from installation.conductor import Conductor, Performance
from installation.machine.files import share
from installation.machine.settings import Settings
from installation.panels import all_knobs
from tests.support import until
from tests.system.performance import scene_file


@pytest.fixture(scope="module")
def measured(pytestconfig):
    """Whether this is a measurement, or only a try."""
    return bool(pytestconfig.getoption("--benchmark-enable"))


@pytest.fixture
def said(capsys, measured):
    """Says what was measured, with its conditions."""

    def say(sentence):
        if measured:
            with capsys.disabled():
                sys.stdout.write(f"\n{sentence} Load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores.\n")

    return say


@pytest.fixture(scope="module")
def performed(measured, tmp_path_factory):
    """Plays under some settings: the main work when it is measured, a small one when it is only tried."""

    @contextlib.contextmanager
    def perform(**settings):
        folder = tmp_path_factory.mktemp("piece")
        path = share("scenes") / "machine-dementia.toml" if measured else scene_file(folder)
        told = Settings.model_validate({"state": folder / "state", "osc": {"port": 0}} | settings)
        conductor = Conductor(told, Performance(scenes.load(path, all_knobs(), share("assets")), seed=1, fresh=True))
        show = threading.Thread(target=conductor.perform, name="show")
        show.start()
        try:
            until(lambda: conductor.doors.port and conductor.health().serial > 2, 180.0)
            yield conductor
        finally:
            conductor.stop()
            show.join(30.0)

    return perform
