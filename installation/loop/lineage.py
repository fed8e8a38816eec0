"""The lineage: the chain of generations that grew from one origin, with one seed and a serial number each."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from installation.burns.cipher import HEADER, SMOOTH, encrypt, key, roughness
from installation.burns.mean import Average
from installation.errors import Refusal
from installation.images import by_pixels, to_pixels
from installation.loop.drift import Dice, Palette, follow, palette
from installation.loop.history import FINGERPRINT, Care, History
from installation.randomness import Generator, generator

if TYPE_CHECKING:
    import torch

    from installation.records import Image

BURN, RESTORE, DRIFT = 1, 2, 3  # streams of random numbers of one generation
COUNTS = ("seed", "serial", "parent", "refusals")
FLATTEST = 0.02  # standard deviation below which a picture is one flat field
WILDEST = 10.0  # white is 1: a model that overshoots tenfold is broken, and squares of its numbers would overflow
FAMILY, VERSION = "burntout-lineage-", 2
LOCKED = "cipher/"  # and a tick: the source of a generation that grew from the last one, encrypted or decrypted


class LineageError(Refusal):
    """A checkpoint that cannot be continued."""


@dataclasses.dataclass(slots=True)
class Lineage:
    """Owns the state of the loop, all of it in float32: nothing is rounded to 8 bits on the way round.

    ``serial`` counts the generations attempted, refused ones included, so that each attempt has fresh numbers;
    ``parent`` is the serial of the generation that ``present`` shows (0: the origin, or the picture that ``source``
    names). ``origin_name`` is empty for the scene's own origin. ``history`` and ``care`` are the keeper's, ``seen``
    is the average of all that the lineage was shown since somebody first wanted to know. ``latents`` are those that
    ``present`` was decoded from, where the loop feeds them back and nothing has changed the picture since.
    ``restored`` is the thumb of the last one that was restored, where still ones are spared.
    """

    scene: str
    seed: int
    origin: Image
    present: Image
    reference: Palette
    serial: int = 0
    parent: int = 0
    refusals: int = 0
    source: str = ""
    origin_name: str = ""
    history: History = dataclasses.field(default_factory=History)
    care: Care = dataclasses.field(default_factory=Care)
    seen: Average | None = None
    latents: torch.Tensor | None = None
    restored: torch.Tensor | None = None

    @classmethod
    def begin(cls, scene: str, seed: int, origin: Image) -> Lineage:
        """Generation 0: the origin itself."""
        return cls(scene, seed, origin, origin, palette(origin))

    def next(self) -> None:
        """Go on to the next serial."""
        self.serial += 1

    def generator(self, stream: int) -> Generator:
        """The random numbers of the present serial for one use."""
        return generator(self.seed, self.serial, stream)

    def dice(self) -> Dice:
        """The random numbers for feeding back."""
        return Dice(self.generator(DRIFT), self.seed, self.serial)

    def accept(self, image: Image, latents: torch.Tensor | None = None) -> None:
        """Take a regenerated picture as the present one, and the latents that are exactly this picture."""
        self.present, self.parent, self.refusals, self.source = image, self.serial, 0, ""
        self.latents = latents
        self.reference = follow(self.reference, palette(image))

    def refuse(self) -> None:
        """Keep the present picture; the next attempt has other numbers."""
        self.refusals += 1

    def reignite(self) -> None:
        """Begin again from the origin, with the serials going on."""
        self.inject(self.origin_name, self.origin)

    def adopt(self, name: str, picture: Image) -> None:
        """Take another picture as the origin, which has this name, and begin again from it."""
        self.origin, self.origin_name = picture.to(self.origin), name
        self.reignite()

    def inject(self, source: str, picture: Image) -> None:
        """Go on from another picture, which has this name; what is remembered is still the origin."""
        self.present, self.parent, self.refusals, self.source = picture.to(self.origin), 0, 0, source
        self.latents = None
        self.reference = palette(self.present)
        self.seen = self.seen and self.seen.after(self.present[0])

    def turn_key(self, tick: int, *, locked: bool) -> bool:
        """Encrypt the present picture with a tick's key, or decrypt it; False, and nothing, where it is so already.

        In memory, on a copy of 8 bits a colour. What is turned twice is as it was, so it has to be known whether it is
        noise: that is looked at, and not believed.
        """
        pixels = to_pixels(self.present)
        if (roughness(pixels.reshape(-1)[:HEADER]) > SMOOTH) == locked:
            return False
        self.inject(f"{LOCKED}{tick}", by_pixels(self.present, lambda each: encrypt(each, key(tick))))
        return True

    def remember(self) -> Average:
        """The average of what was shown to it, in float32: begun, when first asked for, with the origin."""
        if self.seen is None:
            first = Average.of_none(self.origin[0], self.origin.dtype).after(self.origin[0])
            self.seen = first.after(self.present[0]) if self.source else first
        return self.seen

    def to(self, device: str) -> Lineage:
        """The same lineage with its pictures on a device."""
        reference = Palette(self.reference.mean.to(device), self.reference.spread.to(device))
        origin, present = self.origin.to(device), self.present.to(device)
        seen = self.seen and self.seen.to(device)
        latents = None if self.latents is None else self.latents.to(device)
        return dataclasses.replace(
            self, origin=origin, present=present, reference=reference, seen=seen, latents=latents
        )

    def digest(self) -> str:
        """BLAKE2b-128 of the present picture's float32 values: equal digests are equal pictures, bit for bit."""
        return digest(self.present)


