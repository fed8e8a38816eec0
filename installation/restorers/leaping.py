"""Generations of a pipeline at once instead of step by step, for one lineage or for several abreast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from installation.records import Step
from installation.restorers import recorded, unrolled
from installation.restorers.latents import FACTOR, clean_image
from installation.restorers.sampling import SIGMA_MIN

if TYPE_CHECKING:
    import torch

    from installation.randomness import Generator
    from installation.records import Burnt, Image
    from installation.restorers.diffusion import Diffusion
    from installation.restorers.protocol import Restoring
    from installation.restorers.unrolled import Form, Plan


class Leaper:
    """Takes all steps of a pipeline's generation at once. Owns what was recorded for that on a card, or compiled."""

    def __init__(self, model: Diffusion, *, compiles: bool = False) -> None:
        """Nothing is recorded yet. ``compiles``: by torch.compile, which takes minutes at first and less later."""
        self._model, self.compiles = model, compiles
        self._shelf = recorded.Shelf()

    def can(self, burnt: Burnt, knobs: Restoring) -> bool:
        """Whether these steps may be taken at once: nobody wants to see them, and each looks only at the one before."""
        wished = knobs.show == "result" and burnt.sigma > SIGMA_MIN
        unguided = self._model.consistent or knobs.guidance == 1.0
        alone = unguided and self._model.guides.silent  # what leads is asked again at every step
        return wished and alone and self._model.sampler(knobs) in unrolled.SAMPLERS

    def leap(self, burnt: Burnt, knobs: Restoring, rng: Generator) -> Step:
        """The last step of a generation, of all pictures of a batch with the same generator."""
        latents, picture = self._painted(burnt, knobs, [rng])
        return self._step(burnt, knobs, latents, picture)

    def abreast(self, fires: Sequence[Burnt], knobs: Restoring, rngs: Sequence[Generator]) -> list[Step]:
        """A generation of several lineages, equally burnt, in one batch: each as it would be alone, but for rounding.

        (Sums of a batch come out in another order: about 1e-6 in float32.)
        """
        import torch

        painted = self._painted(together(fires), knobs, rngs)
        alone = zip(fires, *(torch.split(part, 1) for part in painted), strict=True)
        return [self._step(burnt, knobs, latents, picture) for burnt, latents, picture in alone]

    def ways(self) -> list[str]:
        """The ways in which what was lately done is done: see ``recorded``."""
        return [recording.way for _, recording in self._shelf.kept()]

    def forget(self) -> None:
        """Give back the memory of everything that was recorded."""
        self._shelf.clear()

    def _step(self, burnt: Burnt, knobs: Restoring, latents: torch.Tensor, picture: Image) -> Step:
        rungs = self._model.schedule.ladder(knobs.steps, burnt.sigma)
        shown = picture.to(burnt.image)
        return Step(len(rungs) - 1, rungs[-1].sigma, burnt.image, shown, noisy=False, latents=latents)

    def _painted(self, burnt: Burnt, knobs: Restoring, rngs: Sequence[Generator]) -> tuple[torch.Tensor, Image]:
        """Latents and pictures of a generation."""
        latents, picture = self._taken(self._plan(burnt, knobs, rngs), tiny=knobs.decoder == "tiny")
        return latents, picture

    def _plan(self, burnt: Burnt, knobs: Restoring, rngs: Sequence[Generator]) -> Plan:
        model = self._model
        rungs, sampler = model.schedule.ladder(knobs.steps, burnt.sigma), model.sampler(knobs)
        sigmas = [*(rung.sigma for rung in rungs), 0.0]
        prediction = model.pipe.scheduler.config.prediction_type
        ladder = list(unrolled.strides(prediction, sigmas, sampler, knobs.churn))
        came = burnt.latents if knobs.feedback == "latents" else None
        return unrolled.Plan(
            start=clean_image(burnt) if came is None else came,
            noise=unrolled.drawn(rngs, ladder, self._latents_of(burnt)),
            loud=sigmas[0],
            strides=ladder,
            timesteps=[rung.timestep for rung in rungs],
            condition=model.condition(),
        )

    def _latents_of(self, burnt: Burnt) -> torch.Tensor:
        """Latents of the shape that this picture's have, nothing in them."""
        import torch

        number, _, height, width = burnt.image.shape
        channels = self._model.pipe.unet.config.in_channels
        return torch.zeros(number, channels, height // FACTOR, width // FACTOR, device=self._model.pipe.vae.device)

    def _taken(self, plan: Plan, *, tiny: bool) -> tuple[torch.Tensor, ...]:
        words, latents = tuple(plan.condition.embeddings.shape), tuple(plan.noise[0].shape)
        form = unrolled.Form(tuple(plan.start.shape), latents, len(plan.strides), words, tiny)
        place = recorded.whereabouts(self._model.pipe.unet)
        static, recording = self._shelf.take(form, place, lambda: self._made(form, plan))
        unrolled.write(static, plan)
        results: tuple[torch.Tensor, ...] = recording()
        return results

    def _made(self, form: Form, plan: Plan) -> tuple[unrolled.Static, recorded.Recording]:
        """Static tensors for a form, and a recording of the work on them, which is not begun yet."""
        import torch

        model, device = self._model, plan.noise[0].device
        static = unrolled.room(form, plan.condition, device)
        vae = model.autoencoders.chosen("tiny" if form.tiny else "full", last=True)

        def work() -> tuple[torch.Tensor, ...]:
            return unrolled.paint(model.answer_to, vae, form, static)

        def compiled() -> recorded.Work:
            done: recorded.Work = torch.compile(work, dynamic=False)
            return done

        return static, recorded.Recording(recorded.ways(work, compiled if self.compiles else None, device))


def together(fires: Sequence[Burnt]) -> Burnt:
    """Several burnt pictures as one batch, burnt as the first says. Latents only where all have them."""
    import torch

    def batch(parts: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
        there = [part for part in parts if part is not None]
        return torch.cat(there) if len(there) == len(fires) else None

    return replace(
        fires[0],
        image=torch.cat([burnt.image for burnt in fires]),
        source=batch([burnt.source for burnt in fires]),
        latents=batch([burnt.latents for burnt in fires]),
    )
