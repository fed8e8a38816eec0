"""What is asked for over HTTP, and what strangers may not ask."""

import asyncio
import io
import json
import re

import pytest
from PIL import Image

from installation import scenes
from installation.console import origins, pages
from installation.machine.files import share
from tests.console.hall import ELSEWHERE, PASSCODE, ask, entered, ours, standing
from tests.web.home import get

STRANGER = {"Origin": "http://stranger.example"}
WRITES = ["/origin", "/scene", "/enter", "/leave"]
SEEN_BY_PLAYERS = ["/scenes.json", "/outputs.json", "/scenes/hearth.jpg"]


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    with standing(tmp_path_factory.mktemp("hall")) as (hall, _):
        yield hall


@pytest.fixture(scope="module")
def walled(tmp_path_factory):
    """A house with a passcode."""
    with standing(tmp_path_factory.mktemp("walled"), passcode=PASSCODE) as (hall, _):
        yield hall


def asked(hall, path="", method="GET", **options):
    return asyncio.run(ask(hall, path, method, **options))


def png(colour=(200, 30, 30), side=64):
    packed = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(packed, "PNG")
    return packed.getvalue()


def test_the_page_and_each_of_its_files_is_served_with_a_policy_that_lets_nothing_in(hall):
    for path in ["", *(f"/page/{name}" for name in pages.files())]:
        status, headers, body = asked(hall, path)
        policy = headers["Content-Security-Policy"]
        assert (status, bool(body)) == (200, True)
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_the_browser_has_is_not_sent_again(hall):
    _, headers, _ = asked(hall)
    status, _, body = asked(hall, headers={"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/page/../guest.py", "/page/%2e%2e%2fguest.py", "/page/none.js", "/else", "/page/", "/?HOST_INFO"]
)
def test_nothing_else_is_there(hall, path):
    assert asked(hall, path)[0] == 404


@pytest.mark.parametrize("path", ["/scenes/..%2f..%2fpyproject.jpg", "/scenes/none.jpg", "/scenes/%00.jpg"])
def test_a_thumbnail_of_what_is_no_scene_is_refused_with_a_sentence(hall, path):
    status, _, body = asked(hall, path)
    assert (status, json.loads(body)["refused"][:8]) == (422, "There is")


def test_a_projector_whose_stage_has_shown_nothing_yet_is_straight(hall):
    assert json.loads(asked(hall, "/outputs.json")[2]) == [{"name": "", "corners": [[0, 0], [1, 0], [1, 1], [0, 1]]}]


def test_every_scene_of_the_house_is_listed_with_its_title(hall):
    listed = json.loads(asked(hall, "/scenes.json")[2])
    assert {each["name"] for each in listed} >= {path.stem for path in share("scenes").glob("*.toml")}
    assert all(each["title"] for each in listed)


def test_a_thumbnail_is_a_small_square(hall):
    status, _, body = asked(hall, "/scenes/hearth.jpg")
    with Image.open(io.BytesIO(body)) as picture:
        assert (status, picture.format, picture.size) == (200, "JPEG", (192, 192))


def test_a_picture_that_is_brought_becomes_the_origin_under_a_name_of_its_own(hall):
    status, _, body = asked(hall, "/origin", "POST", data=png(), headers=ours(hall))
    name = json.loads(body)["name"]
    assert status == 200
    assert hall.event() == ("/origin", name)
    kept = origins.find(name, hall.settings.state, share("assets"))
    with Image.open(kept) as picture:
        assert picture.convert("RGB").getpixel((5, 5)) == (200, 30, 30)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", png()[:60], b"<svg/>", png(side=4)])
def test_what_is_no_picture_is_refused_with_a_sentence_and_nothing_is_kept(hall, data):
    before = set((hall.settings.state / origins.FOLDER).glob("*"))
    status, _, body = asked(hall, "/origin", "POST", data=data, headers=ours(hall))
    assert status == 422
    assert "What you sent" in json.loads(body)["refused"]
    assert set((hall.settings.state / origins.FOLDER).glob("*")) == before


def test_an_upload_without_end_is_cut_off(hall, monkeypatch):
    monkeypatch.setattr(origins, "MOST_BYTES", 1000)
    status, _, body = asked(hall, "/origin", "POST", data=b"\0" * 5000, headers=ours(hall))
    assert (status, "Make the picture smaller" in json.loads(body)["refused"]) == (422, True)


def test_how_the_piece_stands_is_kept_as_a_scene_which_can_be_loaded_by_name(hall):
    status, _, body = asked(hall, "/scene", "POST", json={"title": "An evening"}, headers=ours(hall))
    refused = json.loads(body)
    assert (status, "refused" in refused) == (422, True)  # the house of this test plays a scene without an origin
    assert not (hall.settings.state / scenes.OWN / "an-evening.toml").exists()


