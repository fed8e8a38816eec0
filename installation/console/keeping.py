"""Keeping: how the piece stands now, written as a scene of this machine.

What plays is kept as its author wrote it, scores, modulators, cues, overlays, comments and all. Only what somebody has
changed since is written over it: knobs that a hand or a cue has put elsewhere, modulators, the prompt, the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation import melting, scenes
from installation.console.origins import FOLDER
from installation.errors import Refusal
from installation.machine.files import share, write_atomically
from installation.modulators import table_of

if TYPE_CHECKING:
    from installation.console.glances import Hands
    from installation.knobs import Knob
    from installation.modulators import Modulator

    #: Where something stands in a scene's TOML, from the outermost table, and what is to stand there: None is nothing.
    Change = tuple[tuple[str, ...], Any]

LONGEST_TITLE = 80  # letters
NEVER = frozenset({"/stage/black", "/stage/hold", "/stage/pattern"})  # moments, not the piece


class KeepingError(Refusal):
    """A present state that cannot be kept as a scene."""


def keep(title: str, hands: Hands, knobs: Mapping[str, Knob], state: Path) -> str:
    """Write the present state into the machine's own scenes, and return the scene's name.

    What is written was checked as any scene is. Raises ``KeepingError`` for a title without letters or one the house's
    own scenes have and for a brought picture that has gone, ``SceneError`` and ``StorageError``.
    """
    name = slug(title)
    if (share("scenes") / f"{name}.toml").exists():
        raise KeepingError(f"{name} is a scene of the house. Choose another title.")
    folder = state / scenes.OWN
    draft, words = folder / f".{name}.draft", text(title.strip(), hands, knobs)
    if (brought := hands.said.origin) and not _is_shipped(brought):
        write_atomically(folder / brought.name, _picture(brought))
    write_atomically(draft, words)
    try:
        scenes.load(draft, knobs, share("assets"), measured=state / melting.NAME)
        draft.replace(folder / f"{name}.toml")
    finally:
        draft.unlink(missing_ok=True)
    return name


def slug(title: str) -> str:
    """A title as a file's name. Raises ``KeepingError`` for one without letters."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if not name or len(title) > LONGEST_TITLE:
        raise KeepingError(f"Give the scene a title of letters and digits, {LONGEST_TITLE} at most.")
    return name


def text(title: str, hands: Hands, knobs: Mapping[str, Knob]) -> str:
    """The TOML of what plays, with everything in it that was changed since. Raises ``KeepingError``."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(hands.scene.text)
        for path, value in (*_header(title, hands, document), *_turned(hands, knobs)):
            _put(document, path, value)
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise KeepingError(f"{hands.scene.name} cannot be written anew: {error}. Copy its file by hand.") from error


def _header(title: str, hands: Hands, document: Mapping[str, Any]) -> Iterator[Change]:
    """What was said and brought since, and in full what the text names from a folder of its own."""
    scene, said = hands.scene, hands.said
    yield ("title",), title
    if said.origin:
        yield ("origin",), said.origin.name if _is_shipped(said.origin) else f"./{said.origin.name}"
    elif not scene.camera and not _is_shipped(scene.origin):
        yield ("origin",), str(scene.origin)
    if scene.model and "/" in scene.model:
        yield ("model",), scene.model
    if said.prompt is not None:
        yield ("prompt",), said.prompt
    if "cues" in document:
        yield ("cues", "file"), str((scene.folder / document["cues"]["file"]).resolve())


def _turned(hands: Hands, knobs: Mapping[str, Knob]) -> Iterator[Change]:
    """The knobs and modulators that are not as the scene has them."""
    for address, value in hands.put.items():
        if address not in NEVER:
            yield _path(address), knobs[address].show(value)
    own, now = hands.scene.modulators, hands.modulators
    for address in sorted({*own, *now}):
        if (wanted := _table(now.get(address))) != _table(own.get(address)):
            yield ("modulate", *_path(address)), wanted


def _put(table: Any, path: tuple[str, ...], value: Any) -> None:
    """Write a value, or take it away; tables that are missing on the way are made."""
    import tomlkit

    *tables, key = path
    for name in tables:
        if name not in table:
            table[name] = tomlkit.table(is_super_table=name != tables[-1])
        table = table[name]
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _picture(brought: Path) -> bytes:
    try:
        return brought.read_bytes()
    except OSError as error:
        raise KeepingError(f"The picture that was brought has gone ({error.strerror}). Bring it again.") from None


def _path(address: str) -> tuple[str, ...]:
    return tuple(address.removeprefix("/").split("/"))


def _table(modulator: Modulator | None) -> dict[str, Any] | None:
    """A modulator as it began: what it has heard since is not part of it."""
    return table_of(modulator) if modulator else None


def _is_shipped(picture: Path) -> bool:
    """Whether a picture is one of the house's, which every scene may call by its name."""
    return picture.parent == (share("assets") / FOLDER).resolve()
