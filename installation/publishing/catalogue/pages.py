"""The pages: leaves set by Jinja2. Everything that was named by somebody is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from installation import __version__

if TYPE_CHECKING:
    import jinja2

    from installation.machine.settings import CatalogueSettings
    from installation.publishing.catalogue.leaf import Leaf

TEMPLATES = Path(__file__).parent / "templates"
STYLE = "style.css"


def index(leaves: Sequence[Leaf], imprint: CatalogueSettings) -> str:
    """The first page: all takes as given, the newest first as a rule."""
    return _set("index.html", imprint, "", leaves=leaves)


def leaf(shown: Leaf, imprint: CatalogueSettings) -> str:
    """The page of one take, for the folder ``takes``."""
    return _set("leaf.html", imprint, "../", leaf=shown)


def style() -> str:
    """The style sheet: dark or light as the reader likes it, from a phone to a wall."""
    return (TEMPLATES / STYLE).read_text(encoding="utf-8")


def _set(template: str, imprint: CatalogueSettings, root: str, **said: object) -> str:
    return _press().get_template(template).render(imprint=imprint, root=root, version=__version__, **said) + "\n"


def _press() -> jinja2.Environment:
    """Jinja2 that escapes everything and fails on a word it does not know."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
