"""The engine: the one process that owns torch. It turns the loop and puts every moment of it on the ring."""

from __future__ import annotations

import logging
import math
import os
import secrets
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from installation import images
from installation.burns import on_raw_scale
from installation.burns.calibration import standing
from installation.camera.eye import CameraError, Eye
from installation.conditioning import KINDS
from installation.control.store import DEFERRED
from installation.errors import Refusal
from installation.knobs import read
from installation.loop.album import shipped
from installation.loop.checkpoints import Checkpoints
from installation.loop.generation import Moment, encoded_anew, turns
from installation.loop.glimpse import Glimpse
from installation.loop.knobs import Looping, Seeing
from installation.loop.lineage import Lineage
from installation.machine.board import Board
from installation.machine.child import PULSE, Phase, Vitals, living
from installation.machine.files import share
from installation.machine.ring import Ring
from installation.machine.scribe import Scribe
from installation.machine.wires import Line, Wires
from installation.readings import Look, Window, declared, tail
from installation.relief import easing
from installation.restorers import Restoring, guides, precision
from installation.restorers.blends import Prompter
from installation.restorers.casting import Casting, Ensemble
from installation.restorers.lesions import Lesion, numb
from installation.restorers.wings import Wings, Wish
from installation.signs import PHASES

if TYPE_CHECKING:
    from installation.machine.settings import EngineSettings, Settings
    from installation.records import Order
    from installation.restorers import Restorer
    from installation.restorers.wings import Enter, Make
    from installation.scenes import Scene

log = logging.getLogger(__name__)

#: Readings before there is something to measure: of a picture, and of anything.
NO_PICTURE = dict.fromkeys((each.key for each in declared("picture").values()), math.nan)
NO_READINGS = NO_PICTURE | dict.fromkeys((each.key for each in declared("window").values()), math.nan)
ENGINE_VITALS: Mapping[str, float] = {
    **PULSE,
    "serial": 0.0,
    "temperature": 0.0,
    "sigma": 0.0,
    "showing": 0.0,
    "rate": 0.0,
    "lineages": 1.0,
    "refused": 0.0,
    **NO_READINGS,
}
NICENESS = 10  # the stage comes first where both want the same core
PARTING = 1.0  # seconds that what is being loaded has at the end: a conductor who stops has four
REST = 0.2  # seconds between two looks at the orders while nothing plays
FIRST_SIGHT = 10.0  # seconds that a scene which begins with the camera waits for it
MOST_KEYS = 8  # to be turned, one after each generation
#: What is said after why something was refused.
GOES_ON = {"wear": " The show goes on with what it wore."} | dict.fromkeys(
    ("lora", *KINDS), " The show goes on with what it had."
)
RATE_MEMORY = 0.8  # of the running average of generations per second


def run(wires: Wires, pipe: Connection, settings: Settings) -> None:
    """The life of the engine, from its start to the conductor's order to quit."""
    # Threads that spin while they wait would take the stage's core; read by OpenMP when torch is imported, below.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with living("engine", pipe) as uplink:
        os.nice(NICENESS)
        Engine(wires, uplink, settings).serve()


