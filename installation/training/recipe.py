"""The corpus as a recipe: which public packages it is gathered from, what is taken of each and under which licence.

``recipe.toml`` is data; the program never carries the pictures themselves.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from installation.errors import Refusal
from installation.knobs import nearest

RECIPE = Path(__file__).with_name("recipe.toml")
STRICT = ConfigDict(frozen=True, extra="forbid")
NOTICES = re.compile(
    r"\|doc\|[^|]+\|copyright$|\|package\|licen[sc]e[^|]*$|dist-info\|.*licen[sc]e[^|]*$", re.IGNORECASE
)

PAINTED = re.compile(r"\.(png|jpe?g|webp|gif|dds)$", re.IGNORECASE)
SUFFIXES = {"svg": re.compile(r"\.svgz?$", re.IGNORECASE), "ico": re.compile(r"#[^|]+$")}

Address = Annotated[str, Field(pattern=r"^https?://")]


class RecipeError(Refusal):
    """A recipe that cannot be followed, with what to change."""


class Take(BaseModel):
    """Some pictures of a package: where they lie, what they are, and what may be done with them.

    ``match`` and ``skip`` are searched in a file's path, its parts joined by ``|``. ``permissive`` is true for CC0,
    public domain, MIT, Apache-2.0 and CC-BY. A picture with a side under ``shortest`` pixels is passed over.
    """

    model_config = STRICT

    src: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: Literal["photo", "cut", "svg", "ico", "render", "art", "tex"]
    licence: str
    match: re.Pattern[str]
    permissive: bool = False
    skip: re.Pattern[str] | None = None
    shortest: int = Field(default=96, ge=0)

    def wants(self, path: str) -> bool:
        """Whether the file at this path is one of the pictures."""
        fits = (SUFFIXES.get(self.kind) or PAINTED).search(path) and self.match.search(path)
        return bool(fits) and not (self.skip and self.skip.search(path))


class Package(BaseModel):
    """One published archive: its address below its registry, its size and sum, and what is taken of it.

    ``inner`` finds archives within the archive (Qt resources, zips, icon sets); ``notices`` finds the files that name
    authors and licences, which are kept beside the pictures.
    """

    model_config = STRICT

    name: str = Field(pattern=r"^[a-z0-9.+-]+$")
    version: str
    registry: str
    path: str
    size_bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    take: tuple[Take, ...]
    inner: re.Pattern[str] | None = None
    notices: re.Pattern[str] = NOTICES

    @property
    def file(self) -> str:
        """The archive's own file name."""
        return PurePosixPath(self.path).name

    def wanted(self, path: str) -> Take | None:
        """What a file is taken as: the first take that wants it."""
        return next((take for take in self.take if take.wants(path)), None)


class Recipe(BaseModel):
    """The public address of each registry, and the packages to be had there."""

    model_config = STRICT

    registries: dict[str, Address]
    package: tuple[Package, ...]

    def chosen(self, only: Collection[str]) -> tuple[Package, ...]:
        """The packages of these names, or all. Raises ``RecipeError`` for a name it does not have."""
        names = [package.name for package in self.package]
        for name in only:
            if name not in names:
                raise RecipeError(f"The recipe has no package {name}.{nearest(name, names)} It has {', '.join(names)}.")
        return tuple(package for package in self.package if not only or package.name in only)

    def mirrored(self, mirrors: Mapping[str, str]) -> Recipe:
        """The same recipe from other addresses of the same registries. Raises ``RecipeError`` for a wrong one."""
        for name in set(mirrors) - set(self.registries):
            raise RecipeError(f"There is no registry {name} to mirror. There are {', '.join(self.registries)}.")
        return _checked({**self.model_dump(), "registries": {**self.registries, **mirrors}}, "The mirrors given")

    def address(self, package: Package) -> str:
        """Where a package is downloaded from."""
        return f"{self.registries[package.registry].rstrip('/')}/{package.path}"


def read_recipe(file: Path = RECIPE) -> Recipe:
    """A recipe from its TOML file. Raises ``RecipeError`` with the key when something in it is wrong."""
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"{file} is no recipe: {error}. Give a TOML file like {RECIPE.name}.") from error
    return _checked(told, file.name)


def read_mirrors(given: Iterable[str]) -> dict[str, str]:
    """Mirrors as written on a command line, ``debian=https://...``. Raises ``RecipeError`` for anything else."""
    mirrors = {}
    for text in given:
        name, equals, address = text.partition("=")
        if not equals:
            raise RecipeError(f"{text} is no mirror. Write the registry and its address: debian=https://...")
        mirrors[name] = address
    return mirrors


def _checked(told: object, name: str) -> Recipe:
    try:
        recipe = Recipe.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecipeError(f"{name}: {where} is wrong: {first['msg']}. Correct it there.") from error
    for registry in {package.registry for package in recipe.package} - set(recipe.registries):
        raise RecipeError(f"{name}: registries.{registry} is missing. Give its public address there.")
    return recipe
