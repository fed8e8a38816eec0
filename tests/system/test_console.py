"""The console of the real program in a real browser: headless Chromium, as an attendant's telephone."""

from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from installation.control import osc
from installation.stage.drawing import drawn
from installation.stage.panel import PATTERNS
from tests.console.elsewhere import elsewhere
from tests.recording.rehearsal import frames, rehearse
from tests.support import until
from tests.system.performance import performing, scene_file

TEMPERATURE, PASSCODE, TAKE = "/burn/gaussian/temperature", "smoulder", "an-evening-of-old"
CUES = '\n[[cue]]\nnumber = 1\nname = "a cue"\nfade = 0.0\n[cue.burn.gaussian]\ntemperature = 0.9\n'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
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
    rehearse(state / "takes" / TAKE, frames(8))
    programme = folder / "programme.toml"
    programme.write_text('timezone = "UTC"\n[hours]\ndaily = ["00:00-24:00"]\n')
    with performing(scene, state, "--fresh", "--config", str(config), "--programme", str(programme)) as show:
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
        page.wait_for_selector(".takes li")
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


# ---------------------------------------------------------------- projectors


def corner(show, number=1):
    """Where a corner of the only output stands on the wall."""
    return pytest.approx(drawn(show.wires.corners)[0][number - 1], abs=1e-3)


def shown(page):
    """Where the page shows its four corners."""
    points = page.locator(".corners polygon").get_attribute("points").split()
    return [(float(x) / 160, float(y) / 90) for x, y in (point.split(",") for point in points)]


