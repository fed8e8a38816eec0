"""An errand: a job that a process of its own does, watched from the server's thread, which never waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from installation.errors import Refusal
from installation.machine.supervisor import how

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "installation.publishing.job")
SILENCE = 900.0  # seconds without a word after which a job is given up: the checksum of a large film takes minutes
GRACE = 5.0  # seconds between asking a process to leave and killing it
LONGEST = 2**20  # bytes of a line


class ErrandError(Refusal):
    """A job that was refused, or that died, with the reason."""


async def errand(
    order: Mapping[str, Any], command: Sequence[str] = COMMAND, silence: float = SILENCE
) -> AsyncGenerator[Mapping[str, Any], None]:
    """Have a job done (``publishing.job``) and give what it says, line by line; ``silence`` is in seconds.

    Whoever stops listening (``aclosing``) ends it. Raises ``ErrandError`` where it is refused, dies or falls silent.
    """
    quiet, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, json.dumps(order), stdin=quiet, stdout=pipe, stderr=asyncio.subprocess.STDOUT, limit=LONGEST,
        start_new_session=True,  # a Ctrl-C is for the conductor, who ends this one
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    last = ""
    try:
        while line := await _heard(process.stdout, silence):
            said = _said(line)
            if refused := said.get("refused"):
                raise ErrandError(str(refused))
            last = last if said else line.decode(errors="replace").strip() or last
            if said:
                yield said
        if code := await asyncio.wait_for(process.wait(), GRACE):
            raise ErrandError(f"The job has died ({how(code)}).{f' It said: {last[:200]}' if last else ''}")
    finally:
        await _end(process)


async def _heard(voice: asyncio.StreamReader, silence: float) -> bytes:
    try:
        return await asyncio.wait_for(voice.readline(), silence)
    except TimeoutError:
        raise ErrandError(f"The job has said nothing for {silence / 60:.0f} minutes and was ended.") from None


def _said(line: bytes) -> Mapping[str, Any]:
    """What a line of JSON says; nothing for what libraries say to the terminal."""
    with contextlib.suppress(ValueError):
        said = json.loads(line)
        if isinstance(said, dict):
            return said
    return {}


async def _end(process: asyncio.subprocess.Process) -> None:
    """Make sure that it has left, asking first; whoever cannot wait for that has it killed."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE)
    finally:
        if process.returncode is None:
            process.kill()
            with contextlib.suppress(TimeoutError):  # even the dead wait for a disk that does not answer
                await asyncio.wait_for(process.wait(), GRACE)
