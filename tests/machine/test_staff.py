"""The staff, with real processes: employed by name, told by name, dismissed for good, sent home in time."""

import time

import pytest

from installation.machine.child import PULSE
from installation.machine.staff import Staff
from installation.machine.supervisor import Duty
from installation.machine.wires import lay, take_up
from installation.records import Order, Report
from tests.machine import lives
from tests.support import until

LIFE = 60.0  # seconds a new interpreter may take on a busy machine
DUTY = Duty(lives.NAME, lives.obedient, (), PULSE, 3600.0, 900.0)


@pytest.fixture
def staff(tmp_path):
    wires = lay(tmp_path)
    staff = Staff(lambda: wires)
    yield staff
    staff.leave(time.monotonic() + LIFE)
    take_up(wires)


@pytest.fixture
def told(staff):
    """One obedient process is employed, alive, and what it reports is listed here."""
    reports: list[Report] = []
    staff.employ(DUTY, list, reports.append)
    heard(staff, reports, "alive")
    return reports


def heard(staff, reports, name):
    def looked():
        staff.look(time.monotonic())
        return name in [report.name for report in reports]

    until(looked, within=LIFE)


def test_orders_find_their_process_by_its_name(staff, told):
    staff.tell(lives.NAME, Order("sing"))
    heard(staff, told, "obeyed")


def test_an_order_to_nobody_is_lost(staff):
    staff.tell("nobody", Order("sing"))
    assert "nobody" not in staff


def test_a_name_is_taken_once(staff, told):
    with pytest.raises(ValueError, match="There is a ward already"):
        staff.employ(DUTY, list, told.append)


def test_who_is_dismissed_leaves_and_is_not_started_again(staff, told):
    ward = staff[lives.NAME]
    staff.dismiss(lives.NAME, time.monotonic())
    assert lives.NAME not in staff
    heard(staff, told, "left")
    until(lambda: staff.look(time.monotonic()) or ward.pid is None, within=LIFE)
    assert ward.deaths == []


def test_everybody_is_heard_to_the_last_word_and_gone_afterwards(staff, told):
    staff.leave(time.monotonic() + LIFE)
    assert told[-1].name == "left"
    assert staff[lives.NAME].pid is None
