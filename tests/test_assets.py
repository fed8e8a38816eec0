"""Every picture that ships is documented and can be used."""

import re
from pathlib import Path

import pytest

from installation import images

ASSETS = Path(__file__).parents[1] / "assets"
PICTURES = sorted(path for room in ("origins", "archive") for path in (ASSETS / room).iterdir())
LISTED = re.findall(
    r"^\| ((?:origins|archive)/\S+) \|", (ASSETS / "PROVENANCE.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_every_picture_has_one_line_of_provenance_and_every_line_a_picture():
    assert sorted(LISTED) == [path.relative_to(ASSETS).as_posix() for path in PICTURES]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_every_picture_loads(picture):
    assert images.load(picture, 32, 48).shape == (32, 48, 3)
