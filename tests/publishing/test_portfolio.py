"""A portfolio: an edition gathers in a folder, variant by variant, each whole; it is never mixed with another."""

import dataclasses
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from PIL import Image

from installation.machine.files import StorageError, alone
from installation.machine.settings import CatalogueSettings, EngineSettings
from installation.publishing import PublishError, Wishes, certificate
from installation.publishing.forms import FORMS
from installation.publishing.kinship import AS_IT_WAS
from installation.publishing.numbered import loaded, made
from installation.publishing.numbering import CERTIFICATE, PAGE, certified
from installation.publishing.paper import caption, page
from installation.publishing.performing import Length
from installation.publishing.portfolio import CARD, in_order, opened
from installation.publishing.restage import restage
from installation.publishing.retake import retake
from installation.publishing.variants import NUMBERED, EditionError, numbered, variants
from installation.publishing.verify import verify
from installation.recording import takes
from tests.publishing import prints

IMPRINT = CatalogueSettings(title="Prints", artist="Ada Lovelace")
LATER = datetime(2027, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """Nobody catches it."""


def silent(*_):
    pass


def bound(folder, edition, credential=None):
    """The portfolio of an edition, as its command opens it."""
    return opened(folder, edition, loaded(edition.restorer).digest, credential, IMPRINT)


def filled(folder, edition, tell=silent, credential=None):
    """Make what is missing; what came of each variant."""
    with bound(folder, edition, credential) as portfolio:
        return list(in_order(portfolio, loaded(edition.restorer), tell))


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    return prints.edition(prints.scene(tmp_path_factory.mktemp("scene")))


@pytest.fixture(scope="module")
def credential(tmp_path_factory):
    return certificate.make(tmp_path_factory.mktemp("state"), "Ada Lovelace", prints.NOW)


@pytest.fixture(scope="module")
def folder(edition, credential, tmp_path_factory):
    """A whole edition, signed, with its pages."""
    folder = tmp_path_factory.mktemp("editions") / edition.name
    with bound(folder, edition, credential) as portfolio:
        outcomes = list(in_order(portfolio, loaded(edition.restorer), silent))
        portfolio.site(silent)
    assert [(each.variant.number, each.failure, each.unsigned) for each in outcomes] == [(n, "", ()) for n in (1, 2, 3)]
    return folder


@pytest.fixture(scope="module")
def third(folder):
    return takes.load(folder / "takes" / "owl-7-3-of-3")


def test_it_is_a_state_of_its_own_whose_takes_are_the_variants(folder):
    names = [take.name for take in takes.all_takes(folder)]
    assert names == ["owl-7-1-of-3", "owl-7-2-of-3", "owl-7-3-of-3"]
    assert [numbered(take)["number"] for take in takes.all_takes(folder)] == [1, 2, 3]


def test_no_two_variants_have_a_picture_in_common(folder):
    digests = [each.digest for take in takes.all_takes(folder) for each in takes.generations(take)]
    assert len(set(digests)) == len(digests) == 3 * 4


def test_every_variant_is_rendered_again_hash_for_hash(folder):
    assert all(restage(take, EngineSettings(), silent).identical for take in takes.all_takes(folder))


def test_a_print_is_numbered_below_the_picture(third):
    sheet = page("A3", (64, 64, 3), 75)
    bare = dataclasses.replace(third, manifest={**third.manifest, NUMBERED: {}})
    (_, with_number), (_, without) = caption(sheet, third, 4), caption(sheet, bare, 4)
    assert (with_number != without).any()


def test_a_variant_made_alone_is_the_one_made_after_others(edition, third, tmp_path):
    variant = variants(edition.scene, 3, 7)[2]
    made(edition, variant, loaded(edition.restorer), tmp_path, silent)
    alone_ = prints.sums(tmp_path / "takes" / third.name)
    kept = {name: digest for name, digest in prints.sums(third.folder).items() if name in alone_ and ".png" not in name}
    assert {name: alone_[name] for name in kept} == kept
    assert len(kept) == 6


def test_the_card_says_completely_what_the_edition_is(folder, edition):
    card = json.loads((folder / CARD).read_bytes())
    assert (card["scene"], card["count"], card["seed"], card["threads"]) == ("owl", 3, "7", 1)
    assert card["ranges"]["/loop/rotate"]["high"] == 4.0
    assert card["begun"] == edition.terms.now.isoformat()
    assert {"python", "torch"} <= card["versions"].keys()


def test_asked_for_again_nothing_is_made_again(folder, edition):
    before = prints.sums(folder)
    later = dataclasses.replace(edition, terms=dataclasses.replace(edition.terms, now=LATER))
    assert filled(folder, later) == []
    assert prints.sums(folder) == before


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("count", {"count": 4}),
        ("seed", {"seed": 8}),
        ("forms", {"forms": ("gif",)}),
        ("length", {"length": Length(generations=2)}),
        ("size", {"size": 128}),
        ("wishes", {"wishes": Wishes(rate=6)}),
    ],
)
def test_another_edition_is_refused_by_what_is_another(folder, edition, what, other):
    with pytest.raises(EditionError, match=f"holds another edition: its {what} is .* choose another --out"):
        filled(folder, prints.edition(edition.scene, **other))


