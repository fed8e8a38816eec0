"""The ledger writes between its marks in the runbook and nowhere else; runbook and tests know the same faults."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.system.faults import BEGIN, END, FAULTS, RUNBOOK, UNSEEN, Ledger, Row

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_the_table_stands_between_its_marks_and_all_else_stays(tmp_path):
    book = tmp_path / "RUNBOOK.md"
    book.write_text(f"before\n{BEGIN}\nan older table\n{END}\nafter\n")
    Ledger().write(book, NOW)
    assert book.read_text().startswith(f"before\n{BEGIN}\nSeen on 2026-11-23: ")
    assert book.read_text().endswith(f"\n{END}\nafter\n")
    assert "older" not in book.read_text()


def test_places_of_the_tests_own_are_left_out():
    ledger = Ledger()
    ledger.note("The engine dies", "by hand", "nothing", "no /tmp/some/where/file at 127.0.0.1:4352 | said")
    assert "| The engine dies | by hand | nothing | no file at 127.0.0.1 \\| said |  |" in ledger.table(NOW)


def test_what_was_timed_says_how_long_it_took():
    assert Row("A fault", "by hand", "nothing", "", 1.25).line() == "| A fault | by hand | nothing |  | 1.2 s |"


def test_the_table_has_every_fault_in_its_order_and_says_which_this_run_did_not_provoke():
    ledger = Ledger()
    ledger.note(FAULTS[1], "by hand", "nothing", "nothing")
    rows = [line for line in ledger.table(NOW).splitlines() if line.startswith("| ")][2:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(FAULTS)
    assert [FAULTS[place] for place, row in enumerate(rows) if UNSEEN not in row] == [FAULTS[1]]


def test_a_fault_that_is_not_in_the_list_is_refused():
    with pytest.raises(ValueError, match="add it there"):
        Ledger().note("The roof leaks", "rain", "drops", "nothing")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_provoked_by_a_test_and_stands_in_the_runbook(fault):
    others = set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__)}
    tests = "".join(path.read_text() for path in others)
    assert f'"{fault}"' in tests
    assert f"| {fault} | " in RUNBOOK.read_text().partition(BEGIN)[2].partition(END)[0]
