"""The conductor imports these rooms, so they stay light: no accelerator, no screen, no film."""

import subprocess
import sys

LIGHT = (
    "installation.scenes",
    "installation.control.commands",
    "installation.control.doors",
    "installation.control.herald",
    "installation.control.osc",
    "installation.control.store",
    "installation.programme.calendar",
    "installation.programme.hours",
    "installation.programme.plan",
    "installation.readings",
    "installation.readings.instruments",
    "installation.readings.meter",
)
HEAVY = ("torch", "pygame", "cv2", "av", "diffusers", "transformers", "faiss")


def test_no_heavy_library_is_imported():
    program = f"import sys, {', '.join(LIGHT)}\nassert not set({HEAVY}) & set(sys.modules), 'too heavy'"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
