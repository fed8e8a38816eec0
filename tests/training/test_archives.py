"""Archives are read without being unpacked, and archives within them too."""

import re
import struct

import pytest

from installation.training.archives import ArchiveError, members
from tests.training.packages import SVG, bundle, deb, icon_set, resources, tarball

FILES = {"usr/share/a.txt": b"one", "usr/share/deep/b.txt": b"two" * 1000}
READ = {"p|usr|share|a.txt": b"one", "p|usr|share|deep|b.txt": b"two" * 1000}


def read(path, inner=r"$^"):
    return {member.path: member.read() for member in members(path, "p", lambda name: bool(re.search(inner, name)))}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.deb", deb(FILES)),
        ("b.deb", deb(FILES, "gz")),
        ("a.tgz", tarball(FILES)),
        ("a.tar.gz", tarball(FILES)),
        ("a-1.0-py3-none-any.whl", bundle(FILES)),
        ("a.zip", bundle(FILES)),
        ("a.sh3f", bundle(FILES)),
    ],
)
def test_every_kind_of_archive_gives_its_files_and_no_links(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert read(tmp_path / name) == READ


@pytest.mark.parametrize("length", [3, 4])
def test_a_debian_package_may_end_in_padding(tmp_path, length):
    (tmp_path / "a.deb").write_bytes(deb({"a": b"x" * length}) + b"\n")
    assert read(tmp_path / "a.deb") == {"p|a": b"x" * length}


def test_qt_resources_are_read_deflated_or_not(tmp_path):
    (tmp_path / "a.rcc").write_bytes(resources({"plain.png": (b"pixels", False), "text.qml": (b"words" * 50, True)}))
    assert read(tmp_path / "a.rcc") == {"p|folder|plain.png": b"pixels", "p|folder|text.qml": b"words" * 50}


def test_the_icons_of_a_set_become_drawings_of_their_own(tmp_path):
    body = '<circle cx="5" cy="5" r="4" fill="red"/>'
    (tmp_path / "icons.json").write_bytes(icon_set(ball=body))
    ((path, svg),) = read(tmp_path / "icons.json").items()
    assert path == "p#ball"
    assert svg.decode().replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "") == SVG


def test_an_archive_within_an_archive_is_opened_where_asked(tmp_path):
    packed = deb(
        {"usr/data.zip": bundle({"deep/cat.png": b"cat", "more.rcc": resources({"dog.png": (b"dog", False)})})}
    )
    (tmp_path / "a.deb").write_bytes(packed)
    assert read(tmp_path / "a.deb", r"\.(zip|rcc)$") == {
        "p|usr|data.zip|deep|cat.png": b"cat",
        "p|usr|data.zip|more.rcc|folder|dog.png": b"dog",
    }
    assert list(read(tmp_path / "a.deb")) == ["p|usr|data.zip"]


@pytest.mark.parametrize("name", ["a.deb", "a.tgz", "a.whl", "a.rcc", "icons.json"])
@pytest.mark.parametrize("data", [b"", b"no archive at all, but long enough to hold any header there is"])
def test_what_is_no_archive_is_refused_with_a_sentence(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        read(tmp_path / name)


def test_an_archive_cut_short_is_refused(tmp_path):
    (tmp_path / "a.deb").write_bytes(deb({"a": bytes(range(256)) * 200})[:-400])
    with pytest.raises(ArchiveError, match=r"a\.deb cannot be unpacked"):
        read(tmp_path / "a.deb")


def test_resources_that_contain_themselves_are_refused(tmp_path):
    data = bytearray(resources({"a.png": (b"x", False)}))
    struct.pack_into(">II", data, 24 + 22 + 6, 1, 1)  # the folder's first child is the folder
    (tmp_path / "a.rcc").write_bytes(data)
    with pytest.raises(ArchiveError, match="ring"):
        read(tmp_path / "a.rcc")


def test_an_archive_of_unknown_kind_is_refused(tmp_path):
    (tmp_path / "a.rar").write_bytes(b"")
    with pytest.raises(ArchiveError, match=r"\.deb"):
        read(tmp_path / "a.rar")
