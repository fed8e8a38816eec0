"""What is true of this machine rather than of the piece: read once from ``machine.toml``, checked before the start."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
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


def _seconds(told: object) -> object:
    """A duration in words as seconds; whatever else it is, is judged as a number."""
    if not isinstance(told, str):
        return told
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", told)
    if not found:
        raise ValueError(f"{told!r} is no duration; write 60s, 5m or 2h")
    return float(found[1]) * {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}[found[2]]


def _network(network: str) -> str:
    try:
        ip_network(network)
    except ValueError as error:
        raise ValueError(f"{network!r} is no network; write 192.168.1.0/24 or 10.0.0.7 ({error})") from error
    return network


def _target(target: str) -> str:
    split_target(target)
    return target


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no address of the web; write https://example.org/path")
    return url


def _origin(origin: str) -> str:
    parts = urlsplit(_url(origin))
    if f"{parts.scheme}://{parts.netloc}" != origin:
        raise ValueError(f"{origin!r} is more than an origin; write {parts.scheme}://{parts.netloc}")
    return origin


Port = Annotated[int, Field(ge=0, le=65535)]
PJLINK_PORT = 4352
COMPILING = 600.0  # seconds that a step may take at least where it is compiled first
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]  # nothing waits for ever
#: A host and a port: ``127.0.0.1:9001``, ``desk.local:9001``, ``[::1]:9001``.
Target = Annotated[str, AfterValidator(_target)]
#: Addresses of one network: ``192.168.1.0/24``, ``fd00::/8``, or one machine: ``10.0.0.7``.
Network = Annotated[str, AfterValidator(_network)]
#: ``600``, ``"600s"``, ``"10m"`` or ``"2h"``, in seconds; at least ten of them.
Duration = Annotated[float, BeforeValidator(_seconds), Field(ge=10, le=86_400)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """Frozen, and nothing it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DoorSettings(Section):
    """Who may come in from the network. Loopback until somebody decides otherwise."""

    host: str = "127.0.0.1"
    allow: tuple[Network, ...] = ()  # whose messages are taken besides this machine's; empty: everybody's who gets here
    passcode: Annotated[SecretStr, Field(min_length=4)] | None = None  # who plays from elsewhere says it
    peer_rate: Annotated[float, Field(ge=1, le=1e6)] = 25_000.0  # messages a second from one machine


class OscSettings(DoorSettings):
    """Where performers reach the piece."""

    port: Port = 9000
    release: Seconds = 120.0  # a slider left by a visitor in March must not rule the piece in May
    readings_to: tuple[Target, ...] = ()  # who hears the readings, as "host:port"
    readings_rate: Annotated[float, Field(ge=1, le=20)] = 10.0  # times a second


class WebSettings(DoorSettings):
    """Where browsers and OSCQuery's clients reach the piece."""

    enabled: bool = True
    port: Port = 9001
    names: tuple[
        str, ...
    ] = ()  # by which this machine is called besides its own: what else a browser asks for is refused
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()  # whose pages may talk to us from a browser
    announce: bool = True  # by zeroconf, where others can reach us
    metrics: bool = False  # /metrics, for Prometheus


class HeartbeatSettings(Section):
    """Where it is told, again and again, that the piece plays. To nobody, unless ``url`` says to whom."""

    url: Annotated[str, AfterValidator(_url)] | None = None
    every: Annotated[float, Field(ge=5, le=86_400)] = 60.0  # seconds
    patience: Annotated[float, Field(ge=1, le=60)] = 10.0  # seconds for one of them


Fraction = Annotated[float, Field(ge=0, le=1)]
#: A corner may lie outside its output by as much again: what a projector throws past the wall is not seen.
Corner = Annotated[tuple[float, float], AfterValidator(lambda corner: _near(corner, -1.0, 2.0, "a corner"))]
Offset = Annotated[tuple[float, float], AfterValidator(lambda offset: _near(offset, -1.0, 1.0, "an offset"))]
Factor = Annotated[float, Field(ge=0.1, le=10)]


def _near(point: tuple[float, float], low: float, high: float, what: str) -> tuple[float, float]:
    if not all(low <= number <= high for number in point):
        raise ValueError(f"{what} is two fractions of the output from {low:g} to {high:g}, not {list(point)}")
    return point


class BlendSettings(Section):
    """An output's soft edges: widths as fractions of it, and how steep they are in the middle (1 is straight)."""

    left: Fraction = 0.0
    top: Fraction = 0.0
    right: Fraction = 0.0
    bottom: Fraction = 0.0
    power: Annotated[float, Field(ge=1, le=8)] = 2.0

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if max(self.left + self.right, self.top + self.bottom) > 1:
            raise ValueError("two soft edges that face each other may together be as wide as the output (1), not wider")
        return self


