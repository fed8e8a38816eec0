"""One performance in many hands: a second piece, panic, scenes, nonsense. Whatever is asked of it, it plays on."""

import shutil
import subprocess

import pytest

from tests.control.test_doors import Phone, calling, needs
from tests.control.test_porter import mutants
from tests.support import until
from tests.system.performance import log_of, performing, scene_file
from tests.system.test_show import burntout

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
TEMPERATURE = "/burn/gaussian/temperature"


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hands") / "state"
    (folder / "scenes").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def show(state):
    """The performance, recording; every test asks for what it needs, and leaves the wall lit."""
    scene = scene_file(state.parent)
    shutil.copy(scene, state / "scenes")
    with performing(scene, state, "--fresh", "--record") as playing:
        playing.reaches(2)
        yield playing
        assert "Traceback" not in playing.stop()


def say(show, *words):
    subprocess.run(["oscsend", "127.0.0.1", str(show.port), *words], check=True, timeout=10)


def played(state):
    """The scenes that were played, in their order."""
    return [line["playing"]["scene"] for line in log_of(state) if "playing" in line]  # type: ignore[index]


def test_two_pieces_do_not_share_a_state_folder(show, state):
    second = burntout("run", str(state / "scenes" / "little.toml"), "--for", "1s", "--state", str(state))
    assert second.returncode == 2
    assert "--state" in second.stderr
    show.reaches(show.generation() + 1)


@needs("oscsend")
def test_panic_black_darkens_the_wall_until_it_is_released(show):
    until(lambda: show.vital("stage", "light") > 0.02, 20.0)
    say(show, "/panic/black")
    until(lambda: show.vital("stage", "light") == 0.0, 20.0)
    say(show, "/panic/black", "F")
    until(lambda: show.vital("stage", "light") > 0.02, 20.0)


@needs("oscsend")
def test_panic_origin_brings_the_photograph_back(show):
    say(show, TEMPERATURE, "f", "0.9")
    until(lambda: show.vital("engine", "memory") < 0.8, 90.0)
    say(show, TEMPERATURE, "f", "0.0")
    until(lambda: show.knob(TEMPERATURE) == 0.0, 20.0)
    say(show, "/panic/origin")
    until(lambda: show.vital("engine", "memory") > 0.95, 30.0)


@needs("oscsend")
def test_a_scene_is_loaded_by_name_and_a_wrong_name_is_answered_with_the_nearest(show, state):
    before = len(played(state))
    say(show, "/scene/load", "s", "hearht")
    say(show, "/scene/load", "s", "hearth")
    until(lambda: "hearth" in played(state)[before:], 90.0)
    assert "Did you mean hearth?" in show.said()


@needs("oscsend")
def test_of_many_scenes_asked_for_at_once_the_last_is_played(show, state):
    before = len(played(state))
    for scene in ("derivative-images", "little") * 5:
        say(show, "/scene/load", "s", scene)
    until(lambda: "little" in played(state)[before:], 90.0)
    show.reaches(show.generation() + 3)
    begun = played(state)[before:]
    assert len(begun) < 10
    assert begun[-1] == "little"


def test_nonsense_pours_in_and_the_show_plays_on_and_answers(show):
    meant = (b"/scene", b"/panic", b"/record", b"/s\xc3")  # a mutant may still mean something
    nonsense = [packet for packet in mutants(4_000, seed=1) if not any(word in packet for word in meant)]
    with calling(Phone, show) as peer:
        for number, packet in enumerate(nonsense):
            peer.socket.send(packet)
            if number % 100 == 0:
                peer.ping()
        peer.say(TEMPERATURE, "?")
        until(lambda: peer.hears()[0] == f"/reply{TEMPERATURE}", 20.0)
        peer.say("/sys/subscribe", "/reading//")
        until(lambda: peer.hears()[0].startswith("/reading/"), 20.0)
        show.reaches(show.generation() + 2)
