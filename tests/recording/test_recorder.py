"""What the recorder is told between two looks at the ring."""

from installation.recording.recorder import waiting
from installation.records import Order


class Line:
    """Orders that wait already, and how long each was waited for."""

    def __init__(self, *names):
        self.orders, self.patience = [Order(name) for name in names], []

    def order(self, patience=0.0):
        self.patience.append(patience)
        return self.orders.pop(0) if self.orders else None

    def report(self, name, /, **data):
        """What is told to the conductor, which nobody needs here."""


def test_every_order_that_waits_is_obeyed_before_the_next_picture():
    line = Line("log", "log", "stop")
    assert [order.name for order in waiting(line, 0.25)] == ["log", "log", "stop"]
    assert line.patience == [0.25, 0.0, 0.0, 0.0]


def test_where_nothing_is_asked_it_waits_once():
    line = Line()
    assert list(waiting(line, 0.25)) == []
    assert line.patience == [0.25]
