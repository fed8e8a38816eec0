"""How long a picture of 512 x 512 is on its way from an engine elsewhere to the ring here, over loopback.

From the moment at which the engine has put it onto its own ring to the moment at which it stands on ours: found,
packed, sent through Ray, unpacked, written. Both ends read the same clock.
"""

import statistics
import time

import numpy as np
import pytest

from installation import scenes
from installation.cluster.letters import Commission, enclosed, unpacked
from installation.cluster.reach import reached
from installation.cluster.station import There
from installation.machine.files import share
from installation.machine.ring import Ring
from installation.machine.settings import EngineSettings, PlaceSettings
from installation.panels import all_knobs
from installation.records import Order
from tests.support import until
from tests.system.performance import scene_file

pytestmark = pytest.mark.bench

SIDE, COUNT, WARM = 512, 300, 20
GOAL_MS = 20.0


@pytest.fixture(scope="module")
def reach(measured):
    pytest.importorskip("ray", reason="optional extra: pip install 'burntout[cluster]'")
    if not measured:
        pytest.skip("tests/cluster plays the same over real nodes; run with --benchmark-enable")
    with reached("local", cpus=2, patience=120.0) as reach:
        yield reach


@pytest.fixture
def scene(tmp_path):
    """White noise from a photograph and nobody who restores it: all that happens is pictures, about 20 a second."""
    path = scene_file(tmp_path, restorer="none", loop="pace = 0.5\nstages = 8")
    path.write_text(path.read_text().replace("size = 64", f"size = {SIDE}"))
    return scenes.load(path, all_knobs(), share("assets"))


def ways(station, ring):
    """Milliseconds that pictures were on their way: moments, and generations with their checkpoint."""
    told: dict[str, list[float]] = {"generation": [], "moment": []}
    while sum(map(len, told.values())) < COUNT + WARM:
        for picture in station.hear().result(60.0).pictures:
            ring.write(unpacked(picture), stamp_ns=0, generation=0, phase=picture.phase, temperature=0.0)
            kind = "generation" if picture.phase == "generation" else "moment"
            told[kind].append((time.time_ns() - picture.stamp_ns) / 1e6)
    return {kind: each[3:] for kind, each in told.items()}


@pytest.mark.parametrize("coding", ["jpeg", "png", "raw"])
def test_a_picture_on_its_way(reach, scene, tmp_path, said, coding):
    (node,) = reach.nodes()
    knobs = {address: knob.default for address, knob in all_knobs().items()} | dict(scene.values)
    engine = EngineSettings(device="cpu", threads=1)
    station = There(node, PlaceSettings(name="far", at="cluster"), Commission(engine, knobs, (), coding, 90))
    ring = Ring.create(tmp_path / "ring", SIDE * SIDE)
    try:
        station.tell([enclosed(Order("play", {"scene": scene, "seed": 1, "resume": False}))], {}).result(120.0)
        until(lambda: station.hear().result(120.0).pictures, 120.0)
        for kind, each in ways(station, ring).items():
            said(
                f"{kind} of {SIDE} x {SIDE} as {coding}, engine to ring over loopback, median of {len(each)}: "
                f"{statistics.median(each):.1f} ms, p99 {np.percentile(each, 99):.1f} ms (goal {GOAL_MS:g} ms)."
            )
    finally:
        station.leave().result(10.0)
        station.drop()
