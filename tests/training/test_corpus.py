"""What ember learns from: which pictures are read, held out and refused."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from installation.randomness import generator
from installation.training.composition import Exhibit
from installation.training.corpus import Corpus, CorpusError, may_teach, read_corpus


def plain(height, width, level, channels=3):
    return np.full((height, width, channels), level, np.uint8)


def encoded(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


@pytest.fixture
def archive(tmp_path):
    """A folder of one zip and its manifest: a free photo, a free cut-out, and one file under the GPL."""
    entries = [
        ("a/photo.png", "photo", "CC0", True, plain(80, 90, 10)),
        ("a/cut.png", "cut", "CC-BY-SA-3.0", False, plain(40, 40, 200, 4)),
        ("a/gpl.png", "photo", "GPL-2+", False, plain(80, 80, 99)),
    ]
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as bundle:
        for name, _, _, _, picture in entries:
            bundle.write(encoded(tmp_path / "loose" / name, picture), name)
    lines = [
        json.dumps({"file": name, "src": "trial", "kind": kind, "lic": licence, "perm": perm, "path": f"trial|{name}"})
        for name, kind, licence, perm, _ in entries
    ]
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_zips_are_read_by_their_manifest_without_unfree_pictures(archive):
    corpus = read_corpus(archive)
    both = {kind: corpus.taught.get(kind, []) + corpus.held.get(kind, []) for kind in ("photo", "cut")}
    assert [exhibit.pixels.shape for exhibit in both["photo"]] == [(80, 90, 3)]
    assert [exhibit.pixels.shape for exhibit in both["cut"]] == [(40, 40, 4)]
    assert corpus.sources == {"trial (CC0)": 1, "trial (CC-BY-SA-3.0)": 1}


def test_named_originals_are_held_out(archive):
    assert "photo" not in read_corpus(archive, keep_out=["photo.png"]).taught


def test_a_folder_of_pictures_is_read_with_its_subfolders(tmp_path):
    for index in range(60):
        encoded(tmp_path / f"deep/{index}.png", plain(16, 16, index))
    corpus = read_corpus(tmp_path)
    assert len(corpus.taught["photo"]) + len(corpus.held["photo"]) == 60


def test_about_one_original_in_fifty_is_held_out_and_always_the_same(tmp_path):
    for index in range(300):
        encoded(tmp_path / f"{index}.png", plain(8, 8, 0))
    held = len(read_corpus(tmp_path).held["photo"])
    assert 1 <= held <= 20
    assert len(read_corpus(tmp_path).held["photo"]) == held


def test_large_pictures_are_kept_small_in_memory(tmp_path):
    encoded(tmp_path / "wide.png", plain(300, 1200, 7))
    corpus = read_corpus(tmp_path)
    (exhibit,) = corpus.taught.get("photo", []) + corpus.held.get("photo", [])
    assert exhibit.pixels.shape == (128, 512, 3)


def test_an_empty_folder_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(CorpusError, match="no pictures here"):
        read_corpus(tmp_path)


def test_a_damaged_picture_is_left_out_and_counted(tmp_path):
    encoded(tmp_path / "good.png", plain(16, 16, 1))
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    corpus = read_corpus(tmp_path)
    assert len(corpus.taught.get("photo", []) + corpus.held.get("photo", [])) == 1
    assert corpus.damaged == 1


def test_a_folder_of_nothing_but_damage_is_refused(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"nothing")
    with pytest.raises(CorpusError, match="no pictures here"):
        read_corpus(tmp_path)


def test_a_manifest_that_cannot_be_read_is_refused_with_its_line(archive):
    (archive / "manifest.jsonl").write_text('{"file": "a/photo.png"}\n')
    with pytest.raises(CorpusError, match=r"manifest\.jsonl, line 1"):
        read_corpus(archive)


@pytest.mark.parametrize(
    ("licence", "free"),
    [
        ("CC-BY-SA-4.0", True),
        ("CC-BY-SA-4.0/PD", True),
        ("PD/CC-BY(-SA) per file", True),
        ("GPL-2+/CC-BY-SA-4.0", False),
        ("CC-BY-SA/GPL/CC-BY", False),
        ("PD/GFDL", False),
        ("GPL/FAL/CC per culture", False),
        ("see copyright", False),
        (None, False),
    ],
)
def test_only_open_licences_teach(licence, free):
    assert may_teach(licence, permissive=False) is free
    assert may_teach(licence, permissive=True)


def test_the_same_random_numbers_draw_the_same_picture():
    rng = np.random.default_rng(0)
    noise = [Exhibit(rng.integers(0, 256, (90, 90, 3), dtype=np.uint8)) for _ in range(5)]
    corpus = Corpus({"photo": noise}, {}, {})
    np.testing.assert_array_equal(corpus.draw(64, generator(3, 4)).pixels, corpus.draw(64, generator(3, 4)).pixels)


def test_words_said_often_enough_make_the_vocabulary():
    exhibits = [Exhibit(plain(8, 8, 0), ("cat", "hat") if index < 8 else ("cat", "bat")) for index in range(12)]
    assert Corpus({"photo": exhibits}, {}, {}).vocabulary() == ("cat", "hat")


def test_pictures_are_found_by_their_words():
    cat, hat = Exhibit(plain(8, 8, 0), ("cat",)), Exhibit(plain(8, 8, 0), ("cat", "hat"))
    found = Corpus({"photo": [cat], "cut": [hat]}, {}, {}).by_word(("cat", "hat", "sea"))
    assert found == {"cat": [("photo", cat), ("cut", hat)], "hat": [("cut", hat)]}
