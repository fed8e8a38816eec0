"""Many jobs over all machines of a cluster: each one's result once, whoever dies on the way.

Ray's own retries are off: a job is done again here, elsewhere, a bounded number of times, and somebody is told. A node
gets work only when its passport agrees with ours; one that joins late is asked for it and then gets some too.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from installation.cluster.passport import Passport, here, refusal
from installation.cluster.reach import ClusterError, Node, Reach
from installation.errors import Refusal

Job = TypeVar("Job")
Result = TypeVar("Result")

GLANCE = 0.5  # seconds between two looks at who is there
TRIES = 3  # of a job, before it is given up


@dataclass(frozen=True, slots=True)
class Needs:
    """What a job takes of its node while it is done."""

    cpus: float = 1.0
    gpus: float = 0.0

    def places(self, node: Node) -> int:
        """How many jobs a node can do at once."""
        counts = [has / wanted for has, wanted in ((node.cpus, self.cpus), (node.gpus, self.gpus)) if wanted]
        return int(min(counts, default=1.0))


@dataclass(frozen=True, slots=True)
class News:
    """What has happened to a job or a node, and where: for a progress view. ``sentence`` says why, if it is bad."""

    kind: Literal["begun", "done", "again", "refused", "joined", "left out", "gone"]
    job: str = ""
    node: str = ""
    sentence: str = ""


class UnfinishedError(ClusterError):
    """Some jobs could not be done: ``left`` says which and why. What was done stays done."""

    def __init__(self, left: Mapping[str, str]) -> None:
        """``left``: a sentence for each job by its name."""
        self.left = dict(left)
        super().__init__(f"{len(left)} not done: " + " ".join(f"{name}: {why}" for name, why in left.items()))


@dataclass(frozen=True, slots=True)
class _Refused:
    """How a refusal travels: as its sentence."""

    sentence: str


def silent(_: News) -> None:
    """Tell nobody."""


def spread(
    jobs: Mapping[str, Job],
    work: Callable[[Job], Result],
    reach: Reach,
    *,
    passport: Passport,
    needs: Needs = Needs(),
    progress: Callable[[News], None] = silent,
) -> Iterator[tuple[str, Result]]:
    """Each job's name and result, once, in the order in which they are finished.

    ``work`` is a function of a module, jobs and results are records and bytes: Ray pickles them. A job whose worker or
    node died is done again elsewhere, three times at most; one whose ``work`` raises a ``Refusal`` is not. When all
    else is done, ``UnfinishedError`` names the jobs that are not and says why. Whatever else ``work`` raises comes
    out as it is. Left early, all work stops.
    """
    crew = _Crew(jobs, work, reach, passport, needs, progress)
    try:
        while crew.waiting or crew.flying:
            crew.muster()
            crew.send()
            yield from crew.gather()
    finally:
        crew.dismiss()
    if crew.left:
        raise UnfinishedError(crew.left)


@dataclass
class _Hand:
    """A node that may work, and how many jobs it is at."""

    node: Node
    places: int
    busy: int = 0


@dataclass(frozen=True)
class _Flight:
    """A job on its way."""

    name: str
    node: str


@dataclass
class _Crew(Generic[Job, Result]):
    """Who is there, who does what, and what is left."""

    jobs: Mapping[str, Job]
    work: Callable[[Job], Result]
    reach: Reach
    passport: Passport
    needs: Needs
    progress: Callable[[News], None]
    hands: dict[str, _Hand] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    asked: dict[Any, Node] = field(default_factory=dict)
    flying: dict[Any, _Flight] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    looked: float = float("-inf")

    def __post_init__(self) -> None:
        self.waiting = deque(self.jobs)

    def muster(self) -> None:
        """See who is there, now and then; ask newcomers for their passports."""
        now = time.monotonic()
        if now < self.looked + GLANCE:
            return
        self.looked = now
        try:
            nodes = self.reach.nodes()
        except ClusterError as error:
            self._give_up(str(error))
            return
        for gone in self.hands.keys() - {node.name for node in nodes}:
            self.progress(News("gone", node=self.hands.pop(gone).node.place))
        for node in nodes:
            if node.name not in self.known and self.needs.places(node):
                self.known.add(node.name)
                asking = (self.passport.asked(), self.passport.models, self.passport.threads)
                self.asked[_pinned(here, node, Needs(cpus=0.0)).remote(*asking)] = node
        if not self.hands and not self.asked and self.known:
            self._give_up("no machine of the cluster can do it.")

    def send(self) -> None:
        """Give jobs to whoever has a hand free."""
        for hand in self.hands.values():
            while self.waiting and hand.busy < hand.places:
                name = self.waiting.popleft()
                sent = _pinned(_done, hand.node, self.needs).remote(self.work, self.jobs[name], self.passport.threads)
                self.flying[sent] = _Flight(name, hand.node.name)
                hand.busy += 1
                self.progress(News("begun", name, hand.node.place))

    def gather(self) -> Iterator[tuple[str, Result]]:
        """What has come in, within a glance."""
        import ray

        under_way = [*self.asked, *self.flying]
        if not under_way:
            time.sleep(GLANCE)
            return
        for ready in ray.wait(under_way, num_returns=1, timeout=GLANCE)[0]:
            if ready in self.asked:
                self._admit(ready, self.asked.pop(ready))
            else:
                yield from self._settle(ready, self.flying.pop(ready))

    def dismiss(self) -> None:
        """Stop what is still being done; nobody waits for it."""
        import ray

        for sent in (*self.asked, *self.flying):
            ray.cancel(sent, force=True)
        self.asked.clear()
        self.flying.clear()

    def _admit(self, answer: Any, node: Node) -> None:
        import ray

        try:
            why = refusal(ray.get(answer), self.passport, node.place)
        except Refusal as error:
            why = f"{node.place} cannot work: {error}"
        except ray.exceptions.RayError as error:
            why = f"{node.place} cannot work: {_first_line(error)} Install the same Burntout there."
        if why:
            self.progress(News("left out", node=node.place, sentence=why))
            return
        self.hands[node.name] = _Hand(node, self.needs.places(node))
        self.progress(News("joined", node=node.place))

    def _settle(self, answer: Any, flight: _Flight) -> Iterator[tuple[str, Result]]:
        import ray

        hand = self.hands.get(flight.node)
        if hand:
            hand.busy -= 1
        place = hand.node.place if hand else ""
        try:
            result = ray.get(answer)
        except ray.exceptions.RayTaskError:
            raise
        except ray.exceptions.RayError as error:
            self._again(flight.name, place, _first_line(error))
            return
        if isinstance(result, _Refused):
            self.left[flight.name] = result.sentence
            self.progress(News("refused", flight.name, place, result.sentence))
            return
        self.progress(News("done", flight.name, place))
        yield flight.name, result

    def _again(self, name: str, place: str, why: str) -> None:
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] >= TRIES:
            self.left[name] = f"tried {TRIES} times; at last: {why}"
            self.progress(News("refused", name, place, self.left[name]))
            return
        self.waiting.append(name)
        self.progress(News("again", name, place, why))

    def _give_up(self, why: str) -> None:
        """All that is not done stays so."""
        for name in (*self.waiting, *(flight.name for flight in self.flying.values())):
            self.left[name] = why
        self.waiting.clear()
        self.flying.clear()
        self.asked.clear()


def _pinned(function: Callable[..., Any], node: Node, needs: Needs) -> Any:
    """A function as a task of one node and no other, which is not done again by itself."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node_id=node.name, soft=False)
    return ray.remote(function).options(
        num_cpus=needs.cpus, num_gpus=needs.gpus, max_retries=0, scheduling_strategy=there
    )


def _done(work: Callable[[Any], Any], job: Any, threads: int) -> Any:
    """One job, in a worker."""
    import torch

    torch.set_num_threads(threads)
    try:
        return work(job)
    except Refusal as error:
        return _Refused(str(error))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
