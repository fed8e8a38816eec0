"""Work on static tensors, done the fastest way that this machine allows: compiled, recorded on a card, or as it is.

A card spends more time being told what to do than doing it. A CUDA graph is told once. Whatever fails is said in one
sentence, and the next slower way is taken from then on.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    Work = Callable[[], tuple[torch.Tensor, ...]]
    #: Makes of work something that does it again, faster. Work is given as it is, and as it may be compiled.
    Way = Callable[[], Work]

log = logging.getLogger(__name__)

MOST = 4  # recordings kept: each holds a card's memory for itself
WARM_UP = 3  # runs before a recording: libraries choose their kernels and allocate in the first ones


class Recording:
    """Work that is done in the first of some ways that works. ``ways`` go from the fastest to the plain one."""

    def __init__(self, ways: Sequence[tuple[str, Way]]) -> None:
        """Nothing is tried before it is called. Each way has a name, for the sentence that it failed."""
        self._ways = list(ways)
        self._play: Work | None = None

    @property
    def way(self) -> str:
        """The name of the way that is taken now."""
        return self._ways[0][0]

    def __call__(self) -> tuple[torch.Tensor, ...]:
        """Do the work once. What the plain way raises is raised, and so is a lack of memory, whatever the way."""
        while len(self._ways) > 1:
            try:
                return self._played()
            except RuntimeError as error:
                if _is_lack_of_memory(error):
                    raise
                (name, _), self._play = self._ways.pop(0), None
                told = str(error).strip().partition("\n")[0][:200]
                log.warning("The fast path (%s) is not to be had, so %s is taken: %s", name, self.way, told)
        return self._played()

    def _played(self) -> tuple[torch.Tensor, ...]:
        if self._play is None:
            self._play = self._ways[0][1]()
        return self._play()


class Shelf:
    """The last few recordings by what they are made for, all thrown away when weights have moved to another place."""

    def __init__(self) -> None:
        """Nothing is recorded yet."""
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._place: Hashable = None

    def take(self, form: Hashable, place: Hashable, make: Callable[[], Any]) -> Any:
        """What was made for this form, or is made now. ``place`` says where the weights lie: see ``whereabouts``."""
        if place != self._place:
            self._kept.clear()
            self._place = place
        found = self._kept[form] = self._kept.pop(form) if form in self._kept else make()
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return found

    def kept(self) -> list[Any]:
        """Everything that is kept, the last used last."""
        return list(self._kept.values())

    def clear(self) -> None:
        """Give back what all recordings hold."""
        self._kept.clear()


def whereabouts(network: Any) -> int:
    """A number for where every weight of a network lies. A recording reads from there, whatever is written there.

    Damaged weights (``lesions``) stay where they are, and are heard; an adapter that is put on or taken off adds or
    removes some, and everything has to be recorded again.
    """
    return hash(tuple(weight.data_ptr() for weight in network.parameters()))


def ways(work: Work, compiled: Callable[[], Work] | None, device: torch.device) -> list[tuple[str, Way]]:
    """The ways of doing some work on a device, the fastest first. ``compiled`` gives it compiled, where that is wanted.

    On a card each is recorded in a graph; anywhere the plain work comes last.
    """
    plain: list[tuple[str, Way]] = [("step by step", lambda: work)]
    if device.type == "cuda":
        plain.insert(0, ("a graph", lambda: graph(work)))
    if compiled is None:
        return plain
    name = "a compiled graph" if device.type == "cuda" else "compiled"
    return [(name, lambda: graph(compiled()) if device.type == "cuda" else compiled()), *plain]


def graph(work: Work) -> Work:
    """Work recorded in a CUDA graph: what is played gives clones, as the next run writes over its own tensors."""
    import torch

    aside: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call] # torch's own
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(aside)
    recorded = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recorded):
        results = work()

    def play() -> tuple[torch.Tensor, ...]:
        recorded.replay()
        return tuple(result.clone() for result in results)

    return play


def _is_lack_of_memory(error: RuntimeError) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError)
