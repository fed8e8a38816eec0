"""The catalogue as readers meet it: in a browser without scripts, in a feed reader, on paper; made of real takes."""

import contextlib
import re
import shutil
import subprocess

import pytest
from PIL import Image

from installation.machine.settings import CatalogueSettings
from installation.publishing.catalogue.leaf import NOTE, safe
from installation.publishing.catalogue.site import BOOK, site
from installation.recording import takes
from tests.publishing.outside import ffprobe, needs_ffmpeg
from tests.recording.rehearsal import frames, rehearse

IMPRINT = CatalogueSettings(title="Burnt & <out>", artist="Ada", licence="CC BY 4.0", url="https://example.org/piece")
OWL = "2026-11-23T14-05-09-owl"
NASTY = "<b>&'quote\" ümlaut"


def silent(_name, _share):
    pass


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """One take like any other, and one whose folder somebody named to break things."""
    folder = tmp_path_factory.mktemp("state") / "takes"
    return [rehearse(folder / OWL, frames(41)), rehearse(folder / NASTY, frames(5))]


@pytest.fixture(scope="module")
def folder(shown, tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    assert site(shown, out, IMPRINT, silent) == out / "index.html"
    return out


@contextlib.contextmanager
def visit(browser, address, *, scheme="dark", width=390):
    """A page seen without scripts; everything that it asks for and does not get is an error."""
    context = browser.new_context(
        java_script_enabled=False, color_scheme=scheme, viewport={"width": width, "height": 844}
    )
    page, failed = context.new_page(), []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto(address)
    yield page
    context.close()
    assert [url for url in failed if not url.endswith(".mp4")] == []


def test_every_take_has_a_page_that_the_index_leads_to_without_a_script(folder, browser):
    with visit(browser, (folder / "index.html").as_uri()) as page:
        assert page.title() == "Burnt & <out>"
        assert page.locator("ol.wall li").count() == 2
        page.locator("ol.wall a").last.click()
        assert page.locator("h1").inner_text() == "Machine dementia"
        assert page.locator(".strip img").count() == 11
        assert "owl.webp" in page.locator("dl").first.inner_text()


@pytest.mark.parametrize("width", [320, 390, 1280, 3840])
def test_no_page_is_wider_than_its_screen(folder, browser, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    for html in (folder / "index.html", folder / "takes" / f"{OWL}.html"):
        page.goto(html.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize(("scheme", "ground"), [("dark", "rgb(14, 13, 12)"), ("light", "rgb(245, 242, 236)")])
def test_pages_are_dark_or_light_as_the_reader_likes(folder, browser, scheme, ground):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    context.close()


def test_no_page_holds_a_script_or_asks_another_machine(folder):
    for html in folder.rglob("*.html"):
        text = html.read_text()
        assert "<script" not in text
        assert not re.search(r"(src|href)=\"(https?:)?//", text)


def test_names_are_text_and_never_markup(folder):
    text = (folder / "index.html").read_text()
    assert "Burnt &amp; &lt;out&gt;" in text
    assert "<out>" not in text


@pytest.mark.parametrize("name", ["..", "../../etc", "a/b", ".hidden", "", NASTY, "x" * 300 + "é", "\ud800"])
def test_a_name_never_leaves_its_folder(name):
    made = safe(name)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", made)
    assert len(made) <= 90


def test_two_names_stay_two():
    assert safe("a b") != safe("a-b") != safe("a/b") != safe("a b")


def test_the_same_take_is_not_filmed_again(shown, folder):
    film = folder / "takes" / OWL / "film.mp4"
    before = film.stat().st_mtime_ns
    (folder / "mine.txt").write_text("not ours")
    site(shown, folder, IMPRINT, silent)
    assert film.stat().st_mtime_ns == before
    assert (folder / "mine.txt").exists()


def test_a_film_that_was_lost_is_made_again(shown, folder):
    film = folder / "takes" / OWL / "film.mp4"
    film.unlink()
    site(shown, folder, IMPRINT, silent)
    assert film.exists()


@needs_ffmpeg
def test_the_film_is_one_that_browsers_play(folder):
    told = ffprobe(folder / "takes" / OWL / "film.mp4")
    assert told["streams"][0]["codec_name"] == "h264"
    assert int(told["streams"][0]["nb_read_frames"]) > 10


def test_stills_are_pictures_of_the_take(folder):
    with Image.open(folder / "takes" / OWL / "still-00.webp") as still:
        assert still.size == (64, 64)


def test_a_damaged_take_keeps_its_page_and_says_what_is_missing(shown, tmp_path):
    broken = tmp_path / "takes" / "broken"
    shutil.copytree(shown[0].folder, broken)
    (broken / "frames-0000.mkv").write_bytes(b"nothing")
    site([takes.load(broken)], tmp_path / "site", IMPRINT, silent)
    page = (tmp_path / "site" / "takes" / "broken.html").read_text()
    assert "Some of its pictures can no longer be read." in page
    assert "no readable pictures" in page
    assert "memory" in page


def test_without_a_take_there_is_an_index_that_says_so(tmp_path):
    assert "Nothing has been recorded yet." in site([], tmp_path, IMPRINT, silent).read_text()


def test_nothing_half_written_is_left(folder):
    assert list(folder.rglob(".*")) == []
    assert (folder / "takes" / OWL / NOTE).exists()


def test_a_feed_reader_finds_every_take_with_its_film(folder):
    feedparser = pytest.importorskip("feedparser", reason="feedparser is missing: pip install feedparser")
    told = feedparser.parse((folder / "feed.xml").read_bytes())
    assert not told.bozo
    assert told.version == "atom10"
    assert told.feed.title == "Burnt & <out>"
    assert len({entry.id for entry in told.entries}) == 2
    links = {link.rel: link.href for entry in told.entries for link in entry.links if OWL in link.href}
    assert links["alternate"] == f"https://example.org/piece/takes/{OWL}.html"
    assert links["enclosure"] == f"https://example.org/piece/takes/{OWL}/film.mp4"


def test_an_entry_keeps_its_name_when_the_catalogue_is_made_again(shown, folder):
    before = re.findall(r"urn:uuid:[0-9a-f-]+", (folder / "feed.xml").read_text())
    site(shown, folder, IMPRINT, silent)
    assert re.findall(r"urn:uuid:[0-9a-f-]+", (folder / "feed.xml").read_text()) == before


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is in Debian's poppler-utils")
def test_the_book_says_on_paper_what_the_pages_say(folder):
    told = subprocess.run(["pdftotext", folder / BOOK, "-"], capture_output=True, timeout=60, check=True)
    words = told.stdout.decode()
    for expected in ("Burnt & <out>", "Ada", "Machine dementia", "owl.webp", "memory", "generation 10", "CC BY 4.0"):
        assert expected in words
