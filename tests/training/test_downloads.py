"""The door to the network: resumed, checked, and refusing in sentences."""

import pytest

from installation.training.downloads import ATTEMPTS, DownloadError, fetch
from tests.training.packages import served, sum_of

DATA = bytes(range(256)) * 4000


@pytest.fixture
def registry():
    with served({"/one": DATA}) as running:
        yield running


def got(registry, into, **changes):
    asked = {"url": f"{registry.address}/one", "size": len(DATA), "sha256": sum_of(DATA), **changes}
    return fetch(asked.pop("url"), into, **asked)


def test_a_file_arrives_whole_and_nothing_is_left_beside_it(registry, tmp_path):
    assert got(registry, tmp_path / "deep/one").read_bytes() == DATA
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["one"]


def test_what_is_there_already_is_not_fetched_again(registry, tmp_path):
    (tmp_path / "one").write_bytes(DATA)
    got(registry, tmp_path / "one")
    assert registry.asked == []


def test_a_file_there_that_is_another_one_is_refused(registry, tmp_path):
    (tmp_path / "one").write_bytes(b"other")
    with pytest.raises(DownloadError, match="not what the recipe names"):
        got(registry, tmp_path / "one")


def test_a_download_that_was_interrupted_goes_on_where_it_stopped(registry, tmp_path):
    (tmp_path / "one.part").write_bytes(DATA[:1000])
    assert got(registry, tmp_path / "one").read_bytes() == DATA
    assert registry.asked == [("/one", "bytes=1000-")]


def test_a_connection_that_breaks_off_is_made_again(registry, tmp_path):
    registry.breaks_after = len(DATA) // 3
    assert got(registry, tmp_path / "one").read_bytes() == DATA
    assert len(registry.asked) == 4


def test_a_connection_that_breaks_off_too_often_is_given_up_and_what_came_is_kept(registry, tmp_path):
    registry.breaks_after = 10
    with pytest.raises(DownloadError, match="What has come is kept"):
        got(registry, tmp_path / "one")
    assert (tmp_path / "one.part").read_bytes() == DATA[: 10 * ATTEMPTS]


def test_a_server_that_cannot_begin_in_the_middle_sends_all_of_it(registry, tmp_path):
    registry.resumes = False
    (tmp_path / "one.part").write_bytes(b"rubbish")
    assert got(registry, tmp_path / "one").read_bytes() == DATA


def test_a_file_with_another_sum_is_refused_and_not_kept(registry, tmp_path):
    with pytest.raises(DownloadError, match=f"its sha256 is {sum_of(DATA)}"):
        got(registry, tmp_path / "one", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_has_moved_is_asked_for_elsewhere(registry, tmp_path):
    with pytest.raises(DownloadError, match=r"404.*mirror"):
        got(registry, tmp_path / "two", url=f"{registry.address}/two")


def test_no_network_is_said(registry, tmp_path):
    registry.shutdown()
    registry.server_close()
    with pytest.raises(DownloadError, match=r"cannot be reached.*Connect to the network"):
        got(registry, tmp_path / "one")


def test_it_is_told_how_much_has_come(registry, tmp_path):
    told: list[int] = []
    got(registry, tmp_path / "one", arrived=told.append)
    assert told == sorted(told)
    assert told[-1] == len(DATA)
