"""The catalogue follows the takes of a state: what is there is not made again, what is gone goes, the rest stays."""

import re
import shutil
import subprocess

import pytest

from installation.machine.settings import CatalogueSettings
from installation.publishing.catalogue.leaf import NOTE
from installation.publishing.catalogue.site import BOOK, site
from installation.publishing.whole import PublishError
from installation.recording import takes
from installation.recording.writing import Writing
from tests.recording.rehearsal import SETTINGS, beginning, frame, frames, rehearse

FIRST, SECOND, THIRD = "2026-11-21T10-00-00-owl", "2026-11-22T10-00-00-owl", "2026-11-23T10-00-00-owl"
IMPRINT = CatalogueSettings(title="Burntout", url="https://example.org")


class House:
    """A state with takes, and the catalogue of them."""

    def __init__(self, state):
        self.state, self.out = state, state / "site"

    def record(self, name, first, last):
        return rehearse(self.state / takes.FOLDER / name, map(frame, range(first, last + 1)))

    def renew(self):
        """Renew it, and return which takes had something made."""
        heard = set()
        found = takes.all_takes(self.state)
        site(found, self.out, IMPRINT, lambda name, share: heard.add(name) if share < 1 else None)
        return heard - {BOOK}

    def page(self, name):
        return self.out / "takes" / f"{name}.html"

    def read(self, name):
        return (self.out / name).read_text()

    def made(self):
        """Everything that costs time, with the moment it was made."""
        costly = [path for path in self.out.rglob("*") if path.suffix in {".mp4", ".webp", ".pdf", ".json"}]
        return {path: path.stat().st_mtime_ns for path in costly}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"))
    house.record(FIRST, 1, 21)
    house.record(SECOND, 22, 41)
    house.renew()
    return house


@pytest.fixture
def house(kept, tmp_path):
    """A house with two takes and their catalogue, to do with as one likes."""
    shutil.copytree(kept.state, tmp_path / "state")
    return House(tmp_path / "state")


def test_what_is_there_is_not_made_again(house):
    before = house.made()
    assert house.renew() == set()
    assert house.made() == before


def test_what_was_measured_is_not_read_again(house):
    page = house.read(f"takes/{FIRST}.html")
    assert "memory" in page
    (house.state / takes.FOLDER / FIRST / takes.LOG).unlink()
    house.renew()
    assert house.read(f"takes/{FIRST}.html") == page


def test_a_new_take_gets_its_page_and_its_entry_and_nothing_else_is_made(house):
    before = house.made()
    house.record(THIRD, 42, 61)
    assert house.renew() == {THIRD}
    assert {path for path, at in before.items() if house.made()[path] != at} == {house.out / BOOK}
    assert house.page(THIRD).exists()
    for listing in ("index.html", "feed.xml"):
        assert [name in house.read(listing) for name in (FIRST, SECOND, THIRD)] == [True] * 3


def test_a_take_that_is_gone_takes_its_page_along_and_nothing_else(house):
    shutil.rmtree(house.state / takes.FOLDER / FIRST)
    (house.out / "takes" / "mine").mkdir()
    (house.out / "takes" / "mine.html").write_text("somebody's")
    house.renew()
    assert not house.page(FIRST).exists()
    assert not (house.out / "takes" / FIRST).exists()
    assert house.page(SECOND).exists()
    assert (house.out / "takes" / "mine.html").exists()
    assert FIRST not in house.read("index.html") + house.read("feed.xml") + house.read(f"takes/{SECOND}.html")


@pytest.mark.skipif(not shutil.which("pdfinfo"), reason="pdfinfo is in Debian's poppler-utils")
def test_the_book_loses_the_pages_of_a_take_that_is_gone(house):
    before = pages(house)
    shutil.rmtree(house.state / takes.FOLDER / FIRST)
    house.renew()
    assert pages(house) < before


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is in Debian's poppler-utils")
def test_the_book_has_the_lineages_that_went_on_from_take_to_take_while_there_are_any(house):
    before = words(house)
    assert "Lineages" in before
    assert "generations 1 to 10" in before
    assert re.findall("goes on (?:from|in)", before) == ["goes on from", "goes on in"]
    shutil.rmtree(house.state / takes.FOLDER / FIRST)
    house.renew()
    assert "Lineages" not in words(house)


def words(house):
    told = subprocess.run(["pdftotext", house.out / BOOK, "-"], capture_output=True, text=True, timeout=60, check=True)
    return told.stdout


def pages(house):
    told = subprocess.run(["pdfinfo", house.out / BOOK], capture_output=True, text=True, timeout=60, check=True)
    return int(re.findall(r"Pages:\s+(\d+)", told.stdout)[0])


def test_a_take_that_cannot_be_read_just_now_keeps_its_page(house):
    (house.state / takes.FOLDER / FIRST / takes.CARD).write_text("{")
    house.renew()
    assert house.page(FIRST).exists()


def test_a_disk_of_takes_that_is_not_there_costs_no_page(house):
    before = house.made()
    (house.state / takes.FOLDER).rename(house.state / "unplugged")
    with pytest.raises(PublishError, match="Is the takes' disk missing"):
        house.renew()
    assert house.made() == before
    assert house.page(FIRST).exists()


def test_a_take_that_was_cut_off_is_filmed_once_and_again_when_there_is_more_of_it(house):
    folder = house.state / takes.FOLDER / THIRD
    writing = takes_up(folder, 42, 50)
    assert house.renew() == {THIRD}
    assert "It was cut off" in house.read(f"takes/{THIRD}.html")
    assert house.renew() == set()
    for serial in range(51, 56):
        writing.add(frame(serial))
    writing.end("Stopped on request.")
    assert house.renew() == {THIRD}
    assert "It was cut off" not in house.read(f"takes/{THIRD}.html")


def takes_up(folder, first, last):
    writing = Writing(beginning(folder, after=first - 1), SETTINGS)
    for serial in range(first, last + 1):
        writing.add(frame(serial))
    return writing


@pytest.mark.parametrize("note", ["", "{}", "[1, 2]", '{"of": 3}'])
def test_a_damaged_note_is_made_anew(house, note):
    (house.out / "takes" / FIRST / NOTE).write_text(note)
    assert house.renew() == {FIRST}


def test_a_lineage_over_two_takes_is_one_line_on_the_first_page_and_a_link_on_each_of_theirs(house, browser):
    page = browser.new_page()
    page.goto((house.out / "index.html").as_uri())
    assert page.locator(".descents li").count() == 1
    assert "generations 1 to 10" in page.locator(".descents").inner_text()
    page.locator(".descents a").first.click()
    assert FIRST in page.url
    page.get_by_text("It goes on in").locator("a").click()
    assert SECOND in page.url
    assert FIRST in str(page.locator(".kin a").get_attribute("href"))
    page.close()


def test_takes_that_share_no_lineage_say_nothing_of_any(tmp_path):
    house = House(tmp_path)
    rehearse(house.state / takes.FOLDER / FIRST, frames(5))
    house.renew()
    assert "descents" not in house.read("index.html")
    assert "kin" not in house.read(f"takes/{FIRST}.html")
