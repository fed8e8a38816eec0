"""Stations: how an outpost is asked, wherever it is. Every answer is a future; nobody waits here.

``There`` is an actor on a node of the cluster, ``Here`` a thread of this process.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from installation.cluster.outpost import Abroad, Outpost

if TYPE_CHECKING:
    from installation.cluster.clock import Times
    from installation.cluster.letters import Commission, Dispatch, Letter
    from installation.cluster.passport import Passport
    from installation.cluster.reach import Node
    from installation.machine.settings import PlaceSettings

LISTEN = 0.1  # seconds that an outpost waits for news before it says that there is none
UP, DOWN = "up", "down"  # two of an actor's threads: in each, calls are answered in their order
CLOCK, AUDIENCE = "clock", "audience"  # more of them: for letters that must not wait, and for whoever follows
MOST_FOLLOWERS = 16  # who are answered at once
NAMESPACE = "burntout"  # of engines that may be followed


class Station(Protocol):
    """Where an engine plays."""

    place: str

    def passport(self, restorers: Sequence[tuple[str, str | None]]) -> Future[Passport]:
        """That machine's, for restorers by name and model."""

    def tell(self, letters: Sequence[Letter], knobs: Mapping[str, float]) -> Future[None]:
        """Orders, and the knobs that have moved; later ones arrive later."""

    def hear(self) -> Future[Dispatch]:
        """What is new, as soon as something is."""

    def clock(self) -> Future[Times]:
        """When the question was heard there, and when answered, in Unix nanoseconds."""

    def leave(self) -> Future[None]:
        """Ask the engine to end; it has a second."""

    def drop(self) -> None:
        """Have nothing more of it: it has left, has died or does not answer."""


class There:
    """An engine on a node of the cluster."""

    def __init__(
        self, node: Node, needs: PlaceSettings, commission: Commission, outpost: Callable[..., object] = Abroad
    ) -> None:
        """Ask for the actor, an ``outpost``; what goes wrong with it is said by the first answer."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self.place = node.place
        remote: Any = ray.remote  # its types do not know of groups
        actor = remote(
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            max_restarts=0,  # another is started, at another node, from the newest checkpoint
            concurrency_groups={UP: 1, DOWN: 1, CLOCK: 1, AUDIENCE: MOST_FOLLOWERS},
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node.name, soft=False),
        )(outpost)
        name = f"{needs.name}@{time.time_ns()}"  # the one before may be dying still, under its own
        self._actor = actor.options(name=name, namespace=NAMESPACE).remote(commission)

    def passport(self, restorers: Sequence[tuple[str, str | None]]) -> Future[Passport]:
        return self._ask(DOWN, "passport", tuple(restorers))

    def tell(self, letters: Sequence[Letter], knobs: Mapping[str, float]) -> Future[None]:
        return self._ask(DOWN, "tell", tuple(letters), dict(knobs))

    def hear(self) -> Future[Dispatch]:
        return self._ask(UP, "hear", LISTEN)

    def clock(self) -> Future[Times]:
        return self._ask(CLOCK, "clock")

    def leave(self) -> Future[None]:
        return self._ask(DOWN, "leave")

    def drop(self) -> None:
        import ray

        ray.kill(self._actor)

    def _ask(self, group: str, method: str, *arguments: object) -> Future[Any]:
        return asked(self._actor, group, method, *arguments)


def idle(node: Node, needs: PlaceSettings) -> bool:
    """Whether a node has free now what an engine needs; whoever is busy may make one wait for hours."""
    from ray._private import state  # it has no public way

    asked: Any = state.available_resources_per_node
    free: Mapping[str, float] = asked().get(node.name, {})
    return free.get("CPU", 0.0) >= needs.cpus and free.get("GPU", 0.0) >= needs.gpus


def asked(actor: Any, group: str, method: str, *arguments: object) -> Future[Any]:
    """The answer of an actor's method, which one of its threads of that group gives."""
    answer: Future[Any] = getattr(actor, method).options(concurrency_group=group).remote(*arguments).future()
    return answer


def found(name: str) -> Any:
    """The actor that plays the engine of this name now, the newest where one is dying; None where there is none."""
    import ray

    with contextlib.suppress(ValueError):  # it has gone meanwhile
        listed = [
            each["name"] for each in ray.util.list_named_actors(all_namespaces=True) if each["namespace"] == NAMESPACE
        ]
        if named := sorted(each for each in listed if each.partition("@")[0] == name):
            return ray.get_actor(named[-1], NAMESPACE)
    return None


class Here:
    """An engine in this process."""

    place = "this machine"

    def __init__(self, commission: Commission) -> None:
        """Set it to work."""
        self._outpost = Outpost(commission)
        self._up, self._down = ThreadPoolExecutor(1, UP), ThreadPoolExecutor(1, DOWN)

    def passport(self, restorers: Sequence[tuple[str, str | None]]) -> Future[Passport]:
        return self._down.submit(self._outpost.passport, restorers)

    def tell(self, letters: Sequence[Letter], knobs: Mapping[str, float]) -> Future[None]:
        return self._down.submit(self._outpost.tell, letters, knobs)

    def hear(self) -> Future[Dispatch]:
        return self._up.submit(self._outpost.hear, LISTEN)

    def clock(self) -> Future[Times]:
        return self._down.submit(self._outpost.clock)

    def leave(self) -> Future[None]:
        return self._down.submit(self._outpost.leave)

    def drop(self) -> None:
        self._down.submit(self._outpost.leave)
        for caller in (self._up, self._down):
            caller.shutdown(wait=False)
