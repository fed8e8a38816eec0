"""Many jobs over all machines of a cluster: each one's result once, whoever dies on the way.

Ray's own retries are off: a job is done again here, elsewhere, a bounded number of times, and somebody is told. A node
gets work only when its passport agrees with ours; one that joins late is asked for it and then gets some too.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from installation.cluster.passport import Passport, here, refusal
from installation.cluster.reach import ClusterError, Node, Reach
from installation.errors import Refusal

Job = TypeVar("Job")
Result = TypeVar("Result")

GLANCE = 0.25  # seconds between two looks at who is there
TRIES = 3  # of a job, before it is given up


@dataclass(frozen=True, slots=True)
class Needs:
    """What a job takes of its node while it is done."""

    cpus: float = 1.0
    gpus: float = 0.0

    def places(self, node: Node) -> int:
        """How many jobs a node can do at once."""
        shares = [has / wanted for has, wanted in ((node.cpus, self.cpus), (node.gpus, self.gpus)) if wanted]
        return int(min(shares, default=1.0))


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


def as_it_is(_: str, result: Any) -> Any:
    """A result for whose keeping nothing is done."""
    return result


def spread(
    jobs: Mapping[str, Job],
    work: Callable[[Job], Result],
    reach: Reach,
    *,
    passport: Passport,
    needs: Needs = Needs(),
    keep: Callable[[str, Result], Any] = as_it_is,
    progress: Callable[[News], None] = silent,
) -> Iterator[tuple[str, Any]]:
    """Each job's name and what was kept of its result, once, in the order in which they are finished.

    ``work`` is a function of a module, jobs and results are records and bytes: Ray pickles them. ``keep`` is given a
    job's name and its result and makes of it what is told: a parcel is unpacked there. A job whose worker or node died
    before its result was kept is done again elsewhere, three times at most; one whose ``work`` raises a ``Refusal`` is
    not. When all else is done, ``UnfinishedError`` names the jobs that are not and says why; so it does when for
    ``reach.patience`` seconds no node could work, or the head was lost. Whatever else ``work`` raises comes out as it
    is. Left early, all work stops.
    """
    import ray

    done = ray.remote(_done)  # once: every time it is told to the head
    team = _Team(reach, passport, needs, progress, done)
    desk = _Desk(jobs, work, keep, passport.threads if passport.weights else 0, progress)
    try:
        while desk.waiting or desk.flying:
            team.muster()
            if team.is_hopeless():
                desk.give_up(team.why)
            desk.send(team)
            yield from _gather(team, desk)
    finally:
        team.dismiss()
        desk.dismiss()
    if desk.left:
        raise UnfinishedError(desk.left)


def _gather(team: _Team, desk: _Desk) -> Iterator[tuple[str, Any]]:
    """What has come in, within a glance."""
    import ray

    if not (under_way := [*team.asked, *desk.flying]):
        time.sleep(GLANCE)
        return
    for ready in ray.wait(under_way, num_returns=1, timeout=GLANCE)[0]:
        if ready in team.asked:
            team.admit(ready)
        else:
            yield from desk.settle(ready, team)


@dataclass
class _Hand:
    """A node that may work, how many jobs it can do at once, and how many it is at."""

    node: Node
    places: int
    busy: int = 0


@dataclass
class _Team:
    """The nodes: who is there, who may work, who was asked for a passport and has not answered yet."""

    reach: Reach
    passport: Passport
    needs: Needs
    progress: Callable[[News], None]
    done: Any
    hands: dict[str, _Hand] = field(default_factory=dict)
    asked: dict[Any, Node] = field(default_factory=dict)
    why: str = "No machine of the cluster can do it."
    _led: bool = False
    _times: Counter[str] = field(default_factory=Counter)
    _looked: float = float("-inf")
    _hopeless: float | None = None  # since when

    def muster(self) -> None:
        """See who is there, now and then; ask newcomers for their passports."""
        now = time.monotonic()
        if now < self._looked + GLANCE:
            return
        self._looked, self._led = now, self._look()
        hopeful = self._led and (self.hands or self.asked)
        self._hopeless = None if hopeful else self._hopeless or now

    def free(self) -> Iterator[_Hand]:
        """Who could do one job more; nobody while there is no head, whom Ray would wait for."""
        return (hand for hand in self.hands.values() if self._led and hand.busy < hand.places)

    def task(self, name: str, node: Node, needs: Needs) -> Any:
        """A job as a task of one node and no other, which is not done again by itself; ``ps`` shows its name there."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(node_id=node.name, soft=False)
        return self.done.options(
            name=name, num_cpus=needs.cpus, num_gpus=needs.gpus, max_retries=0, scheduling_strategy=there
        )

    def is_hopeless(self) -> bool:
        """Whether for too long there was nobody who could work, or no head."""
        return self._hopeless is not None and time.monotonic() > self._hopeless + self.reach.patience

    def admit(self, answer: Any) -> None:
        """A passport has come: its node may work, or is left out. One that died meanwhile is no longer asked."""
        import ray

        node, theirs = self.asked.pop(answer), _opened(answer)
        crashed = isinstance(theirs, ray.exceptions.RayError)
        if crashed and not node.answers():
            return
        if crashed and self._times[node.name] < TRIES:
            self._ask(node)
        elif why := self._objection(theirs, node):
            self.why = why
            self.progress(News("left out", node=node.place, sentence=why))
        else:
            self.hands[node.name] = _Hand(node, self.needs.places(node))
            self.progress(News("joined", node=node.place))

    def doubt(self, node: Node) -> None:
        """Somebody died there. It gets no more work if it did so itself."""
        if node.name in self.hands and not node.answers():
            self._part_with(node.name)

    def dismiss(self) -> None:
        """Nobody waits for an answer any more."""
        _cancel(self.asked)

    def _look(self) -> bool:
        try:
            nodes = {node.name: node for node in self.reach.nodes()}
        except ClusterError as error:
            self.why = str(error)
            return False
        for gone in self.hands.keys() - nodes.keys():
            self._part_with(gone)
        for name in nodes.keys() - self._times.keys():
            self._ask(nodes[name])
        return True

    def _part_with(self, name: str) -> None:
        self.progress(News("gone", node=self.hands.pop(name).node.place))

    def _ask(self, node: Node) -> None:
        self._times[node.name] += 1
        if self.needs.places(node):
            asking = (self.passport.asked(), self.passport.models, self.passport.threads)
            self.asked[self.task("passport", node, Needs(cpus=0.0)).remote(here, asking, 0)] = node

    def _objection(self, theirs: Passport | _Refused | Exception, node: Node) -> str:
        if isinstance(theirs, Passport):
            return refusal(theirs, self.passport, node.place)
        told = theirs.sentence if isinstance(theirs, _Refused) else _first_line(theirs)
        return f"{node.place} is left out, for it cannot show what is installed there: {told}"