@pytest.mark.parametrize("path", WRITES)
def test_a_page_of_a_stranger_changes_nothing(hall, path):
    assert asked(hall, path, "POST", data=b"{}", headers=STRANGER)[0] == 403


@pytest.mark.parametrize("path", ["/origin", "/scene"])
def test_what_changes_something_must_come_from_a_page_that_names_itself(hall, path):
    assert asked(hall, path, "POST", data=b"{}")[0] == 403


@pytest.mark.parametrize("path", ["/origin", "/scene"])
def test_from_elsewhere_nothing_is_changed_without_the_passcode(walled, path):
    assert asked(walled, path, "POST", data=png(), headers={**ELSEWHERE, **ours(walled)})[0] == 403


@pytest.mark.parametrize("path", SEEN_BY_PLAYERS)
def test_visitors_do_not_see_what_is_for_players(walled, path):
    assert asked(walled, path, headers=ELSEWHERE)[0] == 403
    assert asked(walled, f"{path}?as=visitor")[0] == 403


def test_visitors_see_the_page_without_a_passcode_and_nothing_beside_it(walled):
    assert asked(walled, headers=ELSEWHERE)[0] == 200
    assert asked(walled, "/../burn", headers=ELSEWHERE)[0] == 404
    assert asyncio.run(get(walled, "/burn", headers=ELSEWHERE))[0] == 401
    assert asyncio.run(get(walled, "/consoles", headers=ELSEWHERE))[0] == 401


def test_a_wrong_passcode_does_not_let_in(tmp_path):
    with standing(tmp_path, passcode=PASSCODE) as (hall, _):
        assert asyncio.run(entered(hall, "wrong")) == (403, "")


def test_guesses_are_slowed_down(tmp_path):
    with standing(tmp_path, passcode=PASSCODE) as (hall, _):
        statuses = [asyncio.run(entered(hall, f"guess {number}"))[0] for number in range(6)]
    assert statuses[0] == 403
    assert 429 in statuses


def test_where_no_passcode_is_set_nobody_comes_in_from_elsewhere(hall):
    status, _, body = asked(hall, "/enter", "POST", json={"passcode": ""}, headers={**ELSEWHERE, **ours(hall)})
    assert (status, b"machine.toml" in body) == (403, True)


def test_the_cookie_is_for_our_pages_only_and_for_no_script(walled):
    headers = {**ELSEWHERE, **ours(walled), "X-Forwarded-Proto": "https"}
    _, told, _ = asked(walled, "/enter", "POST", json={"passcode": PASSCODE}, headers=headers)
    given = {each.strip() for each in told["Set-Cookie"].split(";")}
    assert {"HttpOnly", "SameSite=Strict", "Path=/console", "Secure"} <= given


def test_whoever_leaves_is_a_visitor_again(tmp_path):
    async def leave(hall):
        _, cookie = await entered(hall)
        headers = {**ELSEWHERE, **ours(hall), "Cookie": cookie}
        before = (await ask(hall, "/outputs.json", headers=headers))[0]
        await ask(hall, "/leave", "POST", data="{}", headers=headers)
        return before, (await ask(hall, "/outputs.json", headers=headers))[0]

    with standing(tmp_path, passcode=PASSCODE) as (hall, _):
        assert asyncio.run(leave(hall)) == (200, 403)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"passcode": 7}', b"[" * 50_000, b"\xff\xfe"])
def test_nonsense_instead_of_a_passcode_is_a_wrong_passcode_or_no_request(tmp_path, body):
    with standing(tmp_path, passcode=PASSCODE) as (hall, _):
        status, _, _ = asked(hall, "/enter", "POST", data=body, headers={**ELSEWHERE, **ours(hall)})
    assert status in {400, 403}


def test_the_whole_page_weighs_less_than_200_kilobytes():
    assert sum(len(each.body) for each in pages.files().values()) < 200_000


def test_the_first_word_is_there_before_any_script_and_every_script_is_asked_for_at_once():
    page = pages.files()["index.html"].body.decode()
    assert "<h1>Burntout</h1>" in page
    scripts = {name for name in pages.files() if name.endswith(".js")}
    assert set(re.findall(r'(?:modulepreload" href|src)="/console/page/([\w.]+)"', page)) == scripts


def test_no_file_of_the_page_names_another_machine():
    named = {name: re.findall(r"https?://[^\s\"`$]+", each.body.decode()) for name, each in pages.files().items()}
    assert {each for found in named.values() for each in found} == {"http://www.w3.org/2000/svg"}
