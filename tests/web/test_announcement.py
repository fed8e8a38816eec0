"""Others in the network find us by zeroconf, and only what they can reach."""

import asyncio
import gc
import logging

import pytest
from zeroconf import ServiceBrowser, Zeroconf
from zeroconf.asyncio import AsyncServiceInfo

from installation.web import announcement
from installation.web.announcement import OSC, QUERY, Service, addresses_of, announce, furnish, is_local, own_name
from tests.support import until
from tests.web.home import PATIENCE

EVERYWHERE = "0.0.0.0"  # noqa: S104 - where a gallery listens


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        (EVERYWHERE, False),
        ("192.168.1.7", False),
        ("::", False),
    ],
)
def test_only_this_machine_reaches_a_loopback(host, local):
    assert is_local(host) == local
    assert Service(QUERY, host, 9001).is_reachable != local


def test_everywhere_is_every_address_but_the_loopback():
    assert not [address for address in addresses_of(EVERYWHERE) if is_local(address)]
    assert addresses_of("192.168.1.7") == ["192.168.1.7"]


def test_a_name_fits_into_dns(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "x" * 64)
    assert len(own_name()) == 63


def test_what_nobody_can_reach_is_not_announced():
    from aiohttp import web

    app = web.Application()
    before = len(app.cleanup_ctx)
    furnish(app, [Service(QUERY, "127.0.0.1", 9001)], "Piece")
    assert len(app.cleanup_ctx) == before
    furnish(app, [Service(QUERY, "127.0.0.1", 9001), Service(OSC, EVERYWHERE, 9000)], "Piece")
    assert len(app.cleanup_ctx) == before + 1


def test_a_browser_of_zeroconf_finds_us_with_address_and_port_and_sees_us_leave():
    """On the loopback, where every machine can hear itself."""
    name = "Piece under test"
    found: set[str] = set()

    def look(zeroconf, service_type, name, state_change):  # noqa: ARG001 - zeroconf's own names
        (found.discard if state_change.name == "Removed" else found.add)(name)

    async def stay(browser):
        services = [Service(QUERY, "127.0.0.1", 9001), Service(OSC, "127.0.0.1", 9000)]
        announcing = asyncio.create_task(announce(services, name))
        await asyncio.to_thread(until, lambda: len(found) == 2)
        info = AsyncServiceInfo(QUERY, f"{name}.{QUERY}")
        assert await info.async_request(browser, PATIENCE * 1000)
        announcing.cancel()
        await asyncio.wait([announcing])
        return info.parsed_addresses(), info.port

    browser = Zeroconf(interfaces=["127.0.0.1"])
    try:
        ServiceBrowser(browser, [QUERY, OSC], handlers=[look])
        assert asyncio.run(stay(browser)) == (["127.0.0.1"], 9001)
        until(lambda: not found)
    finally:
        browser.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_where_zeroconf_cannot_speak_there_is_a_line_and_no_fault(caplog):
    caplog.set_level(logging.WARNING)
    asyncio.run(announce([Service(QUERY, "203.0.113.1", 9001)], "Piece"))
    assert "Controllers must be told where we are" in caplog.text
    caplog.clear()  # the record keeps the fault, and thereby the socket of a start that failed:
    gc.collect()  # zeroconf leaves that to the garbage collector


def test_a_machine_without_a_network_has_nobody_to_tell(monkeypatch, caplog):
    monkeypatch.setattr("psutil.net_if_addrs", dict)
    asyncio.run(announce([Service(QUERY, EVERYWHERE, 9001)], "Piece"))
    assert "no network" in caplog.text


def test_a_network_that_does_not_answer_is_waited_for_no_longer_than_is_said(monkeypatch, caplog):
    monkeypatch.setattr(announcement, "PATIENCE", 0.0)
    asyncio.run(announce([Service(QUERY, "127.0.0.1", 9001)], "Piece"))
    assert "Not announced by zeroconf (no answer)" in caplog.text