def test_a_finger_drags_a_corner_to_where_the_wall_has_it_and_undo_takes_it_back(page, show):
    handle = page.get_by_role("button", name="Corner top left")
    handle.scroll_into_view_if_needed()
    box, wide = handle.bounding_box(), page.locator(".corners").bounding_box()["width"] / 1.4
    assert min(box["width"], box["height"]) >= 44  # a fingertip
    finger = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for step, kind in enumerate(("touchStart", *["touchMove"] * 4)):
        at = [{"x": x + 6 * step, "y": y + 4 * step}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    moved = pytest.approx((24 / wide, 16 / (wide * 9 / 16)), abs=0.01)
    until(lambda: moved == shown(page)[0] == corner(show), 30.0)
    page.get_by_role("button", name="Straight").click()
    until(lambda: shown(page)[0] == (0, 0) == corner(show), 30.0)
    page.get_by_role("button", name="Undo", exact=True).click()
    until(lambda: moved == shown(page)[0] == corner(show), 30.0)
    page.get_by_role("button", name="Straight").click()
    until(lambda: shown(page)[0] == (0, 0), 30.0)


def test_a_corner_moved_by_keys_or_by_somebody_else_stands_on_the_page_as_on_the_wall(page, show):
    page.get_by_role("button", name="Corner top right").press("Shift+ArrowLeft")
    until(lambda: shown(page)[1] == pytest.approx((1 - 10 / 640, 0)), 30.0)
    osc.send("127.0.0.1", show.port, "/output/1/corner/3", ["0.9", "0.8"])
    until(lambda: shown(page)[2] == pytest.approx((0.9, 0.8)), 30.0)
    osc.send("127.0.0.1", show.port, "/output/1/corner/3", ["-0.9", "0.8"])  # where the picture would fold
    page.wait_for_selector(".faults :has-text('fold over itself')")
    assert shown(page)[2] == pytest.approx((0.9, 0.8))
    page.get_by_role("button", name="Straight").click()
    until(lambda: shown(page) == [(0, 0), (1, 0), (1, 1), (0, 1)], 30.0)


def test_a_test_pattern_is_chosen_and_ended(page, show):
    for pattern in ("grid", "none"):
        page.get_by_label("Test pattern").select_option(pattern)
        stands(show, "/stage/pattern", PATTERNS.index(pattern))


# ---------------------------------------------------------------- for everybody

SIZES = {"phone": (390, 844), "tablet": (820, 1180), "wall": (1920, 1080)}
SPARE = 16  # knobs that may be in a hand just then, each with a button that gives it back
#: Everything that can be used at any time, in the order of the page, each with a number of its own.
CONTROLS = """
() => [...document.querySelectorAll("a[href], button, input, select, summary, video[controls], [tabindex]")]
    .filter(each => each.checkVisibility() && !each.disabled && each.tabIndex >= 0 && !each.matches(".knob .value *"))
    .map((each, number) => { each.dataset.walk = number; return number; })
"""
#: Remember where the focus comes by, and whether anybody could see it there.
FOLLOW = """
() => {
    window.walked = [];
    const marked = each => ["outlineStyle", "stroke"].some(how => getComputedStyle(each)[how] !== "none");
    document.addEventListener("focusin", ({target}) => {
        const seen = [target, ...(target.labels ?? [])].some(marked);
        window.walked.push([Number(target.dataset.walk ?? -1), seen, target.outerHTML.slice(0, 120)]);
    });
    for (const each of document.querySelectorAll("details")) each.open = true;
}
"""


@pytest.fixture
def inspect():
    """What axe-core finds on a page that is serious or worse."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is missing: pip install axe-playwright-python",
    ).Axe()

    def found(page):
        told = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        grave = [each for each in told if each["impact"] in {"serious", "critical"}]
        return [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in grave]

    return found


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_serious_on_the_page_of_a_player(page, inspect, scheme):
    page.emulate_media(color_scheme=scheme)
    page.evaluate("() => document.querySelectorAll('details').forEach(each => { each.open = true })")
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        assert inspect(page) == []
    for dialog in page.locator("dialog").all():
        dialog.evaluate("dialog => dialog.showModal()")
        assert inspect(page) == []
        dialog.evaluate("dialog => dialog.close()")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_serious_on_the_page_of_a_visitor_who_is_asked_for_the_passcode(
    browser, show, inspect, scheme
):
    port = int(show.web().rpartition(":")[2].strip("/"))
    with elsewhere(port) as there, browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{there}/console")
        page.wait_for_selector("#glance dd:has-text('open')")
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            assert inspect(page) == []
        page.get_by_role("button", name="Play from here").click()
        assert inspect(page) == []


def test_the_tab_key_alone_comes_by_every_control_in_the_order_of_the_page_and_is_seen_there(page):
    for late in (".scenes button", ".corners"):
        page.wait_for_selector(late)
    page.evaluate(FOLLOW)
    numbers = page.evaluate(CONTROLS)
    for _ in range(len(numbers) + SPARE):
        page.keyboard.press("Tab")
    walked = page.evaluate("walked")
    assert [number for number, _, _ in walked if number >= 0][: len(numbers)] == numbers
    assert [html for _, seen, html in walked if not seen] == []


def test_what_is_pressed_with_a_finger_is_pressed_with_a_key(page, show):
    for name, wanted in (("Hold", 1.0), ("Go on", 0.0)):
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Space")
        stands(show, "/stage/hold", wanted)


def test_a_day_is_closed_at_the_console_and_the_house_closes_until_that_is_taken_back(page):
    page.get_by_text("Add a day that is otherwise").click()
    page.get_by_label("On", exact=True).fill(f"{datetime.now(UTC):%Y-%m-%d}")
    page.get_by_label("Open", exact=True).fill("25:00")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector("#said .refusal:has-text('a span looks like')")
    page.get_by_label("Open", exact=True).fill("")
    page.get_by_label("Why").fill("private view")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector('.state[data-state="closed"]')
    page.wait_for_selector(".exceptions li:has-text('private view')")
    page.get_by_role("button", name="Take back the last change").click()
    page.wait_for_selector('.state:not([data-state="closed"])')
    page.wait_for_selector(".exceptions:not(:has-text('private view'))")


def test_a_take_becomes_a_film_that_plays_and_is_downloaded_and_when_it_is_deleted_all_pages_see_that(page, show):
    other = page.context.new_page()
    other.goto(f"{show.web()}console")
    other.locator(f'[data-take="{TAKE}"]').wait_for()
    take = page.locator(f'[data-take="{TAKE}"]')
    take.locator("summary").first.click()
    until(lambda: page.evaluate("document.querySelector('.takes .strip')?.naturalWidth") == 1280, 60.0)
    take.get_by_role("button", name="Make a film to play here").click()
    until(lambda: page.evaluate("document.querySelector('.takes video')?.readyState > 0"), 60.0)
    page.evaluate("() => { const film = document.querySelector('.takes video'); film.muted = true; film.play(); }")
    until(lambda: page.evaluate("document.querySelector('.takes video').currentTime > 0"), 60.0)
    with page.expect_download() as downloading:
        take.get_by_role("link", name=f"Download: {TAKE}.mp4").click()
    assert b"ftyp" in downloading.value.path().read_bytes()[:12]
    for answer in ("Cancel", "Delete for good"):
        take.get_by_role("button", name="Delete", exact=True).click()
        page.locator("dialog[open]").get_by_role("button", name=answer).click()
    for each in (page, other):
        each.locator(f'[data-take="{TAKE}"]').wait_for(state="detached")
