"""The table of melting points: read, replaced and refused; and what a scene may say of them."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import melting
from installation.machine.files import share
from installation.melting import MeltingError, MeltingPoint, offset, read, written

POINT = MeltingPoint(
    restorer="ember",
    model=None,
    digest="ab" * 32,
    medium="gaussian",
    temperature=0.5078125,
    kept=0.5,
    precision=1 / 64,
    size=64,
    steps=2,
    generations=20,
    pictures=16,
    seed=1,
    versions="burntout 0, torch 2",
)


def test_what_is_written_is_read_again(tmp_path):
    (tmp_path / melting.NAME).write_text(written([POINT]))
    assert read(tmp_path / melting.NAME) == {("ember", None, "gaussian"): POINT}


def test_where_there_is_no_table_nothing_is_known(tmp_path):
    assert read(tmp_path / melting.NAME) == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 1, "points": [{"restorer": 1}]}', "\x00"]
)
def test_a_damaged_table_is_refused_with_what_to_do(tmp_path, text):
    (tmp_path / melting.NAME).write_text(text)
    with pytest.raises(MeltingError, match="Remove it and measure again: burntout melt"):
        read(tmp_path / melting.NAME)


def test_another_versions_table_is_refused(tmp_path):
    (tmp_path / melting.NAME).write_text(json.dumps({"schema": 2, "points": []}))
    with pytest.raises(MeltingError, match="another version"):
        read(tmp_path / melting.NAME)


@pytest.mark.parametrize(
    ("text", "away"),
    [("melt", 0.0), ("melt + 0.05", 0.05), ("melt - 0.1", -0.1), ("melt+.2", 0.2), ("  melt  -  1 ", -1.0)],
)
def test_a_temperature_is_told_from_the_melting_point(text, away):
    assert offset(text) == away


@pytest.mark.parametrize(
    "text", ["", "melts", "melt 0.1", "melt + ", "melt * 2", "0.1 + melt", "melt + -0.1", "melt + 1e3"]
)
def test_what_is_no_such_temperature_is_refused_with_examples(text):
    with pytest.raises(MeltingError, match=r'"melt", "melt \+ 0.05" or "melt - 0.1"'):
        offset(text)


@given(text=st.text(max_size=30))
def test_any_text_is_an_offset_or_refused(text):
    with contextlib.suppress(MeltingError):
        assert isinstance(offset(text), float)


def test_the_shipped_table_knows_where_the_embedded_restorers_melt():
    points = read(share("assets") / melting.NAME)
    assert {("ember", None, "gaussian"), ("archive", None, "gaussian")} <= set(points)
    assert all(point.temperature is None or 0.0 < point.temperature < 1.0 for point in points.values())
