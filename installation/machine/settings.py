"""What is true of this machine rather than of the piece: read once from ``machine.toml``, checked before the start."""

from __future__ import annotations

import tomllib
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from installation.errors import Refusal
from installation.knobs import nearest
from installation.machine.files import default_state


class SettingsError(Refusal):
    """A machine.toml that cannot be obeyed."""


def split_target(target: str) -> tuple[str, int]:
    """Host and port of ``host:port``. Raises ``ValueError`` for anything else."""
    host, _, port = target.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not bare or (":" in bare) != (host != bare) or not port.isascii() or not port.isdigit():
        raise ValueError(f"{target!r} is no host:port; write 127.0.0.1:9001 or [::1]:9001")
    if not 0 < int(port) < 65536:  # noqa: PLR2004 - UDP's ports
        raise ValueError(f"{target!r} has no port from 1 to 65535")
    return bare, int(port)


def _network(network: str) -> str:
    try:
        ip_network(network)
    except ValueError as error:
        raise ValueError(f"{network!r} is no network; write 192.168.1.0/24 or 10.0.0.7 ({error})") from error
    return network


def _target(target: str) -> str:
    split_target(target)
    return target


Port = Annotated[int, Field(ge=0, le=65535)]
PJLINK_PORT = 4352
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]  # nothing waits for ever
#: A host and a port: ``127.0.0.1:9001``, ``desk.local:9001``, ``[::1]:9001``.
Target = Annotated[str, AfterValidator(_target)]
#: Addresses of one network: ``192.168.1.0/24``, ``fd00::/8``, or one machine: ``10.0.0.7``.
Network = Annotated[str, AfterValidator(_network)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """Frozen, and nothing it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OscSettings(Section):
    """Where performers reach the piece. Loopback until somebody decides otherwise."""

    host: str = "127.0.0.1"
    port: Port = 9000
    allow: tuple[Network, ...] = ()  # whose messages are taken besides this machine's; empty: everybody's who gets here
    passcode: Annotated[SecretStr, Field(min_length=4)] | None = None  # who plays from elsewhere says it, over TCP
    peer_rate: Annotated[float, Field(ge=1, le=1e6)] = 25_000.0  # messages a second from one machine
    release: Seconds = 120.0  # a slider left by a visitor in March must not rule the piece in May
    readings_to: tuple[Target, ...] = ()  # who hears the readings, as "host:port"
    readings_rate: Annotated[float, Field(ge=1, le=20)] = 10.0  # times a second


class StageSettings(Section):
    """The window: which display, how large, how fast when the display cannot say."""

    display: Annotated[int, Field(ge=0)] = 0
    fullscreen: bool = False  # a first look is a window; the gallery's machine.toml says true
    width: Annotated[int, Field(ge=64, le=16384)] = 1920
    height: Annotated[int, Field(ge=64, le=16384)] = 1080
    rate: Annotated[float, Field(ge=1, le=240)] = 60.0
    fit: Literal["contain", "cover"] = "contain"


class EngineSettings(Section):
    """The process that owns torch."""

    device: str = "auto"
    size: Annotated[int, Field(ge=64, le=1024, multiple_of=64)] = 256
    threads: Annotated[int, Field(ge=0)] = 0  # 0: as many as there are cores
    loading_patience: Seconds = 180.0  # a large pipeline from a slow disk
    running_patience: Seconds = 20.0  # the slowest single denoising step we put up with
    checkpoint_every: Seconds = 10.0  # what a power cut may cost
    models: Path | None = None  # a folder with diffusers pipelines, by name


class RecordingSettings(Section):
    """Takes on disk."""

    segment: Seconds = 600.0  # a crash costs at most what was not flushed, a damaged disk at most this
    reserve_bytes: Annotated[int, Field(ge=0)] = 2 * 2**30  # recording stops first, checkpoints keep this much
    codec: Literal["ffv1", "h264"] = "ffv1"  # bit for bit, about 12 GB an hour at 256 x 256; h264 a quarter of it


class EnergySettings(Section):
    """What energy costs here, and what to make of a machine without sensors. Nothing is assumed that is not said."""

    processor_tdp: Annotated[float, Field(gt=0, le=10_000)] | None = None  # W, to estimate from where RAPL is closed
    kelvin: Annotated[float, Field(ge=200, le=400)] = 300.0  # of the room: 27 degrees Celsius
    pue: Annotated[float, Field(ge=1, le=10)] = 1.0  # what cooling and losses add, as a factor
    grid_intensity: Amount | None = None  # g CO2 per kWh, and when that was so
    grid_date: date | None = None
    tariff: Amount | None = None  # money per kWh, in what currency, and when that was so
    tariff_date: date | None = None
    currency: str = "EUR"

    @model_validator(mode="after")
    def _dated(self) -> Self:
        for key, when in (("grid_intensity", "grid_date"), ("tariff", "tariff_date")):
            if getattr(self, key) is not None and getattr(self, when) is None:
                raise ValueError(f"say with {when} = 2026-01-31 when energy.{key} was so; it changes every year")
        return self


def _projector(target: str) -> str:
    """A projector's host and port; PJLink's own port where none is said."""
    bare = target.endswith("]") or ":" not in target
    return _target(f"{target}:{PJLINK_PORT}" if bare else target)


class ProjectorSettings(Section):
    """The projectors' power, which follows the doors. Nothing is switched unless ``kind`` says how."""

    kind: Literal["none", "pjlink", "display"] = "none"
    hosts: tuple[Annotated[str, AfterValidator(_projector)], ...] = ()
    password: SecretStr | None = None
    poll: Annotated[float, Field(ge=60, le=3600)] = 60.0  # some lock up when they are asked more often
    patience: Annotated[float, Field(ge=1, le=30)] = 5.0  # seconds for one exchange
    warm_up: Annotated[float, Field(ge=0, le=900)] = 90.0  # seconds in which nothing is asked of a lamp that was lit
    cool_down: Annotated[float, Field(ge=0, le=900)] = 150.0
    on: Annotated[tuple[str, ...], Field(min_length=1)] = ("xset", "dpms", "force", "on")
    off: Annotated[tuple[str, ...], Field(min_length=1)] = ("xset", "dpms", "force", "off")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind == "pjlink" and not self.hosts:
            raise ValueError('say where the projectors are: hosts = ["192.168.1.40"]')
        return self


class Settings(Section):
    """Everything ``machine.toml`` may say."""

    state: Path = Field(default_factory=default_state)
    timezone: str = "UTC"
    osc: OscSettings = OscSettings()
    stage: StageSettings = StageSettings()
    engine: EngineSettings = EngineSettings()
    recording: RecordingSettings = RecordingSettings()
    energy: EnergySettings = EnergySettings()
    projector: ProjectorSettings = ProjectorSettings()

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError) as error:  # an unknown zone is a KeyError
            raise ValueError(f"no time zone {name!r}; use a name like Europe/Berlin") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The gallery's own time."""
        return ZoneInfo(self.timezone)


def load(path: Path | None, overrides: dict[str, Any] | None = None) -> Settings:
    """Settings from a file (None: the defaults), with the command line's nested overrides on top.

    Raises ``SettingsError`` naming file, key and the nearest known name.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from error
    try:
        return Settings.model_validate(_merge(given, overrides or {}))
    except ValidationError as error:
        raise SettingsError(_sentence(path, error)) from error


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _sentence(path: Path | None, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"{path or 'settings'}: there is no setting {where}.{_hint(first['loc'])}"
    return f"{path or 'settings'}: {where}: {first['msg'].removeprefix('Value error, ')}."


def _hint(where: tuple[int | str, ...]) -> str:
    """The nearest key of the section in which the unknown one stands."""
    section: Any = Settings
    for key in where[:-1]:
        section = section.model_fields[str(key)].annotation
    return nearest(str(where[-1]), section.model_fields)
