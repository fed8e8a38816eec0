"""Metrics for Prometheus: health, readings, vital signs and what the doors refused, in its text format."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from installation.machine.board import glance
from installation.readings import Value, declared
from installation.web.glance import Glance

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client.core import Metric

PREFIX = "burntout_"


def furnish(app: web.Application, look: Callable[[], Glance | None]) -> None:
    """Serve ``/metrics``; before the first glance there are none."""
    from aiohttp import web
    from prometheus_client import CONTENT_TYPE_LATEST

    async def answer(_: web.Request) -> web.Response:
        seen = look()
        body = exposition(seen) if seen else b""
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/metrics", answer)


def exposition(seen: Glance) -> bytes:
    """All metrics in Prometheus's text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told([*_health(seen), *_readings(seen), *_doors(seen), _vitals(seen.boards)]))
    return generate_latest(registry)


class _Told:
    """Prometheus's collector of metrics that are there already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _health(seen: Glance) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    health = seen.health
    playing = GaugeMetricFamily(f"{PREFIX}playing", "1 while the piece plays.", labels=("scene", "state"))
    playing.add_metric((health.scene, health.state), float(health.state == "playing"))
    yield playing
    deaths = GaugeMetricFamily(f"{PREFIX}recent_deaths", "Deaths of a process in ten minutes.", labels=("process",))
    for name, count in health.deaths.items():
        deaths.add_metric((name,), count)
    yield deaths
    memory = GaugeMetricFamily(f"{PREFIX}memory_bytes", "What a process holds in memory.", labels=("process",))
    for name, weight in health.memory.items():
        memory.add_metric((name,), weight.held)
    yield memory
    yield GaugeMetricFamily(f"{PREFIX}degraded", "How many things are not as they should be.", len(health.degraded))
    for name, doc, value in (
        ("generation", "The lineage's newest generation.", health.serial),
        ("temperature", "How far the picture is burnt, 0 to 1.", health.temperature),
        ("generations_per_second", "Generations a second.", health.rate),
        ("stage_frames_per_second", "Frames a second on the wall.", health.stage_fps),
        ("stage_worst_gap_seconds", "The longest time between two frames.", health.worst_gap_ms / 1000.0),
        ("recording", "1 while a take is recorded.", float(health.recording is not None)),
        ("recorder_dropped_frames", "Frames that the running recorder dropped.", health.dropped_frames),
    ):
        yield GaugeMetricFamily(PREFIX + name, doc, value=float(value))


def _readings(seen: Glance) -> Iterator[Metric]:
    """Every number there is, and beside it whether it is estimated: what is not there is not told."""
    from prometheus_client.core import GaugeMetricFamily

    labels = ("address", "unit")
    numbers = GaugeMetricFamily(f"{PREFIX}reading", "A reading's number.", labels=labels)
    estimated = GaugeMetricFamily(f"{PREFIX}reading_estimated", "1 where it is estimated.", labels=labels)
    for address, each in declared().items():
        taken = seen.readings.get(address)
        if isinstance(taken, Value):
            numbers.add_metric((address, each.unit), taken.number)
            estimated.add_metric((address, each.unit), float(taken.estimated))
    yield from (numbers, estimated)


def _doors(seen: Glance) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    yield CounterMetricFamily(f"{PREFIX}refused", "Messages that were not taken, by any door.", seen.health.refused)
    yield CounterMetricFamily(f"{PREFIX}osc_received", "Messages over OSC.", seen.osc.received)
    causes = CounterMetricFamily(f"{PREFIX}osc_refused", "Messages over OSC not taken.", labels=("cause",))
    for cause, count in seen.osc.refused.items():
        causes.add_metric((cause,), count)
    yield causes
    yield GaugeMetricFamily(f"{PREFIX}osc_subscribers", "Who hears values over OSC.", seen.osc.subscribers)


def _vitals(boards: Mapping[str, Path]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    vitals = GaugeMetricFamily(f"{PREFIX}vital", "A process's vital sign.", labels=("process", "name"))
    for process, path in boards.items():
        for name, value in glance(path).items():
            if not math.isnan(value):
                vitals.add_metric((process, name), value)
    return vitals
