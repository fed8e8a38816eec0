"""Every picture and text that ships is documented and can be used."""

import re
from pathlib import Path

import pytest

from installation import images
from installation.collapse import text
from installation.stage.overlays.faces import FACES

ASSETS = Path(__file__).parents[1] / "assets"
PICTURES = sorted(path for room in ("origins", "archive") for path in (ASSETS / room).iterdir())
TEXTS = sorted((ASSETS / "texts").iterdir())
COLLAPSE = sorted((ASSETS / "collapse").iterdir())
FONTS = sorted((ASSETS / "fonts").iterdir())
LISTED = re.findall(
    r"^\| ((?:origins|archive|texts|fonts|collapse)/\S+) \|",
    (ASSETS / "PROVENANCE.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_every_file_has_one_line_of_provenance_and_every_line_a_file():
    assert sorted(LISTED) == sorted(
        path.relative_to(ASSETS).as_posix() for path in (*PICTURES, *TEXTS, *FONTS, *COLLAPSE)
    )


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_every_picture_loads(picture):
    assert images.load(picture, 32, 48).shape == (32, 48, 3)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_text_has_enough_to_learn_from(path):
    assert len(text.load(path)) >= text.FEWEST


def test_every_typeface_ships_with_its_licence_and_nothing_else_does():
    assert {path.name for path in FONTS} == {"OFL.txt", *(face for faces in FACES.values() for face in faces)}


def test_the_typefaces_are_small_enough_to_travel_along():
    assert sum(path.stat().st_size for path in FONTS) < 3e6
