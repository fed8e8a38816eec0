"""The sensors: real file trees, a real absence of NVIDIA's library, and a real card where there is one."""

import os
import threading
import time
from itertools import pairwise

import pynvml  # type: ignore[import-untyped] # NVIDIA ships none
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.machine.settings import EnergySettings
from installation.readings.meter import SILENCE, Gauge, Meter, open_meter, together
from installation.readings.register import NOT_YET, Missing, Value
from installation.readings.sensors import (
    Cards,
    Guess,
    Integral,
    NoCounter,
    Package,
    Packages,
    open_cards,
    open_processor,
    zones,
)
from tests.support import until

RANGE = 262_143_328_850  # microjoules: what an Intel package's counter counts to


class Tree:
    """A powercap tree as the kernel lays it: packages, and within them cores, which must not be counted twice."""

    def __init__(self, root, packages=1):
        self.root = root
        self.folders = [root / f"intel-rapl:{number}" for number in range(packages)]
        for folder in self.folders:
            self._lay(folder, 0)
            self._lay(root / f"{folder.name}:0", 5_000_000)
        (root / "intel-rapl").mkdir()

    def _lay(self, folder, microjoules):
        folder.mkdir()
        (folder / "name").write_text("package-0\n")
        (folder / "max_energy_range_uj").write_text(f"{RANGE}\n")
        (folder / "energy_uj").write_text(f"{microjoules}\n")

    def count(self, microjoules, package=0):
        (self.folders[package] / "energy_uj").write_text(f"{microjoules}\n")


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


class Ramp:
    """A counter of constant power."""

    def __init__(self, watts, *, estimated=False):
        self.watts, self.estimated = watts, estimated

    def joules(self, now):
        return Value(self.watts * now, self.estimated)


# ------------------------------------------------------------------ RAPL


def test_only_packages_are_counted_not_their_parts(tree):
    assert [folder.name for folder in zones(tree.root)] == ["intel-rapl:0"]


def test_energy_is_counted_from_when_the_counter_was_opened(tree):
    tree.count(7_000_000)
    packages = Packages(tree.root)
    assert packages.joules(0.0) == Value(0.0)
    tree.count(9_500_000)
    assert packages.joules(1.0) == Value(2.5)


def test_a_counter_that_begins_again_goes_on(tree):
    tree.count(RANGE - 1_000_000)
    package = Package(tree.folders[0])
    tree.count(2_000_000)
    assert package.joules() == pytest.approx(3.0)
    tree.count(3_000_000)
    assert package.joules() == pytest.approx(4.0)


@given(steps=st.lists(st.integers(0, RANGE - 1), max_size=30))
def test_however_often_it_turns_the_sum_is_that_of_the_steps(tmp_path_factory, steps):
    tree = Tree(tmp_path_factory.mktemp("powercap"))
    package, exact = Package(tree.folders[0]), 0
    for step in steps:
        exact += step
        tree.count(exact % RANGE)
        assert package.joules() == pytest.approx(exact * 1e-6)


def test_several_packages_are_added(tmp_path):
    tree = Tree(tmp_path, packages=2)
    packages = Packages(tmp_path)
    tree.count(1_000_000, package=0)
    tree.count(2_000_000, package=1)
    assert packages.joules(1.0) == Value(3.0)


@pytest.mark.parametrize("spoilt", ["", "no number\n"])
def test_a_counter_that_cannot_be_read_any_more_gives_no_number(tree, spoilt):
    packages = Packages(tree.root)
    (tree.folders[0] / "energy_uj").write_text(spoilt)
    assert isinstance(packages.joules(1.0), Missing)
    (tree.folders[0] / "energy_uj").unlink()
    assert isinstance(packages.joules(2.0), Missing)


def test_without_rapl_there_is_no_sensor_and_a_word_about_an_estimate(tmp_path):
    missing = open_processor(None, tmp_path / "nowhere").joules(0.0)
    assert isinstance(missing, Missing)
    assert missing.state == "no sensor"
    assert "energy.processor_tdp" in missing.why


