"""How a wall grows: 1, 4, 16 and 64 engines on the nodes of a cluster, all on this machine, through one real envoy.

Ember is replaced by a timed stand-in, which says so: its node computes nothing, but its pictures, reports and
checkpoints travel and are received as ember's are. Only with ``--benchmark-enable``; 64 engines want 16 GB of memory,
and a minute or two to be born.
"""

import math
import multiprocessing
import threading
import time

import psutil
import pytest
from pydantic import TypeAdapter

from installation import scenes
from installation.cluster.envoy import ENVOY_VITALS, Envoy, room
from installation.cluster.passport import Passport, here
from installation.cluster.standing import Standing
from installation.machine import wires as wiring
from installation.machine.board import Board
from installation.machine.files import share
from installation.machine.ring import Ring
from installation.machine.settings import Settings
from installation.machine.wires import Uplink
from installation.panels import all_knobs
from installation.records import Order
from tests.benchmarks.timed_ember import MOMENTS, PASSPORT, SIDE, TimedEmber
from tests.cluster.federation import federation
from tests.system.performance import scene_file

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

ENGINES_A_NODE = 8
SECONDS = 20.0  # that are counted, when all engines play
PATIENCE = 240.0  # seconds for all of them to be born


class Conductor(threading.Thread):
    """Listens at the other end of the envoy's pipe: waits until all play, counts for a while, and has it leave."""

    def __init__(self, pipe, count):
        super().__init__(name="conductor")
        self.pipe, self.count = pipe, count
        self.heard, self.busy = {}, {}  # when each engine has reported a generation; cores used, by whom

    def run(self):
        if self._listens(lambda: len(self.heard) == self.count, PATIENCE):
            self.heard, before = {}, processor_seconds()
            self._listens(lambda: False, SECONDS)
            self.busy = {name: (spent - before.get(name, 0.0)) / SECONDS for name, spent in processor_seconds().items()}
        self.pipe.send(Order("quit"))

    def _listens(self, enough, seconds):
        """Whether it was enough before so many seconds had passed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not enough():
            if self.pipe.poll(0.1) and (report := self.pipe.recv()).name in {"generation", "beside"}:
                self.heard.setdefault(report.data.get("engine", ""), []).append(time.monotonic())
        return enough()

    @property
    def rate(self):
        """Generations a second, of all engines together: of each between its first report and its last."""
        return sum((len(times) - 1) / (times[-1] - times[0]) for times in self.heard.values() if len(times) > 1)


def processor_seconds():
    """What this process, which is the envoy's, and Ray's own have used so far, together by name."""
    spent = {"envoy": time.process_time()}
    for process in psutil.Process().children(recursive=True):
        try:
            name, times = process.name(), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        kind = (
            "engines" if name.startswith("ray::") and "Timed" in name else "head" if name == "gcs_server" else "nodes"
        )
        spent[kind] = spent.get(kind, 0.0) + times.user + times.system
    return spent


@pytest.fixture
def wall(tmp_path):
    """Plays a wall of so many engines; what its conductor has counted."""
    scene = scenes.load(scene_file(tmp_path), all_knobs(), share("assets"))
    (tmp_path / PASSPORT).write_bytes(
        TypeAdapter(Passport).dump_json(here([(scene.restorer, scene.model)], tmp_path, 1))
    )

    def play(count, pace, address):
        engines = [{"name": f"e{number}", "at": "cluster"} for number in range(count)]
        settings = Settings.model_validate(
            {
                "state": tmp_path / "state",
                "engine": {"device": "cpu", "size": SIDE, "threads": 1, "models": tmp_path},
                "engines": engines,
                "cluster": {"address": address, "patience": PATIENCE, "silence": 60.0},
            }
        )
        wires = wiring.lay(tmp_path)
        Board.create(wires.board, {at: knob.default for at, knob in all_knobs().items()} | {"/loop/pace": pace}).close()
        Board.create(wires.vitals("engine"), ENVOY_VITALS).close()
        Ring.create(wires.ring, room(settings)).close()
        ours, theirs = multiprocessing.Pipe()
        ours.send(Order("play", {"scene": scene, "seed": 7, "resume": False}))
        conductor = Conductor(ours, count)
        conductor.start()
        Envoy(wires, Standing(Uplink(theirs)), settings, outpost=TimedEmber).serve()
        conductor.join(10.0)
        wiring.take_up(wires)
        return conductor

    return play


@pytest.mark.parametrize(
    ("count", "pace"),
    [(1, 1.0), (4, 1.0), (16, 1.0), (64, 4.0)],  # seconds a generation: 64 processes have to share this machine
)
def test_timed_stand_ins_for_ember_on_a_simulated_cluster(count, pace, measured, wall, said):
    pytest.importorskip("ray", reason="optional extra: pip install 'burntout[cluster]'")
    if not measured:
        pytest.skip("takes minutes: --benchmark-enable")
    nodes = math.ceil(count / ENGINES_A_NODE)
    with federation(1) as founded:
        for _ in range(nodes):
            founded.join(num_cpus=ENGINES_A_NODE)
        counted = wall(count, pace, founded.address)
    assert counted.busy, f"Not all of {count} engines played within {PATIENCE:g} s."
    busy = ", ".join(f"{name} {share:.2f}" for name, share in sorted(counted.busy.items()))
    rate = counted.rate
    said(
        f"{count} timed stand-ins for ember at {SIDE} px on {nodes} nodes and a head, one machine, a generation every "
        f"{pace:g} s, {SECONDS:.0f} s: {rate:.1f} generations and {rate * MOMENTS:.0f} pictures a second, "
        f"{rate * pace / count:.2f} of linear. Cores used: {busy}."
    )
