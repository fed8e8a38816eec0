"""Pure Data, headless, plays the real program and hears what it measures."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import until
from tests.system.performance import PATIENCE, performing, scene_file

PATCH = Path(__file__).parents[2] / "deploy" / "controllers" / "burntout.pd"
EAR = "#N canvas 0 0 300 200 12;\n#X obj 20 20 r burntout-entropy;\n#X obj 20 60 print heard;\n#X connect 0 0 1 0;\n"

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not shutil.which("pd"), reason="pd is missing: apt-get install puredata-core"),
]


@contextlib.contextmanager
def pure_data(folder, port):
    """Pure Data with our patch, and one beside it that prints what the patch has heard; gives the file it prints to."""
    ear, said = folder / "ear.pd", folder / "pd.said"
    ear.write_text(EAR)
    words = ["-nogui", "-noaudio", "-nomidi", "-open", str(PATCH), "-open", str(ear)]
    with said.open("w") as voice:
        process = subprocess.Popen(["pd", *words, "-send", f"burntout-port {port}"], stdout=voice, stderr=voice)
        try:
            yield said
        finally:
            process.kill()
            process.wait(10.0)


def test_the_patch_plays_the_piece_and_hears_its_entropy(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    with performing(scene_file(tmp_path), state, "--fresh") as show:
        show.reaches(2)
        before = show.knob("/loop/flow")
        with pure_data(tmp_path, show.port) as said:
            until(lambda: show.knob("/loop/flow") > before + 0.05, PATIENCE)
            until(lambda: show.knob("/burn/gaussian/temperature") != pytest.approx(0.4), PATIENCE)
            until(lambda: "heard: " in said.read_text(), PATIENCE)
        show.stop()
    assert "error" not in said.read_text()
    assert 0.0 < float(said.read_text().split("heard: ")[1].split()[0]) <= 8.0
    assert "Refused" not in show.said()
