"""Knobs: one declaration gives an OSC address, a TOML key, a slider and a typed number in the mathematics.

A *panel* is a frozen dataclass whose fields are knobs; ``@panel("/burn/gaussian")`` files them under that address.
Whoever wants the numbers asks for the panel at one instant: ``read(Gaussian, snapshot)``.
"""

import dataclasses
import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

from installation.errors import Refusal

Panel = TypeVar("Panel")
Kind = Literal["number", "whole", "switch", "choice"]
#: A knob's value in words: what people and logs say.
Setting = float | int | bool | str

_PANELS: dict[str, type] = {}
_KNOBS: dict[str, "Knob"] = {}
#: The knobs of each panel by the names of its fields: a turn of the loop reads ten panels.
_FIELDS: dict[type, dict[str, "Knob"]] = {}


class KnobError(Refusal):
    """A value no knob can take, or an address where no knob listens."""


@dataclasses.dataclass(frozen=True, slots=True)
class Knob:
    """A declared parameter. On the board every value is one float64: switches are 0 or 1, choices an index.

    ``glide`` is the time in seconds a new value takes to arrive; 0 jumps.
    """

    address: str
    kind: Kind
    default: float
    low: float
    high: float
    unit: str
    glide: float
    doc: str
    choices: tuple[str, ...] = ()

    def parse(self, value: object) -> float:
        """The number on the board for what somebody sent, clamped to the range.

        Takes numbers, switches and, for a choice, its name or index. Raises ``KnobError`` for text that names no
        choice, for NaN and infinities, and for anything that is no number.
        """
        if isinstance(value, str) and self.kind == "choice":
            return float(self._index(value))
        if not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
            raise KnobError(f"{self.address} takes {self.expects()}, not {value!r}.")
        clamped = float(min(max(value, self.low), self.high))  # clamped first: a huge whole number fits no float
        return clamped if self.kind == "number" else float(round(clamped))

    def show(self, value: float) -> Setting:
        """The value on the board in the words of the declaration."""
        if self.kind == "choice":
            return self.choices[int(value)]
        if self.kind == "switch":
            return value >= 0.5  # noqa: PLR2004 - halfway between off and on
        return round(value) if self.kind == "whole" else value

    def expects(self) -> str:
        """What may be sent, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "switch":
            return "on or off (true or false, 1 or 0)"
        unit = f" {self.unit}" if self.unit else ""
        return f"a {'whole ' if self.kind == 'whole' else ''}number from {self.low:g} to {self.high:g}{unit}"

    def _index(self, name: str) -> int:
        if name not in self.choices:
            raise KnobError(f"{self.address} takes {self.expects()}, not {name!r}.{nearest(name, self.choices)}")
        return self.choices.index(name)


def knob(
    default: float | bool | str,  # noqa: FBT001 - a switch's default is a boolean
    *,
    low: float = 0.0,
    high: float = 1.0,
    choices: Iterable[str] = (),
    unit: str = "",
    glide: float = 0.0,
    doc: str,
) -> Any:
    """Declare a field of a panel as a knob. The type of ``default`` decides its kind.

    Returns a dataclass field; the address comes from the panel's prefix and the field's name.
    """
    settings = {"low": low, "high": high, "choices": tuple(choices), "unit": unit, "glide": glide, "doc": doc}
    return dataclasses.field(default=default, metadata={"knob": settings})


def panel(prefix: str) -> Callable[[type[Panel]], type[Panel]]:
    """File a frozen dataclass of knobs under an address prefix. Raises ``ValueError`` when the prefix is taken."""

    def file(cls: type[Panel]) -> type[Panel]:
        if prefix in _PANELS:
            raise ValueError(f"Two panels at {prefix}: {_PANELS[prefix].__name__} and {cls.__name__}.")
        _PANELS[prefix] = cls
        _FIELDS[cls] = {}
        for field in dataclasses.fields(cls):  # type: ignore[arg-type] # any dataclass
            declared = _declare(f"{prefix}/{field.name.replace('_', '-')}", field)
            _KNOBS[declared.address] = _FIELDS[cls][field.name] = declared
        return cls

    return file


def declared() -> dict[str, Knob]:
    """Every knob declared by the modules imported so far, by address, in alphabetical order."""
    return dict(sorted(_KNOBS.items()))


def read(cls: type[Panel], values: Mapping[str, float]) -> Panel:
    """A panel with its fields taken from board values, in their own types; what is not there keeps its default."""
    listed = _FIELDS[cls].items()
    return cls(**{name: each.show(values[each.address]) for name, each in listed if each.address in values})


def spoken(values: Mapping[str, float]) -> dict[str, Setting]:
    """Board values in the words of their declarations: a choice keeps its name, whatever is added beside it later."""
    return {address: _KNOBS[address].show(value) for address, value in values.items()}


def understood(said: Mapping[str, Setting]) -> dict[str, float]:
    """Board values again. Raises ``KnobError`` where a knob or a choice is not known any more."""
    unknown = [address for address in said if address not in _KNOBS]
    if unknown:
        raise KnobError(f"Nothing listens at {unknown[0]}.{nearest(unknown[0], _KNOBS)}")
    return {address: _KNOBS[address].parse(value) for address, value in said.items()}


def nearest(name: str, known: Iterable[str]) -> str:
    """`` Did you mean …?`` for a misspelt name, or nothing when nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _declare(address: str, field: dataclasses.Field[Any]) -> Knob:
    settings = dict(field.metadata["knob"])
    default: Any = field.default
    if isinstance(default, bool):
        return Knob(address, "switch", float(default), **{**settings, "low": 0.0, "high": 1.0})
    if isinstance(default, str):
        choices = settings["choices"]
        span = {"low": 0.0, "high": float(len(choices) - 1)}
        return Knob(address, "choice", float(choices.index(default)), **{**settings, **span})
    kind: Kind = "whole" if isinstance(default, int) else "number"
    if not settings["low"] <= default <= settings["high"]:
        raise ValueError(f"{address}: default {default} lies outside {settings['low']:g} to {settings['high']:g}.")
    return Knob(address, kind, float(default), **settings)
