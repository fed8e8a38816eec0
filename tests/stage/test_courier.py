import threading

import numpy as np

from installation.stage.courier import Courier

ONE, TWO, THREE = (np.full((1, 1, 3), value, np.uint8) for value in (1, 2, 3))


class Slow(Courier):
    """A courier that stands still at its first picture until it is let go."""

    def __init__(self):
        self.carried, self.arrived, self.may_go = [], threading.Event(), threading.Event()
        super().__init__("slow")

    def _work(self):
        for pixels in self._offered():
            self.arrived.set()
            self.may_go.wait()
            self.carried.append(pixels)


def test_nobody_waits_for_a_slow_courier_and_one_picture_waits_behind_it():
    courier = Slow()
    courier.offer(ONE)
    assert courier.arrived.wait(10.0)
    courier.offer(TWO)
    courier.offer(THREE)
    courier.may_go.set()
    courier.close()
    assert [pixels[0, 0, 0] for pixels in courier.carried] == [1, 2]


def test_closing_does_not_wait_longer_than_it_has_patience_for():
    courier = Slow()
    courier.offer(ONE)
    assert courier.arrived.wait(10.0)
    courier.offer(TWO)
    courier.close(0.01)
    assert courier.carried == []
    courier.may_go.set()
