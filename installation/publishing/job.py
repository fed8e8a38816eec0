"""A job in a process of its own, for whoever must not wait and must not be disturbed: an edition, or previews of takes.

``python -m installation.publishing.job ORDER`` with an order in JSON. It says in lines of JSON how far it is
(``{"share": 0.5}``), what it has made (``{"made": "NAME.mp4"}``), and why it cannot go on (``{"refused": "…"}``).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from installation.errors import Refusal
from installation.publishing import certificate, provenance
from installation.publishing.edition import AS_ASKED
from installation.publishing.forms import chosen
from installation.publishing.preview import preview
from installation.publishing.whole import PublishError
from installation.recording import takes

if TYPE_CHECKING:
    from installation.publishing.film import Progress

REFUSED = 1  # exit code
LEAST_NICE = 19
AUTOGROUP = Path("/proc/self/autogroup")  # where the kernel has sessions, unless cgroups share the processor out
SESSION_NICE = 13  # 56 of the show's 1024: a twentieth of a processor that both want, so a film is done in the end
KILLED_FIRST = "1000"  # of the kernel's scale for whom to kill when memory runs out

Said = Iterator[Mapping[str, Any]]


def main(order: Mapping[str, Any]) -> int:
    """Do what is ordered, saying so; returns an exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(REFUSED))  # through every ``finally``: nothing half made is left
    step_back()
    try:
        for line in JOBS[order["job"]](order):
            _say(line)
    except Refusal as refusal:
        _say({"refused": str(refusal)})
        return REFUSED
    return 0


def step_back() -> None:
    """Let everybody else go first: to the processor, to the disk, and last to be spared when memory runs out.

    Linux weighs sessions before it weighs processes (autogroup): niceness counts only among one's own, and a session of
    its own would have as much of the machine as the whole show. So the session steps back too.
    """
    os.setpriority(os.PRIO_PROCESS, 0, LEAST_NICE)  # not SCHED_IDLE: beside a busy engine it would never be done
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it interrupts nobody who is at work
    if os.getsid(0) == os.getpid():  # not a terminal's session, in which somebody else is at work
        with contextlib.suppress(OSError):
            AUTOGROUP.write_text(str(SESSION_NICE), encoding="ascii")
    with contextlib.suppress(AttributeError, OSError, psutil.Error):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(KILLED_FIRST, encoding="ascii")


def edition(order: Mapping[str, Any]) -> Said:
    """Publish the take in ``folder`` in each of the ``forms``, beside it, as ``burntout publish`` does.

    ``reserve_bytes`` of the disk are left alone, ``state`` is where the certificate is. Raises ``PublishError``.
    """
    folder, reserve = Path(order["folder"]), int(order["reserve_bytes"])
    take, forms = takes.load(folder), chosen(order["forms"])
    credential = certificate.standing(Path(order["state"]))
    for place, form in enumerate(forms):
        path = form.place(take, folder)
        form.make(take, path, AS_ASKED, _telling(place, len(forms), lambda: _require_room(folder, reserve)))
        provenance.attest(take, path, credential, provenance.only_serial(take, form.name, AS_ASKED))
        yield {"share": (place + 1) / len(forms), "made": path.name}


def previews(order: Mapping[str, Any]) -> Said:
    """Make a preview of the take in each of the ``folders``, below ``into``. Says of each whether there is one."""
    for folder in map(Path, order["folders"]):
        with contextlib.suppress(takes.TakeError):
            if preview(takes.glance(folder), Path(order["into"]) / f"{folder.name}.jpg"):
                yield {"made": folder.name}


JOBS = {"edition": edition, "previews": previews}


def _telling(place: int, count: int, look: Callable[[], None]) -> Progress:
    """Say how far all is while one of them is made, in hundredths; ``look`` looks at the disk each time it is asked."""
    said = 0

    def tell(share: float) -> None:
        nonlocal said
        look()
        hundredths = int(100 * (place + min(share, 1.0)) / count)
        if hundredths > said:
            said = hundredths
            _say({"share": hundredths / 100})

    return tell


def _require_room(folder: Path, reserve_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < reserve_bytes:
        raise PublishError(
            f"Only {free / 2**30:.2f} GiB are free, and {reserve_bytes / 2**30:.2f} GiB are kept for the show itself. "
            "Delete takes first."
        )


def _say(line: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _ordered(arguments: Sequence[str]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(arguments[0])
    return found


if __name__ == "__main__":
    sys.exit(main(_ordered(sys.argv[1:])))
