"""Where an edition comes from, said in the file itself (XMP, C2PA) and beside it (JSON), and said truly."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from installation import __version__
from installation.machine.files import write_atomically
from installation.publishing.kinship import RESTAGED, kinship
from installation.publishing.variants import numbered, sentence
from installation.publishing.whole import PublishError, whole
from installation.recording import takes

if TYPE_CHECKING:
    from installation.publishing.certificate import Credential
    from installation.publishing.forms.registry import Wishes
    from installation.recording.takes import Take

log = logging.getLogger(__name__)

SCHEMA = 1
LABEL = "burntout.take"  # of our assertion in a C2PA manifest
SIDECAR = ".json"
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED = ("ember", "diffusion")  # restorers that were trained on captured pictures
SIGNABLE = (".mp4", ".mov", ".png", ".apng", ".tif", ".gif", ".webp")
#: Nothing is fetched, and no thumbnail of a picture is put beside the picture.
QUIET = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{words}</rdf:li></rdf:Alt></dc:description>
<xmp:CreatorTool>{tool}</xmp:CreatorTool><xmp:CreateDate>{date}</xmp:CreateDate>
<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def source_type(take: Take, serial: int | None = None) -> str:
    """IPTC's digital source type of a take, or of one generation of it, as its address.

    A generation is what a trained model made: ``trainedAlgorithmicMedia``; the origin, and a film that shows it among
    generations, is ``compositeWithTrainedAlgorithmicMedia``. The archive, the demon and nobody were never trained, but
    they work on captured pictures, which ``algorithmicMedia`` excludes: a composite of these and of what was computed,
    ``compositeSynthetic``.
    """
    if take.manifest.get("restorer") not in TRAINED:
        return IPTC + "compositeSynthetic"
    return IPTC + ("trainedAlgorithmicMedia" if serial else "compositeWithTrainedAlgorithmicMedia")


def statement(take: Take, serial: int | None = None) -> dict[str, Any]:
    """What is known of where an edition comes from; what the take does not say is left out."""
    known = {
        "schema": SCHEMA,
        "take": take.name,
        "title": take.title,
        "started": take.started.isoformat(),
        "scene": take.scene,
        "scene_sha256": scene_digest(take.folder / takes.SCENE),
        "origin": take.origin,
        "restorer": take.manifest.get("restorer"),
        "model": take.manifest.get("model"),
        "model_sha256": take.manifest.get("digest"),
        "seed": None if take.seed is None else str(take.seed),  # JSON of others rounds what has 64 bits
        "edition": numbered(take) or None,
        "restaged": kinship(take),
        "restaged_from": take.manifest.get(RESTAGED),
        "recorded_with": f"Burntout {take.manifest.get('version', '')}".strip(),
        "published_with": f"Burntout {__version__}",
        "digital_source_type": source_type(take, serial),
    }
    return {name: value for name, value in known.items() if value is not None and value != ""}


def only_serial(take: Take, form: str, wishes: Wishes) -> int | None:
    """Which generation an edition shows, where it shows one alone: a print does."""
    if form != "print":
        return None
    finished = (mark.generation for mark in reversed(takes.marks(take.folder)) if mark.phase == "generation")
    return next(finished, None) if wishes.generation is None else wishes.generation


def scene_digest(path: Path) -> str | None:
    """The SHA-256 of a scene as it was read; None where there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def xmp(take: Take, words: str, serial: int | None = None) -> bytes:
    """The XMP packet of a still: title, words, number and kinship, program, date and digital source type."""
    more = [each for each in (sentence(numbered(take)), kinship(take)) if each]
    said = {
        "title": take.title or take.name,
        "words": " ".join([f"{words}.", *more]) if more else words,
        "tool": f"Burntout {__version__}",
        "date": take.started.isoformat(timespec="seconds"),
        "source": source_type(take, serial),
    }
    clean = {name: escape("".join(each for each in value if each >= " ")) for name, value in said.items()}
    return XMP.format(**clean).encode(errors="replace")


@dataclasses.dataclass(frozen=True, slots=True)
class Attested:
    """An edition with its sidecar; ``unsigned`` is a sentence why nobody signed it, or nothing."""

    sidecar: Path
    unsigned: str = ""


def attest(take: Take, path: Path, credential: Credential | None, serial: int | None = None) -> Attested:
    """Sign an edition where its format can carry that, and lay its sidecar beside it.

    An edition that cannot be signed stays as it is, and the reason is said. Raises ``PublishError`` and
    ``StorageError`` for a disk that refuses.
    """
    said, unsigned = statement(take, serial), ""
    if credential is None:
        unsigned = f"{path.name} is not signed: there is no certificate. Make one: burntout publish certificate"
    elif path.is_dir() or path.suffix not in SIGNABLE:
        unsigned = f"{path.name} is not signed: its format carries no C2PA manifest. Its sidecar has its checksum."
    else:
        unsigned = _try_to_sign(path, said, credential)
    sidecar = path.with_name(path.name + SIDECAR)
    signed = {} if unsigned else {"signed_by": credential.holder if credential else ""}
    write_atomically(
        sidecar, json.dumps({**said, **signed, "sha256": checksums(path)}, indent=2, ensure_ascii=False) + "\n"
    )
    return Attested(sidecar, unsigned)


def checksums(path: Path) -> dict[str, str]:
    """The SHA-256 of a file under its name; of a folder, of every file in it under its path from there."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    found = {}
    for file in files:
        with file.open("rb") as content:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            found[name] = hashlib.file_digest(content, "sha256").hexdigest()
    return found


def media_type(path: Path) -> str:
    """The media type C2PA knows a file by."""
    return "image/png" if path.suffix == ".apng" else mimetypes.guess_type(path.name)[0] or ""


def _try_to_sign(path: Path, said: Mapping[str, Any], credential: Credential) -> str:
    """Sign, and say nothing; or say why it was not to be."""
    try:
        sign(path, said, credential)
    except PublishError as refusal:
        log.warning("%s", refusal)
        return str(refusal)
    return ""


def sign(path: Path, said: Mapping[str, Any], credential: Credential) -> None:
    """Put a signed C2PA manifest into a file. Raises ``PublishError``, and the file is as it was."""
    import c2pa  # type: ignore[import-untyped] # it ships no types

    agent = {"name": "Burntout", "version": __version__}
    created = {"action": "c2pa.created", "digitalSourceType": said["digital_source_type"], "softwareAgent": agent}
    manifest = {
        "claim_generator_info": [agent],
        "title": path.name,
        "format": media_type(path),
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": LABEL, "data": dict(said)},
        ],
    }
    info = c2pa.C2paSignerInfo(credential.algorithm.encode(), credential.chain, credential.key, None)
    try:
        context = c2pa.Context(c2pa.Settings.from_dict(QUIET))
        with whole(path) as beside, path.open("rb") as source, beside.open("w+b") as signed:
            c2pa.Builder(manifest, context).sign(c2pa.Signer.from_info(info), media_type(path), source, signed)
    except c2pa.C2paError as error:
        raise PublishError(
            f"{path.name} is not signed: {error}. See the certificate of {credential.holder}."
        ) from error
