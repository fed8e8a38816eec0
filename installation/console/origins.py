"""Origins: a picture that somebody brings, decoded within limits, written anew, and found again by its name."""

from __future__ import annotations

import hashlib
import io
import tempfile
from pathlib import Path

from PIL import Image as Pillow

from installation import images
from installation.errors import Refusal
from installation.knobs import nearest
from installation.machine.files import write_atomically

FOLDER = "origins"
PREFIX = "brought-"
SIDE = 1024  # pixels: the largest a scene has
MOST_BYTES = 32 * 2**20  # of an upload: a photograph of 80 megapixels
PATIENCE = 60.0  # seconds for an upload to arrive, and those before it: 32 MiB over a poor telephone network
KEPT = 64  # pictures; the oldest go


class OriginError(Refusal):
    """A picture that is not there, or that is too large or too slow to be taken."""


def find(name: str, state: Path, assets: Path) -> Path:
    """The file of a picture by its name: what comes over a wire is a name, never a path.

    Raises ``OriginError`` with the nearest name.
    """
    folders = (assets / FOLDER, state / FOLDER)
    known = {path.stem: path for folder in folders for path in sorted(folder.glob("*")) if path.is_file()}
    if name not in known:
        raise OriginError(f"There is no picture {name[:80]!r}.{nearest(name, known)}")
    return known[name]


def keep(data: bytes, state: Path) -> str:
    """Keep a picture that was sent and return its name. Takes a second for a large one.

    What a stranger sent is decoded, made square and small, and written anew: not a byte of the file itself is kept.
    Raises ``ImageError`` for what is no picture and ``StorageError`` where the disk is full.
    """
    with tempfile.NamedTemporaryFile(suffix=".upload") as file:
        file.write(data)
        file.flush()
        try:
            pixels = images.load(Path(file.name), SIDE, SIDE)
        except images.ImageError as error:
            raise images.ImageError(str(error).replace(file.name, "What you sent")) from None
    packed = io.BytesIO()
    Pillow.fromarray(pixels).save(packed, "PNG", compress_level=1)
    name = PREFIX + hashlib.blake2b(pixels.tobytes(), digest_size=5).hexdigest()
    write_atomically(state / FOLDER / f"{name}.png", packed.getvalue())
    _forget(state / FOLDER)
    return name


def thumbnail(path: Path, side: int) -> bytes:
    """A small square JPEG of a picture file. Raises ``ImageError``."""
    packed = io.BytesIO()
    Pillow.fromarray(images.load(path, side, side)).save(packed, "JPEG", quality=80)
    return packed.getvalue()


def _forget(folder: Path) -> None:
    kept = sorted(folder.glob(f"{PREFIX}*.png"), key=lambda path: path.stat().st_mtime_ns)
    for oldest in kept[:-KEPT]:
        oldest.unlink(missing_ok=True)
