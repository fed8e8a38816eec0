"""The door for pictures: any file in, a square of floats or 8-bit pixels out.

Files come from strangers, so Pillow reads them with its decompression limit on and only its image plugins we name.
"""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, ImageCms, ImageOps, UnidentifiedImageError
from PIL import Image as Pillow

from installation.errors import Refusal

if TYPE_CHECKING:
    import torch

    from installation.records import Image, Pixels

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MOST_PIXELS = 80_000_000  # 240 MB decoded; Pillow itself begins to warn of decompression bombs at 89 million
SMALLEST = 8  # pixels a side: below this there is nothing to burn
BLACK = (0, 0, 0)
BAND = 64  # rows rounded at a time: at 1920 pixels wide they stay in the cache from one step to the next
#: EXIF orientation to what undoes it (CIPA DC-008, table 6); 1 is upright.
TURNS = dict(
    enumerate(
        (
            Pillow.Transpose.FLIP_LEFT_RIGHT,
            Pillow.Transpose.ROTATE_180,
            Pillow.Transpose.FLIP_TOP_BOTTOM,
            Pillow.Transpose.TRANSPOSE,
            Pillow.Transpose.ROTATE_270,
            Pillow.Transpose.TRANSVERSE,
            Pillow.Transpose.ROTATE_90,
        ),
        start=2,
    )
)


class ImageError(Refusal):
    """A picture that cannot be used, with the reason."""


def load(path: Path, height: int, width: int) -> Pixels:
    """A picture file, upright, in sRGB, cropped around its middle to fill height x width. H x W x 3 uint8.

    16-bit, CMYK, palette and grey pictures are converted, transparency falls on black, an animation gives its first
    frame, EXIF rotation is applied. Raises ``ImageError`` for anything that is no picture, is truncated, is smaller
    than 8 pixels a side or larger than 80 megapixels.
    """
    picture = _decode(path)
    if min(picture.size) < SMALLEST:
        raise ImageError(f"{path}: {picture.width} x {picture.height} pixels; at least {SMALLEST} a side are needed.")
    fitted = ImageOps.fit(picture, (width, height), method=Pillow.Resampling.LANCZOS)
    return np.asarray(fitted)


def to_tensor(pixels: Pixels) -> Image:
    """H x W x 3 uint8 sRGB to 1 x 3 x H x W float32 in -1 to 1."""
    import torch

    levels = pixels.transpose(2, 0, 1).astype(np.float32, order="C")
    levels /= 127.5
    levels -= 1.0
    return torch.from_numpy(levels).unsqueeze(0)


def to_pixels(image: Image) -> Pixels:
    """The first image of a batch, -1 to 1, rounded (never truncated: that darkens a loop) to H x W x 3 uint8 sRGB."""
    picture = image[0].detach()
    if picture.device.type == "cuda":
        return _from_card(picture)
    channels, height, width = picture.shape
    pixels: Pixels = np.empty((height, width, channels), np.uint8)
    for top in range(0, height, BAND):
        for channel, plane in enumerate(_levels(picture[:, top : top + BAND]).short().cpu().numpy()):
            pixels[top : top + BAND, :, channel] = plane  # torch is quicker from float to short than to byte
    return pixels


def packed(picture: torch.Tensor) -> torch.Tensor:
    """A picture, 3 x H x W in -1 to 1, as H x W x 3 uint8 where it lies: a quarter of the bytes to be carried."""
    return _levels(picture).byte().permute(1, 2, 0).contiguous()


def _levels(picture: torch.Tensor) -> torch.Tensor:
    return picture.float().clamp(-1.0, 1.0).add_(1.0).mul_(127.5).round_()


def _from_card(picture: torch.Tensor) -> Pixels:
    """Across the bus in one piece, into memory that the card can write to by itself."""
    import torch

    bytes_there = packed(picture)
    here = torch.empty(bytes_there.shape, dtype=torch.uint8, pin_memory=True)
    here.copy_(bytes_there, non_blocking=True)
    torch.cuda.current_stream(picture.device).synchronize()
    pixels: Pixels = here.numpy()
    return pixels


def by_pixels(image: Image, change: Callable[[Pixels], Pixels]) -> Image:
    """A batch whose pictures are changed one by one as 8-bit pixels; device and kind of float stay what they were."""
    import torch

    changed = [to_tensor(change(to_pixels(one))).to(image) for one in torch.split(image, 1)]
    return changed[0] if len(changed) == 1 else torch.cat(changed)


def _decode(path: Path) -> Pillow.Image:
    try:
        with Pillow.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ImageError(_too_large(path, picture))
            return _upright(picture, _to_rgb(picture))
    except FileNotFoundError:
        raise ImageError(f"{path}: no such file.") from None
    except IsADirectoryError:
        raise ImageError(f"{path}: a folder, not a picture. Name a file in it.") from None
    except UnidentifiedImageError:
        raise ImageError(f"{path}: not a picture that can be read. Use {', '.join(FORMATS)}.") from None
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise ImageError(f"{path}: refused as a decompression bomb ({error}).") from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise ImageError(f"{path}: damaged or cut off ({error}). Save it again from its source.") from None


def _to_rgb(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode.startswith("I;16") or picture.mode in {"I", "F"}:
        return _from_deep_grey(picture)
    if picture.mode == "CMYK":
        return _to_srgb(picture, picture)
    if picture.has_transparency_data:
        flat = Pillow.new("RGBA", picture.size, (*BLACK, 255))
        return _to_srgb(picture, Pillow.alpha_composite(flat, picture.convert("RGBA")).convert("RGB"))
    return _to_srgb(picture, picture.convert("RGB"))


def _to_srgb(picture: Pillow.Image, flat: Pillow.Image) -> Pillow.Image:
    """The flattened picture through the colour profile its file carries; without a usable one it is taken as sRGB."""
    if profile := picture.info.get("icc_profile"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):  # a broken profile, or one for another kind of pixels
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(flat, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return converted or flat.convert("RGB")
    return flat.convert("RGB")


def _from_deep_grey(picture: Pillow.Image) -> Pillow.Image:
    """16-bit and float grey scaled by their full range; Pillow's own conversion clips them to white."""
    values = np.nan_to_num(np.asarray(picture).astype(np.float32))
    full = 1.0 if picture.mode == "F" and values.max(initial=0.0) <= 1.0 else 65535.0
    grey = np.clip(values / full * 255.0, 0.0, 255.0).round().astype(np.uint8)
    return Pillow.fromarray(grey).convert("RGB")


def _upright(picture: Pillow.Image, flat: Pillow.Image) -> Pillow.Image:
    """Turned as the camera was held, which the file's EXIF says."""
    turn = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    return flat if turn is None else flat.transpose(turn)


def _too_large(path: Path, picture: Pillow.Image) -> str:
    megapixels = picture.width * picture.height / 1e6
    return f"{path}: {megapixels:.0f} megapixels; at most {MOST_PIXELS / 1e6:.0f} are read. Make it smaller first."