class OutputSettings(Section):
    """One projector: where it hangs in the window, what it throws, how it is bent, how its light is matched."""

    name: Annotated[str, Field(pattern=r"^[\w-]{1,32}$")]
    display: Annotated[str, Field(min_length=1)] | None = None  # as xrandr calls it: "HDMI-1"
    place: tuple[int, int, int, int] | None = None  # x, y, width, height in window pixels, instead of a display
    source: tuple[Fraction, Fraction, Fraction, Fraction] = (0.0, 0.0, 1.0, 1.0)  # left, top, right, bottom
    rotation: Literal[0, 90, 180, 270] = 0  # clockwise
    corners: tuple[Corner, Corner, Corner, Corner] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    grid: tuple[tuple[Offset, ...], ...] = ()
    blend: BlendSettings = BlendSettings()
    black: Annotated[float, Field(ge=0, le=0.1)] = 0.0  # what it leaks at black, as a fraction of its white
    gain: tuple[Factor, Factor, Factor] = (1.0, 1.0, 1.0)
    gamma: tuple[Factor, Factor, Factor] = (1.0, 1.0, 1.0)
    mask: Path | None = None

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        left, top, right, bottom = self.source
        if not (left < right and top < bottom):
            raise ValueError("source is left, top, right, bottom in fractions of the canvas: [0.0, 0.0, 0.5, 1.0]")
        if self.place and not all(16 <= side <= 16384 for side in self.place[2:]):  # noqa: PLR2004 - pixels
            raise ValueError("place is x, y, width, height in pixels, width and height from 16 to 16384")
        if self.grid and (min(len(self.grid), *map(len, self.grid)) < 2 or len(set(map(len, self.grid))) > 1):  # noqa: PLR2004 - a surface
            raise ValueError("grid is two or more rows of control points, all as long, two or more in each")
        return self


class SharingSettings(Section):
    """Who else gets the picture: nobody, unless a device or a name is said."""

    camera: str = ""  # a device of v4l2loopback, "/dev/video9", or "auto" for the first
    ndi: str = ""  # the name by which others on the network find it
    rate: Annotated[float, Field(ge=1, le=60)] = 25.0  # pictures a second
    width: Annotated[int, Field(ge=64, le=3840, multiple_of=2)] = 1280  # pixels; the height follows the window's


class StageSettings(Section):
    """The window: which display, how large, how fast when the display cannot say."""

    display: Annotated[int, Field(ge=0)] = 0
    fullscreen: bool = False  # a first look is a window; the gallery's machine.toml says true
    width: Annotated[int, Field(ge=64, le=16384)] = 1920
    height: Annotated[int, Field(ge=64, le=16384)] = 1080
    rate: Annotated[float, Field(ge=1, le=240)] = 60.0
    fit: Literal["contain", "cover"] = "contain"
    renderer: Literal["auto", "gl", "software"] = "auto"  # auto: OpenGL where there is a graphics card
    sharing: SharingSettings = SharingSettings()
    outputs: Annotated[tuple[OutputSettings, ...], Field(max_length=16)] = ()  # none: one over the whole window

    @field_validator("outputs")
    @classmethod
    def _told_apart(cls, outputs: tuple[OutputSettings, ...]) -> tuple[OutputSettings, ...]:
        names = [output.name for output in outputs]
        if len(set(names)) < len(names):
            raise ValueError(f"every output has a name of its own, not {', '.join(names)}")
        return outputs


class EngineSettings(Section):
    """The process that owns torch."""

    device: str = "auto"
    size: Annotated[int, Field(ge=64, le=1024, multiple_of=64)] = 256
    threads: Annotated[int, Field(ge=0)] = 0  # 0: as many as there are cores
    loading_patience: Seconds = 180.0  # a large pipeline from a slow disk
    running_patience: Seconds = 20.0  # the slowest single denoising step we put up with
    checkpoint_every: Seconds = 10.0  # what a power cut may cost
    models: Path | None = None  # a folder with diffusers pipelines, by name
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"  # of pipelines; auto: what is fast here
    compile: bool = False  # pipelines that show results only, by torch.compile: minutes at first, then faster

    @model_validator(mode="after")
    def _patient(self) -> Self:
        if self.compile and self.running_patience < COMPILING:
            raise ValueError(f"compiling takes minutes; with compile = true set running_patience = {COMPILING:g} too")
        return self


class PlaceSettings(Section):
    """One engine of a wall: where it plays, and what it takes of its machine."""

    name: Annotated[str, Field(pattern=r"^[\w-]{1,32}$")]
    at: Literal["here", "cluster"] = "here"
    cpus: Annotated[float, Field(ge=0, le=1024)] = 1.0  # of its node; torch computes there with as many threads
    gpus: Annotated[float, Field(ge=0, le=64)] = 0.0
    node: Annotated[str, Field(min_length=1)] | None = None  # the node's address in the network; none: whichever can
    follow: bool = False  # another stage machine plays it: here its pictures are only shown

    @model_validator(mode="after")
    def _there(self) -> Self:
        if self.follow and self.at == "here":
            raise ValueError(f'{self.name} follows another stage machine: say at = "cluster" too')
        return self


