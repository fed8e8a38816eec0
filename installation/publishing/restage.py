"""Restaging: a take's generations rendered again from its score; the same, hash for hash, or otherwise and kindred.

A take has the state each of its lineages began with, and for every generation its serial and the knobs as used; from
these the loop is pure. On the machine and with the model that made the take, every digest must come out the same.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import images
from installation.images import ImageError
from installation.knobs import read, understood
from installation.loop.album import shipped
from installation.loop.generation import turn
from installation.loop.glimpse import Glimpse, Outside, blind
from installation.loop.knobs import Looping
from installation.loop.lineage import LOCKED, Lineage, LineageError, from_bytes
from installation.machine.files import share
from installation.machine.glimpses import is_glimpse
from installation.publishing.enlarged import enlarged
from installation.publishing.kinship import AS_IT_WAS, Otherwise
from installation.publishing.score import Passage, Times, overview, score
from installation.recording.takes import LINEAGE, SCENE, TakeError
from installation.restorers import casting, guides, shelf
from installation.restorers.grid import Grid
from installation.restorers.precision import AUTO
from installation.restorers.protocol import Restoring

if TYPE_CHECKING:
    from installation.loop.generation import Moment
    from installation.machine.settings import EngineSettings
    from installation.recording.takes import Take
    from installation.records import Image
    from installation.restorers import Restorer


EARLIER = (AUTO, "float32")  # what pipelines computed with before takes said so: on a card; on a processor
MOST_STAGES = 16  # of a burning, as its knob allows: that a restaged take can be restaged


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of restaging: how many generations, and the serial of the first that differs (None: none does)."""

    generations: int
    first_difference: int | None

    @property
    def identical(self) -> bool:
        """Whether every generation came out the same."""
        return self.first_difference is None

    def sentence(self) -> str:
        """The verdict for a person."""
        if self.identical:
            return f"{self.generations} generations rendered again, every one identical."
        return (
            f"Generation {self.first_difference} differs; {self.generations} before it are identical. "
            "Was the take made on another machine, or with another model?"
        )


def restage(take: Take, settings: EngineSettings, progress: Callable[[float], None]) -> Verdict:
    """Render every logged generation again. Raises ``TakeError`` when the take has nothing to begin from."""
    total, done = count(take), 0
    performer = Performer(take, settings)
    for passage in score(take):
        if passage.generation is None:
            continue
        performer.enter(passage)
        performer.go_on(passage)
        *_, last = performer.moments(passage)
        if not last.generation or last.generation.digest != passage.generation["digest"]:
            return Verdict(done, passage.generation["serial"])
        done += 1
        progress(done / total)
    return Verdict(done, None)


def count(take: Take) -> int:
    """How many generations there are to be rendered. Raises ``TakeError`` where there is none."""
    if total := overview(take).generations:
        return total
    raise TakeError(f"{take.name} has no generations in its log; there is nothing to render again.")


