"""How tests draw their examples, and the pictures they all begin from."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from installation import images
from installation.randomness import generator
from tests import browsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from installation.randomness import Generator
    from installation.records import Image

# No deadline: nothing is timed in a test. Fixtures here are constants, so sharing them among examples is harmless.
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
settings.register_profile("dev", CALM, max_examples=15)
settings.register_profile("ci", CALM, max_examples=100, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Tests say how wide a terminal is; xdist's workers were seen to be told 80.
for size in ("COLUMNS", "LINES"):
    os.environ.pop(size, None)

#: In CI every tool is installed, so a skip is a hole; these are the machine's own limits, what DECISIONS keeps out, and
#: what is only measured.
EXPECTED_SKIPS = ("CUDA", "CAP_SYS_ADMIN", "optional extra", "--benchmark-enable")
HOLES: list[str] = []
PLAYING = re.compile("tests/(system|benchmarks)/")

ORIGIN = Path(__file__).parents[1] / "assets" / "origins" / "astronaut.png"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run may write."""
    parser.addoption("--faults", action="store_true", help="write the faults this run provokes into deploy/RUNBOOK.md")


def pytest_configure(config: pytest.Config) -> None:
    """Faults are timed and told in one table: they are provoked by one worker, however many were asked for."""
    if config.getoption("faults"):
        config.option.dist = "no"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Among workers what plays the piece comes first, for it takes longest."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not PLAYING.match(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files stay whole, and all that play the piece go to one worker: two shows would starve each other.

    So do all that need a cluster, which is founded once.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Rooms(LoadScopeScheduling):  # type: ignore[misc] # it has no types
        def _split_scope(self, nodeid: str) -> str:
            if PLAYING.match(nodeid):
                return "show"
            return "federation" if nodeid.startswith("tests/cluster/") else nodeid.partition("::")[0]

    return Rooms(config, log)


@pytest.fixture(scope="session")
def photograph() -> Image:
    """A real photograph, 1 x 3 x 64 x 64 in -1 to 1."""
    return images.to_tensor(images.load(ORIGIN, 64, 64))


@pytest.fixture
def rng() -> Generator:
    """Random numbers that are the same in every run."""
    return generator(20260101, 1)


@pytest.fixture(scope="module")
def chromium() -> Iterator[browsing.Chromium]:
    """Playwright, and Chromium as soon as a test of this file opens it."""
    with browsing.installed() as chromium:
        yield chromium


@pytest.fixture
def browser(chromium: browsing.Chromium) -> Iterator[Browser]:
    """A headless browser, which is killed when the test hangs in it."""
    with browsing.watched():
        yield chromium.open()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember skips nobody expects."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    if report.skipped and not any(word in reason for word in EXPECTED_SKIPS):
        HOLES.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI an unexpected skip is a failure."""
    if os.environ.get("CI") and HOLES and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which skips CI does not accept."""
    if os.environ.get("CI") and HOLES:
        terminalreporter.section("unexpected skips: install what they need in .ci/run")
        for hole in HOLES:
            terminalreporter.line(hole)
