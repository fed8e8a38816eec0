"""The archive: a BagIt bag with a take, a film to compare with, what it was made with, and a page for conservators."""

from __future__ import annotations

import contextlib
import json
import shutil
import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import __version__
from installation.errors import Refusal
from installation.machine.files import PACKAGE, share
from installation.publishing.film import film
from installation.publishing.provenance import statement
from installation.publishing.whole import PublishError, whole_folder
from installation.restorers import shelf

if TYPE_CHECKING:
    from installation.publishing.film import Progress
    from installation.recording.takes import Take

PAGE = Path(__file__).with_name("conservation.md")
ENDING, REFERENCE, DOCUMENTS = "-bag", "reference.mp4", "documents"
SUMS = ["sha256", "sha512"]
CARRIED = ("ember", "archive")  # restorers whose files are ours to give along


def bag(take: Take, out: Path, progress: Progress) -> Path:
    """Pack a take into ``out / NAME-bag``, which appears when it is whole. What a damaged take lacks is named in it.

    Raises ``PublishError`` for a disk that refuses.
    """
    import bagit  # type: ignore[import-untyped] # it ships no types

    folder = out / f"{take.folder.resolve().name}{ENDING}"
    with whole_folder(folder) as beside:
        _copy_take(take, beside / "take")
        said = {"reference": _reference(take, beside / REFERENCE, progress)}
        said["origin"] = _origin(take, beside / "origin")
        said["model"] = _model(take, beside / "model")
        _document(take, beside / DOCUMENTS, said)
        try:
            bagit.make_bag(str(beside), _info(take), processes=1, checksums=SUMS)
        except bagit.BagError as error:
            raise PublishError(f"{folder.name} cannot be packed: {error}.") from error
    progress(1.0)
    return folder


def installed() -> list[tuple[str, str, str]]:
    """Name, version and licence of every library here, by name; a licence that nobody stated is empty."""
    found = {}
    for each in metadata.distributions():
        told = each.metadata.json
        name, version = str(told.get("name", "")), str(told.get("version", ""))
        if name and version:
            stated = str(told.get("license_expression") or told.get("license") or "")
            found[name.lower()] = (name, version, stated.strip().partition("\n")[0])
    return [found[name] for name in sorted(found)]


def sbom() -> dict[str, Any]:
    """What the program stands on, as CycloneDX 1.5 says it."""
    components = [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name.lower().replace('_', '-')}@{version}",
            **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
        }
        for name, version, licence in installed()
    ]
    about = {"component": {"type": "application", "name": "burntout", "version": __version__}}
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": about, "components": components}


def page(take: Take, said: Mapping[str, str]) -> str:
    """The page for conservators, Markdown. ``said`` are sentences about reference, origin and model."""
    made = take.manifest
    facts = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in statement(take).items())
    if not take.ended:
        facts += "\n- it was cut off: the recorder did not come to write the end"
    return string.Template(PAGE.read_text(encoding="utf-8")).substitute(
        said,
        title=take.title or take.name,
        version=made.get("version", __version__),
        restorer=made.get("restorer") or "not stated",
        digest=made.get("digest") or "not stated",
        size=made.get("size") or "some",
        facts=facts,
    )


def _copy_take(take: Take, folder: Path) -> None:
    """Every file of the recording itself: editions that lie beside it, and hidden files, are none."""
    folder.mkdir()
    for file in _recorded(take.folder):
        shutil.copyfile(file, folder / file.name)


def _recorded(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.iterdir()):
        is_edition = file.name.startswith(folder.resolve().name)
        if file.is_file() and not file.is_symlink() and not file.name.startswith(".") and not is_edition:
            yield file


def _reference(take: Take, path: Path, progress: Progress) -> str:
    """The film to compare with; a sentence where there is none."""
    try:
        film(take, path, height=None, progress=progress)
    except PublishError as refusal:
        return f"It could not be made: {refusal}"
    return ""


def _origin(take: Take, folder: Path) -> str:
    found = share("assets") / "origins" / Path(take.origin).name
    if not take.origin or not found.is_file():
        return (
            f"{take.origin or 'It'} is not among the program's pictures and is not here; take/ has what the loop saw."
        )
    folder.mkdir()
    shutil.copyfile(found, folder / found.name)
    return "Its maker and licence: PROVENANCE.md of the program."


def _model(take: Take, folder: Path) -> str:
    """The restorer's own files, where they are the very ones the take names and may be given along."""
    name, digest = take.manifest.get("restorer"), take.manifest.get("digest")
    if name not in CARRIED or take.manifest.get("model"):
        return "Its files are not here: they are not ours to give, or there are none."
    with contextlib.suppress(Refusal):
        if shelf.load(name, None, None, "cpu").digest == digest:
            shutil.copytree(share("assets") / name, folder)
            return "Its files are here."
    return "Its files are not here: this machine has another one of this name."


def _document(take: Take, folder: Path, said: Mapping[str, str]) -> None:
    folder.mkdir()
    (folder.parent / "CONSERVATION.md").write_text(page(take, said), encoding="utf-8")
    lines = (f"{name}=={version}\n" for name, version, _ in installed())
    (folder / "installed.txt").write_text("".join(lines), encoding="utf-8")
    (folder / "sbom.json").write_text(json.dumps(sbom(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lock = PACKAGE.parent / "requirements.lock"
    if lock.is_file():
        shutil.copyfile(lock, folder / lock.name)


def _info(take: Take) -> dict[str, str]:
    """bag-info.txt; its lines are lines, whatever a title holds."""
    said = {
        "Bagging-Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "External-Identifier": take.name,
        "External-Description": f"{take.title or take.name}: {take.frames} frames, scene {take.scene}",
        "Bag-Software-Agent": f"Burntout {__version__}",
    }
    return {name: " ".join(value.split()) for name, value in said.items()}
