"""Verifying an edition: who signed it, whether it is as it was, from which take it is, and what of that is here."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.files import share
from installation.publishing import certificate
from installation.publishing.provenance import LABEL, QUIET, SIDECAR, SIGNABLE, checksums, media_type, scene_digest
from installation.publishing.variants import sentence
from installation.publishing.whole import PublishError
from installation.recording import takes
from installation.restorers import ModelError, shelf
from installation.scenes import OWN

if TYPE_CHECKING:
    from installation.machine.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``untouched`` is None where nothing vouches for the file; ``said`` is where it says it is from.

    ``signer`` is the name in the certificate; ``is_ours`` whether that is the one of this machine.
    """

    path: Path
    untouched: bool | None
    signer: str
    is_ours: bool
    said: Mapping[str, Any]
    here: Mapping[str, bool | None]

    def sentences(self) -> Iterator[str]:
        """The verdict for a person, the gravest first."""
        yield {
            True: f"{self.path.name} is as it was published.",
            False: f"{self.path.name} was changed after it was published.",
            None: f"Nothing vouches for {self.path.name}: it holds no manifest, and no sidecar lies beside it.",
        }[self.untouched]
        if self.signer:
            whose = (
                "this machine's own certificate" if self.is_ours else "a certificate that this machine does not know"
            )
            yield f"Signed by {self.signer}, with {whose}."
        elif self.said:
            yield "Nobody signed it: whoever changed it could have changed what is said of it."
        if self.said:
            yield f"It says that it is from the take {self.said.get('take')}, scene {self.said.get('scene')}."
            yield from _number(self.said)
            if kin := self.said.get("restaged"):
                yield f"That is no recording. {kin}"
            yield f"Its source is {str(self.said.get('digital_source_type', 'not said')).rpartition('/')[2]}."
        for what, found in self.here.items():
            yield f"The {what} is {_STANDING[found]}."


def _number(said: Mapping[str, Any]) -> Iterator[str]:
    """Which of an edition it says it is; strangers may have written anything."""
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        if number := sentence(said.get("edition", {})):
            yield number


_STANDING = {True: "here, hash for hash", False: "not here, or is another", None: "not named"}


def verify(path: Path, settings: Settings) -> Verdict:
    """Look at an edition, a file or a folder. Raises ``PublishError`` when it cannot be read."""
    if not path.exists():
        raise PublishError(f"{path} is not there. Name the file or the folder of an edition.")
    try:
        manifest = _manifest(path)
        untouched, signer, serial, said = _signed(manifest) if manifest else _beside(path)
    except OSError as error:
        raise PublishError(f"{path} cannot be read ({error.strerror}).") from error
    own = certificate.standing(settings.state)
    is_ours = own is not None and serial == str(own.serial)
    return Verdict(path, untouched, signer, is_ours, said, dict(_here(path, said, settings)) if said else {})


def _manifest(path: Path) -> dict[str, Any] | None:
    """What a file's C2PA manifest store says, and with what result it was checked; None where there is none."""
    import c2pa  # type: ignore[import-untyped] # it ships no types

    if path.suffix not in SIGNABLE or path.is_dir():
        return None
    context = c2pa.Context(c2pa.Settings.from_dict(QUIET))
    try:
        with path.open("rb") as content, c2pa.Reader(media_type(path), content, context=context) as reader:
            return dict(json.loads(reader.json()))
    except c2pa.C2paError as error:
        if "ManifestNotFound" in f"{type(error).__name__} {error}":
            return None
        raise PublishError(f"{path.name} holds a manifest that cannot be read: {error}.") from error


def _signed(store: Mapping[str, Any]) -> tuple[bool, str, str, Mapping[str, Any]]:
    """Untouched or not, by whom, the serial number of the certificate, and what was signed."""
    active = store["manifests"][store["active_manifest"]]
    told = active.get("signature_info", {})
    said = [each["data"] for each in active.get("assertions", ()) if each["label"] == LABEL]
    signer = str(told.get("common_name") or told.get("issuer") or "somebody unnamed")
    return store.get("validation_state") != "Invalid", signer, str(told.get("cert_serial_number")), (*said, {})[0]


def _beside(path: Path) -> tuple[bool | None, str, str, Mapping[str, Any]]:
    """The same by the sidecar, which nobody signed."""
    try:
        said = json.loads(path.with_name(path.name + SIDECAR).read_bytes())
    except FileNotFoundError:
        return None, "", "", {}
    except ValueError:
        raise PublishError(f"{path.name}{SIDECAR} is damaged; nothing can be said of {path.name}.") from None
    known = said if isinstance(said, dict) else {}
    return known.get("sha256") == checksums(path), "", "", known


def _here(path: Path, said: Mapping[str, Any], settings: Settings) -> Iterator[tuple[str, bool | None]]:
    """Whether take, scene and model are on this machine as they were; a file may lie in its take."""
    digest, name = said.get("scene_sha256"), Path(str(said.get("take"))).name
    beside = (path.parent / takes.SCENE,) if path.resolve().parent.name == name else ()
    yield "take", _one_is(digest, (settings.state / takes.FOLDER / name / takes.SCENE, *beside))
    folders = share("scenes"), settings.state / OWN
    yield "scene", _one_is(digest, (each for folder in folders for each in folder.glob("*.toml")))
    yield "model", _has_model(said, settings)


def _one_is(digest: object, scenes: Iterable[Path]) -> bool | None:
    return None if digest is None else any(scene_digest(scene) == digest for scene in scenes)


def _has_model(said: Mapping[str, Any], settings: Settings) -> bool | None:
    """Whether the restorer can be loaded, and is the same to the last bit."""
    if not said.get("model_sha256") or not said.get("restorer"):
        return None
    try:
        model = said.get("model")
        restorer = shelf.load(str(said["restorer"]), model and str(model), settings.engine.models, "cpu")
    except ModelError:
        return False
    return bool(restorer.digest == said["model_sha256"])