class Performer:
    """Plays the passages of a score, one after the other. Owns the lineage and the restorers it has loaded."""

    def __init__(self, take: Take, settings: EngineSettings, wanted: Otherwise = AS_IT_WAS) -> None:
        """Nothing is loaded yet. What is kindred is played on the machine's best device, all else on the processor.

        Raises ``TakeError`` for a take of several engines: it has the state of the first alone.
        """
        if (engines := take.manifest.get("engines") or 1) > 1:
            raise TakeError(
                f"{take.name} shows {engines} engines side by side and has the state of the first alone: it cannot be "
                "rendered again. Publish it as it was recorded."
            )
        self._take, self._wanted, self._engine = take, wanted, settings
        self.is_kindred = dataclasses.replace(wanted, rate=None) != AS_IT_WAS  # more pictures change no generation
        self.device = device(settings.device) if self.is_kindred else "cpu"
        self._number, self._told, self._prompt = -1, take.manifest, ""
        self._loaded: dict[tuple[str, str | None, int, str], Restorer] = {}
        self.lineage: Lineage
        self.restorer: Restorer

    def enter(self, passage: Passage, lineage: Lineage | None = None) -> bool:
        """Take up what plays in this passage; True when another lineage begins with it.

        ``lineage``: go on with this one. Raises ``TakeError`` where its beginning is lost or the model is another one,
        ``ModelError`` for a restorer that cannot be loaded.
        """
        begins = passage.number != self._number
        if begins:
            self._begin(passage, lineage)
        words = self._words(passage)
        if (begins or words != self._prompt) and (listens := getattr(self.restorer, "prompt", None)):
            listens(words)
        self._prompt = words
        return begins

    def go_on(self, passage: Passage) -> None:
        """Where the logged generation grew from something else than the last one, put that into the lineage.

        A parent of 0 says that the piece had begun again. Raises ``TakeError`` where a picture is lost.
        """
        logged, lineage = passage.generation or {}, self.lineage
        source = logged.get("source", "")
        if is_glimpse(source) and source != lineage.origin_name:
            lineage.adopt(source, _picture(self._take, source, lineage.present))
        elif source.startswith(LOCKED):
            tick = int(source.removeprefix(LOCKED))
            _ = lineage.turn_key(tick, locked=True) or lineage.turn_key(tick, locked=False)
        elif source and source != lineage.origin_name:
            lineage.inject(source, shipped(share("assets")).open(source, *lineage.present.shape[-2:]))
        elif logged["parent"] == 0 and lineage.parent != 0:
            lineage.reignite()

    def moments(self, passage: Passage) -> Iterator[Moment]:
        """One generation again, moment by moment; its record has the seconds that it took when it was first played."""
        logged = passage.generation or {}
        self.lineage.serial = logged["serial"]
        outside, guide = (
            _outside(self._take, logged.get(each, ""), self.lineage.present) for each in ("glimpse", "guide")
        )
        values = self.values(passage)
        for moment in turn(self.lineage, self.restorer, values, lambda: 0.0, outside=outside, guide=guide):
            known = moment.generation and dataclasses.replace(moment.generation, seconds=logged.get("seconds", 0.0))
            yield dataclasses.replace(moment, generation=known)

    def burning(self, passage: Passage) -> float:
        """The share of its turn, 0 to 1, for which a passage burns."""
        looping, restoring = read(Looping, self.values(passage)), read(Restoring, self.values(passage))
        return looping.stages / (looping.stages + restoring.steps + 1)

    def values(self, passage: Passage) -> dict[str, float]:
        """The knobs as used, but for what is wanted otherwise."""
        values = understood((passage.generation or {})["knobs"])
        if self._wanted.steps is not None:
            values["/restore/steps"] = float(self._wanted.steps)
        if self._wanted.rate is not None:
            values["/loop/stages"] = float(stages(passage.times, self._wanted.rate))
        return values

    def _begin(self, passage: Passage, lineage: Lineage | None) -> None:
        import torch

        before, told = self._told, passage.told
        goes_on = self._number >= 0 and self.is_kindred and _same_lineage(before, told)
        lineage = lineage or (self.lineage if goes_on else self._beginning(passage))
        if missing := [name for name in ("threads", "restorer", "digest") if told.get(name) is None]:
            raise TakeError(f"{self._take.name} does not say its {missing[0]}; nothing can be rendered again.")
        torch.set_num_threads(told["threads"])  # another number of threads adds up in another order
        self.restorer = self._led(self._restorer(told), told)
        self.lineage, self._number, self._told = lineage.to(self.device), passage.number, told

    def _beginning(self, passage: Passage) -> Lineage:
        path = self._take.folder / LINEAGE.format(passage.number)
        try:
            lineage = from_bytes(path.read_bytes())
        except OSError as error:
            raise TakeError(f"{path} cannot be read ({error.strerror}); nothing can be rendered again.") from None
        except LineageError:
            raise TakeError(f"{path} is damaged; nothing can be rendered again.") from None
        if self._wanted.size in {None, lineage.present.shape[-1]}:
            return lineage
        name = self._take.origin if passage.number == 0 else ""
        return enlarged(lineage, self._wanted.size or 0, passage.told.get("grid") or 1, name)

    def _restorer(self, told: Mapping[str, Any]) -> Restorer:
        """Raises ``ModelError`` where it cannot be loaded, ``TakeError`` where it is another than the take's."""
        played = self._wanted.played(told)
        name, model, grid = played["restorer"], played["model"], told.get("grid") or 1
        same, engine = (name, model) == (told["restorer"], told.get("model")), self._engine
        dtype = told.get("dtype", EARLIER[self.device == "cpu"]) if same else engine.dtype
        key = (name, model, grid, dtype)
        if key not in self._loaded:
            restorer = shelf.load(name, model, engine.models, self.device, dtype=dtype, compiles=engine.compile)
            self._loaded[key] = Grid(restorer, grid) if grid > 1 else restorer
        found = self._loaded[key]
        if same and found.digest != told["digest"]:
            raise TakeError(f"{self._take.name} was made with another {name} than the one that is here.")
        return found

    def _led(self, restorer: Restorer, told: Mapping[str, Any]) -> Restorer:
        """What restores, led as it was. Another restorer, wished for instead, may be one that hears words alone."""
        if guides.of(restorer) is None:
            return restorer
        casting.recall(told, self._engine.models, restorer).enter()
        for kind, led in guides.told(restorer).items():
            if led != told.get(kind):
                raise TakeError(f"{self._take.name} was led by another {kind} ({told[kind]['model']}) than is here.")
        return restorer

    def _words(self, passage: Passage) -> str:
        """What to tell the restorer. Where no generation says it, or nobody listened, the messages and the scene do."""
        told = (passage.generation or {}).get("prompt")
        if told is not None and (told or self._wanted.restorer is None):
            return str(told)
        return self._scene_prompt(passage.told) if passage.prompt is None else passage.prompt

    def _scene_prompt(self, told: Mapping[str, Any]) -> str:
        """What the scene itself asks for: that of the take, or one that came with the program."""
        scene = told.get("scene", self._take.scene)
        own = self._take.folder / SCENE
        path = own if scene == self._take.scene else share("scenes") / f"{Path(str(scene)).name}.toml"
        try:
            return str(tomllib.loads(path.read_text(encoding="utf-8")).get("prompt", ""))
        except (OSError, ValueError):
            return ""


