"""A take of the real program in every form, and each file opened by a tool that is not ours."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from installation import cli
from installation.publishing import FORMS
from installation.publishing.catalogue.site import BOOK
from tests.publishing.outside import ffprobe, identify, needs_ffmpeg, needs_imagemagick, ran

pytestmark = [pytest.mark.system, pytest.mark.timeout(480)]

HEIGHT, RATE = 256, 5
FILMS = ("h264", "hevc", "av1", "prores", "prores4444", "dnxhr", "ffv1", "loop")
STILLS = {"png": "PNG", "tiff": "TIFF", "exr": "EXR"}
SHEETS = {"contact-sheet": "PNG", "generations": "PNG"}
ANIMATIONS = {"gif": "GIF", "apng": "APNG", "webp": "Extended WEBP"}

needs_exiftool = pytest.mark.skipif(
    not shutil.which("exiftool"), reason="exiftool is in Debian's libimage-exiftool-perl"
)
needs_poppler = pytest.mark.skipif(not shutil.which("pdftoppm"), reason="pdftoppm is in Debian's poppler-utils")


@pytest.fixture(scope="module")
def take(evening):
    """The take that the closing of the doors ended: the shortest of the evening."""
    return evening.takes[-1]


@pytest.fixture(scope="module")
def edition(take, tmp_path_factory):
    """Every form of it, and its bag, as the command makes them; each by its name."""
    out = tmp_path_factory.mktemp("edition")
    small = ["--height", HEIGHT, "--rate", RATE, "--loop", "1"]
    called("publish", take.folder, "--form", "all", *small, "--out", out)
    called("publish", "bag", take.folder, "--out", out)
    return {name: form.place(take, out) for name, form in FORMS.items()} | {"bag": out / f"{take.name}-bag"}


def called(*words):
    told = CliRunner().invoke(cli.app, list(map(str, words)), catch_exceptions=False)
    assert told.exit_code == 0, told.output


def exiftool(path):
    return dict(json.loads(ran("exiftool", "-json", path))[0])


def first(path):
    return min(path.iterdir()) if path.is_dir() else path


def test_every_form_is_among_those_that_are_opened_here():
    assert {*FILMS, *STILLS, *SHEETS, *ANIMATIONS, "hls", "print"} == set(FORMS)


def test_every_form_is_there_and_nothing_half_made(edition):
    assert [name for name, path in edition.items() if not path.exists()] == []
    (out,) = {path.parent for path in edition.values()}
    assert list(out.glob(".*")) == []


@needs_ffmpeg
@pytest.mark.parametrize("name", FILMS)
def test_ffprobe_decodes_every_picture_of_a_film(edition, name):
    told = ffprobe(edition[name])
    video = told["streams"][0]
    assert (int(video["height"]), video["avg_frame_rate"]) == (HEIGHT, f"{RATE}/1")
    assert int(video["nb_read_frames"]) == pytest.approx(float(told["format"]["duration"]) * RATE, abs=1.01)


@needs_exiftool
@pytest.mark.parametrize("name", [name for name in FILMS if name != "ffv1"])
def test_exiftool_reads_when_a_film_begins_and_how_long_it_is(edition, take, name):
    told = exiftool(edition[name])
    assert told["ImageHeight"] == HEIGHT
    assert told["Title"] == take.title


@needs_ffmpeg
def test_ffprobe_plays_the_stream_from_its_list(edition):
    told = ffprobe(edition["hls"] / "index.m3u8")
    assert int(told["streams"][0]["nb_read_frames"]) == int(ffprobe(edition["h264"])["streams"][0]["nb_read_frames"])


@needs_imagemagick
@pytest.mark.parametrize(("name", "kind"), [*STILLS.items(), *SHEETS.items()])
def test_imagemagick_opens_pictures(edition, name, kind):
    assert identify(first(edition[name]), "%m") == [kind]


@needs_exiftool
@pytest.mark.parametrize("name", ["png", "tiff", "print"])
def test_exiftool_reads_from_pictures_how_they_were_made(edition, take, name):
    told = exiftool(first(edition[name]))
    assert told["Title"] == take.title
    assert told["DigitalSourceType"].endswith("compositeSynthetic")  # the archive plays


@needs_exiftool
def test_a_print_is_a_sheet_of_paper_at_300_dpi(edition):
    told = exiftool(edition["print"])
    assert (told["ImageWidth"], told["ImageHeight"]) == (3508, 4961)
    assert told["ImageWidth"] / float(told["XResolution"]) == pytest.approx(29.7)


@needs_exiftool
@pytest.mark.parametrize(("name", "kind"), ANIMATIONS.items())
def test_exiftool_knows_moving_pictures(edition, name, kind):
    assert exiftool(edition[name])["FileType"] == kind


def test_a_browser_plays_the_film_and_shows_every_moving_picture(edition, browser, tmp_path):
    page = browser.new_page()
    (tmp_path / "all.html").write_text(
        "".join(f'<img src="{edition[name].as_uri()}">' for name in ANIMATIONS)
        + "".join(f'<video muted src="{edition[name].as_uri()}"></video>' for name in ("h264", "av1", "loop"))
    )
    page.goto((tmp_path / "all.html").as_uri())
    page.wait_for_function("[...document.images].every(one => one.naturalWidth > 0)", timeout=60_000)
    page.wait_for_function(
        "[...document.querySelectorAll('video')].every(one => one.readyState > 1 && one.videoHeight == 256)",
        timeout=60_000,
    )
    page.close()


def test_bagits_own_validator_finds_the_bag_whole(edition):
    words = [sys.executable, "-m", "bagit", "--validate", "--quiet", edition["bag"]]
    assert subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0


def test_a_feed_reader_finds_every_take_of_the_evening(evening):
    feedparser = pytest.importorskip("feedparser", reason="feedparser is missing: pip install feedparser")
    told = feedparser.parse((evening.state / "site" / "feed.xml").read_bytes())
    assert not told.bozo
    assert len(told.entries) == len(evening.takes)


@needs_poppler
def test_poppler_prints_every_page_of_the_book_and_none_is_empty(evening, tmp_path):
    ran("pdftoppm", "-r", "30", "-png", evening.state / "site" / BOOK, tmp_path / "page")
    told = ran("pdfinfo", evening.state / "site" / BOOK).decode()
    sheets = sorted(tmp_path.glob("page-*.png"))
    assert len(sheets) == int(re.findall(r"Pages:\s+(\d+)", told)[0]) > len(evening.takes)
    for sheet in sheets:
        with Image.open(sheet) as shown:
            assert np.asarray(shown.convert("L")).min() < 200


def test_the_film_of_every_page_plays_in_a_browser(evening, browser):
    page = browser.new_page()
    for take in evening.takes:
        page.goto((evening.state / "site" / "takes" / f"{take.name}.html").as_uri())
        page.evaluate("document.querySelector('video').load(), document.querySelector('video').preload = 'auto'")
        page.wait_for_function("document.querySelector('video').readyState > 1", timeout=60_000)
    page.close()
