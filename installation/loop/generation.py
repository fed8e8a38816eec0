"""One turn of the loop: burn, restore, feed back, measure. Everything else in the house exists to keep this going.

Nothing here knows of processes, clocks on walls or screens: it runs in a test in milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from installation.burns import Medium, chosen, growing, name_of, on_raw_scale
from installation.images import to_pixels
from installation.knobs import read, spoken
from installation.loop import keeper
from installation.loop.album import EMPTY, Album, freshen
from installation.loop.drift import feed_back, moving
from installation.loop.glimpse import Outside, blind
from installation.loop.knobs import Looping, Seeing
from installation.loop.leading import lead
from installation.loop.lineage import BURN, RESTORE, Lineage, fault
from installation.loop.stillness import held, is_spared
from installation.readings import Look, of_picture
from installation.records import Generation
from installation.restorers import Restoring
from installation.restorers.lesions import Lesion, wound

if TYPE_CHECKING:
    import torch

    from installation.records import Burnt, Image, Showing, Step
    from installation.restorers import Restorer

#: Latents have unit variance. The picture of larger ones is clipped, so nobody would see them run away: they are
#: encoded anew.
BEYOND = 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Something to be seen: a stage of burning, a step of restoring, or a finished generation.

    ``share`` is how much of the turn has passed, 0 to 1, ``sigma`` how much noise a restorer must take out of what is
    seen (variance exploding, in units of the image); ``refused`` says why a generation was not accepted, ``kept``
    why and how the keeper stepped in after it.
    """

    phase: Showing
    image: Image
    temperature: float
    share: float
    sigma: float = 0.0
    generation: Generation | None = None
    refused: str | None = None
    kept: str | None = None


def turns(
    lineage: Lineage,
    restorer: Restorer,
    values: Callable[[int], Mapping[str, float]],
    clock: Callable[[], float],
    album: Album = EMPTY,
    *,
    outside: Outside = blind,
    guide: Outside = blind,
) -> Iterator[Moment]:
    """The endless loop; between two moments it may be left. ``values`` gives the knobs for a serial.

    The keeper sees to it that it does not end in one picture: before a turn it may bend the knobs, after it, it may
    put another picture (from the ``album``) into the loop.
    """
    while True:
        lineage.next()
        knobs = values(lineage.serial)
        freshen(lineage, read(Looping, knobs).fresh, album)
        for moment in turn(lineage, restorer, keeper.bend(lineage, knobs), clock, outside=outside, guide=guide):
            yield tended(lineage, moment, knobs, album) if moment.phase == "generation" else moment


def tended(lineage: Lineage, moment: Moment, values: Mapping[str, float], album: Album) -> Moment:
    """The last moment of a turn after the keeper has looked at it."""
    kept = keeper.tend(lineage, values, moment.temperature, moment.refused, album)
    if kept is None:
        return moment
    refused = replace(moment, image=lineage.present, refused=kept, kept=kept)
    return refused if moment.refused else replace(moment, kept=kept)


def turn(
    lineage: Lineage,
    restorer: Restorer,
    values: Mapping[str, float],
    clock: Callable[[], float],
    *,
    outside: Outside = blind,
    guide: Outside = blind,
) -> Iterator[Moment]:
    """One generation: its burning, its restoring, and what comes of it, with what is seen ``outside`` at the end.

    What leads the restorer besides words looks outside through ``guide``, before it restores.
    """
    began, values = clock(), on_raw_scale(values)
    medium, restoring, looping = chosen(values, lineage.remember), read(Restoring, values), read(Looping, values)
    visible = looping.stages + restoring.steps + 1
    burnt = with_latents(lineage, (yield from burning(lineage, medium, looping.stages, visible)))
    wound(restorer, read(Lesion, values))
    led = lead(restorer, lineage, values, guide)

    spared = is_spared(lineage, looping.stillness)
    steps = held(lineage, burnt) if spared else restorer.restore(burnt, restoring, lineage.generator(RESTORE))

    for step in steps:
        walked = min(step.index + 1, restoring.steps)
        if bool(step.x.isfinite().all()):
            yield Moment("restore", seen(step), burnt.temperature, (looping.stages + walked) / visible, step.sigma)

    if reason := fault(step.denoised):
        yield refuse(lineage, medium, reason)
    else:
        glimpse = outside(read(Seeing, values))
        regenerated = feed_back(
            step.denoised, lineage.origin, lineage.reference, looping, lineage.dice(), glimpse=glimpse
        )
        named, words = glimpse.name if glimpse else "", getattr(restorer, "text", "")
        told: dict[str, str] = {"glimpse": named, "prompt": words, "guide": led}
        kept = kept_latents(step, regenerated, restoring.feedback)
        yield accept(lineage, regenerated, medium, values, clock() - began, latents=kept, spared=spared, **told)