class ClusterSettings(Section):
    """Where engines that are not here are reached, and how their pictures come back."""

    address: Literal["local"] | Target | None = None  # of its head; "local": a private one on this machine, for a try
    patience: Annotated[float, Field(ge=1, le=600)] = 60.0  # seconds for the head to answer, and for a node to begin
    silence: Annotated[float, Field(ge=1, le=600)] = 10.0  # seconds without a word, then an engine is taken for lost
    pictures: Literal["jpeg", "png", "raw"] = "jpeg"  # on the way; what a generation is made from is never rounded
    quality: Annotated[int, Field(ge=1, le=100)] = 90  # of jpeg
    columns: Annotated[int, Field(ge=1, le=16)] | None = None  # of a wall of engines; none: as square as can be
    together: Annotated[float, Field(gt=0, le=10)] | None = None  # seconds until every machine shows a picture at once


class ReliefSettings(Section):
    """When the machine is given less to do, before it takes less by itself."""

    enabled: bool = True
    load: Annotated[float, Field(ge=1, le=1000)] = 8.0  # tasks that want each core, over a minute


class MemorySettings(Section):
    """How much of this machine's memory a process may hold, before it is started anew in a quiet moment."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.6  # systemd slows the piece down at 0.8, and kills in it at 0.9


class CameraSettings(Section):
    """What may be looked at from outside: nothing, unless ``source`` says what."""

    source: Annotated[int, Field(ge=0, strict=True)] | Annotated[str, Field(min_length=1)] | None = None
    rate: Annotated[float, Field(ge=1, le=60)] = 10.0  # pictures a second at most; a take keeps those that were used
    patience: Seconds = 10.0  # of silence in the driver, before its process is ended


class RecordingSettings(Section):
    """Takes on disk."""

    segment: Seconds = 600.0  # a crash costs at most what was not flushed, a damaged disk at most this
    reserve_bytes: Annotated[int, Field(ge=0)] = 2 * 2**30  # recording stops first, checkpoints keep this much
    hls: Path | None = None  # a folder for the live stream of the last minute, for any web server; none: no stream
    ring: Duration | None = None  # how much is always kept in mind, "10m": /record/keep makes a take of it
    codec: Literal["ffv1", "h264", "h264-fast"] = "ffv1"  # bit for bit, 12 GB an hour at 256 px; h264 a quarter of it


class CatalogueSettings(Section):
    """What stands on every page of the catalogue. Nothing is claimed that is not said here."""

    title: Annotated[str, Field(min_length=1)] = "Burntout"
    artist: str = ""
    note: str = ""  # a paragraph for the first page
    licence: str = ""  # of pictures and films, in a sentence; without one all rights are reserved
    url: Annotated[str, AfterValidator(_url)] | None = None  # where it will be found: whole links for the feed


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


class GovernorSettings(Section):
    """How much a scene may burn that burns for burning's sake. Without a limit it burns nothing extra."""

    watts: Annotated[float, Field(gt=0, le=100_000)] | None = None  # of cards and processors together
    degrees: Annotated[float, Field(ge=30, le=110)] | None = (
        None  # Celsius, of the part that is nearest to slowing itself down
    )


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
    web: WebSettings = WebSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    stage: StageSettings = StageSettings()
    engine: EngineSettings = EngineSettings()
    engines: Annotated[tuple[PlaceSettings, ...], Field(max_length=64)] = ()  # none: one, here
    cluster: ClusterSettings = ClusterSettings()
    relief: ReliefSettings = ReliefSettings()
    memory: MemorySettings = MemorySettings()
    camera: CameraSettings = CameraSettings()
    recording: RecordingSettings = RecordingSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    energy: EnergySettings = EnergySettings()
    governor: GovernorSettings = GovernorSettings()
    projector: ProjectorSettings = ProjectorSettings()
    _file: Path | None = None

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError) as error:  # an unknown zone is a KeyError
            raise ValueError(f"no time zone {name!r}; use a name like Europe/Berlin") from error
        return name

    @field_validator("engines")
    @classmethod
    def _called_apart(cls, engines: tuple[PlaceSettings, ...]) -> tuple[PlaceSettings, ...]:
        names = [engine.name for engine in engines]
        if len(set(names)) < len(names):
            raise ValueError(f"every engine has a name of its own, not {', '.join(names)}")
        return engines

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.cluster.address is None and any(engine.at == "cluster" for engine in self.engines):
            raise ValueError('an engine is at the cluster: say where its head is, [cluster] address = "10.0.0.7:6379"')
        return self

    @property
    def is_abroad(self) -> bool:
        """Whether more plays than the one engine of this machine."""
        return len(self.engines) > 1 or any(engine.at == "cluster" for engine in self.engines)

    @property
    def file(self) -> Path | None:
        """The machine.toml they were read from, for commands that this process starts; None where there is none."""
        return self._file

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
        settings = Settings.model_validate(_merge(given, overrides or {}))
    except ValidationError as error:
        raise SettingsError(_sentence(path, error)) from error
    settings._file = path.resolve() if path else None  # noqa: SLF001 - of our own record, as it is made
    return settings


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
        section = _one_of(section if isinstance(key, int) else section.model_fields[key].annotation)
    return nearest(str(where[-1]), section.model_fields)


def _one_of(annotation: Any) -> Any:
    """What stands in a list of sections, or the section itself."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else annotation
