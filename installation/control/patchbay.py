"""MIDI's ports, and the patch on disk: what may take long, on a thread of its own, so that the tick never waits for it.

Every input there is is open; one that was pulled out is opened again when it is back.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from installation.errors import Refusal
from installation.machine.files import StorageError, write_atomically

log = logging.getLogger(__name__)

BACKEND = "mido.backends.rtmidi"
LOOK_EVERY = 2.0  # seconds between two looks at what is plugged in
RETRY = 60.0  # seconds where there is no MIDI at all
WAITING = 1000  # messages between two ticks; more are lost
PATIENCE = 1.0  # seconds for the thread to leave


class MidiError(Refusal):
    """What MIDI cannot do here, or cannot play."""


class Patchbay:
    """Owns the thread, the open ports and the file. ``heard`` has what was played: mido's messages, for any thread."""

    def __init__(self, file: Path, backend: str = BACKEND, every: float = LOOK_EVERY) -> None:
        """Open what there is, from now on. ``backend`` is one of mido's, ``every`` seconds pass between two looks."""
        self.heard: queue.Queue[Any] = queue.Queue(WAITING)
        self._file, self._backend, self._every = file, backend, every
        self._ports: dict[str, Any] = {}
        self._patch: dict[str, str] | None = None
        self._wake, self._leaving, self._complained = threading.Event(), False, False
        self._thread = threading.Thread(target=self._serve, name="midi", daemon=True)
        self._thread.start()

    def keep(self, patch: Mapping[str, str]) -> None:
        """Have the patch written, soon."""
        self._patch = dict(patch)
        self._wake.set()

    def close(self) -> None:
        """Write what is not written yet and let go of the ports, within a second."""
        self._leaving = True
        self._wake.set()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        while not self._leaving:
            pause = self._look()
            self._wake.wait(pause)
            self._wake.clear()
            self._write()
        self._close({*self._ports})

    def _look(self) -> float:
        """Open what is new and close what is gone; gives the seconds until the next look."""
        try:
            import mido  # type: ignore[import-untyped] # it has no types

            backend = mido.Backend(self._backend)
            there = set(backend.get_input_names())
            self._close({*self._ports} - there)
            for name in there - {*self._ports}:
                self._ports[name] = backend.open_input(name, callback=self._take)
                log.info("MIDI from %s.", name)
        except ImportError:
            self._complain("MIDI needs mido and python-rtmidi: pip install 'burntout[midi]'.")
            return RETRY
        except OSError as error:
            self._complain(f"No MIDI here ({error}). Is the sequencer loaded? modprobe snd-seq. It is tried again.")
            return RETRY
        self._complained = False
        return self._every

    def _complain(self, sentence: str) -> None:
        """Once, until it works again."""
        if not self._complained:
            log.warning("%s", sentence)
        self._complained = True

    def _take(self, message: Any) -> None:
        """Called from the driver's own thread."""
        with contextlib.suppress(queue.Full):
            self.heard.put_nowait(message)

    def _close(self, names: set[str]) -> None:
        for name in names:
            log.info("No MIDI from %s any more.", name)
            with contextlib.suppress(OSError):
                self._ports.pop(name).close()

    def _write(self) -> None:
        patch, self._patch = self._patch, None
        if patch is None:
            return
        try:
            write_atomically(self._file, json.dumps(patch, indent=1) + "\n")
        except StorageError as error:
            log.warning("%s What MIDI has learnt is forgotten at the end.", error)


def patch_of(file: Path) -> dict[str, str]:
    """What plays which address, as it was kept; nothing where nothing was. Raises ``MidiError`` for a damaged file."""
    try:
        patch = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise MidiError(f"{file} cannot be read ({error}). Mend it, or move it away and learn again.") from error
    if not isinstance(patch, dict) or not all(isinstance(address, str) for address in patch.values()):
        raise MidiError(f"{file} is no patch. Mend it, or move it away and learn again.")
    return patch
