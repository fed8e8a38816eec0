import subprocess
import sys

import pytest

from installation.knobs import declared, read
from installation.machine.child import PULSE
from installation.stage.panel import BLACK, OPEN, STAGE_VITALS, Staging, closed


def test_the_panel_and_the_process_are_light_to_import():
    code = "import sys, installation.stage.panel, installation.stage.process; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert not {"pygame", "cv2", "torch"} & set(modules.split())


@pytest.mark.parametrize("name", ["brightness", "dissolve", "burn-on", "patience", "black", "hold", "show"])
def test_every_knob_of_the_stage_has_an_address(name):
    assert f"/stage/{name}" in declared()


def test_an_empty_board_gives_the_defaults():
    assert read(Staging, {}) == Staging()


@pytest.mark.parametrize(
    ("values", "expected"),
    [({}, False), ({BLACK: 1.0}, True), ({BLACK: 0.01}, True), ({OPEN: 0.0}, True), ({OPEN: 1.0, BLACK: 0.0}, False)],
)
def test_the_wall_is_black_by_panic_from_its_first_moment_and_out_of_hours(values, expected):
    assert closed(values) is expected


def test_the_vital_signs_have_the_pulse_of_every_process():
    assert PULSE.items() <= STAGE_VITALS.items()
