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
    from installation.publishing.catalogue.lineages import Descent, Kin

TEMPLATES = Path(__file__).parent / "templates"
STYLE = "style.css"


def index(leaves: Sequence[Leaf], imprint: CatalogueSettings, descents: Sequence[Descent] = ()) -> str:
    """The first page: all takes as given, the newest first as a rule, and the lineages that several of them hold."""
    return _set("index.html", imprint, "", leaves=leaves, descents=descents)


def leaf(shown: Leaf, imprint: CatalogueSettings, kin: Kin | None = None) -> str:
    """The page of one take, for the folder ``takes``; ``kin`` are the takes with which it shares a lineage."""
    return _set("leaf.html", imprint, "../", leaf=shown, kin=kin)


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
