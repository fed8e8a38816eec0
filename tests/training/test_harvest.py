"""Gathering a corpus end to end, from small real packages on a registry of this machine."""

import io
import json
import socket
import zipfile
from collections import Counter

import pytest
from rich.console import Console

from installation.training.archives import ArchiveError
from installation.training.corpus import read_corpus
from installation.training.downloads import DownloadError
from installation.training.harvest import HarvestError, Plan, harvest, plan
from installation.training.parts import PIECE, Pieces
from installation.training.recipe import Recipe, RecipeError
from tests.training.packages import SVG, bundle, deb, icon_set, noise, picture, resources, served, sum_of, tarball

resvg = pytest.importorskip("resvg_py", reason="resvg-py brings it")

SOLID = noise(90, 90, seed=1)
GHOST = noise(90, 90, 4, seed=2)
COPYRIGHT = b"Files: *\nCopyright: 2020 A. Painter\nLicense: CC-BY-SA-4.0\n"
PACKAGES = {
    "beasts": (
        "beasts_1-1_all.deb",
        deb(
            {
                "usr/share/beasts/beasts.rcc": resources(
                    {"cat.png": (picture(SOLID), False), "a.qml": (b"text", True)}
                ),
                "usr/share/beasts/photos/wide sea.jpg": picture(noise(100, 300, seed=3), "JPEG"),
                "usr/share/beasts/photos/broken.png": b"\x89PNG\r\n\x1a\n broken",
                "usr/share/beasts/photos/tiny.png": picture(noise(4, 4)),
                "usr/share/doc/beasts/copyright": COPYRIGHT,
            }
        ),
        [
            {"src": "beasts", "kind": "photo", "licence": "CC-BY-SA-4.0", "match": r"\|photos\|", "shortest": 16},
            {
                "src": "beasts-cut",
                "kind": "cut",
                "licence": "CC0",
                "permissive": True,
                "match": r"\.rcc\|",
                "shortest": 16,
            },
        ],
    ),
    "toys": (
        "toys-1.0.tgz",
        tarball(
            {
                "icons.json": icon_set(**{"red-ball": SVG.partition(">")[2].removesuffix("</svg>"), "nothing": ""}),
                "svg/moon.svg": SVG.replace("red", "blue").encode(),
                "svg/twin of moon.svg": SVG.replace("red", "blue").encode(),
            },
            folder="package",
        ),
        [
            {"src": "toys-ico", "kind": "ico", "licence": "MIT", "permissive": True, "match": "#", "shortest": 0},
            {"src": "toys", "kind": "svg", "licence": "CC-BY-4.0", "permissive": True, "match": "svg", "shortest": 0},
        ],
    ),
    "wheel": (
        "wheel-1.0-py3-none-any.whl",
        bundle({"wheel/data/ghost.png": picture(GHOST), "wheel-1.0.dist-info/licenses/LICENSE": b"Nobody's."}),
        [{"src": "wheel", "kind": "cut", "licence": "PD", "permissive": True, "match": "data", "shortest": 16}],
    ),
}


def recipe(address):
    packages = [
        {
            "name": name,
            "version": "1",
            "registry": "here",
            "path": f"pool/{file}",
            "size_bytes": len(data),
            "sha256": sum_of(data),
            "inner": r"\.rcc$|icons\.json$",
            "take": takes,
        }
        for name, (file, data, takes) in PACKAGES.items()
    ]
    return Recipe.model_validate({"registries": {"here": address}, "package": packages})


@pytest.fixture
def registry():
    with served({f"/pool/{file}": data for file, data, _ in PACKAGES.values()}) as running:
        yield running


