"""The ledger of faults, one for a whole run."""

import pytest

from tests.system import evening as evenings
from tests.system import faults


@pytest.fixture(scope="session")
def ledger(request):
    """What is provoked in this run is entered here; `--faults` writes it into the runbook at the end."""
    entered = faults.Ledger()
    yield entered
    if request.config.getoption("--faults"):
        faults.close(entered)


@pytest.fixture(scope="session")
def evening(tmp_path_factory):
    """A whole evening of the program, which is over: takes, stream and catalogue of it are there."""
    return evenings.held(tmp_path_factory.mktemp("evening"))
