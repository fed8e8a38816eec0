"""Stakes: what is traded or held to ransom while a scene plays, as its ``[casino]`` and ``[ransom]`` tables say.

Here it is only read and checked; ``installation.market`` plays it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from installation.errors import Refusal
from installation.knobs import Knob, nearest
from installation.signs import address
from installation.tables import number, one_of, shown, text

Stake = TypeVar("Stake")


class StakeError(Refusal):
    """A casino or a ransom that cannot be played: which key, and what it takes."""


@dataclass(frozen=True, slots=True)
class Casino:
    """Options on a reading. Times are in generations, money is in credits: one buys one unit of the reading.

    A call and a put at the money are listed together and expire after ``life``; ``window`` is how far back the realised
    volatility looks, ``year`` what volatility and theta are quoted for. The house begins with ``capital``, has
    ``floated`` contracts of each kind among the public, and hedges every ``rehedge`` generations. A newcomer has a
    ``purse``. In each generation somebody trades for no reason with the chance ``noise`` (Black 1986). An order moves
    the logarithm of the implied volatility by ``impact`` a contract, and half of that is forgotten after ``memory``.
    """

    underlying: str = "/reading/entropy"
    life: int = 120
    window: int = 120
    year: int = 28_800  # an opening day of eight hours, at a generation a second
    capital: float = 10.0
    purse: float = 10.0
    floated: int = 20
    rehedge: int = 4
    noise: float = 0.25
    impact: float = 0.02
    memory: int = 60


@dataclass(frozen=True, slots=True)
class Ransom:
    """The picture held to ransom. Times are in seconds, money is in credits.

    It is free for ``lease``, then encrypted with one of 2^``bits`` keys until the ``price`` is paid, the key is found,
    or the ``ticket`` expires; then it is auctioned for ``auction``, shown to whoever bought it and burnt for
    ``burning`` by the knob ``fire``, which goes to ``heat``. ``words`` are what the wall says in each phase.
    """

    price: float = 100.0
    bits: int = 20
    ticket: float = 60.0
    lease: float = 20.0
    auction: float = 15.0
    burning: float = 10.0
    fire: str = "/burn/gaussian/temperature"
    heat: float = 0.5
    words: Mapping[str, str] = field(default_factory=dict)


#: What becomes of a picture, in this order; leafing, pictures of the album follow each other until one is next.
Phase = Literal["free", "held", "auction", "burning", "leafing"]
PHASES: tuple[Phase, ...] = get_args(Phase)
_DAY = 86_400.0
_LIMITS: Mapping[str, tuple[float, float]] = {
    "life": (2, 100_000),
    "window": (2, 10_000),
    "year": (1, 1e9),
    "capital": (0.01, 1e9),
    "purse": (0.0, 1e9),
    "floated": (0, 10_000),
    "rehedge": (1, 10_000),
    "noise": (0.0, 1.0),
    "impact": (0.0, 1.0),
    "memory": (1, 100_000),
    "price": (0.01, 1e9),
    "bits": (1, 40),
    "ticket": (1.0, _DAY),
    "lease": (1.0, _DAY),
    "auction": (0.0, _DAY),
    "burning": (1.0, 100.0),  # a hand lets go of a knob after two minutes
    "heat": (0.0, 1.0),
}


def casino(raw: Any, readings: Collection[str] | None = None) -> Casino | None:
    """The casino of a scene's ``[casino]`` table; None where there is no table.

    ``readings`` are the addresses there are; without them the underlying is taken as it comes. Raises ``StakeError``.
    """
    if raw is None:
        return None
    made = _read("casino", Casino, raw)
    underlying = address(made.underlying)
    if readings is not None and underlying not in readings:
        hint = nearest(underlying, readings)
        raise StakeError(f"casino: there is no reading {shown(made.underlying)} to write options on.{hint}")
    return dataclasses.replace(made, underlying=underlying)


def ransom(raw: Any, knobs: Mapping[str, Knob]) -> Ransom | None:
    """The ransom of a scene's ``[ransom]`` table; None where there is no table. Raises ``StakeError``."""
    if raw is None:
        return None
    made = _read("ransom", Ransom, raw)
    try:
        one_of("fire", made.fire, [at for at, knob in knobs.items() if knob.kind == "number"])
    except Refusal as refusal:
        raise StakeError(f"ransom: {refusal}") from None
    return made


def _read(name: str, kind: type[Stake], raw: Any) -> Stake:
    keys = {each.name: each for each in dataclasses.fields(kind)}  # type: ignore[arg-type] # either of the two above
    if not isinstance(raw, dict):
        raise StakeError(f"{name} takes a table, not {shown(raw)}.")
    for key in raw:
        if key not in keys:
            raise StakeError(f"{name} has no {shown(key)}.{nearest(key, keys)}")
    try:
        return kind(**{key: _checked(keys[key], value) for key, value in raw.items()})
    except Refusal as refusal:
        raise StakeError(f"{name}: {refusal}") from None


def _checked(key: dataclasses.Field[Any], value: Any) -> Any:
    if key.type == "str":
        return text(key.name, value)
    if key.name == "words":
        return _words(value)
    if key.type == "int" and type(value) is not int:
        raise StakeError(f"{key.name} takes a whole number, not {shown(value)}.")
    checked = number(key.name, value, *_LIMITS[key.name])
    return int(checked) if key.type == "int" else checked


def _words(raw: Any) -> dict[str, str]:
    if not isinstance(raw, dict):
        raise StakeError(f"words takes a table with a text for each phase, not {shown(raw)}.")
    return {one_of("words", phase, PHASES): text(f"words.{phase}", said) for phase, said in raw.items()}