def burning(lineage: Lineage, medium: Medium, stages: int, visible: int) -> Generator[Moment, None, Burnt]:
    """The way to the burn's temperature in equal stages, one fire, growing; what it comes to is returned."""
    fires = growing(medium, lineage.present, lambda: lineage.generator(BURN), stages)
    for stage, burnt in enumerate(islice(fires, stages), start=1):
        yield Moment("burn", burnt.image, burnt.temperature, stage / visible, burnt.sigma)
    return next(fires)


def with_latents(lineage: Lineage, burnt: Burnt) -> Burnt:
    """A burnt picture together with the latents of what it was before, where white noise is all that happened to it.

    What any other medium has done to the picture nobody knows how to do to latents: that is encoded.
    """
    clean = burnt.image if burnt.source is None else burnt.source
    return replace(burnt, latents=lineage.latents) if clean is lineage.present else burnt


def kept_latents(step: Step, regenerated: Image, wish: str) -> torch.Tensor | None:
    """The latents that go on with a regenerated picture, if wished: feeding back has left the picture as it was."""
    if wish != "latents" or step.latents is None or not regenerated.equal(step.denoised):
        return None
    return step.latents if bool((step.latents.abs() <= BEYOND).all()) else None


def encoded_anew(lineage: Lineage, values: Mapping[str, float]) -> str | None:
    """The sentence to say where latents should be fed back and the picture is encoded; None where all is as wished."""
    if read(Restoring, values).feedback != "latents" or lineage.latents is not None:
        return None
    if found := moving(read(Looping, values)):
        return f"latents are not fed back: {', '.join(found)} changes the picture, so it is encoded. Set that to rest."
    return (
        "latents are not fed back: this restorer, or this picture, has none. A Stable Diffusion and white noise have."
    )


def seen(step: Step) -> Image:
    """A noisy state scaled so that it can be looked at: variance preserving, x / sqrt(1 + sigma^2)."""
    return step.x / math.hypot(1.0, step.sigma) if step.noisy else step.x


def accept(
    lineage: Lineage,
    regenerated: Image,
    medium: Medium,
    values: Mapping[str, float],
    seconds: float,
    *,
    latents: torch.Tensor | None = None,
    spared: bool = False,
    glimpse: str = "",
    prompt: str = "",
    guide: str = "",
) -> Moment:
    """Take the picture into the lineage, measured and written down."""
    parent, source = lineage.parent, lineage.source
    lineage.accept(regenerated, latents)
    generation = Generation(
        serial=lineage.serial,
        parent=parent,
        seed=lineage.seed,
        scene=lineage.scene,
        medium=name_of(medium),
        temperature=medium.temperature,
        knobs=spoken(values),
        readings={} if lineage.serial % read(Looping, values).measure_every else measure(lineage),
        digest=lineage.digest(),
        seconds=seconds,
        source=source,
        glimpse=glimpse,
        prompt=prompt,
        guide=guide,
        spared=spared,
    )
    return Moment("generation", regenerated, medium.temperature, 1.0, generation=generation)


def refuse(lineage: Lineage, medium: Medium, reason: str) -> Moment:
    """The previous picture holds; when that lasts too long, the keeper sees to it."""
    lineage.refuse()
    return Moment("generation", lineage.present, medium.temperature, 1.0, refused=reason)


def measure(lineage: Lineage) -> dict[str, float]:
    """Every reading of the present picture, by key; ``burntout readings`` says what they are."""
    return of_picture(Look(to_pixels(lineage.present)), _seen_first(lineage.origin))


@lru_cache(maxsize=1)
def _seen_first(origin: Image) -> Look:
    """The origin, prepared once for all the generations that are held against it: no lineage changes it in place."""
    return Look(to_pixels(origin))
