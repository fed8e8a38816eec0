"""What the piece costs the world: power, energy, and what physics and the bill make of it.

Everything here is of the machine as far as its sensors reach: NVIDIA cards and processor packages. Memory, disks,
the power supply's losses and the projectors are not in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installation.readings.register import Missing, Taken, Value, reading

if TYPE_CHECKING:
    from installation.machine.settings import EnergySettings

BOLTZMANN = 1.380649e-23  # J/K, exact (SI 2019)
JOULES_PER_KWH = 3.6e6
MILLION = 1e6
CATS = 200.0  # with hats, per second: the chapter's measure of a generator


@dataclass(frozen=True, slots=True)
class Account:
    """What the machine has spent, in watts now and joules since the beginning, and what for.

    ``rate`` is in images per second, ``bits`` those of one image, uncompressed.
    """

    watts: Taken
    joules: Taken
    card: Taken
    processor: Taken
    rate: Taken
    bits: float
    place: EnergySettings


@reading(
    "/reading/watts",
    of="machine",
    unit="W",
    high=1000.0,
    doc="Power of cards and processors together, as far as there are sensors.",
    source="NVML, RAPL",
    brief="power {:.0f} W",
)
def watts(account: Account) -> Taken:
    """Energy of the last second over its length. Estimated as soon as a part is, or where the processor has none."""
    return account.watts


@reading("/reading/watts/card", of="machine", unit="W", high=1000.0, doc="Power of the NVIDIA cards.", source="NVML")
def card_watts(account: Account) -> Taken:
    """The cards' own energy counters (Volta and newer), else their power integrated ten times a second."""
    return account.card


@reading(
    "/reading/watts/processor",
    of="machine",
    unit="W",
    high=400.0,
    doc="Power of the processor packages; estimated from TDP and load where RAPL cannot be read.",
    source="RAPL, powercap",
)
def processor_watts(account: Account) -> Taken:
    """RAPL's energy counters, else ``processor_tdp`` of machine.toml times utilisation, marked as an estimate."""
    return account.processor


@reading("/reading/energy", of="machine", unit="kWh", doc="Energy since the performance began.", source="NVML, RAPL")
def energy(account: Account) -> Taken:
    """The counters' difference since they were opened."""
    return account.joules.then(to_kwh)


@reading("/reading/joules-per-image", of="machine", unit="J", high=100.0, doc="Energy of one generation.")
def joules_per_image(account: Account) -> Taken:
    """Energy per image, dE / dN: power over generations per second."""
    return over(account.watts, account.rate)


@reading(
    "/reading/landauer",
    of="machine",
    high=1e14,
    doc="Energy of an image against the least that erasing its bits must cost.",
    source="Landauer 1961: k T ln 2 a bit",
)
def landauer_ratio(account: Account) -> Taken:
    """Joules per image / (bits of an uncompressed image x k T ln 2)."""
    least = account.bits * landauer(account.place.kelvin)
    return joules_per_image(account).then(lambda joules: joules / least)


@reading(
    "/reading/entropy-export",
    of="machine",
    unit="W/K",
    high=3.0,
    doc="Entropy the machine gives to the room as heat, each second.",
    source="Clausius 1865: P / T",
)
def entropy_export(account: Account) -> Taken:
    """Power over the room's absolute temperature; 1 W/K is 1.04e23 bit/s."""
    return account.watts.then(lambda power: power / account.place.kelvin)


@reading(
    "/reading/kardashev",
    of="machine",
    low=-1.0,
    high=0.8,
    doc="The machine on the scale of civilisations: 0 is a megawatt, mankind about 0.73, a star 2.",
    source="Kardashev 1964, Sagan 1973: (log10 P - 6) / 10",
)
def kardashev_number(account: Account) -> Taken:
    """``kardashev`` of the present power."""
    return account.watts.then(kardashev)