def test_another_scene_is_refused(folder, tmp_path):
    scene = prints.scene(tmp_path, prints.TEXT.replace("[-4.0, 4.0]", "[-4.0, 5.0]"))
    with pytest.raises(EditionError, match="its scene_sha256 is"):
        filled(folder, prints.edition(scene))


def test_a_damaged_card_is_refused_and_left_alone(edition, tmp_path):
    (tmp_path / CARD).write_text("{")
    with pytest.raises(EditionError, match="is damaged"):
        filled(tmp_path, edition)
    assert (tmp_path / CARD).read_text() == "{"


def test_two_cannot_make_one_edition_at_once(edition, tmp_path):
    with alone(tmp_path), pytest.raises(EditionError, match="is being made already"):
        filled(tmp_path, edition)


def test_a_killed_edition_goes_on_and_comes_out_the_same(folder, edition, tmp_path):
    def die(variant, share):
        if variant.number == 2 and share > 0.1:
            raise Killed

    with pytest.raises(Killed):
        filled(tmp_path, edition, die)
    assert [take.name for take in takes.all_takes(tmp_path)] == ["owl-7-1-of-3"]
    later = dataclasses.replace(edition, terms=dataclasses.replace(edition.terms, now=LATER))
    assert [each.variant.number for each in filled(tmp_path, later)] == [2, 3]
    for name in ("owl-7-2-of-3", "owl-7-3-of-3"):
        first, again = prints.sums(folder / "takes" / name), prints.sums(tmp_path / "takes" / name)
        assert {each for each in first if first[each] != again[each]} <= {
            CERTIFICATE, PAGE, f"{name}-generations.png", f"{name}-generations.png.json",
        }  # fmt: skip
    assert list((tmp_path / "making").iterdir()) == []


def test_a_take_that_was_whole_is_not_performed_again(edition, tmp_path, monkeypatch):
    def interrupted(*_):
        raise Killed

    strip = FORMS["generations"]
    monkeypatch.setitem(FORMS, "generations", dataclasses.replace(strip, make=interrupted))
    with pytest.raises(Killed):
        filled(tmp_path, edition)
    (card,) = tmp_path.glob("making/*/takes/*/take.json")
    written = card.stat().st_mtime_ns
    monkeypatch.setitem(FORMS, "generations", strip)
    assert filled(tmp_path, edition)[0].failure == ""
    assert (tmp_path / "takes" / card.parent.name / "take.json").stat().st_mtime_ns == written


def test_one_that_cannot_be_made_does_not_keep_the_others_from_it(edition, tmp_path, monkeypatch):
    strip = FORMS["generations"]

    def refused(take, path, wishes, progress):
        if "-2-of" in take.name:
            raise PublishError("No room on this wall.")
        return strip.make(take, path, wishes, progress)

    monkeypatch.setitem(FORMS, "generations", dataclasses.replace(strip, make=refused))
    outcomes = filled(tmp_path, edition)
    assert [(each.variant.number, each.failure) for each in outcomes] == [
        (1, ""),
        (2, "No room on this wall."),
        (3, ""),
    ]
    assert [take.name for take in takes.all_takes(tmp_path)] == ["owl-7-1-of-3", "owl-7-3-of-3"]
    monkeypatch.setitem(FORMS, "generations", strip)
    assert [each.variant.number for each in filled(tmp_path, edition)] == [2]


def test_a_full_disk_ends_it(edition, tmp_path):
    crowded = prints.SETTINGS.recording.model_copy(update={"reserve_bytes": 2**60})
    full = dataclasses.replace(edition, terms=dataclasses.replace(edition.terms, recording=crowded))
    with pytest.raises(StorageError):
        filled(tmp_path, full)