def manifest(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_every_picture_has_its_line_and_its_file(registry, tmp_path):
    harvest(tmp_path, recipe=recipe(registry.address))
    told = manifest(tmp_path)
    held = {name for file in tmp_path.glob("*.zip") for name in zipfile.ZipFile(file).namelist()}
    assert {line["file"] for line in told} == held
    assert all(line.keys() == {"file", "src", "kind", "lic", "perm", "path", "crop"} for line in told)
    assert {line["path"]: line["kind"] for line in told} == {
        "beasts|usr|share|beasts|beasts.rcc|folder|cat.png": "cut",
        "beasts|usr|share|beasts|photos|wide sea.jpg": "photo",
        "toys|package|icons.json#red-ball": "ico",
        "toys|package|svg|moon.svg": "svg",
        "wheel|wheel|data|ghost.png": "cut",
    }


def test_a_gathered_corpus_can_be_learnt_from(registry, tmp_path):
    made = harvest(tmp_path, recipe=recipe(registry.address))
    corpus = read_corpus(tmp_path)
    learnt = Counter(src.partition(" ")[0] for src, count in corpus.sources.items() for _ in range(count))
    assert learnt == made.pictures == {"beasts": 3, "beasts-cut": 1, "toys-ico": 1, "toys": 1, "wheel": 1}


def test_what_is_left_out_is_counted_by_reason(registry, tmp_path):
    made = harvest(tmp_path, recipe=recipe(registry.address))
    assert made.left_out == {"broken": 1, "small": 1, "empty": 1, "twin": 1}
    assert made.sentence().startswith("7 pictures from 5 sources")
    assert "1 broken, 1 empty, 1 small, 1 twin" in made.sentence()


def test_every_source_is_thanked_with_its_licence_and_count(registry, tmp_path):
    harvest(tmp_path, recipe=recipe(registry.address))
    credit = (tmp_path / "CREDITS.md").read_text()
    assert "| beasts | photo | 3 | CC-BY-SA-4.0 | beasts 1 |" in credit
    assert f"{registry.address}/pool/toys-1.0.tgz" in credit
    assert COPYRIGHT in (tmp_path / "licences/beasts.txt").read_bytes()
    assert b"Nobody's." in (tmp_path / "licences/wheel.txt").read_bytes()


def test_it_is_said_what_will_be_downloaded_before_anything_is(registry, tmp_path):
    said = []

    class Listening(io.StringIO):
        def write(self, text):
            said.append((text, len(registry.asked)))
            return len(text)

    harvest(tmp_path, recipe=recipe(registry.address), console=Console(file=Listening(), width=400))
    text, asked = next((text, asked) for text, asked in said if "only use of the network" in text)
    assert asked == 0
    assert "3 packages to convert, 3 of them to download first" in text
    assert f"127.0.0.1:{registry.server_port}" in text


def test_a_second_call_downloads_and_converts_nothing(registry, tmp_path):
    first = harvest(tmp_path, recipe=recipe(registry.address))
    before = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.zip")}
    registry.asked.clear()
    assert harvest(tmp_path, recipe=recipe(registry.address)) == first
    assert registry.asked == []
    assert {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.zip")} == before


def test_what_was_gathered_before_stays_when_another_package_is_chosen(registry, tmp_path):
    harvest(tmp_path, ["wheel"], recipe=recipe(registry.address))
    assert {line["src"] for line in manifest(tmp_path)} == {"wheel"}
    harvest(tmp_path, ["toys"], recipe=recipe(registry.address))
    assert {line["src"] for line in manifest(tmp_path)} == {"wheel", "toys", "toys-ico"}


def test_after_an_interruption_the_same_call_goes_on(registry, tmp_path):
    missing = registry.files.pop("/pool/wheel-1.0-py3-none-any.whl")
    with pytest.raises(DownloadError, match="404"):
        harvest(tmp_path, recipe=recipe(registry.address))
    registry.files["/pool/wheel-1.0-py3-none-any.whl"] = missing
    assert [package.name for package in plan(tmp_path, recipe(registry.address)).gathering] == ["wheel"]
    assert sum(harvest(tmp_path, recipe=recipe(registry.address)).pictures.values()) == 7


def test_a_recipe_that_changed_gathers_the_package_again(registry, tmp_path):
    harvest(tmp_path, ["wheel"], recipe=recipe(registry.address))
    changed = recipe(registry.address).model_dump()
    changed["package"][2]["take"][0]["src"] = "ghosts"
    harvest(tmp_path, ["wheel"], recipe=Recipe.model_validate(changed))
    assert [line["file"] for line in manifest(tmp_path)] == ["ghosts/0_full.webp"]
    assert len(list((tmp_path / "parts").iterdir())) == 1


def test_pictures_are_as_large_as_asked(registry, tmp_path):
    harvest(tmp_path, ["wheel"], side=32, recipe=recipe(registry.address))
    ((kind, (picture,)),) = read_corpus(tmp_path).taught.items() or read_corpus(tmp_path).held.items()
    assert kind == "cut"
    assert picture.pixels.shape == (32, 32, 4)


def test_the_same_packages_give_the_same_corpus(registry, tmp_path):
    for name in ("one", "two"):
        harvest(tmp_path / name, recipe=recipe(registry.address))
    assert manifest(tmp_path / "one") == manifest(tmp_path / "two")
    for file in (tmp_path / "one").glob("*.zip"):
        one, two = zipfile.ZipFile(file), zipfile.ZipFile(tmp_path / "two" / file.name)
        assert {name: one.read(name) for name in one.namelist()} == {name: two.read(name) for name in two.namelist()}


def test_a_mirror_is_asked_instead_of_the_registry(registry, tmp_path):
    elsewhere = recipe("https://registry.invalid")
    harvest(tmp_path, ["wheel"], mirrors={"here": registry.address}, recipe=elsewhere)
    assert [path for path, _ in registry.asked] == ["/pool/wheel-1.0-py3-none-any.whl"]


def test_no_network_is_said(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DownloadError, match="cannot be reached"):
            harvest(tmp_path, recipe=recipe(nobody))


def test_an_archive_that_is_another_one_is_refused_and_gives_nothing(registry, tmp_path):
    registry.files["/pool/wheel-1.0-py3-none-any.whl"] = bytes(len(PACKAGES["wheel"][1]))
    with pytest.raises(DownloadError, match="not what the recipe names"):
        harvest(tmp_path, ["wheel"], recipe=recipe(registry.address))
    assert list(tmp_path.glob("*.zip")) == []


def test_an_archive_that_cannot_be_unpacked_is_refused_and_leaves_no_half(registry, tmp_path):
    broken = PACKAGES["toys"][1][:-100]
    registry.files["/pool/toys-1.0.tgz"] = broken
    told = recipe(registry.address).model_dump()
    told["package"][1].update(size_bytes=len(broken), sha256=sum_of(broken))
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        harvest(tmp_path, ["toys"], recipe=Recipe.model_validate(told))
    assert list(tmp_path.glob("*.zip*")) == []


def test_a_package_that_is_not_in_the_recipe_is_refused(registry, tmp_path):
    with pytest.raises(RecipeError, match="Did you mean beasts"):
        harvest(tmp_path, ["beast"], recipe=recipe(registry.address))


def test_a_disk_without_room_is_refused_before_anything_is_downloaded(registry, tmp_path):
    told = recipe(registry.address).model_dump()
    told["package"][0]["size_bytes"] = 10**18
    with pytest.raises(HarvestError, match=r"GB free and .* are needed"):
        harvest(tmp_path, recipe=Recipe.model_validate(told))
    assert registry.asked == []


def test_nothing_to_do_is_said():
    assert Plan((), (), ()).sentence() == "0 packages to convert; nothing to download."


def test_a_full_zip_is_followed_by_another(tmp_path):
    third = bytes(PIECE // 3)
    with Pieces(tmp_path, "big") as pieces:
        for number in range(4):
            pieces.add(f"big/{number}.webp", third)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["big-00.zip", "big-01.zip"]
    assert all(file.stat().st_size < 64 * 2**20 for file in tmp_path.iterdir())


def test_zips_of_an_earlier_recipe_go(tmp_path):
    for name in ("toys-00.zip", "toys-01.zip", "toys-more-00.zip"):
        (tmp_path / name).write_bytes(b"old")
    with Pieces(tmp_path, "toys") as pieces:
        pieces.add("toys/0.webp", b"new")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["toys-00.zip", "toys-more-00.zip"]
