"""One engine of a wall, as the envoy knows it: where it plays, what it is told, and who goes on when it is lost."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.cluster.letters import Commission, Dispatch, enclosed
from installation.cluster.mosaic import seed_of
from installation.cluster.outpost import Abroad
from installation.cluster.passport import Weights, here, refusal
from installation.cluster.reach import ClusterError
from installation.cluster.station import Here, There, idle
from installation.machine.supervisor import MEMORY_OF_DEATHS, back_off
from installation.restorers import shelf
from installation.restorers.protocol import ModelError

if TYPE_CHECKING:
    from installation.cluster.clock import Times
    from installation.cluster.passport import Passport
    from installation.cluster.reach import Node, Reach
    from installation.cluster.standing import Standing
    from installation.cluster.station import Station
    from installation.loop.checkpoints import Checkpoints
    from installation.machine.board import Board
    from installation.machine.settings import EngineSettings, PlaceSettings, Settings
    from installation.records import Order

log = logging.getLogger(__name__)

MOST_DEATHS = 5  # in ten minutes; then it is not the machines

Asked = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Office:
    """What all postings share.

    ``reach`` is None where every engine is here, ``busy`` counts them by node, ``weights`` are those that every node
    must have, by the restorers that are asked for, ``outpost`` is what is set up at a node.
    """

    settings: Settings
    board: Board
    standing: Standing
    reach: Reach | None = None
    busy: Counter[str] = field(default_factory=Counter)
    weights: dict[Asked, tuple[Weights, ...]] = field(default_factory=dict)
    outpost: Callable[..., object] = Abroad


class Posting:
    """Keeps an engine playing somewhere. ``look`` once a tick: nothing here waits."""

    def __init__(self, entry: PlaceSettings, number: int, office: Office, checkpoints: Checkpoints) -> None:
        """``number``: its place on the wall, 0 for the piece's own. It is looked for with the first ``look``."""
        self.name, self.number, self.checkpoints = entry.name, number, checkpoints
        self.beat = 0.0  # of the engine, on its own clock
        self.awaited: Future[Any] | None = None  # what will bring news
        self.is_settled = False
        self._entry, self._office = entry, office
        self._station: Station | None = None
        self._node: Node | None = None
        self._orders: list[Order] = []
        self._telling: Future[None] | None = None
        self._question: Future[Passport] | None = None
        self._asked: Asked = ()
        self._knobs = office.board.copy()
        self._begun = False
        self._shown = 0
        self._again: int | None = None  # the generation that a new engine will show once more
        self._deaths: list[float] = []
        self._unfit: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._life = self._live()

    def look(self) -> Dispatch | None:
        """What is new of it. Raises ``ClusterError`` where no machine can play it."""
        return next(self._life)

    def post(self, order: Order) -> None:
        """An order for it. What comes while it is nowhere is lost, unless it stands: then its next life hears it."""
        if self.is_settled:
            self._orders.append(order)

    def clock(self) -> Future[Times]:
        """What time it is where it plays, if it ``is_settled``."""
        if self._station is None:
            raise ValueError(f"{self.name} plays nowhere; ask only where it is settled.")
        return self._station.clock()

    def leave(self) -> Future[None] | None:
        """Ask it to end; None where it plays nowhere."""
        return self._station.leave() if self._station else None

    def close(self) -> None:
        """Have nothing more of it."""
        if self._station:
            self._station.drop()
        self._forget()

    def anew(self) -> Posting:
        """The same engine, to be looked for again."""
        return Posting(self._entry, self.number, self._office, self.checkpoints)

    # ------------------------------------------------------------------ its life

    def _live(self) -> Iterator[Dispatch | None]:
        while True:
            yield from self._settle()
            why = yield from self._correspond()
            self._mourn(why)

    def _settle(self) -> Iterator[None]:
        """Find it a place where it can play."""
        due = time.monotonic() + back_off(self._deaths, time.monotonic())
        while time.monotonic() < due or not self._office.standing.orders(begun=False):
            yield None
        self._asked = self._wanted()
        if self._entry.at == "here":
            self._station = Here(self._commission())
            return
        reasons = yield from self._tried()
        if self._station is None:
            raise ClusterError(f"No machine of the cluster can play {self.name}. {' '.join(reasons)}".strip())

    def _tried(self) -> Generator[None, None, list[str]]:
        """Begin at one node after the other, until one is fit; why the others are not."""
        reasons = []
        for node in self._candidates():
            station = There(node, self._entry, self._commission(), self._office.outpost)
            self._office.busy[node.name] += 1
            why = yield from self._vetted(station.passport(self._asked), node)
            if not why:
                self._station, self._node = station, node
                log.info("The engine %s plays at %s.", self.name, node.place)
                break
            self._reject(node, why)
            self._office.busy[node.name] -= 1
            station.drop()
            reasons.append(why)
        return reasons

    def _correspond(self) -> Generator[Dispatch | None, None, str]:
        """Tell and hear, until it is lost; why it was."""
        station, standing = self._station, self._office.standing
        if station is None:
            return "it has no place"
        self._orders, self.is_settled = standing.orders(begun=self._begun), True
        self.awaited, heard_at = station.hear(), time.monotonic()
        while not (why := self._unfitness() or self._tell(station)):
            if self.awaited.done():
                if error := self.awaited.exception():
                    return _first_line(error)
                dispatch = self.awaited.result()
                self.awaited, heard_at = station.hear(), time.monotonic()
                yield self._noted(dispatch)
            elif time.monotonic() - heard_at > self._office.settings.cluster.silence:
                return f"it has been silent for {self._office.settings.cluster.silence:g} s"
            else:
                yield None
        return why

    def _mourn(self, why: str) -> None:
        """It was lost: say so, and begin anew elsewhere. Raises ``ClusterError`` where that has happened too often."""
        now = time.monotonic()
        self._deaths = [death for death in self._deaths if now - death < MEMORY_OF_DEATHS] + [now]
        place = self._station.place if self._station else ""
        if self._node:
            self._failures[self._node.name] += 1
        if self._station:
            self._station.drop()
        self._again = self._shown if self._begun else None
        self._forget()
        log.error("The engine %s at %s is lost: %s. It goes on elsewhere.", self.name, place, why.rstrip("."))
        if len(self._deaths) >= MOST_DEATHS:
            raise ClusterError(f"The engine {self.name} was lost {MOST_DEATHS} times in ten minutes.")

    def _forget(self) -> None:
        if self._node:
            self._office.busy[self._node.name] -= 1
        self._station = self._node = self.awaited = self._telling = self._question = None
        self.is_settled = False

    # ------------------------------------------------------------------ up and down

    def _noted(self, dispatch: Dispatch) -> Dispatch:
        """A dispatch, of which we remember what its next life needs, without what was shown before."""
        self.beat = dispatch.vitals["beat"]
        self._begun |= any(report.name == "playing" for report in dispatch.reports)
        if dispatch.pictures and (again := self._again) is not None:
            self._again = None
            first = dispatch.pictures[0]
            if first.phase == "generation" and first.generation == again:
                dispatch = replace(dispatch, pictures=dispatch.pictures[1:])
        self._shown = max([p.generation for p in dispatch.pictures if p.phase == "generation"], default=self._shown)
        return dispatch

    def _tell(self, station: Station) -> str:
        """Send what has come, one letter at a time; why it cannot play on, if so."""
        if self._telling and not self._telling.done():
            return ""
        if self._telling and (error := self._telling.exception()):
            return _first_line(error)
        if self._question or self._asks_for_others():
            self._question = self._question or station.passport(self._asked)
            return ""
        moved = self._moved()
        if self._orders or moved:
            letters = [enclosed(self._seeded(order)) for order in self._orders]
            self._orders, self._telling = [], station.tell(letters, moved)
        return ""

    def _asks_for_others(self) -> bool:
        """Whether a new scene wants weights that this node was not asked for."""
        if not any(order.name == "play" for order in self._orders) or self._wanted() == self._asked:
            return False
        self._asked, self._unfit = self._wanted(), set()
        return self._node is not None

    def _unfitness(self) -> str:
        """Why this node cannot play the new scene; nothing while that is not known."""
        if self._question is None or not self._question.done() or self._node is None:
            return ""
        why, self._question = self._verdict(self._question, self._node), None
        if why:
            self._reject(self._node, why)
        return why

    def _moved(self) -> dict[str, float]:
        """The knobs that stand elsewhere than when we last told."""
        now = self._office.board.copy()
        places = np.flatnonzero((now != self._knobs) & ~(np.isnan(now) & np.isnan(self._knobs)))
        self._knobs = now
        return {self._office.board.names[place]: float(now[place]) for place in places}

    def _seeded(self, order: Order) -> Order:
        """The order, with this place's own seed."""
        if order.name != "play" or not self.number or order.data["seed"] is None:
            return order
        return replace(order, data={**order.data, "seed": seed_of(order.data["seed"], self.number)})

    # ------------------------------------------------------------------ where it may play

    def _candidates(self) -> list[Node]:
        """The nodes that are large enough: first those with room now, that have failed least and have least to do."""
        reach, entry = self._office.reach, self._entry
        if reach is None:
            return []
        fit = [
            node
            for node in reach.nodes()
            if node.cpus >= entry.cpus
            and node.gpus >= entry.gpus
            and entry.node in {None, node.place}
            and node.name not in self._unfit
        ]
        failed, busy = self._failures, self._office.busy
        has_room = {node.name: self._fits_beside_ours(node) and idle(node, entry) for node in fit}
        return sorted(fit, key=lambda node: (not has_room[node.name], failed[node.name], busy[node.name], node.name))

    def _fits_beside_ours(self, node: Node) -> bool:
        """Whether our own engines leave room there: Ray learns a while later that a node has been filled."""
        entry, all_of_ours = self._entry, self._office.busy[node.name] + 1
        return entry.cpus * all_of_ours <= node.cpus and entry.gpus * all_of_ours <= node.gpus

    def _vetted(self, answer: Future[Passport], node: Node) -> Generator[None, None, str]:
        """Why a node cannot play, once it has answered; nothing where it can."""
        deadline = time.monotonic() + self._office.settings.cluster.patience
        while not answer.done():
            if time.monotonic() > deadline:
                return f"{node.place} did not begin within {self._office.settings.cluster.patience:g} s."
            yield None
        return self._verdict(answer, node)

    def _verdict(self, answer: Future[Passport], node: Node) -> str:
        if error := answer.exception():
            return f"{node.place} cannot play: {_first_line(error)}"
        theirs = answer.result()
        return refusal(theirs, self._expected(theirs), node.place)

    def _expected(self, theirs: Passport) -> Passport:
        """What a node's passport has to say: versions and weights as here. Chips may differ: it is a show, no proof."""
        engine, weights = self._engine(), self._office.weights
        if self._asked not in weights:
            weights[self._asked] = self._at_home() or theirs.weights
        ours = here((), engine.models, engine.threads)
        return replace(ours, weights=weights[self._asked], chip=theirs.chip)

    def _at_home(self) -> tuple[Weights, ...]:
        """The weights of this machine; none where it has not got them: then the first node's are those to have."""
        models = self._office.settings.engine.models
        try:
            return tuple(Weights(name, model, shelf.digest(name, model, models)) for name, model in self._asked)
        except ModelError as error:
            log.warning("%s The first node to play says with what weights.", error)
            return ()

    def _reject(self, node: Node, why: str) -> None:
        self._unfit.add(node.name)
        log.warning("%s The engine %s is tried elsewhere.", why, self.name)

    def _wanted(self) -> Asked:
        """The restorer that the scene wants."""
        plays = [order.data["scene"] for order in self._office.standing.orders(begun=False) if order.name == "play"]
        return tuple((scene.restorer, scene.model) for scene in plays)

    def _engine(self) -> EngineSettings:
        """This machine's, with a number of threads that is the same on every node: sums depend on it."""
        engine = self._office.settings.engine
        return engine.model_copy(update={"threads": engine.threads or max(1, int(self._entry.cpus))})

    def _commission(self) -> Commission:
        self._knobs, cluster = self._office.board.copy(), self._office.settings.cluster
        knobs = dict(zip(self._office.board.names, self._knobs.tolist(), strict=True))
        return Commission(self._engine(), knobs, self.checkpoints.copies(), cluster.pictures, cluster.quality)


def _first_line(error: BaseException) -> str:
    """What went wrong, in a line; Ray wraps what a machine elsewhere has raised."""
    cause = getattr(error, "cause", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
