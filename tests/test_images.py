"""The door for pictures: whatever a stranger brings becomes a right picture or a sentence."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from installation.images import BAND, ImageError, by_pixels, load, packed, to_pixels, to_tensor

TALL, WIDE = 24, 32
LEFT, RIGHT = (200, 40, 90), (20, 160, 240)  # the two halves of the picture everything here is made from


def halves(mode="RGB", left=LEFT, right=RIGHT):
    """A picture whose left and right halves differ: it shows which way up it is and what its colours became."""
    picture = Pillow.new("RGB", (WIDE, TALL), left)
    picture.paste(right, (WIDE // 2, 0, WIDE, TALL))
    return picture.convert(mode)


@pytest.fixture
def shelf(tmp_path):
    """Save a picture and get its path."""

    def put(picture, name="picture.png", **options):
        picture.save(tmp_path / name, **options)
        return tmp_path / name

    return put


def colours(pixels):
    """The colours in the middle of the left and of the right half."""
    middle, quarter = pixels.shape[0] // 2, pixels.shape[1] // 4
    return pixels[middle, quarter].tolist(), pixels[middle, 3 * quarter].tolist()


def assert_halves(pixels, tolerance=0):
    assert pixels.shape == (TALL, WIDE, 3)
    np.testing.assert_allclose(colours(pixels), (LEFT, RIGHT), atol=tolerance)


# ------------------------------------------------------------------ right pictures


@pytest.mark.parametrize("suffix", ["png", "bmp", "ppm", "tiff"])
def test_a_picture_comes_through_unchanged(shelf, suffix):
    np.testing.assert_array_equal(load(shelf(halves(), f"a.{suffix}"), TALL, WIDE), np.asarray(halves()))


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_a_lossy_picture_comes_through_nearly_unchanged(shelf, suffix):
    assert_halves(load(shelf(halves(), f"a.{suffix}", quality=95), TALL, WIDE), tolerance=6)


def test_a_palette_picture_has_its_colours(shelf):
    assert_halves(load(shelf(halves().quantize(2)), TALL, WIDE))


def test_a_palette_picture_with_a_transparent_colour_has_black_there(shelf):
    picture = halves().quantize(2)
    path = shelf(picture, transparency=picture.getpixel((0, 0)))
    assert colours(load(path, TALL, WIDE)) == ([0, 0, 0], list(RIGHT))


def test_transparency_falls_on_black(shelf):
    picture = halves("RGBA")
    picture.paste((255, 255, 255, 0), (0, 0, WIDE // 2, TALL))
    assert colours(load(shelf(picture), TALL, WIDE)) == ([0, 0, 0], list(RIGHT))


def test_half_transparent_colours_are_half_as_bright(shelf):
    picture = Pillow.new("RGBA", (WIDE, TALL), (200, 100, 50, 128))
    np.testing.assert_allclose(load(shelf(picture), TALL, WIDE)[0, 0], (100, 50, 25), atol=1)


@pytest.mark.parametrize("suffix", ["jpg", "tiff"])
def test_a_cmyk_picture_has_its_colours(shelf, suffix):
    options = {"quality": 100, "subsampling": 0} if suffix == "jpg" else {}
    assert_halves(load(shelf(halves("CMYK"), f"a.{suffix}", **options), TALL, WIDE), tolerance=4)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_16_bit_grey_keeps_its_brightness(shelf, suffix):
    grey = np.full((TALL, WIDE), 0x4040, np.uint16)
    grey[:, WIDE // 2 :] = 0xFFFF
    pixels = load(shelf(Pillow.fromarray(grey), f"a.{suffix}"), TALL, WIDE)
    assert colours(pixels) == ([0x40] * 3, [255] * 3)


@pytest.mark.parametrize(("full", "kind"), [(1.0, np.float32), (65535.0, np.float32), (65535, np.int32)])
def test_float_and_32_bit_grey_keep_their_brightness(shelf, full, kind):
    grey = np.zeros((TALL, WIDE), kind)
    grey[:, WIDE // 2 :] = full
    assert colours(load(shelf(Pillow.fromarray(grey), "a.tiff"), TALL, WIDE)) == ([0] * 3, [255] * 3)


def test_float_grey_with_holes_in_it_has_black_holes(shelf):
    grey = np.ones((TALL, WIDE), np.float32)
    grey[:, : WIDE // 2] = np.nan
    assert colours(load(shelf(Pillow.fromarray(grey), "a.tiff"), TALL, WIDE)) == ([0] * 3, [255] * 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_pictures_are_grey(shelf, mode):
    pixels = load(shelf(halves(mode)), TALL, WIDE)
    assert (pixels == pixels[..., :1]).all()


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff"])
def test_an_animation_gives_its_first_frame(shelf, suffix):
    later = Pillow.new("RGB", (WIDE, TALL), (0, 255, 0))
    options = {"lossless": True} if suffix == "webp" else {}
    path = shelf(halves(), f"a.{suffix}", save_all=True, append_images=[later, later], **options)
    assert_halves(load(path, TALL, WIDE), tolerance=2)


EXIF_ORIENTATION = 0x0112


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize(
    ("orientation", "as_stored"),
    [
        (1, lambda upright: upright),
        (2, np.fliplr),
        (3, lambda upright: np.rot90(upright, 2)),
        (4, np.flipud),
        (5, lambda upright: np.transpose(upright, (1, 0, 2))),
        (6, lambda upright: np.rot90(upright, 1)),
        (7, lambda upright: np.rot90(np.transpose(upright, (1, 0, 2)), 2)),
        (8, lambda upright: np.rot90(upright, -1)),
    ],
)
def test_a_picture_stands_upright_as_its_camera_was_held(shelf, suffix, orientation, as_stored):
    upright = np.asarray(halves()).copy()
    upright[: TALL // 2, : WIDE // 2] = 0  # no symmetry left
    exif = Pillow.Exif()
    exif[EXIF_ORIENTATION] = orientation
    options = {"quality": 100, "subsampling": 0, "lossless": True} if suffix in {"jpg", "webp"} else {}
    stored = Pillow.fromarray(np.ascontiguousarray(as_stored(upright)))
    pixels = load(shelf(stored, f"a.{suffix}", exif=exif, **options), TALL, WIDE)
    np.testing.assert_allclose(pixels.astype(int)[4::8, 4::8], upright.astype(int)[4::8, 4::8], atol=12)


def test_a_wrong_orientation_is_no_reason_to_refuse_a_picture(shelf):
    exif = Pillow.Exif()
    exif[EXIF_ORIENTATION] = 77
    assert_halves(load(shelf(halves(), exif=exif), TALL, WIDE))


def test_a_colour_profile_is_converted_to_srgb(shelf):
    swapped = ImageCms.ImageCmsProfile(io.BytesIO(profile_with_red_and_blue_exchanged()))
    pixels = load(shelf(halves(), icc_profile=swapped.tobytes()), TALL, WIDE)
    np.testing.assert_allclose(colours(pixels), (LEFT[::-1], RIGHT[::-1]), atol=2)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_profile_that_does_not_fit_is_ignored(shelf, mode):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (lab, b"no profile at all"):
        plain = load(shelf(halves(mode), "plain.tiff"), TALL, WIDE)
        np.testing.assert_array_equal(load(shelf(halves(mode), "a.tiff", icc_profile=profile), TALL, WIDE), plain)


def profile_with_red_and_blue_exchanged():
    """An sRGB profile whose red and blue primaries (tags rXYZ, bXYZ) have changed places."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = (data.index(name, 128) for name in (b"rXYZ", b"bXYZ"))
    data[red : red + 4], data[blue : blue + 4] = data[blue : blue + 4], data[red : red + 4]
    return bytes(data)


