"""The real program with a conductor that leaks with every tick, and then falls dead: soaking must find out.

As ``python hoarder.py run SCENE --fresh --state FOLDER --osc-port PORT --web-port PORT``.
"""

import argparse
import os
import signal
import threading
from pathlib import Path

from installation import scenes
from installation.conductor import Conductor, Performance
from installation.machine.files import share
from installation.machine.settings import Settings
from installation.panels import all_knobs

BYTES = 200_000  # a tick
LIFE = 500  # ticks from the first generation on


class Hoarder(Conductor):
    """Keeps some memory of every tick, and of every tenth an open file and a thread."""

    def __init__(self, *told):
        super().__init__(*told)
        self.hoard, self.ticks, self.never = [], 0, threading.Event()

    def tick(self, now):
        super().tick(now)
        if not self.serial and not self.ticks:
            return
        self.ticks += 1
        self.hoard.append(os.urandom(BYTES))
        if self.ticks % 10 == 0:
            self.hoard.append(os.open(os.devnull, os.O_RDONLY))
            threading.Thread(target=self.never.wait, daemon=True).start()
        if self.ticks >= LIFE:
            os._exit(1)  # at once, as if it had been killed


def main():
    words = argparse.ArgumentParser()
    words.add_argument("command")
    words.add_argument("scene", type=Path)
    words.add_argument("--fresh", action="store_true")
    words.add_argument("--state", type=Path)
    words.add_argument("--osc-port", type=int)
    words.add_argument("--web-port", type=int)
    told = words.parse_args()
    settings = Settings.model_validate(
        {"state": told.state, "osc": {"port": told.osc_port}, "web": {"port": told.web_port}}
    )
    scene = scenes.load(told.scene, all_knobs(), share("assets"))
    conductor = Hoarder(settings, Performance(scene, fresh=told.fresh))
    signal.signal(signal.SIGTERM, lambda *_: conductor.stop())
    conductor.perform()


if __name__ == "__main__":
    main()
