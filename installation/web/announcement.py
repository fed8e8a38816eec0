"""The announcement: who looks for OSCQuery or OSC in the local network finds us by zeroconf (RFC 6763)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from installation.control.peers import is_here

if TYPE_CHECKING:
    from aiohttp import web
    from zeroconf import ServiceInfo

log = logging.getLogger(__name__)

QUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - the words for all addresses
PATIENCE = 10.0  # seconds to ask whether somebody else has our name
LONGEST = 63  # bytes of a name in DNS
FAREWELL = 0.3  # seconds to say that we leave; who misses it hears it from the record's age


@dataclass(frozen=True, slots=True)
class Service:
    """What is offered: a zeroconf type, and the address and port where it is."""

    type: str
    host: str
    port: int

    @property
    def is_reachable(self) -> bool:
        """Whether another machine could come."""
        return not is_local(self.host)


def furnish(app: web.Application, services: Sequence[Service], name: str) -> None:
    """Announce, as long as the application runs, what other machines can reach; nothing where there is none."""
    reachable = [service for service in services if service.is_reachable]

    async def announcing(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(announce(reachable, name))
        yield
        task.cancel()
        await asyncio.wait([task], timeout=2 * FAREWELL)

    if reachable:
        app.cleanup_ctx.append(announcing)


async def announce(services: Sequence[Service], name: str) -> None:
    """Tell the network until cancelled. Where that cannot be, a line in the log: the show goes on without."""
    from zeroconf import Error
    from zeroconf.asyncio import AsyncZeroconf

    addresses = sorted({address for service in services for address in addresses_of(service.host)})
    if not addresses:
        log.warning("Zeroconf has no network to speak to. Controllers must be told where we are.")
        return
    try:
        voice = AsyncZeroconf(interfaces=addresses)
    except (OSError, Error) as error:
        log.warning("Zeroconf cannot speak (%s). Controllers must be told where we are.", error)
        return
    try:
        async with asyncio.timeout(PATIENCE):
            for service in services:
                registered = await voice.async_register_service(_info(service, name), allow_name_change=True)
                await registered
        log.info("Announced by zeroconf as %s.", name)
        await asyncio.Event().wait()
    except (OSError, Error, TimeoutError) as error:
        log.warning("Not announced by zeroconf (%s). Controllers must be told where we are.", str(error) or "no answer")
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await voice.async_close()


def is_local(host: str) -> bool:
    """Whether only this machine reaches a host of ours."""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def addresses_of(host: str) -> list[str]:
    """The IPv4 addresses at which others reach a host of ours: itself, or with 0.0.0.0 all of this machine's."""
    if host not in EVERYWHERE:
        return [host]
    found = (each for interface in psutil.net_if_addrs().values() for each in interface)
    return [each.address for each in found if each.family == socket.AF_INET and not is_here(each.address)]


def own_name() -> str:
    """How we are announced: several pieces may hang in one house."""
    return f"Burntout on {socket.gethostname().partition('.')[0]}"[:LONGEST]


def _info(service: Service, name: str) -> ServiceInfo:
    from zeroconf import ServiceInfo

    server = f"{socket.gethostname().partition('.')[0]}.local."
    addresses = addresses_of(service.host)
    return ServiceInfo(
        service.type, f"{name}.{service.type}", port=service.port, parsed_addresses=addresses, server=server
    )