def digest(image: Image) -> str:
    """BLAKE2b-128 of an image's float32 values, as hexadecimal digits."""
    return hashlib.blake2b(image.detach().float().cpu().contiguous().numpy().tobytes(), digest_size=16).hexdigest()


def fault(image: Image) -> str | None:
    """Why a picture must not enter the loop, or None: one NaN would stay for ever."""
    if not bool((image.abs() <= WILDEST).all()):  # NaN compares false
        return "the model gave numbers that are not finite or far beyond white and black"
    if float(image.std()) < FLATTEST:
        return "the model gave a flat field"
    return None


def to_bytes(lineage: Lineage) -> bytes:
    """A checkpoint: safetensors with the numbers of the lineage in its metadata."""
    from safetensors.torch import save

    numbers = {name: getattr(lineage, name) for name in ("scene", "source", "origin_name", *COUNTS)}
    tensors = {"origin": lineage.origin, "present": lineage.present}
    tensors |= {"mean": lineage.reference.mean, "spread": lineage.reference.spread}
    tensors |= {"seen": lineage.seen.mean, "squares": lineage.seen.squares} if lineage.seen else {}
    tensors |= {} if lineage.latents is None else {"latents": lineage.latents}
    tensors |= {} if lineage.restored is None else {"restored": lineage.restored}
    kept = {name: tensor.detach().float().cpu().contiguous().clone() for name, tensor in tensors.items()}
    kept |= _remembered(lineage.history)
    numbers |= {"care": dataclasses.asdict(lineage.care), "shown": lineage.seen.count if lineage.seen else 0}
    numbers |= {"format": f"{FAMILY}{VERSION}", "digests": {name: digest(tensor) for name, tensor in kept.items()}}
    return save(kept, metadata={"lineage": json.dumps(numbers | {"seal": _seal(numbers)})})


def from_bytes(data: bytes) -> Lineage:
    """The lineage of a checkpoint of this version or an older one. Raises ``LineageError`` for any other file."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        written = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["lineage"])
        return _assemble(migrated(written), tensors)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise LineageError(f"The checkpoint is damaged ({error}).") from error


def migrated(written: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint says, as this version would have written it.

    Raises ``LineageError`` for what a newer version wrote, ``ValueError`` for another program's.
    """
    form = str(written["format"])
    version = int(form.removeprefix(FAMILY)) if form.startswith(FAMILY) else 0
    if version > VERSION:
        raise LineageError(f"A newer version of the program wrote this checkpoint ({form}). Update the program.")
    if version not in {1, VERSION}:
        raise ValueError("another program's file")
    numbers = {name: value for name, value in written.items() if name != "seal"}
    if version == 1:  # of before its numbers were sealed; nothing else has changed
        return {**numbers, "format": f"{FAMILY}{VERSION}"}
    if written["seal"] != _seal(numbers):
        raise ValueError("its numbers are not those that were written")
    return numbers


def _seal(numbers: Mapping[str, Any]) -> str:
    """A checksum of numbers and names, as the digests are of pictures."""
    return hashlib.blake2b(json.dumps(numbers, sort_keys=True).encode(), digest_size=16).hexdigest()


def _assemble(written: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> Lineage:
    if written["digests"] != {name: digest(tensor) for name, tensor in tensors.items()}:
        raise ValueError("its pictures are not those that were written")
    counts = {name: int(written[name]) for name in COUNTS}
    return Lineage(
        str(written["scene"]),
        **counts,
        origin=tensors["origin"],
        present=tensors["present"],
        reference=Palette(tensors["mean"], tensors["spread"]),
        source=str(written.get("source", "")),  # takes of before the keeper, or the camera, have none of these
        origin_name=str(written.get("origin_name", "")),
        history=_recalled(tensors.get("history")),
        care=Care(**written.get("care", {})),
        seen=Average(int(written["shown"]), tensors["seen"], tensors["squares"]) if "seen" in tensors else None,
        latents=tensors.get("latents"),
        restored=tensors.get("restored"),
    )


def _remembered(history: History) -> dict[str, torch.Tensor]:
    """The fingerprints as bytes, one row each; safetensors knows no records."""
    import torch

    rows = history.newest().view(np.uint8).reshape(len(history), FINGERPRINT.itemsize)
    return {"history": torch.from_numpy(rows.copy())} if len(history) else {}


def _recalled(rows: torch.Tensor | None) -> History:
    return History() if rows is None else History(rows.contiguous().numpy().view(FINGERPRINT)[:, 0])