@reading(
    "/reading/co2",
    of="machine",
    unit="g",
    high=1000.0,
    doc="Carbon dioxide since the performance began: energy x PUE x the grid's intensity in machine.toml.",
    source="GHG Protocol, location-based",
)
def co2(account: Account) -> Taken:
    """The product kWh x PUE x g/kWh, with the intensity's own date in machine.toml."""
    return billed(account, account.place.grid_intensity, "set energy.grid_intensity and energy.grid_date")


@reading(
    "/reading/cost",
    of="machine",
    unit="money",
    high=10.0,
    doc="Price of the energy since the performance began: energy x PUE x the tariff in machine.toml, in its currency.",
    source="the bill",
)
def cost(account: Account) -> Taken:
    """The product kWh x PUE x tariff, with the tariff's own date in machine.toml."""
    return billed(account, account.place.tariff, "set energy.tariff and energy.tariff_date")


@reading(
    "/reading/cost-per-million",
    of="machine",
    unit="money",
    high=10.0,
    doc="Price of a million images' energy: joules per image x PUE x the tariff in machine.toml, in its currency.",
    source="the bill",
)
def cost_per_million(account: Account) -> Taken:
    """A million times dE / dN, in kWh, x PUE x tariff."""
    if account.place.tariff is None:
        return billed(account, None, "set energy.tariff and energy.tariff_date")
    rate = account.place.tariff * account.place.pue
    return joules_per_image(account).then(lambda joules: to_kwh(joules * MILLION) * rate)


def billed(account: Account, rate: float | None, otherwise: str) -> Taken:
    """The energy so far, cooling and losses included, at a rate per kWh; without one, what machine.toml lacks."""
    if rate is None:
        return Missing(why=f"{otherwise} in machine.toml")
    return account.joules.then(lambda joules: to_kwh(joules) * account.place.pue * rate)


@reading("/reading/images-per-second", of="machine", unit="1/s", high=60.0, doc="Generations per second.")
def images_per_second(account: Account) -> Taken:
    """The engine's running average."""
    return account.rate


@reading(
    "/reading/cats",
    of="machine",
    unit="of 200/s",
    doc="Images per second as a share of the chapter's 200 cats with hats a second.",
    source="Steyerl, Burnt-Out Images",
)
def cats(account: Account) -> Taken:
    """1 would be 200 images per second."""
    return account.rate.then(lambda rate: rate / CATS)


def landauer(kelvin: float = 300.0) -> float:
    """The least heat of erasing one bit at a temperature, k T ln 2, in joules: 2.8710e-21 at 300 K."""
    return BOLTZMANN * kelvin * math.log(2.0)


def bits_per_second(entropy_watts_per_kelvin: float) -> float:
    """Entropy given off, in bits: S / (k ln 2)."""
    return entropy_watts_per_kelvin / (BOLTZMANN * math.log(2.0))


def kardashev(power: float) -> float:
    """K = (log10 P - 6) / 10 for a power in watts. Raises ``ValueError`` for no power at all."""
    return (math.log10(power) - 6.0) / 10.0


def to_kwh(joules: float) -> float:
    """Joules in kilowatt hours."""
    return joules / JOULES_PER_KWH


def over(above: Taken, below: Taken) -> Taken:
    """A quotient; estimated if either is. Nothing where either is missing or the lower is 0."""
    if isinstance(above, Missing):
        return above
    if isinstance(below, Missing):
        return below
    quotient = above.then(lambda number: number / below.number)
    return with_doubt(quotient, estimated=below.estimated)


def plus(a: Taken, b: Taken) -> Taken:
    """A sum; estimated if either is. What is missing counts nothing, and both missing is missing."""
    if isinstance(a, Missing):
        return b
    if isinstance(b, Missing):
        return a
    return with_doubt(a.then(lambda number: number + b.number), estimated=b.estimated)


def with_doubt(taken: Taken, *, estimated: bool) -> Taken:
    """The same, an estimate if it was one or is said to be one now."""
    if isinstance(taken, Missing) or not estimated:
        return taken
    return Value(taken.number, estimated=True)
