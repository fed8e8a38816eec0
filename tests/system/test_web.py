"""The web of the real program: found, asked, listened to and measured while the show goes on."""

import asyncio
import json
import urllib.request

import pytest
from aiohttp import ClientSession

from installation.control.packets import decode, encode
from tests.support import until
from tests.system.performance import performing, scene_file

TEMPERATURE = "/burn/gaussian/temperature"
CUES = '\n[[cue]]\nnumber = 1\nname = "a cue"\nfade = 0.0\n[cue.burn.gaussian]\ntemperature = 0.9\n'


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def ask(url):
    with urllib.request.urlopen(url, timeout=10.0) as answer:  # noqa: S310 - our own
        return answer.read().decode()


async def play(url):
    """One peer listens at the WebSocket, another fires a cue over it: what the first hears, until it is there."""
    async with ClientSession() as session, session.ws_connect(url) as ear, session.ws_connect(url) as hand:
        await ear.send_json({"COMMAND": "LISTEN", "DATA": TEMPERATURE})
        heard = [decode(await ear.receive_bytes(timeout=20.0))]
        await hand.send_bytes(encode("/cue/1/go", ()))
        while heard[-1][1][0] != pytest.approx(0.9):
            heard.append(decode(await ear.receive_bytes(timeout=20.0)))
    return heard


def test_a_controller_finds_the_piece_hears_it_and_fires_its_cue_while_prometheus_looks(tmp_path, state):
    scene, config = scene_file(tmp_path), tmp_path / "machine.toml"
    scene.write_text(scene.read_text() + CUES)
    config.write_text("[web]\nmetrics = true\n[stage]\nwidth = 480\nheight = 270\n")
    with performing(scene, state, "--fresh", "--config", str(config)) as show:
        show.reaches(2)
        url = show.web()
        info = json.loads(ask(f"{url}?HOST_INFO"))
        assert info["OSC_PORT"] == show.port
        assert json.loads(ask(f"{url}cue/1/go"))["ACCESS"] == 2
        heard = asyncio.run(play(url))
        assert {address for address, _ in heard} == {TEMPERATURE}
        until(lambda: "burntout_generation " in ask(f"{url}metrics"))
        assert 'burntout_vital{name="serial",process="engine"}' in ask(f"{url}metrics")
        show.reaches(show.generation() + 2)
        said = show.stop()
    assert "Traceback" not in said
    assert show.process.returncode == 0
