"""The ledger writes between its marks in the runbook, and nowhere else."""

from datetime import UTC, datetime

from tests.system.faults import BEGIN, END, RUNBOOK, Ledger, Row


def test_the_table_stands_between_its_marks_and_all_else_stays(tmp_path):
    book = tmp_path / "RUNBOOK.md"
    book.write_text(f"before\n{BEGIN}\nan older table\n{END}\nafter\n")
    ledger = Ledger()
    ledger.note("A fault", "by hand", "nothing", "no /tmp/some/where/file at 127.0.0.1:4352 | said")
    ledger.write(book, datetime(2026, 11, 23, tzinfo=UTC))
    assert book.read_text().startswith(f"before\n{BEGIN}\nSeen on 2026-11-23: ")
    assert book.read_text().endswith(
        f"| A fault | by hand | nothing | no file at 127.0.0.1 \\| said |  |\n{END}\nafter\n"
    )


def test_what_was_timed_says_how_long_it_took():
    assert Row("A fault", "by hand", "nothing", "", 1.25).line() == "| A fault | by hand | nothing |  | 1.2 s |"


def test_the_runbook_has_a_table_that_a_run_has_written():
    table = RUNBOOK.read_text().partition(BEGIN)[2].partition(END)[0]
    for fault in (
        "The engine dies",
        "The stage dies",
        "The recorder dies",
        "hang",
        "Noise at the OSC port",
        "flat field",
    ):
        assert fault in table
