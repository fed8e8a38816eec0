"""A bag is whole by bagit's own validator, holds the take letter by letter, and says what is missing."""

import json
import shutil
import subprocess
import sys
from importlib import metadata

import pytest

from installation.publishing import archive
from installation.publishing.forms import FORMS, Wishes
from installation.publishing.whole import PublishError
from installation.recording import takes
from tests.publishing.outside import ffprobe, needs_ffmpeg
from tests.recording.rehearsal import frames, rehearse


def silent(_share):
    pass


def packed(take, out):
    return archive.bag(take, out, silent)


def valid(bag):
    """What bagit's own command says."""
    words = [sys.executable, "-m", "bagit", "--validate", "--quiet", bag]
    return subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    made = rehearse(tmp_path_factory.mktemp("takes") / "owl", frames(9))
    (made.folder / "owl.mp4").write_bytes(b"an edition")
    (made.folder / ".hidden").write_bytes(b"half of something")
    return made


@pytest.fixture(scope="module")
def bag(take, tmp_path_factory):
    return packed(take, tmp_path_factory.mktemp("out"))


def test_bagit_finds_it_valid_and_one_changed_byte(bag, tmp_path):
    assert valid(bag)
    spoilt = tmp_path / "spoilt"
    shutil.copytree(bag, spoilt)
    log = spoilt / "data" / "take" / "log.jsonl"
    log.write_bytes(log.read_bytes() + b"x")
    assert not valid(spoilt)


def test_the_take_is_in_it_letter_by_letter_and_can_be_read(take, bag):
    held = takes.load(bag / "data" / "take")
    assert list(takes.generations(held)) == list(takes.generations(take))
    assert len(list(takes.frames(held))) == 9
    assert {file.name for file in held.folder.iterdir()} == {
        "take.json", "scene.toml", "log.jsonl", "frames.jsonl", "frames-0000.mkv",
    }  # fmt: skip


@needs_ffmpeg
def test_it_holds_a_film_to_compare_with_in_the_size_of_the_take(bag):
    stream = ffprobe(bag / "data" / "reference.mp4")["streams"][0]
    assert (stream["width"], stream["height"]) == (64, 64)


def test_its_documents_name_every_library_with_its_version(bag):
    documents = bag / "data" / "documents"
    assert f"numpy=={metadata.version('numpy')}\n" in (documents / "installed.txt").read_text()
    told = json.loads((documents / "sbom.json").read_text())
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.5")
    assert f"pkg:pypi/numpy@{metadata.version('numpy')}" in {each["purl"] for each in told["components"]}


def test_the_page_for_conservators_leaves_nothing_to_be_filled_in(bag):
    page = (bag / "data" / "CONSERVATION.md").read_text()
    assert "$" not in page
    for expected in ("Machine dementia", "owl.webp", "What may vary", "burntout restage take", "ab" * 32):
        assert expected in page
    assert "another one of this name" in page  # the archive here is not the one that the manifest names


def test_the_origin_lies_in_it(bag):
    assert [file.name for file in (bag / "data" / "origin").iterdir()] == ["owl.webp"]


def test_a_take_without_readable_pictures_is_packed_with_what_it_has(take, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(take.folder, broken)
    (broken / "frames-0000.mkv").write_bytes(b"nothing")
    card = broken / "take.json"
    card.write_text(card.read_text().replace('"archive"', '"none"'))
    bag = packed(takes.load(broken), tmp_path / "out")
    assert valid(bag)
    assert "It could not be made: " in (bag / "data" / "CONSERVATION.md").read_text()


def test_a_disk_that_refuses_leaves_nothing(take, tmp_path):
    (tmp_path / "out").write_text("a file where a folder should be")
    with pytest.raises(PublishError, match="cannot be written"):
        packed(take, tmp_path / "out")


@needs_ffmpeg
def test_a_stream_is_a_list_and_its_pieces_and_other_players_play_it(take, tmp_path):
    out = tmp_path / "100% & more"
    path = FORMS["hls"].place(take, out)
    FORMS["hls"].make(take, path, Wishes(height=64, rate=10), silent)
    assert {file.name for file in path.iterdir()} == {"index.m3u8", "piece-00000.ts"}
    listed = (path / "index.m3u8").read_text().splitlines()
    assert listed[0] == "#EXTM3U"
    assert listed[-1] == "#EXT-X-ENDLIST"
    assert "piece-00000.ts" in listed
    assert int(ffprobe(path / "index.m3u8")["streams"][0]["nb_read_frames"]) >= 4
