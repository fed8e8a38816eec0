"""What must be the same on two machines for their pictures to be the same, hash for hash."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import installation
from installation.restorers import precision, shelf

if TYPE_CHECKING:
    from installation.machine.settings import Settings

#: What computes pictures; the rest of what is installed may differ.
LIBRARIES = ("torch", "numpy", "scipy", "opencv-python-headless", "pillow", "diffusers")


@dataclass(frozen=True, slots=True)
class Weights:
    """A restorer that is asked for, as a scene names it, and the digest of what lies on this machine for it."""

    restorer: str
    model: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Passport:
    """Versions, weights, threads and chip of a machine: sums of floats depend on who adds them, and on how many share.

    ``chip`` is what torch computes on: ``AVX512, bfloat16`` and its like, or a graphics card by name.
    """

    burntout: str
    python: str
    libraries: tuple[tuple[str, str], ...]
    weights: tuple[Weights, ...]
    threads: int
    chip: str = ""
    models: Path | None = None  # where pipelines lie; not compared, for nobody paints with a path

    def asked(self) -> tuple[tuple[str, str | None], ...]:
        """The restorers it was made for."""
        return tuple((each.restorer, each.model) for each in self.weights)


def passport(restorers: Sequence[tuple[str, str | None]], settings: Settings) -> Passport:
    """This machine's, for restorers by name and model. Raises ``ModelError`` where one is missing or damaged.

    With ``settings.engine.threads`` 0 it says 1: work that is spread has a process for every core already.
    """
    return here(restorers, settings.engine.models, settings.engine.threads or 1)


def here(restorers: Sequence[tuple[str, str | None]], models: Path | None, threads: int) -> Passport:
    """The same from its parts, as a worker makes it."""
    weights = tuple(Weights(name, model, shelf.digest(name, model, models)) for name, model in restorers)
    python = ".".join(platform.python_version_tuple()[:2])
    chip = _chip() if weights else ""  # where nothing is restored, nobody waits for torch
    return Passport(installation.__version__, python, tuple(_versions()), weights, threads, chip, models)


def refusal(theirs: Passport, ours: Passport, node: str) -> str:
    """Why pictures of ``node`` would not be ours: a sentence, or nothing where they would."""
    differing = next(_differences(theirs, ours), None)
    if differing is None:
        return ""
    what, has, wanted, do = differing
    return f"{node} has {what} {has} and this machine {wanted}: its pictures would differ. {do}"


def _differences(theirs: Passport, ours: Passport) -> Iterator[tuple[str, str, str, str]]:
    install = "Install the same version there."
    if theirs.burntout != ours.burntout:
        yield "Burntout", theirs.burntout, ours.burntout, install
    if theirs.python != ours.python:
        yield "Python", theirs.python, ours.python, install
    for (name, has), (_, wanted) in zip(theirs.libraries, ours.libraries, strict=True):
        if has != wanted:
            yield name, has, wanted, install
    for there, at_home in zip(theirs.weights, ours.weights, strict=True):
        if there.digest != at_home.digest:
            named = f"{there.restorer} {there.model or ''}".strip()
            yield f"weights of {named}", there.digest[:12], at_home.digest[:12], "Copy the same model there."
    if theirs.threads != ours.threads:
        yield "threads", str(theirs.threads), str(ours.threads), "Use as many on every machine."
    if theirs.chip != ours.chip:
        yield "chip", theirs.chip, ours.chip, "Leave it out, or let all work be done by its kind."


def _chip() -> str:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.backends.cpu.get_cpu_capability()}, {precision.named(precision.fast(torch.device('cpu')))}"


def _versions() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, "none"