@given(height=st.integers(1, 40), width=st.integers(1, 40))
def test_a_picture_fills_whatever_size_is_asked_for(tmp_path, height, width):
    halves().save(tmp_path / "a.png")
    assert load(tmp_path / "a.png", height, width).shape == (height, width, 3)


def test_a_picture_is_cropped_around_its_middle(shelf):
    picture = Pillow.new("RGB", (100, 20), (255, 0, 0))
    picture.paste((0, 255, 0), (40, 0, 60, 20))
    pixels = load(shelf(picture), 20, 20)
    assert (pixels[:, 1:-1] == (0, 255, 0)).all()


# ------------------------------------------------------------------ sentences


def assert_refused(path, *words):
    with pytest.raises(ImageError) as refused:
        load(path, TALL, WIDE)
    sentence = str(refused.value)
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    assert all(word in sentence for word in words), sentence


def test_no_file_is_said(tmp_path):
    assert_refused(tmp_path / "gone.png", "no such file")


def test_a_folder_is_said(tmp_path):
    assert_refused(tmp_path, "a folder, not a picture")


@pytest.mark.parametrize("content", [b"", b"this is text\n", b"\x00" * 4096, b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n"])
def test_what_is_no_picture_is_said_whatever_its_name(tmp_path, content):
    (tmp_path / "liar.png").write_bytes(content)
    assert_refused(tmp_path / "liar.png", "PNG")


def test_formats_nobody_named_are_not_read(shelf):
    assert_refused(shelf(halves(), "a.tga"), "not a picture that can be read")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp", "tiff"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_picture_is_said_and_never_half_shown(shelf, suffix, kept):
    noise = np.random.default_rng(1).integers(0, 256, (TALL, WIDE, 3), np.uint8)  # so that no format can compress it
    path = shelf(Pillow.fromarray(noise), f"a.{suffix}")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert_refused(path)


def test_a_picture_with_a_damaged_block_is_said(shelf):
    path = shelf(halves())
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 8] ^= 0xFF
    path.write_bytes(data)
    assert_refused(path, "damaged or cut off")


def png_that_claims(width, height):
    """A tiny PNG file whose header promises a huge picture: a decompression bomb."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    body = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (8945, 8945, "80 megapixels; at most 80 are read"),  # ours alone
        (10_000, 9_000, "decompression bomb"),  # where Pillow warns
        (60_000, 60_000, "decompression bomb"),  # where Pillow refuses
    ],
)
def test_a_decompression_bomb_is_refused_unopened(tmp_path, width, height, words):
    (tmp_path / "bomb.png").write_bytes(png_that_claims(width, height))
    assert_refused(tmp_path / "bomb.png", words)


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (100, 7)])
def test_a_picture_too_small_to_burn_is_said(shelf, size):
    assert_refused(shelf(Pillow.new("RGB", size)), f"{size[0]} x {size[1]} pixels; at least 8 a side are needed")


def encoded(suffix, **options):
    exif = Pillow.Exif()
    exif[EXIF_ORIENTATION] = 6
    exif[0x8298] = "somebody"
    file = io.BytesIO()
    halves().save(file, suffix, exif=exif, **options)
    return file.getvalue()


FILES = [encoded("png"), encoded("jpeg"), encoded("webp"), encoded("tiff"), encoded("tiff", compression="tiff_lzw")]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about bad EXIF
@given(file=st.sampled_from(FILES), bites=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6))
def test_any_damage_whatever_gives_a_picture_or_a_sentence(tmp_path, file, bites):
    data = bytearray(file)
    for place, byte in bites:
        data[int(place * len(data))] = byte
    path = tmp_path / "bitten"
    path.write_bytes(data)
    with contextlib.suppress(ImageError):
        assert load(path, TALL, WIDE).shape == (TALL, WIDE, 3)


# ------------------------------------------------------------------ floats and pixels


def test_all_256_levels_survive_the_way_to_floats_and_back():
    pixels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    np.testing.assert_array_equal(to_pixels(to_tensor(pixels)), pixels)


def test_every_level_is_the_float_nearest_to_its_definition():
    levels = np.arange(256, dtype=np.uint8)
    floats = to_tensor(levels.repeat(3).reshape(16, 16, 3))[0, 0].flatten()
    np.testing.assert_array_equal(floats, levels.astype(np.float32) / np.float32(127.5) - np.float32(1.0))


@pytest.mark.parametrize("height", [1, BAND - 1, BAND, 2 * BAND + 3])
def test_pictures_of_any_height_are_rounded_to_the_definition(height):
    image = 2.4 * torch.rand(2, 3, height, 17, generator=torch.Generator().manual_seed(height)) - 1.2
    levels = ((image[0].clamp(-1.0, 1.0) + 1.0) * 127.5).round().byte()
    np.testing.assert_array_equal(to_pixels(image), levels.permute(1, 2, 0))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", [torch.float16, torch.float32, torch.float64])
def test_pixels_are_the_same_whatever_holds_the_floats_and_the_floats_stay(kind, layout):
    image = to_tensor(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).to(kind, memory_format=layout)
    before = image.clone()
    np.testing.assert_array_equal(to_pixels(image), np.arange(192).reshape(8, 8, 3))
    assert torch.equal(image, before)


def test_pixels_that_cannot_be_written_or_run_backwards_become_floats():
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    pixels.flags.writeable = False
    assert torch.equal(to_tensor(pixels[::-1]), to_tensor(pixels).flip(-2))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@given(count=st.integers(1, 3))
def test_a_batch_is_changed_picture_by_picture_and_stays_what_it_is(kind, count):
    flat = torch.arange(count, dtype=kind).reshape(-1, 1, 1, 1).expand(-1, 3, 8, 9) / 127.5 - 1.0
    changed = by_pixels(flat, lambda pixels: pixels + 1)
    assert changed.dtype == kind
    torch.testing.assert_close(changed, flat + 1 / 127.5)


def test_floats_are_one_image_of_a_batch_from_minus_one_to_one():
    image = to_tensor(np.array([[[0, 255, 51]] * 4] * 2, np.uint8))
    assert (image.shape, image.dtype, image.is_contiguous()) == ((1, 3, 2, 4), torch.float32, True)
    torch.testing.assert_close(image[0, :, 0, 0], torch.tensor([-1.0, 1.0, -0.6]))


def test_pixels_are_rounded_not_truncated_so_that_a_loop_does_not_darken():
    level = torch.full((1, 3, 1, 1), 100.0 / 127.5 - 1.0)
    assert to_pixels(level - 0.4 / 127.5)[0, 0, 0] == 100
    assert to_pixels(level + 0.4 / 127.5)[0, 0, 0] == 100


@pytest.mark.parametrize(("value", "level"), [(-7.0, 0), (7.0, 255), (float("inf"), 255), (float("-inf"), 0)])
def test_what_lies_beyond_black_and_white_is_black_or_white(value, level):
    assert (to_pixels(torch.full((1, 3, 2, 2), value)) == level).all()


# ------------------------------------------------------------------ what a card does


def test_what_is_packed_where_it_lies_is_what_comes_out_row_by_row():
    image = torch.randn(1, 3, 2 * BAND + 3, 37, generator=torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(packed(image[0]).numpy(), to_pixels(image))
    assert packed(image[0]).is_contiguous()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_card_gives_the_same_pixels():
    image = torch.randn(1, 3, 2 * BAND + 3, 37, generator=torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(to_pixels(image.cuda()), to_pixels(image))
