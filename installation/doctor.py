"""The doctor: what this machine can do for the piece, one finding per line, before the doors open."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import psutil
from rich.markup import escape

from installation import hardware, scenes
from installation.cluster import examination
from installation.control import sockets
from installation.errors import Refusal
from installation.hardware import Finding, Grade
from installation.machine.files import require_writable, share
from installation.machine.wires import memory_folder
from installation.panels import all_knobs
from installation.web.announcement import is_local
from installation.web.server import WebError, listen

if TYPE_CHECKING:
    from installation.machine.settings import DoorSettings, Settings

MARKS: dict[Grade, str] = {"good": "[green]good[/]", "note": "[yellow]note[/]", "bad": "[red]bad [/]"}
RING_BYTES = 100_000_000  # what the wires need in memory
ROOMY_BYTES = 10_000_000_000  # about eight hours of takes


def line(finding: Finding) -> str:
    """A finding for the terminal, with rich's markup."""
    return f"{MARKS[finding.grade]}  {finding.what:<11} {escape(finding.sentence)}"  # paths may hold brackets


def report(findings: Iterable[Finding]) -> str:
    """Findings for another program, as JSON: whether it can play, and each finding's grade, matter and sentence."""
    found = list(findings)
    told = {"plays": not any(finding.fatal for finding in found), "findings": [asdict(each) for each in found]}
    return json.dumps(told, indent=2, ensure_ascii=False)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, as they are made: the slow ones (loading the models) come last."""
    for look in (_python, _processor, _torch, *hardware.LOOKS, _osc, _web, _state, _memory, _scenes, _forms):
        yield look(settings)
    yield from _cluster(settings)
    for name in ("archive", "ember"):
        yield _restorer(name, settings)


def _python(_: Settings) -> Finding:
    return Finding("good", "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}.")


def _processor(_: Settings) -> Finding:
    memory = psutil.virtual_memory()
    free, total = memory.available / 2**30, memory.total / 2**30
    grade: Grade = "good" if free > 3 else "note"  # noqa: PLR2004 - the three processes together take about 2 GiB
    return Finding(grade, "processor", f"{os.cpu_count()} cores, {free:.1f} of {total:.1f} GiB memory free.")


def _torch(_: Settings) -> Finding:
    import torch

    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return Finding("good", "torch", f"{torch.__version__} on {card.name}, {card.total_memory / 2**30:.0f} GiB.")
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # noqa: SLF001 - no public name
    with_ = "with bfloat16" if fast else "in float32 (no bfloat16: half as fast)"
    return Finding("good", "torch", f"{torch.__version__} on the CPU {with_}; ember plays, large pipelines crawl.")


def _osc(settings: Settings) -> Finding:
    osc = settings.osc
    try:
        opened = sockets.listen(osc.host, osc.port)
    except sockets.OscError as error:
        return Finding("bad", "OSC", str(error))
    opened.close()
    buffer = f"{opened.buffer_bytes / 2**20:.1f} MiB of datagrams may wait"
    return Finding(
        "good", "OSC", f"{osc.host}:{osc.port} is free, UDP and TCP; {_reach(osc, ' over TCP')} can play; {buffer}."
    )


def _web(settings: Settings) -> Finding:
    web = settings.web
    if not web.enabled:
        return Finding("note", "web", "Switched off: no OSCQuery, no pages.")
    try:
        listen(web.host, web.port).close()
    except WebError as error:
        return Finding("note", "web", str(error))
    sentence = f"{web.host}:{web.port} is free; {_reach(web)} can look and play there."
    open_to_all = not (is_local(web.host) or web.allow or web.passcode)
    return Finding("note" if open_to_all else "good", "web", sentence)


def _reach(door: DoorSettings, way: str = "") -> str:
    """Who can play, in words; ``way`` is how the passcode must come."""
    if is_local(door.host):
        return "this machine only"
    who = f"this machine and {', '.join(door.allow)}" if door.allow else "everybody on the network"
    return f"{who}{f', with the passcode{way},' if door.passcode else ''}"


def _state(settings: Settings) -> Finding:
    try:
        require_writable(settings.state)
    except Refusal as refusal:
        return Finding("bad", "state", str(refusal))
    free = shutil.disk_usage(settings.state).free
    grade: Grade = "good" if free > settings.recording.reserve_bytes + ROOMY_BYTES else "note"
    return Finding(grade, "state", f"{settings.state}, {free / 1e9:.0f} GB free.")


def _memory(_: Settings) -> Finding:
    folder = memory_folder()
    free = shutil.disk_usage(folder).free
    if free < RING_BYTES:
        return Finding("bad", "wires", f"{folder} has {free / 1e6:.0f} MB free; {RING_BYTES / 1e6:.0f} MB are needed.")
    return Finding("good", "wires", f"{folder}, {free / 1e9:.1f} GB free.")


def _scenes(_: Settings) -> Finding:
    found = scenes.all_scenes(share("scenes"), all_knobs(), share("assets"))
    refused = [str(scene) for scene in found.values() if isinstance(scene, Refusal)]
    if refused or not found:
        return Finding("bad", "scenes", " ".join(refused) or f"None in {share('scenes')}. Install again.")
    return Finding("good", "scenes", f"{len(found)} checked: {', '.join(found)}.")


def _cluster(settings: Settings) -> Iterator[Finding]:
    """Who else paints, where machine.toml names a cluster. None of it is fatal: without it the engines play here."""
    for remark in examination.examine(settings):
        yield Finding("good" if remark.well else "note", "cluster", remark.sentence)


def _forms(_: Settings) -> Finding:
    from installation.publishing import FORMS

    lacks = [lack for form in FORMS.values() if (lack := form.lack())]
    if lacks:
        return Finding("note", "publishing", " ".join(lacks))
    return Finding("good", "publishing", f"All {len(FORMS)} forms of an edition can be made.")


def _restorer(name: str, settings: Settings) -> Finding:
    from installation.restorers.shelf import load

    return _try(name, lambda: load(name, None, settings.engine.models, "cpu").digest)


def _try(name: str, loading: Callable[[], str]) -> Finding:
    try:
        return Finding("good", name, f"Loads; SHA-256 {loading()[:16]}…")
    except Refusal as refusal:
        return Finding("bad" if name == "archive" else "note", name, str(refusal))
