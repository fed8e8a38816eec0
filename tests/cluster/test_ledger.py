"""The ledger: a generation is known elsewhere together with the checkpoint to go on from, or not at all."""

import threading

import numpy as np
import pytest

from installation.cluster.ledger import MOST, Ledger
from installation.loop.checkpoints import Stand
from installation.machine.ring import Ring
from installation.records import Order
from tests.support import until


@pytest.fixture
def ring(tmp_path):
    return Ring.create(tmp_path / "ring", 64, 4)


@pytest.fixture
def ledger(ring):
    return Ledger(ring, 60.0)


def at(serial, scene="hearth", seed=5):
    return Stand(scene, seed, serial)


def finish(ledger, ring, serial):
    """As the engine does: it shows, then it reports."""
    pixels = np.full((8, 8, 3), serial, np.uint8)
    ring.write(pixels, stamp_ns=0, generation=serial, phase="generation", temperature=0.0)
    ledger.report("generation", **at(serial)._asdict())


def serials(entries):
    return [entry.report.data["serial"] for entry in entries]


def test_a_generation_waits_for_its_checkpoint_and_all_after_it_wait_too(ledger, ring):
    for serial in (1, 2):
        finish(ledger, ring, serial)
    ledger.report("kept", serial=2, sentence="reheated")
    assert ledger.take(None) == []
    assert ledger.take(at(0)) == []
    assert serials(ledger.take(at(1))) == [1]
    assert [entry.report.name for entry in ledger.take(at(2))] == ["generation", "kept"]
    assert len(ledger) == 0


def test_a_generation_brings_the_picture_that_was_shown_with_it(ledger, ring):
    finish(ledger, ring, 1)
    finish(ledger, ring, 2)
    assert [entry.frame.pixels.max() for entry in ledger.take(at(2))] == [1, 2]


@pytest.mark.parametrize("other", [at(9, scene="melt"), at(9, seed=6)])
def test_a_checkpoint_of_another_lineage_releases_nothing(ledger, ring, other):
    finish(ledger, ring, 1)
    assert ledger.take(other) == []


def test_what_needs_no_checkpoint_is_released_at_once(ledger):
    ledger.report("refused", reason="no such model", order="play")
    (entry,) = ledger.take(None)
    assert (entry.report.name, entry.frame) == ("refused", None)


def test_orders_are_heard_in_their_order(ledger):
    for name in ("play", "origin"):
        ledger.post(Order(name))
    assert [ledger.order().name, ledger.order(0.01).name, ledger.order(0.0), ledger.order(0.01)] == [
        "play",
        "origin",
        None,
        None,
    ]


def test_a_full_ledger_makes_the_engine_wait_until_somebody_reads(ledger, ring):
    written = threading.Semaphore(0)

    def play():
        for serial in range(1, 2 * MOST + 1):
            finish(ledger, ring, serial)
            written.release()

    engine = threading.Thread(target=play)
    engine.start()
    until(lambda: len(ledger) == MOST)
    heard = serials(ledger.take(at(2 * MOST)))
    while len(heard) < 2 * MOST:
        heard += serials(ledger.take(at(2 * MOST)))
    engine.join(10.0)
    assert heard == list(range(1, 2 * MOST + 1))


def test_an_engine_whom_nobody_reads_ends(ring):
    impatient = Ledger(ring, 0.01)
    for _ in range(MOST):
        impatient.report("log", text="a word")
    with pytest.raises(EOFError):
        impatient.report("log", text="one too many")


def test_an_engine_that_waits_is_released_by_the_closing(ledger):
    for _ in range(MOST):
        ledger.report("log", text="a word")
    ended = []

    def speak():
        try:
            ledger.report("log", text="one more")
        except EOFError:
            ended.append(True)

    engine = threading.Thread(target=speak)
    engine.start()
    ledger.close()
    engine.join(10.0)
    assert ended == [True]