class Engine:
    """Owns the lineage that is playing, the restorers it has loaded, and the writing end of the ring."""

    def __init__(self, wires: Wires, uplink: Line, settings: Settings) -> None:
        """Join the wires and set torch up; nothing is loaded yet."""
        self._uplink = uplink
        self._settings = settings
        self._ring = Ring(wires.ring)
        self._board = Board(wires.board)
        self._vitals = Vitals(wires, "engine")
        self._vitals.beat(Phase.LOADING)
        self._casting = Casting(settings.engine, _device(settings), wires.folder)
        self._album = shipped(share("assets"))
        self._eye = Eye(wires)
        self._window = Window(tail.shipped())
        self._calibration = standing(settings.state)
        self._checkpoints = Checkpoints(wires.folder, settings.state, settings.engine.checkpoint_every, Scribe())
        self._scene: Scene | None = None
        self._lineage: Lineage | None = None
        self._restorer: Restorer | None = None
        self._moments: Iterator[Moment] | None = None
        self._resting = self._leaving = False
        self._wings = Wings(settings.engine.loading_patience)
        self._between = False
        self._told: Mapping[str, float] = {}
        self._held: Mapping[str, float] | None = None
        self._keys: deque[Mapping[str, Any]] = deque(maxlen=MOST_KEYS)
        self._prompter = Prompter()
        self._deaf: dict[str, str | None] = {}
        self._began = self._turned = 0.0
        self._rate = 0.0
        self._working = self._worked = 0.0

    def serve(self) -> None:
        """Obey, and turn the loop, until told to quit."""
        try:
            self._serve()
        finally:
            self._wings.close(PARTING)

    def _serve(self) -> None:
        while self._obey(REST if self._idle else 0.0):
            if self._idle or self._moments is None:
                self._vitals.beat(Phase.RESTING)
                if self._leaves():
                    return
                continue
            moment = self._work(self._moments)
            self._publish(moment)
            self._between = moment.phase == "generation"
            if self._between:
                self._turn_key()
                if self._leaves():
                    return
            if not self._keep_pace(moment):
                return

    def _leaves(self) -> bool:
        """Between two generations: whether it was asked to leave, and has saved what it would lose."""
        if self._leaving:
            self._checkpoints.flush()
        return self._leaving

    def _work(self, moments: Iterator[Moment]) -> Moment:
        """The next moment; the time that the moments of a generation take together is kept."""
        if self._working == 0.0:
            self._walk_on()
        began = time.monotonic()
        moment = next(moments)
        self._working += time.monotonic() - began
        if moment.phase == "generation":
            self._worked, self._working = self._working, 0.0
        return moment

    @property
    def _idle(self) -> bool:
        return self._resting or self._moments is None

    def _obey(self, patience: float) -> bool:
        """Carry out one order if there is one, and let in what is ready; False when it is time to leave."""
        self._let_in()
        order = self._uplink.order(patience)
        if order is None:
            return True
        if order.name == "quit":
            self._checkpoints.flush()
            return False
        self._leaving |= order.name == "leave"
        try:
            self._carry_out(order)
        except Refusal as refusal:
            self._uplink.report("refused", reason=str(refusal), order=order.name)
        return True

    def _carry_out(self, order: Order) -> None:
        match order.name:
            case "play" | "prompt" | "wear" | "lora" | "control" | "likeness":
                self._ask(order)
            case "origin" if self._lineage:
                self._lineage.reignite()
                self._restart()
            case "camera" if self._lineage:
                self._adopt(self._lineage)
                self._restart()
            case "adopt" if self._lineage and self._scene:
                self._take_in(order.data["path"], self._lineage, self._scene.grid)
                self._restart()
            case "cipher":
                self._keys.append(order.data)  # between two generations one is turned
            case "save" if self._lineage:
                self._checkpoints.copy_to(Path(order.data["path"]))
            case "rest":
                self._resting = True
                self._checkpoints.flush()
            case "wake":
                self._resting = False

    def _ask(self, order: Order) -> None:
        """For what may take long to be made ready; what is said to a scene that is still to come waits for it."""
        if order.name == "play":
            self._held = self._told or None  # the board speaks of the next scene already
            self._fetch(order.name, partial(self._cast, **order.data), at_once=True)
        elif order.name != "prompt":
            self._fetch(order.name, partial(self._dress, order))
        elif self._wings.holds("play"):
            self._fetch(order.name, lambda: partial(self._say, order.data["text"]))
        else:
            self._say(order.data["text"])

    def _fetch(self, name: str, make: Make, *, at_once: bool = False) -> None:
        """Have something made ready beside the loop, to come on between two generations; before there is one, now."""
        if self._moments is None and not self._wings.holds():
            self._vitals.beat(Phase.LOADING)
            make()()
        else:
            self._wings.ask(Wish(name, make, at_once))

    def _let_in(self) -> None:
        """Exchange what plays for what is ready. Refused, the show goes on with what it had."""
        if sentence := self._wings.late():
            self._uplink.report("refused", reason=sentence, order="late")
        came = self._wings.come(between=self._between or self._idle)
        if came is None:
            return
        wish, enter = came
        if wish.name == "play":
            self._held = None
        try:
            if isinstance(enter, Refusal):
                raise enter
            enter()
        except Refusal as refusal:
            self._uplink.report("refused", reason=f"{refusal}{GOES_ON.get(wish.name, '')}", order=wish.name)

    def _cast(self, scene: Scene, seed: int | None, *, resume: bool) -> Enter:
        """In the wings: load what a scene needs."""
        ensemble = self._casting.cast(scene)
        return partial(self._play, scene, seed, ensemble, resume=resume)

    def _dress(self, order: Order) -> Enter:
        """In the wings: load other weights, or another guide, for what plays; nothing else exchanges that meanwhile."""
        ensemble = self._casting.dress(order, self._scene, self._restorer)
        return partial(self._change, ensemble)

    def _change(self, ensemble: Ensemble) -> None:
        """Play with others from the next generation on; a take names them."""
        self._restorer = self._enter(ensemble)
        if (scene := self._scene) and (lineage := self._lineage):
            self._prompter.turn(self._restorer, lineage.serial + 1)
            self._turn()
            self._announce(scene, self._restorer, lineage)

    def _enter(self, ensemble: Ensemble) -> Restorer:
        for reason in ensemble.refused:
            self._uplink.report("refused", reason=reason, order="guide")
        return ensemble.enter()

    def _play(self, scene: Scene, seed: int | None, ensemble: Ensemble, *, resume: bool) -> None:
        """Begin, or go on with, a scene's lineage. Refused, the present scene goes on."""
        size, lineage = self._size(scene), self._recall(scene) if resume else None
        if lineage is None:
            cell = images.to_tensor(images.load(scene.origin, size // scene.grid, size // scene.grid))
            origin = cell.tile(1, 1, scene.grid, scene.grid).to(self._casting.device)
            lineage = Lineage.begin(scene.name, seed if seed is not None else secrets.randbits(63), origin)
            if scene.camera:
                self._wait_for_sight(lineage)
        restorer = self._enter(ensemble)
        self._scene, self._restorer, self._lineage = scene, restorer, lineage.to(self._casting.device)
        self._checkpoints.keep(lineage, time.monotonic())
        self._vitals.beat(Phase.LOADING, serial=float(lineage.serial), lineages=float(scene.grid**2))
        self._prompt(restorer, scene.prompt)
        self._restart()
        self._announce(scene, restorer, lineage)

    def _size(self, scene: Scene) -> int:
        """Pixels a side: the scene's, else this machine's, or half of that where its work is eased."""
        whole = self._settings.engine.size
        return scene.size or easing.side(whole, easing.level(self._board.read()) if scene.grid == 1 else 0)

    def _recall(self, scene: Scene) -> Lineage | None:
        """The lineage to go on with, also where it was begun at the size of an eased machine."""
        whole = scene.size or self._settings.engine.size
        sizes = (whole,) if scene.size else dict.fromkeys((whole, easing.side(whole, easing.MOST)))
        return self._checkpoints.recall(scene.name, *sizes)

    def _announce(self, scene: Scene, restorer: Restorer, lineage: Lineage) -> None:
        """Say what plays, completely enough to be rendered again."""
        worn = self._casting.model(scene)
        model = {"restorer": restorer.name, "model": worn, "digest": restorer.digest, **precision.told(restorer)}
        begun = {
            "seed": lineage.seed,
            "serial": lineage.serial,
            "size": lineage.present.shape[-1],
            "grid": scene.grid,
            "threads": _threads(self._settings.engine),
        }
        led = guides.told(restorer)
        self._uplink.report("playing", scene=scene.name, wanted=scene.restorer, **model, **begun, **led)

    def _walk_on(self) -> None:
        """Tell the restorer what the generation that begins shall show."""
        if self._restorer and self._lineage:
            self._prompter.turn(self._restorer, self._lineage.serial + 1)

    def _turn_key(self) -> None:
        """Encrypt or decrypt the picture, where that was ordered, and show what has become of it."""
        if self._keys and (lineage := self._lineage):
            order = self._keys.popleft()
            if lineage.turn_key(order["tick"], locked=order["locked"]):
                self._checkpoints.keep(lineage, time.monotonic())
                self._show(Moment("generation", lineage.present, 0.0, 0.0))

    def _restart(self) -> None:
        """Show where the lineage stands, and turn the loop from there."""
        if self._lineage is None:
            return
        self._turn()
        self._began = self._turned = time.monotonic()
        self._rate = 0.0
        self._window = Window(tail.shipped())
        self._vitals.beat(Phase.LOADING, **NO_READINGS)
        self._show(Moment("generation", self._lineage.present, 0.0, 0.0))

    def _turn(self) -> None:
        """Turn the loop from where the lineage stands."""
        if self._lineage and self._restorer:
            self._moments = turns(
                self._lineage,
                self._restorer,
                self._values,
                time.perf_counter,
                self._album,
                outside=self._look_outside,
                guide=self._look_outside,
            )

    def _say(self, text: str) -> None:
        """What somebody wants to see, from the next generation on, or on the way there. Raises ``ModelError``."""
        if self._restorer and self._lineage:
            serial = self._lineage.serial
            self._prompter.tell(self._restorer, text, serial, read(Restoring, self._values(serial)).walk)

    def _prompt(self, restorer: Restorer, text: str) -> None:
        """A scene's own prompt, at once; one that cannot be read is said, and the scene plays without."""
        try:
            self._prompter.begin(restorer, text)
        except Refusal as refusal:
            self._uplink.report("refused", reason=f"{refusal} The scene plays without a prompt.", order="prompt")
            self._prompter.begin(restorer, "")

    def _values(self, serial: int) -> Mapping[str, float]:
        """The knobs for one generation; where nobody holds a moving one (NaN on the board) the scene's score plays."""
        self._told = told = self._held or self._board.read()
        board = {name: value for name, value in told.items() if name.startswith(DEFERRED)}
        played = self._scene.settle(board, serial) if self._scene else board
        return on_raw_scale(easing.eased(played, easing.level(told), self._worked), self._calibration)

    def _look_outside(self, seeing: Seeing) -> Glimpse | None:
        return self._eye.look(seeing, self._lineage.present) if self._lineage else None

    def _adopt(self, lineage: Lineage) -> None:
        """Make what stands before the camera the origin. Raises ``CameraError`` where nothing was seen yet."""
        portrait = self._eye.portrait(lineage.present, mirror=read(Seeing, self._board.read()).mirror)
        lineage.adopt(portrait.name, portrait.image)

    def _take_in(self, path: Path, lineage: Lineage, grid: int) -> None:
        """Make the picture of a file the origin, in every cell of a wall. Raises ``ImageError``, ``StorageError``."""
        side = lineage.present.shape[-1] // grid
        pixels = np.tile(images.load(path, side, side), (grid, grid, 1))
        picture = self._eye.shown(pixels, lineage.present)
        lineage.adopt(picture.name, picture.image)

    def _wait_for_sight(self, lineage: Lineage) -> None:
        """Begin with the camera, which may have to be opened first; after ten seconds the stand-in has to do."""
        deadline = time.monotonic() + FIRST_SIGHT
        while not self._sees(lineage):
            if time.monotonic() > deadline:
                log.warning("The scene begins with the camera, which shows nothing; a picture of the house stands in.")
                return
            self._vitals.beat(Phase.LOADING)
            time.sleep(REST)

    def _sees(self, lineage: Lineage) -> bool:
        try:
            self._adopt(lineage)
        except CameraError:
            return False
        return True

    def _publish(self, moment: Moment) -> None:
        """Put a moment on the ring; a finished generation is also measured, kept and reported."""
        self._show(moment)
        if moment.refused:
            self._vitals.beat(refused=self._vitals.seen("refused") + 1.0)
            if not moment.kept:  # which says the same, and what was done about it
                self._uplink.report("refused", reason=moment.refused, order="generation")
        if moment.kept and self._lineage:
            self._uplink.report("kept", serial=self._lineage.serial, sentence=moment.kept)
        if (generation := moment.generation) and self._lineage:
            self._clock_in()
            windowed = self._window.see(Look(images.to_pixels(moment.image)), generation)
            readings = {**(NO_PICTURE if generation.readings else {}), **generation.readings, **windowed}
            self._vitals.beat(Phase.RUNNING, **readings, serial=float(generation.serial), rate=self._rate)
            self._uplink.report("generation", **asdict(generation))
            self._checkpoints.keep(self._lineage, time.monotonic())
            self._mind_what_is_deaf(self._lineage)
            self._name_sources(moment)

    def _mind_what_is_deaf(self, lineage: Lineage) -> None:
        """Say once that what plays has nothing to be damaged, or no latents to go on from."""
        values = self._values(lineage.serial)
        self._say_once("lesion", numb(self._restorer, read(Lesion, values)) if self._restorer else None)
        self._say_once("feedback", encoded_anew(lineage, values))

    def _say_once(self, order: str, sentence: str | None) -> None:
        """Report why an order is not heard, until that changes."""
        if sentence and sentence != self._deaf.get(order):
            self._uplink.report("refused", reason=sentence, order=order)
        self._deaf[order] = sentence

    def _name_sources(self, moment: Moment) -> None:
        """Say whose patches the picture is made of, where the scene shows that and the restorer knows."""
        sources = getattr(self._restorer, "sources", None)
        if sources and self._scene and any(sign.kind == "sources" for sign in self._scene.overlays):
            named = [(str(path), name) for path, name in sources(moment.image)]
            self._uplink.report("sources", pictures=named)

    def _show(self, moment: Moment) -> None:
        serial = self._lineage.serial if self._lineage else 0
        self._ring.write(
            images.to_pixels(moment.image),
            stamp_ns=time.monotonic_ns(),
            generation=serial,
            phase=moment.phase,
            temperature=moment.temperature,
        )
        showing = float(PHASES.index(moment.phase))
        self._vitals.beat(temperature=moment.temperature, sigma=moment.sigma, showing=showing)

    def _keep_pace(self, moment: Moment) -> bool:
        """Wait, obeying, until the next moment is due; False when it is time to leave."""
        pace = self._values(self._lineage.serial).get("/loop/pace", Looping().pace) if self._lineage else 0.0
        began, moments = self._began, self._moments
        while (left := began + pace * moment.share - time.monotonic()) > 0.0:
            if not self._obey(min(left, REST)):
                return False
            self._vitals.beat()
            if self._moments is not moments or self._resting:
                break
        if moment.share >= 1.0:
            self._began = time.monotonic()
        return True

    def _clock_in(self) -> None:
        """Generations per second as a running average."""
        took = max(time.monotonic() - self._turned, 1e-3)
        self._turned = time.monotonic()
        self._rate = RATE_MEMORY * self._rate + (1.0 - RATE_MEMORY) / took if self._rate else 1.0 / took


def _threads(settings: EngineSettings) -> int:
    """How many threads torch computes with. Sums come out otherwise with another number: takes say with how many."""
    return settings.threads or os.cpu_count() or 1


def _device(settings: Settings) -> str:
    """The device torch computes on; threads are set here, once."""
    import torch

    torch.set_num_threads(_threads(settings.engine))
    if settings.engine.device != "auto":
        return settings.engine.device
    return "cuda" if torch.cuda.is_available() else "cpu"
