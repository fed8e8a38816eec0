"""A folder travels between machines that share no disk: the same bytes, under its name only when it is whole."""

from __future__ import annotations

import dataclasses

import pytest

from installation.cluster.parcel import PIECE_BYTES, pack, unpack
from installation.cluster.reach import ClusterError
from installation.machine.files import StorageError
from tests.cluster.federation import contents, write_folder

pytestmark = pytest.mark.usefixtures("reach")
SIZE = 2 * PIECE_BYTES + 1


@pytest.fixture(scope="module")
def packed(reach, tmp_path_factory):
    """A folder and the parcel made of it."""
    assert reach.answers()
    folder = tmp_path_factory.mktemp("sent") / "folder"
    write_folder(folder, SIZE)
    return folder, pack(folder)


def altered(parcel, **changes):
    """The parcel with something else in its first file."""
    first, *others = parcel.sheaves
    return dataclasses.replace(parcel, sheaves=(dataclasses.replace(first, **changes), *others))


def test_what_arrives_is_what_was_sent(packed, tmp_path):
    folder, parcel = packed
    assert contents(unpack(parcel, tmp_path / "here")) == contents(folder)


def test_no_piece_is_larger_than_was_agreed(packed):
    import ray

    _, parcel = packed
    sizes = {sheaf.name: [len(ray.get(piece)) for piece in sheaf.pieces] for sheaf in parcel.sheaves}
    assert sizes == {"below/noise.bin": [PIECE_BYTES, PIECE_BYTES, 1], "empty": [], "page.html": [12]}


def test_the_same_folder_has_the_same_digest_and_another_has_another(packed, tmp_path):
    folder, parcel = packed
    assert pack(folder).digest == parcel.digest
    write_folder(tmp_path / "other", SIZE + 1)
    assert pack(tmp_path / "other").digest != parcel.digest


def test_a_folder_that_is_there_is_replaced(packed, tmp_path):
    folder, parcel = packed
    write_folder(tmp_path / "here", 3)
    assert contents(unpack(parcel, tmp_path / "here")) == contents(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_a_file_that_came_otherwise_is_refused_and_nothing_is_left(packed, tmp_path):
    with pytest.raises(ClusterError, match="otherwise than it was sent"):
        unpack(altered(packed[1], digest="0" * 64), tmp_path / "here")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "below/../../outside"])
def test_a_file_that_would_lie_outside_is_refused(packed, tmp_path, name):
    with pytest.raises(ClusterError, match="outside its folder"):
        unpack(altered(packed[1], name=name), tmp_path / "below" / "here")
    assert not any("outside" in path.name for path in tmp_path.rglob("*"))


def test_where_it_cannot_be_written_the_place_is_named(packed, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        unpack(packed[1], tmp_path / "file" / "here")
