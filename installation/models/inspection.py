"""Looking a model's folder over: what of it is missing, wrong, pickled, or too big for this machine, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from installation.models import families, sums
from installation.restorers import controlnet, depth, likeness, lora, trust, weighing
from installation.restorers.called import image_form
from installation.restorers.protocol import ModelError
from installation.restorers.weighing import GIB, HALF, SINGLE

if TYPE_CHECKING:
    from installation.models.families import Family

Grade = Literal["good", "note", "bad"]
Widths = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a folder: whether it is as it should be, and what to do where it is not."""

    grade: Grade
    sentence: str


@dataclass(frozen=True, slots=True)
class Room:
    """Where a model would play: free bytes there, and how wide numbers may be there, the best first, in bytes."""

    name: str
    free: float
    widths: Widths


def here() -> Room:
    """The card of this machine, or the machine itself."""
    import torch

    if torch.cuda.is_available():
        place = torch.device("cuda")
        return Room(torch.cuda.get_device_name(place), weighing.free_bytes(place), (HALF,))
    return Room("this machine without a card", weighing.free_bytes(torch.device("cpu")), (SINGLE, HALF))


def inspect(folder: Path, room: Room) -> Iterator[Remark]:
    """Everything there is to say of a folder; nothing of it is loaded, and nothing of it is run."""
    if (folder / lora.BASE).is_file():
        yield from _adapter(folder)
        return
    if families.is_tiny_decoder(folder):
        yield _tiny(folder)
        yield _sums(folder)
        return
    if part := families.part_of(folder):
        yield from _leading(folder, part, room)
        return
    try:
        index = trust.read(folder / trust.INDEX)
    except ModelError as error:
        yield Remark("bad", str(error))
        return
    wrong = [Remark("bad", sentence) for sentence in trust.faults(folder, index)]
    yield from wrong
    yield from _pickles(folder, index)
    yield _sums(folder)
    yield from _family(families.recognise(folder), index)
    if not wrong:
        yield from _form(index)
        yield _weight(folder, room)


def _adapter(folder: Path) -> Iterator[Remark]:
    """An adapter is as good as its base."""
    try:
        base = lora.base_of(folder)
        if not lora.is_bare(folder):
            weighing.weigh([folder / lora.WEIGHTS])
    except ModelError as error:
        yield Remark("bad", str(error))
        return
    if base is None or not (base / trust.INDEX).is_file():
        yield Remark("bad", f"{folder}: belongs to {base}, where no model is. Add that model, or mend {lora.BASE}.")
        return
    yield Remark("good", f"{folder}: an adapter for {base}; check that folder too.")
    yield _sums(folder)


def _tiny(folder: Path) -> Remark:
    """A tiny decoder is one file."""
    try:
        load = weighing.weigh(trust.weights_of(folder))
    except ModelError as error:
        return Remark("bad", str(error))
    if not load.parameters:
        return Remark("bad", f"{folder}: a tiny decoder without its weights. Add it again.")
    return Remark("good", f"{folder}: a tiny decoder; /restore/decoder tiny has the pipelines beside it use it.")


def _leading(folder: Path, part: str, room: Room) -> Iterator[Remark]:
    """What leads a pipeline besides words."""
    try:
        files, sentence = LEADING[part](folder)
        load = weighing.weigh(files)
        weighing.width_that_fits(load, room.widths, room.free, str(folder))
    except ModelError as error:
        yield Remark("bad", str(error))
        return
    yield Remark("good", f"{folder}: {sentence} ({load.parameters / 1e6:,.1f} million parameters).")
    yield _sums(folder)


def _controlnet(folder: Path) -> tuple[Sequence[Path], str]:
    width = trust.read(folder / trust.CONFIG).get("cross_attention_dim", 0)
    said = f'control = {{ model = "{folder.name}", of = "edge" }} in a scene'
    return trust.vouch_part(folder, controlnet.CLASS).loaded, f"a ControlNet for {families.kin(width)}; {said}"


def _ip_adapter(folder: Path) -> tuple[Sequence[Path], str]:
    file, encoder = likeness.weights_of(folder), likeness.encoder_of(folder)
    width = likeness.width_of(file)
    said = f'likeness = {{ model = "{folder.name}", from = "camera" }} in a scene'
    loaded = trust.vouch_part(encoder, likeness.CLASS).loaded
    return (file, *loaded), f"an IP-Adapter for {families.kin(width)}, with its image encoder; {said}"


def _depth(folder: Path) -> tuple[Sequence[Path], str]:
    return trust.vouch_part(folder, depth.SEER).loaded, "sees how near things are, for the ControlNets beside it"


#: How each of ``families.PARTS`` is looked over: the files that are loaded, and what it is. They raise ``ModelError``.
LEADING: Mapping[str, Callable[[Path], tuple[Sequence[Path], str]]] = {
    families.CONTROLNET: _controlnet, families.IP_ADAPTER: _ip_adapter, families.DEPTH: _depth,
}  # fmt: skip


def _pickles(folder: Path, index: Mapping[str, object]) -> Iterator[Remark]:
    """Pickles beside safetensors do no harm, and take room."""
    parts = [folder / name for name in trust.components(index) if (folder / name).is_dir()]
    useless = [file for part in parts if trust.weights_of(part) for file in trust.pickles_of(part)]
    if useless:
        taken = sum(file.stat().st_size for file in useless) / GIB
        named = ", ".join(str(file.relative_to(folder)) for file in useless)
        yield Remark("note", f"{named}: pickled weights, never loaded; they may be deleted ({taken:.1f} GiB).")


def _sums(folder: Path) -> Remark:
    """Whether the files are those that were downloaded."""
    if not (folder / sums.NAME).is_file():
        return Remark("note", f"{folder}: no {sums.NAME}, so nothing vouches for the files.")
    try:
        number = sums.verify(folder)
    except ModelError as error:
        return Remark("bad", str(error))
    return Remark("good", f"{number} files are those that were downloaded (SHA-256).")


def _family(family: Family | None, index: Mapping[str, object]) -> Iterator[Remark]:
    if family is None:
        yield Remark("note", f"{index.get('_class_name')}: not a family that was tried; it may play all the same.")
        return
    way = "walked by hand in its latents" if family.how == "by hand" else "called whole"
    negative = "hears negative prompts" if family.negative else "hears no negative prompts"
    yield Remark("good", f"{family.title}: {way}, taught for {family.steps} steps at {family.side} px, {negative}.")
    yield Remark("note", f"Licence as its page told it: {family.licence}. The folder's own is what counts.")


def _form(index: Mapping[str, object]) -> Iterator[Remark]:
    try:
        image_form(str(index["_class_name"]))
    except ModelError as error:
        yield Remark("bad", str(error))


def _weight(folder: Path, room: Room) -> Remark:
    """Whether it fits, as far as the headers of its files tell."""
    try:
        load = weighing.weigh(trust.vouch(folder).loaded)
        width = weighing.width_that_fits(load, room.widths, room.free, str(folder))
    except ModelError as error:
        return Remark("bad", str(error))
    told = f"{load.parameters / 1e6:,.0f} million parameters, {load.file_bytes / GIB:.1f} GiB on the disk"
    fits = f"{load.wanted(width) / GIB:.1f} GiB of memory wanted, {room.free / GIB:.1f} free on {room.name}"
    narrow = f"; only in {8 * width} bits a number" if width != room.widths[0] else ""
    return Remark("note" if narrow else "good", f"{told}; {fits}{narrow}.")
