"""Who is invited: everything the conductor looks after that has an opening, a tick and an end of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installation.camera.guest import CameraGuest
from installation.cluster.guest import ClusterGuest
from installation.collapsing.guest import CollapseGuest
from installation.collapsing.live import LiveCollapse
from installation.collapsing.words import WordsGuest
from installation.console.guest import Console
from installation.control.aligning import Aligning
from installation.control.cuelist import CueList
from installation.control.midi import Midi
from installation.control.modulation import Modulations
from installation.governor import Governor
from installation.market.casino import CasinoGuest
from installation.market.prometheus import Prometheus
from installation.relief.guest import ReliefGuest
from installation.web.door import WebDoor
from installation.web.heartbeat import Heartbeat

if TYPE_CHECKING:
    from installation.control.guest import Guest
    from installation.machine.settings import Settings


def invited(settings: Settings) -> tuple[Guest, ...]:
    """The guests of a performance on this machine, in the order of their coming; they leave in the reverse."""
    console = Console()
    web = (console, WebDoor(settings.web, [console.room])) if settings.web.enabled else ()
    cluster = (ClusterGuest(),) if settings.is_abroad else ()
    heartbeat = (Heartbeat(settings.heartbeat),) if settings.heartbeat.url else ()
    return (
        CameraGuest(),
        CollapseGuest(),
        LiveCollapse(),
        WordsGuest(),
        Governor(),
        Aligning(),
        CueList(),
        Modulations(),
        Midi(),
        ReliefGuest(settings.relief),
        CasinoGuest(),
        Prometheus(),
        *cluster,
        *web,
        *heartbeat,
    )