def stages(times: Times, rate: int) -> int:
    """How many stages show a burning in ``rate`` pictures a second: 1 to 16, or 0 where none was to be seen."""
    if not times.burns:
        return 0
    return min(max(round((times.burns[-1] - times.began) / 1e9 * rate), 1), MOST_STAGES)


def _same_lineage(before: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether the engine went on with a lineage: it put on other weights, or was reborn."""
    return bool(told.get("serial")) and all(before.get(each) == told.get(each) for each in ("scene", "seed"))


def _outside(take: Take, name: str, like: Image) -> Outside:
    """What was seen outside at a generation that logged this name."""
    if not name:
        return blind
    picture = _picture(take, name, like)
    return lambda seeing: Glimpse(name, picture, seeing.mix)


def _picture(take: Take, name: str, like: Image) -> Image:
    """A picture from outside that the take has kept. Raises ``TakeError``."""
    try:
        return images.to_tensor(images.load(take.folder / name, *like.shape[-2:])).to(like)
    except ImageError as error:
        raise TakeError(f"{error} The camera's pictures cannot be made again; nothing can be from there on.") from None


def device(asked: str) -> str:
    """Where to compute: as the machine says, and with ``auto`` on a graphics card where there is one."""
    import torch

    if asked != "auto":
        return asked
    return "cuda" if torch.cuda.is_available() else "cpu"
