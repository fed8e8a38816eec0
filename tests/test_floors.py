"""The floors of the house: imports go downward only, rooms of one floor do not know each other, and heavy libraries
stand only where they may, and are brought in late."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "installation"

#: Bottom first. A room is a module or a folder directly below ``installation``.
FLOORS = (
    (
        "errors",
        "records",
        "knobs",
        "randomness",
        "images",
        "melting",
        "tables",
        "conditioning",
        "signs",
        "stakes",
        "cues",
        "modulators",
        "scores",
        "ranges",
    ),
    ("machine", "scenes"),
    ("burns", "restorers", "readings", "control", "programme"),
    ("loop", "stage", "recording", "collapse", "market", "health", "models"),
    ("camera", "controllers", "relief"),
    ("publishing", "engine", "panels", "training", "caretaker", "playing"),
    ("cluster",),
    ("web", "collapsing", "governor", "hardware"),
    ("console",),
    ("guests",),
    ("conductor", "trial"),
    ("bench", "doctor", "endurance", "melt", "soak", "terminal"),
    ("cli",),
    ("__main__",),
)
FOUNDATIONS = FLOORS[0]  # within these each may know those before it
FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

#: Where a heavy library may stand, always imported inside a function.
HEAVY = {
    "torch": {
        "images",
        "randomness",
        "burns",
        "restorers",
        "loop",
        "training",
        "engine",
        "publishing",
        "cluster",
        "bench",
        "doctor",
        "melt",
        "models",
        "soak",
    },
    "cryptography": {"burns", "publishing"},
    "cv2": {"burns", "camera", "readings", "restorers", "stage", "training"},
    "scipy": {"burns", "readings"},
    "pygame": {"stage"},
    "pyvirtualcam": {"stage"},
    "cyndilib": {"stage"},
    "av": {"recording", "publishing"},
    "tifffile": {"publishing"},
    "jinja2": {"publishing"},
    "c2pa": {"publishing"},
    "bagit": {"publishing"},
    "fpdf": {"publishing"},
    "diffusers": {"models", "restorers", "training"},
    "transformers": {"restorers"},
    "huggingface_hub": {"models"},
    "accelerate": {"training"},
    "peft": {"training"},
    "faiss": {"restorers"},
    "resvg_py": {"training"},
    "ray": {"cluster"},
    "aiohttp": {"web", "console"},
    "zeroconf": {"web"},
    "prometheus_client": {"web"},
    "mido": {"control"},
    "moderngl": {"stage"},
}
MODULES = sorted(HOUSE.rglob("*.py"))


@dataclass(frozen=True)
class Import:
    """One import statement: what it brings, on which line, inside a function or not, for the type checker only."""

    name: str
    line: int
    late: bool
    typing: bool


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


@functools.cache
def imports(path: Path) -> tuple[Import, ...]:
    """Every import of a module, wherever it stands; read once, for every library asks every module."""

    def walk(node: ast.AST, *, late: bool, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield from (Import(name, child.lineno, late, typing) for name in names(child))
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            checking = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from walk(child, late=late or inside, typing=typing or checking)

    return tuple(walk(ast.parse(path.read_text(encoding="utf-8")), late=False, typing=False))


def names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """What an import statement brings, by its full name: ``from installation import images`` is the room images."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif node.module == "installation":
        yield from (f"installation.{alias.name}" for alias in node.names)
    else:
        yield node.module or ""


def rooms_known(path: Path) -> Iterator[tuple[str, int]]:
    """The other rooms a module imports, with the lines."""
    for found in imports(path):
        package, _, rest = found.name.partition(".")
        if package == "installation" and rest and (room := rest.split(".")[0]) not in {room_of(path), "__version__"}:
            yield room, found.line


def may_know(room: str, other: str) -> bool:
    if room in FOUNDATIONS and other in FOUNDATIONS:
        return FOUNDATIONS.index(other) < FOUNDATIONS.index(room)
    return FLOOR[other] < FLOOR[room]


def by_path(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def test_every_room_has_its_floor():
    assert {room_of(path) for path in MODULES} - {"__init__"} == set(FLOOR)


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) != "__init__"], ids=by_path)
def test_imports_go_downward_only(path):
    room = room_of(path)
    upward = [
        f"line {line}: {room} must not know {other}" for other, line in rooms_known(path) if not may_know(room, other)
    ]
    assert upward == []


@pytest.mark.parametrize("path", MODULES, ids=by_path)
def test_no_import_is_relative(path):
    relative = [
        node.lineno for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


@pytest.mark.parametrize("path", MODULES, ids=by_path)
def test_heavy_libraries_come_late_and_only_where_they_may_stand(path):
    wrong = []
    for found in imports(path):
        library = found.name.split(".")[0]
        if library in HEAVY and not found.typing:
            if not found.late:
                wrong.append(f"line {found.line}: {library} is imported with the module; import it where it is used")
            if room_of(path) not in HEAVY[library]:
                wrong.append(f"line {found.line}: {library} has no place in {room_of(path)}")
    assert wrong == []


@pytest.mark.parametrize("library", HEAVY)
def test_no_room_is_granted_a_library_it_does_not_use(library):
    users = {room_of(path) for path in MODULES for found in imports(path) if found.name.split(".")[0] == library}
    assert users >= HEAVY[library]


@pytest.mark.parametrize("room", ["conductor", "cli", "engine"])
def test_the_conductor_and_all_it_imports_start_without_heavy_libraries(room):
    asked = f"import sys, installation.{room}; sys.stdout.write(' '.join(set(sys.modules) & {set(HEAVY)!r}))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout == ""