@dataclass
class _Desk:
    """The jobs: which wait, which are being done, and which will not be done."""

    jobs: Mapping[str, Any]
    work: Callable[[Any], Any]
    keep: Callable[[str, Any], Any]
    threads: int
    progress: Callable[[News], None]
    flying: dict[Any, tuple[str, _Hand]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    _tries: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """All wait at first."""
        self.waiting = deque(self.jobs)

    def send(self, team: _Team) -> None:
        """Give jobs to whoever has a hand free: never more than can be done at once."""
        while self.waiting and (hand := next(team.free(), None)):
            name = self.waiting.popleft()
            sent = team.task(name, hand.node, team.needs).remote(self.work, (self.jobs[name],), self.threads)
            self.flying[sent] = (name, hand)
            hand.busy += 1
            self.progress(News("begun", name, hand.node.place))

    def settle(self, answer: Any, team: _Team) -> Iterator[tuple[str, Any]]:
        """A job has come back: with its result, with a refusal, or because somebody died."""
        import ray

        name, hand = self.flying.pop(answer)
        hand.busy -= 1
        try:
            result = _opened(answer)
            if not isinstance(result, Exception):
                self.send(team)  # nobody is idle while a result is kept
            kept = None if isinstance(result, (Exception, _Refused)) else self.keep(name, result)
        except ray.exceptions.RayTaskError:
            raise  # a fault of the work itself
        except (ray.exceptions.RayError, ClusterError) as error:
            result = error
        if isinstance(result, Exception):
            team.doubt(hand.node)
            self._again(name, hand.node.place, _first_line(result))
        elif isinstance(result, _Refused):
            self._refuse(name, hand.node.place, result.sentence)
        else:
            self.progress(News("done", name, hand.node.place))
            yield name, kept

    def give_up(self, why: str) -> None:
        """All that is not done stays so."""
        self.left |= dict.fromkeys([*self.waiting, *(name for name, _ in self.flying.values())], why)
        self.waiting.clear()
        self.dismiss()

    def dismiss(self) -> None:
        """Stop what is still being done; nobody waits for it."""
        _cancel(self.flying)

    def _again(self, name: str, place: str, why: str) -> None:
        self._tries[name] += 1
        if self._tries[name] >= TRIES:
            self._refuse(name, place, f"Tried {TRIES} times, in vain: {why}")
            return
        self.waiting.append(name)
        self.progress(News("again", name, place, why))

    def _refuse(self, name: str, place: str, why: str) -> None:
        self.left[name] = why
        self.progress(News("refused", name, place, why))


def _done(work: Callable[..., Any], given: Sequence[Any], threads: int) -> Any:
    """One job, in a worker. Where nothing is restored ``threads`` is 0, and nobody waits for torch."""
    if threads:
        import torch

        torch.set_num_threads(threads)
    try:
        return work(*given)
    except Refusal as error:
        return _Refused(str(error))


def _opened(answer: Any) -> Any:
    """What a task has brought; the exception itself where the cluster failed it. A fault of the work is raised."""
    import ray

    try:
        return ray.get(answer)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, (ray.exceptions.RayError, ImportError)):
            return error.cause
        raise
    except ray.exceptions.RayError as error:
        return error


def _cancel(sent: dict[Any, Any]) -> None:
    import ray

    for answer in sent:
        ray.cancel(answer, force=True)
    sent.clear()


def _first_line(error: object) -> str:
    return str(error).strip().split("\n")[0]
