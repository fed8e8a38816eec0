"""The console of the real program in a real browser: headless Chromium, as an attendant's telephone."""

import numpy as np
import pytest
from PIL import Image

from installation.control import osc
from tests.console.elsewhere import elsewhere
from tests.support import until
from tests.system.performance import performing, scene_file

TEMPERATURE, PASSCODE = "/burn/gaussian/temperature", "smoulder"
CUES = '\n[[cue]]\nnumber = 1\nname = "a cue"\nfade = 0.0\n[cue.burn.gaussian]\ntemperature = 0.9\n'
PHONE = {"viewport": {"width": 390, "height": 844}}
DRAWN = "Number(document.querySelector('canvas')?.dataset.drawn ?? 0)"
PIXELS = "document.querySelector('canvas').toDataURL()"
WITHIN = 60_000  # milliseconds: two cores, shared


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    """The program, started once for all tests here, with a passcode for those who come from elsewhere."""
    folder = tmp_path_factory.mktemp("console")
    scene, config, state = scene_file(folder), folder / "machine.toml", folder / "state"
    scene.write_text(scene.read_text() + CUES)
    config.write_text(f'[web]\npasscode = "{PASSCODE}"\n[stage]\nwidth = 640\nheight = 360\n')
    with performing(scene, state, "--fresh", "--config", str(config)) as show:
        show.reaches(2)
        yield show


@pytest.fixture
def page(browser, show):
    """The console on a telephone; whatever the page complains of is a failure."""
    with browser.new_context(**PHONE) as context:
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - playwright marks it
        page.set_default_timeout(WITHIN)
        page.goto(f"{show.web()}console")
        page.wait_for_selector(".knob")
        yield page
        assert errors == []


def stands(show, address, value):
    until(lambda: show.knob(address) == pytest.approx(value), 30.0)


def slider(page):
    return page.locator(f'[data-address="{TEMPERATURE}"] input').first


def test_the_picture_moves(page):
    until(lambda: page.evaluate(DRAWN) > 2, 60.0)
    first = page.evaluate(PIXELS)
    until(lambda: page.evaluate(PIXELS) != first, 60.0)


def test_a_slider_turns_the_knob_and_the_knob_turned_elsewhere_moves_the_slider(page, show):
    slider(page).press("End")
    stands(show, TEMPERATURE, 1.0)
    osc.send("127.0.0.1", show.port, TEMPERATURE, ["0.25"])
    until(lambda: slider(page).input_value() == "0.25", 30.0)
    page.wait_for_selector(f'[data-address="{TEMPERATURE}"] .by:has-text("OSC")')


def test_a_cue_goes(page, show):
    page.get_by_role("button", name="Go: Cue 1, a cue").click()
    stands(show, TEMPERATURE, 0.9)
    page.wait_for_selector('.cues [aria-current="true"]')


def test_black_is_one_press_and_so_is_the_way_back(page, show):
    page.get_by_role("button", name="Black").click()
    stands(show, "/stage/black", 1.0)
    page.get_by_role("button", name="Light again").click()
    stands(show, "/stage/black", 0.0)


def test_how_it_stands_is_kept_as_a_scene_which_then_loads(page, show):
    slider(page).press("Home")
    stands(show, TEMPERATURE, 0.0)
    page.get_by_label("Title").fill("An evening")
    page.get_by_role("button", name="Keep", exact=True).click()
    tile = page.locator('[data-scene="an-evening"]')
    tile.wait_for()
    slider(page).press("End")
    stands(show, TEMPERATURE, 1.0)
    tile.click()
    stands(show, TEMPERATURE, 0.0)
    page.wait_for_selector('[data-scene="an-evening"][aria-current]')
    page.wait_for_selector("#top strong:has-text('An evening')")


def test_a_picture_that_is_brought_becomes_the_origin(page, show, tmp_path):
    red = tmp_path / "red.png"
    Image.new("RGB", (80, 60), (250, 10, 10)).save(red)
    page.locator("#bring-file").set_input_files(red)
    page.wait_for_selector("#bring-hint:has-text('begins from your picture')")
    until(lambda: any(is_red(path) for path in show.wires.glimpses.glob("*.png")), 30.0)


def is_red(path):
    with Image.open(path) as picture:
        return bool(np.abs(np.asarray(picture, int) - (250, 10, 10)).max() <= 1)


def test_a_visitor_sees_the_picture_and_has_nothing_to_press(browser, show):
    with browser.new_context(**PHONE) as context:
        page = context.new_page()
        page.set_default_timeout(WITHIN)
        page.goto(f"{show.web()}console?as=visitor")
        until(lambda: page.evaluate(DRAWN) > 0, 60.0)
        page.wait_for_selector("#glance dd:has-text('open')")
        pressed = page.locator("button, input, select, form").evaluate_all("all => all.map(each => each.ariaLabel)")
    assert pressed == ["Full screen"]


def test_from_elsewhere_the_passcode_is_the_way_in(browser, show):
    port = int(show.web().rpartition(":")[2].strip("/"))
    with elsewhere(port) as there, browser.new_context(**PHONE) as context:
        page = context.new_page()
        page.set_default_timeout(WITHIN)
        page.goto(f"http://127.0.0.1:{there}/console")
        until(lambda: page.evaluate(DRAWN) > 0, 60.0)
        assert page.locator(".knob").count() == 0
        for guess, told in (("wrong", "not the passcode"), (PASSCODE, "")):
            page.get_by_role("button", name="Play from here").click()
            page.get_by_label("Passcode").fill(guess)
            page.get_by_role("button", name="Enter").click()
            if told:
                page.wait_for_selector(f".refusal:has-text('{told}')")
                page.get_by_role("button", name="Cancel").click()
        slider(page).press("End")
        stands(show, TEMPERATURE, 1.0)
        page.get_by_role("button", name="Only look on").click()
        page.get_by_role("button", name="Play from here").wait_for()
        assert page.locator(".knob").count() == 0
