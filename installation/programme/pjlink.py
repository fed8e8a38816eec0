"""PJLink, the projectors' common tongue: power and faults, class 1 and 2, over TCP.

The specification is JBMIA's PJLink 2.10 (class 2, 2019). Power and faults are spoken of in class 1 by both classes. One
connection for one exchange: a projector hangs up after 30 s of silence, and an open line keeps others from it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from enum import StrEnum

from installation.errors import Refusal

LONGEST = 256  # bytes of an answer; the specification allows 128 and some words around them
FAULTS = ("fan", "lamp", "temperature", "cover", "filter", "other")
REASONS = {
    "ERR1": "does not know this command",
    "ERR2": "does not take this parameter",
    "ERR3": "cannot do this now",
    "ERR4": "reports a failure of its own",
    "ERRA": "wants another password",
}


class ProjectorError(Refusal):
    """What a projector answered, or did not, and what to do."""


class Power(StrEnum):
    """What a projector says of its lamp."""

    OFF = "0"
    ON = "1"
    COOLING = "2"
    WARMING = "3"


class Link:
    """A line to a projector, for as long as one exchange."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """``greet`` comes first."""
        self._reader, self._writer, self._seal = reader, writer, ""

    async def greet(self, password: str | None) -> None:
        """Hear how it greets; a locked projector takes the password, sealed, before the first command."""
        match (await self._hear()).split(" "):
            case ["PJLINK", "0"]:
                return
            case ["PJLINK", "1", token] if password is not None:
                self._seal = hashlib.md5(f"{token}{password}".encode(), usedforsecurity=False).hexdigest()
            case ["PJLINK", "1", _]:
                raise ProjectorError("wants a password; set projector.password in machine.toml")
            case _:
                raise ProjectorError("does not greet in PJLink; look whether PJLink is on and the address is its own")

    async def ask(self, command: str, parameter: str = "?") -> str:
        """The answer to a class 1 command of four letters. Raises ``ProjectorError`` for a refusal or nonsense."""
        self._writer.write(f"{self._seal}%1{command} {parameter}\r".encode())
        self._seal = ""
        await self._writer.drain()
        head, _, answer = (await self._hear()).replace(" ", "=", 1).partition("=")
        if answer in REASONS:
            raise ProjectorError(f"{REASONS[answer]} ({command} {parameter}: {answer})")
        if head.upper() != f"%1{command}" or not answer:
            raise ProjectorError(f"answers {command} with nonsense; switch it off at the mains and on again")
        return answer

    async def power(self) -> Power:
        """What it says of its lamp."""
        answer = await self.ask("POWR")
        if answer not in set(Power):
            raise ProjectorError(f"answers POWR with {answer[:20]!r}; switch it off at the mains and on again")
        return Power(answer)

    async def switch(self, *, on: bool) -> None:
        """Turn it on or off; it takes its time afterwards."""
        if (answer := await self.ask("POWR", "1" if on else "0")).upper() != "OK":
            raise ProjectorError(f"answers POWR with {answer[:20]!r} and not with OK")

    async def faults(self) -> str:
        """What it says is wrong with it, in words; nothing where all is well or it does not say."""
        try:
            answer = await self.ask("ERST")
        except ProjectorError:
            return ""  # many do not tell while their lamp is off
        marks = zip(FAULTS, answer, strict=False)
        return ", ".join(f"{part} {'fails' if mark == '2' else 'warns'}" for part, mark in marks if mark in "12")

    async def _hear(self) -> str:
        return (await self._reader.readuntil(b"\r")).decode("ascii").rstrip("\r")


@contextlib.asynccontextmanager
async def linked(host: str, port: int, password: str | None, patience: float) -> AsyncIterator[Link]:
    """A line to a projector, hung up in every case; all of it takes at most ``patience`` seconds.

    Raises ``ProjectorError`` for everything a projector and a network can do.
    """
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(host, port, limit=LONGEST)
            try:
                link = Link(reader, writer)
                await link.greet(password)
                yield link
            finally:
                writer.close()
    except TimeoutError:
        raise ProjectorError(f"did not answer in {patience:g} s; look at its mains and network") from None
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, UnicodeDecodeError) as error:
        raise ProjectorError(f"hung up or talks nonsense ({type(error).__name__}); is it a PJLink port?") from None
    except OSError as error:
        raise ProjectorError(f"cannot be reached ({error.strerror or error}); look at its mains and network") from None