@pytest.mark.skipif(os.geteuid() == 0, reason="CAP_SYS_ADMIN reads everything: run as a user to see it refused")
def test_a_counter_that_only_root_may_read_says_so(tree):
    (tree.folders[0] / "energy_uj").chmod(0)
    assert "let the service's group read it" in str(open_processor(None, tree.root).joules(0.0))


def test_a_damaged_tree_says_what_is_wrong(tree):
    (tree.folders[0] / "max_energy_range_uj").write_text("?")
    assert "RAPL" in str(open_processor(None, tree.root).joules(0.0))


def test_rapl_goes_before_an_estimate(tree):
    counter = open_processor(65.0, tree.root)
    tree.count(1_000_000)
    assert counter.joules(1.0) == Value(1.0)


def test_a_machine_without_rapl_estimates_where_it_knows_its_tdp_and_says_so(tmp_path):
    counter = open_processor(65.0, tmp_path)
    counter.joules(0.0)
    estimate = counter.joules(10.0)
    assert isinstance(estimate, Value)
    assert estimate.estimated
    assert 0.0 <= estimate.number <= 650.0


def test_an_estimate_is_rated_power_times_load():
    guess = Guess(60.0, lambda: 0.5)
    guess.joules(0.0)
    assert guess.joules(10.0) == Value(300.0, estimated=True)


# ------------------------------------------------------------------ NVML