def test_the_certificate_says_number_seed_knobs_and_every_file(third):
    said = json.loads((third.folder / CERTIFICATE).read_bytes())
    assert (said["edition"]["number"], said["edition"]["count"], said["edition"]["seed"]) == (3, 3, "7")
    assert said["edition"]["knobs"].keys() == {"/burn/gaussian/temperature", "/loop/rotate", "/restore/sampler"}
    assert said["seed"] == str(third.seed)
    assert said["signed_by"] == "Ada Lovelace"
    there = prints.sums(third.folder)
    assert said["sha256"] == {name: there[name] for name in there if name not in {CERTIFICATE, PAGE}}


@pytest.mark.skipif(not shutil.which("pdfinfo"), reason="pdfinfo is in Debian's poppler-utils")
def test_the_certificate_is_a_page_to_print(third):
    told = subprocess.run(["pdfinfo", third.folder / PAGE], capture_output=True, text=True, timeout=60, check=True)
    said = dict(re.findall(r"^(\w+): +(.*)$", told.stdout, re.MULTILINE))
    assert (said["Pages"], said["Title"]) == ("1", "Owl, 3/3")


def test_a_folder_of_stills_is_one_line_of_the_certificate(edition, tmp_path):
    stills = dataclasses.replace(prints.edition(edition.scene, count=1), forms=("png",))
    filled(tmp_path, stills)
    (take,) = takes.all_takes(tmp_path)
    lines = certified(take)
    assert "owl-7-1-of-1-png/" in lines
    assert not any(re.search("png/.", name) for name in lines)


def test_a_published_file_says_its_number_and_verifies(third, folder):
    strip = third.folder / "owl-7-3-of-3-generations.png"
    verdict = verify(strip, prints.SETTINGS.model_copy(update={"state": folder}))
    assert verdict.untouched
    assert verdict.signer == "Ada Lovelace"
    assert verdict.here["take"]
    assert "Number 3 of 3, edition seed 7: /burn/gaussian/temperature " in " ".join(verdict.sentences())
    with Image.open(strip) as picture:
        assert b"Number 3 of 3, edition seed 7" in picture.info["xmp"]


def test_it_verifies_where_it_lies_without_being_told_of_the_state(third, tmp_path):
    elsewhere = shutil.copytree(third.folder, tmp_path / third.name)
    verdict = verify(elsewhere / "owl-7-3-of-3-generations.png", prints.SETTINGS.model_copy(update={"state": tmp_path}))
    assert verdict.here["take"]


def test_what_strangers_write_about_a_number_stops_nobody(tmp_path):
    (film := tmp_path / "a.mkv").touch()
    film.with_name("a.mkv.json").write_text('{"edition": {"number": 1}, "take": "a"}')
    assert not any("Number" in each for each in verify(film, prints.SETTINGS).sentences())


def test_the_page_of_a_variant_shows_its_number_and_its_checksums(third, folder):
    page = (folder / "site" / "takes" / f"{third.name}.html").read_text()
    assert "Owl, 3/3" in page
    assert "Certificate of number 3/3" in page
    assert f"{certified(third)['frames-0000.mkv']}  frames-0000.mkv" in page


def test_the_first_page_has_them_in_the_order_of_their_numbers(folder):
    index = (folder / "site" / "index.html").read_text()
    assert re.findall(r'class="name">([^<]*)<', index) == ["Owl, 1/3", "Owl, 2/3", "Owl, 3/3"]


def test_a_copy_of_a_variant_does_not_bear_its_number(third, tmp_path):
    copy, _ = retake(third, AS_IT_WAS, prints.SETTINGS.model_copy(update={"state": tmp_path}), silent)
    assert copy is not None
    assert numbered(copy) == {}


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"size": 100}, "--size"),
        ({"length": Length(generations=0)}, "--generations"),
        ({"length": Length(seconds=0.0)}, "--seconds"),
        ({"forms": ("hvec",)}, "Did you mean hevc"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is(edition, wanted, sentence):
    with pytest.raises((EditionError, PublishError), match=sentence):
        prints.edition(edition.scene, **wanted)


def test_cells_divide_the_size(edition):
    wall = dataclasses.replace(edition.scene, grid=14, size=896)
    assert prints.edition(wall).scene.size == 896
    with pytest.raises(EditionError, match="that 14 cells divide"):
        prints.edition(wall, size=128)


def test_an_edition_of_what_the_camera_sees_is_refused(edition):
    with pytest.raises(EditionError, match="begins with what the camera sees"):
        prints.edition(dataclasses.replace(edition.scene, camera=True))
