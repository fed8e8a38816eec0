"""A timed stand-in for ember on a cluster: it paints nothing, it only takes as long.

Nodes by the dozen fit on one machine only if nobody computes. What travels is as large as with ember at this size: its
pictures, its reports and its checkpoints; whoever receives them does all of his work.
"""

import threading
import time

import numpy as np
from pydantic import TypeAdapter

from installation.cluster.letters import Dispatch, packed
from installation.cluster.passport import Passport
from installation.engine import ENGINE_VITALS
from installation.machine.child import Phase
from installation.records import Frame, Report, Showing

PASSPORT = "passport"  # below the folder of models, which commissions name
SIDE = 256  # pixels
MOMENTS = 4  # pictures a generation
CHECKPOINT = bytes(1_573_720)  # ember's at this size


class TimedEmber:
    """To the envoy an outpost. It begins with the first order, and never overtakes the clock."""

    def __init__(self, commission):
        noise = np.random.Generator(np.random.PCG64(7)).normal(0.0, 40.0, (MOMENTS, SIDE, SIDE, 3))
        slope = np.linspace(0.0, 255.0, SIDE)[None, :, None]
        self._pixels = [
            np.clip(slope + each * share, 0, 255).astype(np.uint8)
            for each, share in zip(noise, (1, 0.7, 0.3, 0.1), strict=True)
        ]
        self._commission, self._plays, self._sent, self._began = commission, threading.Event(), 0, 0.0

    def passport(self, restorers):
        del restorers
        ours = self._commission.engine.models / PASSPORT  # whoever has another may not play
        return TypeAdapter(Passport).validate_json(ours.read_bytes())

    def tell(self, letters, knobs):
        del knobs
        if any(letter.order.name == "play" for letter in letters) and not self._plays.is_set():
            self._began = time.monotonic()
            self._plays.set()

    def hear(self, patience):
        deadline = time.monotonic() + patience
        self._plays.wait(patience)
        due = self._began + (self._sent + 1) * self._commission.knobs["/loop/pace"] / MOMENTS
        if not self._plays.is_set() or due > deadline:
            time.sleep(max(deadline - time.monotonic(), 0.0))
            return self._said()
        time.sleep(max(due - time.monotonic(), 0.0))
        self._sent += 1
        serial, moment = divmod(self._sent, MOMENTS)
        phase: Showing = "burn" if moment else "generation"
        frame = Frame(self._sent, 0, serial + bool(moment), phase, 0.4, self._pixels[moment - 1])
        picture = packed(frame, self._commission.coding, self._commission.quality, time.time_ns())
        return self._said(picture) if moment else self._said(picture, self._report(serial), CHECKPOINT)

    def clock(self):
        return time.time_ns(), time.time_ns()

    def leave(self):
        pass

    def _report(self, serial):
        name = "generation" if serial > 1 else "playing"
        return Report(name, {"serial": serial, "scene": "timed", "seed": 7, "by": "a timed stand-in for ember"})

    def _said(self, picture=None, report=None, checkpoint=None):
        pulse = {**ENGINE_VITALS, "beat": time.monotonic(), "phase": float(Phase.RUNNING)}
        return Dispatch((picture,) if picture else (), (report,) if report else (), pulse, checkpoint)