def no_driver():
    """Whether NVIDIA's library is really not on this machine."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return True
    return False


@pytest.mark.skipif(not no_driver(), reason="CUDA is here, so NVML is too")
def test_without_nvidias_driver_there_is_no_sensor():
    missing = open_cards().joules(0.0)
    assert isinstance(missing, Missing)
    assert missing.state == "no sensor"
    assert "NVML" in missing.why


@pytest.mark.gpu
@pytest.mark.skipif(no_driver(), reason="needs CUDA")
def test_a_real_card_counts_its_energy():
    cards = open_cards()
    first = cards.joules(time.monotonic())
    assert isinstance(first, Value)
    until(lambda: (now := cards.joules(time.monotonic())) and isinstance(now, Value) and now.number > 1.0)


class OldCards:
    """NVML as cards before Volta answer it: with power, and without a counter of energy."""

    NVMLError, NVMLError_NotSupported = pynvml.NVMLError, pynvml.NVMLError_NotSupported

    def __init__(self, milliwatts):
        self.milliwatts, self.lost = milliwatts, False

    def nvmlDeviceGetCount(self):  # noqa: N802 - NVML's own names
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802, ARG002
        raise self.NVMLError_NotSupported

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802, ARG002
        if self.lost:
            raise pynvml.NVMLError_GpuIsLost
        return self.milliwatts


class NewCards(OldCards):
    """Volta and newer: millijoules since the driver was loaded."""

    millijoules = 7_000_000

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        return self.millijoules + handle


def test_a_cards_own_counter_counts_from_when_it_was_opened():
    nvml = NewCards(0)
    cards = Cards(nvml)
    nvml.millijoules += 2500
    assert cards.joules(1.0) == Value(5.0)


def test_old_cards_have_their_power_summed_up_by_the_trapezoid_rule():
    nvml = OldCards(100_000)
    cards = Cards(nvml)
    assert cards.joules(0.0) == Value(0.0)
    nvml.milliwatts = 200_000
    assert cards.joules(2.0) == Value(600.0)  # two cards, 150 W on average, 2 s


def test_a_card_that_falls_off_the_bus_takes_the_number_with_it():
    nvml = OldCards(100_000)
    cards = Cards(nvml)
    nvml.lost = True
    assert isinstance(cards.joules(1.0), Missing)


@given(powers=st.lists(st.floats(0, 1000), min_size=2, max_size=20))
def test_a_sum_of_power_is_exact_for_straight_lines(powers):
    supply = iter(powers)
    integral = Integral(lambda: next(supply))
    energies = [integral.at(float(second)) for second in range(len(powers))]
    assert energies[-1] == pytest.approx(sum((a + b) / 2 for a, b in pairwise(powers)))
    assert energies == sorted(energies)


# ------------------------------------------------------------------ power


def test_power_is_the_energy_of_the_last_second():
    gauge = Gauge(Ramp(60.0))
    looks = [gauge.look(tenth / 10)[1] for tenth in range(30)]
    assert looks[0] == NOT_YET
    assert all(isinstance(watts, Value) and watts.number == pytest.approx(60.0) for watts in looks[1:])


def test_power_follows_a_change_within_a_second():
    class Step:
        def joules(self, now):
            return Value(10.0 * now if now < 2.0 else 20.0 + 100.0 * (now - 2.0))

    gauge = Gauge(Step())
    last = [gauge.look(tenth / 10)[1] for tenth in range(32)][-1]
    assert isinstance(last, Value)
    assert last.number == pytest.approx(100.0)


def test_a_sensor_that_goes_leaves_no_number_behind():
    counters = iter([Value(1.0), Missing(why="gone"), Value(2.0)])

    class Fickle:
        def joules(self, now):  # noqa: ARG002 - every counter is asked with the time
            return next(counters)

    gauge = Gauge(Fickle())
    assert [gauge.look(float(second))[1] for second in range(3)] == [NOT_YET, Missing(why="gone"), NOT_YET]


def both(card, processor):
    gauges = Gauge(card), Gauge(processor)
    together(0.0, *gauges)
    return together(1.0, *gauges)


def test_cards_and_processor_are_added():
    power = both(Ramp(200.0), Ramp(50.0))
    assert (power.watts, power.joules) == (Value(250.0), Value(250.0))


def test_one_estimate_makes_the_sum_one():
    assert both(Ramp(200.0), Ramp(50.0, estimated=True)).watts == Value(250.0, estimated=True)


def test_a_machine_without_cards_is_measured_by_its_processor_alone():
    assert both(NoCounter("no NVIDIA card"), Ramp(50.0)).watts == Value(50.0)


def test_a_sum_that_lacks_the_processor_is_an_estimate():
    assert both(Ramp(200.0), NoCounter("no RAPL")).watts == Value(200.0, estimated=True)


def test_without_any_sensor_there_is_no_sum():
    power = both(NoCounter("no card"), NoCounter("no RAPL"))
    assert power.watts == Missing(why="no RAPL")


# ------------------------------------------------------------------ the meter's thread


def test_the_meter_reads_in_a_thread_of_its_own():
    meter = Meter(lambda: (NoCounter("no card"), Ramp(60.0)))
    try:
        power = until(lambda: isinstance(meter.read(time.monotonic()).watts, Value) and meter.read(time.monotonic()))
        assert power.watts.number == pytest.approx(60.0)
        assert power.card == Missing(why="no card")
    finally:
        meter.close()
    assert "meter" not in {thread.name for thread in threading.enumerate()}


def test_a_driver_that_hangs_holds_nobody_up_and_gives_no_number():
    released = threading.Event()

    def hang():
        released.wait(60.0)
        return NoCounter(""), NoCounter("")

    meter = Meter(hang)
    try:
        now = time.monotonic()
        assert meter.read(now).watts == NOT_YET
        late = meter.read(now + SILENCE + 1.0).watts
        assert isinstance(late, Missing)
        assert late.state == "no sensor"
        assert "silent" in late.why
    finally:
        released.set()
        meter.close()


def test_this_machines_own_meter_opens_and_closes():
    meter = open_meter(EnergySettings(processor_tdp=60.0))
    try:
        watts = until(
            lambda: isinstance(meter.read(time.monotonic()).watts, Value) and meter.read(time.monotonic()).watts
        )
        assert watts.number >= 0.0
    finally:
        meter.close()
