"""The web door comes and goes like every guest, and a web that is not there costs the show nothing."""

import asyncio
import logging
import socket

import pytest

from installation.guests import invited
from installation.machine.settings import Settings
from installation.web import door as doors
from installation.web.door import WebDoor, tree, url
from installation.web.heartbeat import Heartbeat
from tests.support import until
from tests.web.home import HOST, connected, get, living, scene


def guests(**settings):
    return [type(guest) for guest in invited(Settings.model_validate(settings))]


def test_it_is_invited_unless_it_is_switched_off_and_the_heartbeat_only_where_somebody_hears_it():
    assert WebDoor in guests()
    assert WebDoor not in guests(web={"enabled": False})
    assert Heartbeat not in guests()
    assert Heartbeat in guests(heartbeat={"url": "https://watch.example/"})


def test_it_says_where_it_is(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with living(tmp_path, metrics=True) as home:
        assert f"The web is at http://{HOST}:{home.web.port}/ (OSCQuery, /metrics)." in caplog.text


@pytest.mark.parametrize(
    ("host", "where"), [("192.168.1.7", "http://192.168.1.7:9001/"), ("fd00::7", "http://[fd00::7]:9001/")]
)
def test_its_address_is_one_that_a_browser_understands(host, where):
    assert url(host, 9001) == where


def test_a_busy_port_is_said_once_and_tried_again_until_it_is_free(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(doors, "RETRY", 0.05)
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with living(tmp_path, port=port) as home:
            ticks = home.ticks
            until(lambda: home.ticks > ticks + 30)
            assert home.web.port is None
            taken.close()
            until(lambda: home.web.port == port)
            assert asyncio.run(get(home))[0] == 200
    assert caplog.text.count("goes on without the web") == 1


def test_a_server_that_has_ended_is_opened_again(tmp_path, monkeypatch):
    monkeypatch.setattr(doors, "RETRY", 0.05)
    with living(tmp_path) as home:
        ended = home.web._server
        ended.close()
        until(lambda: home.web._server is not ended and home.web._server.is_alive)
        assert asyncio.run(get(home))[0] == 200


def test_a_room_adds_its_own_addresses_and_is_guarded_like_all(tmp_path):
    def room(app, door):
        from aiohttp import web

        async def here(_):
            return web.json_response({"scene": door.house.scene.name}, headers={"Cache-Control": "max-age=60"})

        app.router.add_get("/here", here)

    with living(tmp_path, room) as home:
        status, headers, body = asyncio.run(get(home, "/here"))
        assert (status, body, headers["Cache-Control"]) == (200, '{"scene": "still"}', "max-age=60")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert asyncio.run(get(home, "/here", headers={"Origin": "https://evil.example"}))[0] == 403


def test_what_the_tick_refuses_is_told_to_whoever_sent_it_and_to_nobody_else(tmp_path):
    async def send(home):
        async with connected(home) as anna, connected(home) as bert:
            for each in (anna, bert):
                await each.ping()
            source = next(iter(home.web._query.listeners))
            home.web.object(source, "/scene/load", "There is no scene hearht.")
            home.web.object("osc 127.0.0.1:5", "/scene/load", "There is no scene hearht.")
            assert await anna.hears() == ("/error", ("/scene/load", "There is no scene hearht."))
            assert await bert.ping() == []

    with living(tmp_path) as home:
        asyncio.run(send(home))


def test_its_refusals_are_among_those_of_all_doors(tmp_path):
    with living(tmp_path) as home:
        before = home.doors.refused
        asyncio.run(get(home, headers={"Host": "evil.example"}))
        assert home.doors.refused == before + 1


def test_the_tree_of_a_scene_has_its_cues_and_offers_the_scenes_there_are(tmp_path):
    with living(tmp_path) as home:
        planted = tree(scene("1", "12.5"), home.knobs)
        assert "/cue/12.5/go" in planted
        ((choices,),) = [planted.ask("/scene/load", "RANGE", {})["RANGE"]]
        assert {"hearth", "machine-dementia"} <= set(choices["VALS"])
