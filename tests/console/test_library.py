"""Takes and editions over HTTP: played in parts, published by a process, and nobody's but the players'."""

import asyncio
import contextlib
import io
import json
import tarfile
from dataclasses import replace
from functools import partial

import psutil
import pytest

from installation.console import shelf
from installation.recording import takes
from installation.recording.segment import NAME
from tests.console.hall import ELSEWHERE, PASSCODE, ask, opened, ours, standing
from tests.recording.rehearsal import frames, rehearse
from tests.support import until
from tests.web.home import WELL

FILM = bytes(range(256)) * 40


def put(state, name="one", count=5):
    return rehearse(state / takes.FOLDER / name, frames(count))


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A house with a take and what was published of it; nothing here is changed."""
    with standing(tmp_path_factory.mktemp("calm"), passcode=PASSCODE) as (hall, _):
        take = put(hall.settings.state)
        (take.folder / "one.mp4").write_bytes(FILM)
        (take.folder / "one-png").mkdir()
        (take.folder / "one-png" / "00001.png").write_bytes(b"png")
        yield hall


@pytest.fixture
def hall(tmp_path):
    with standing(tmp_path) as (hall, _):
        yield hall


def asked(hall, path, method="GET", **options):
    return asyncio.run(ask(hall, path, method, **options))


def wished(hall, path, **wish):
    """What comes of a wish of our own page: status, and what is said."""
    status, _, body = asked(hall, path, "POST", json=wish, headers=ours(hall))
    return status, json.loads(body)


def jobs(hall, fits):
    """The jobs, as soon as a page hears of some that fit."""

    async def listen():
        async with opened(hall) as page:
            return (await page.hears("library", lambda told: fits(told["jobs"])))["jobs"]

    return asyncio.run(listen())


def children():
    """Jobs at work."""
    return [each for each in psutil.Process().children() if "installation.publishing.job" in words(each)]


def words(process):
    """What a process was started with; nothing of one that has ended."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def is_at(*stages):
    return lambda told: bool(told) and all(job["stage"] in stages for job in told)


# ---------------------------------------------------------------- seen


def test_takes_and_forms_are_listed(calm):
    [take] = json.loads(asked(calm, "/takes.json")[2])
    assert (take["name"], [each["sent"] for each in take["editions"]]) == ("one", ["one.mp4", "one-png.tar"])
    assert {"h264", "gif"} <= {each["name"] for each in json.loads(asked(calm, "/forms.json")[2])}


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("0-", 0, 10239), ("100-199", 100, 199), ("-10", 10230, 10239), ("9000-99999", 9000, 10239)],
)
def test_a_browser_that_plays_a_film_gets_the_part_that_it_asks_for(calm, wanted, first, last):
    status, headers, body = asked(calm, "/takes/one/editions/one.mp4", headers={"Range": f"bytes={wanted}"})
    assert (status, headers["Content-Range"]) == (206, f"bytes {first}-{last}/{len(FILM)}")
    assert body == FILM[first : last + 1]
    assert headers["Content-Type"] == "video/mp4"


def test_a_part_beyond_the_end_is_refused_and_without_a_part_the_whole_is_sent(calm):
    assert asked(calm, "/takes/one/editions/one.mp4", headers={"Range": "bytes=99999-"})[0] == 416
    assert asked(calm, "/takes/one/editions/one.mp4")[2] == FILM


def test_a_film_that_the_browser_has_is_not_sent_again(calm):
    _, headers, _ = asked(calm, "/takes/one/editions/one.mp4")
    status, _, body = asked(calm, "/takes/one/editions/one.mp4", headers={"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")


def test_a_folder_is_sent_as_an_archive(calm):
    _, _, body = asked(calm, "/takes/one/editions/one-png.tar")
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert archive.getnames() == ["one-png", "one-png/00001.png"]


def test_a_preview_is_made_once_and_is_a_small_strip(calm):
    status, headers, body = asked(calm, "/takes/one/preview")
    assert (status, headers["Content-Type"], body[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert shelf.preview(shelf.find("one", calm.settings.state), calm.settings.state).read_bytes() == body


@pytest.mark.parametrize(
    "path",
    [
        "/takes/none/preview",
        "/takes/..%2f..%2ftakes%2fone/editions/one.mp4",
        "/takes/one/editions/take.json",
        "/takes/one/editions/..%2ftake.json",
        "/takes/one/editions/%2fetc%2fpasswd",
        "/takes/%00/preview",
    ],
)
def test_paths_lead_nowhere_else(calm, path):
    status, _, body = asked(calm, path)
    assert (status, json.loads(body)["refused"][-1] in ".?") == (422, True)


@pytest.mark.parametrize(
    "path", ["/takes.json", "/forms.json", "/takes/one/preview", "/takes/one/editions/one.mp4", "/takes/none/preview"]
)
def test_visitors_see_nothing_of_it(calm, path):
    assert asked(calm, path, headers=ELSEWHERE)[0] == 403
    assert asked(calm, f"{path}?as=visitor")[0] == 403


@pytest.mark.parametrize(
    "path",
    ["/takes/one/publish", "/takes/one/protect", "/takes/one/delete", "/takes/one/editions/one.mp4/delete",
     "/jobs/1/cancel"],
)  # fmt: skip
def test_visitors_and_the_pages_of_strangers_do_nothing(calm, path):
    for headers in ({**ELSEWHERE, **ours(calm)}, {"Origin": "http://stranger.example"}, {}):
        assert asked(calm, path, "POST", data=b"{}", headers=headers)[0] == 403
    assert shelf.edition(shelf.find("one", calm.settings.state), "one.mp4").exists()


@pytest.mark.parametrize("forms", [None, [], "h264", ["wax"], ["h264", 7], [["h264"]], {"h264": 1}])
def test_what_is_no_form_is_refused(calm, forms):
    status, told = wished(calm, "/takes/one/publish", forms=forms)
    assert (status, "Choose at least one" in told["refused"]) == (422, True)


@pytest.mark.parametrize("number", ["0", "999999999"])
def test_a_job_that_is_not_there_cannot_be_cancelled(calm, number):
    assert wished(calm, f"/jobs/{number}/cancel") == (422, {"refused": "There is no such job any more."})


def test_a_jobs_number_is_a_number(calm):
    assert asked(calm, f"/jobs/{'9' * 5000}/cancel", "POST", data=b"{}", headers=ours(calm))[0] == 404


# ---------------------------------------------------------------- done


def test_a_take_is_published_by_a_process_of_its_own_while_the_tick_goes_on(hall):
    put(hall.settings.state)
    ticks = hall.ticks
    assert wished(hall, "/takes/one/publish", forms=["generations", "generations"]) == (200, {"number": 1})
    [job] = jobs(hall, is_at("done", "failed"))
    assert (job["stage"], job["made"], job["forms"]) == ("done", ["one-generations.png"], ["generations"])
    assert hall.ticks > ticks
    assert asked(hall, "/takes/one/editions/one-generations.png")[2][:4] == b"\x89PNG"


def test_a_job_that_is_killed_is_said_and_one_that_is_cancelled_is_gone(hall):
    put(hall.settings.state, count=60)
    wished(hall, "/takes/one/publish", forms=["h264"])
    [child] = until(children, 60.0)
    child.kill()
    [job] = jobs(hall, is_at("failed", "done"))
    assert "The job has died (killed by SIGKILL)" in job["said"]
    _, told = wished(hall, "/takes/one/publish", forms=["h264"])
    for path in ("/takes/one/delete", "/takes/one/editions/one.mp4/delete"):
        assert "Cancel that first" in wished(hall, path)[1]["refused"]
    assert wished(hall, f"/jobs/{told['number']}/cancel") == (200, {})
    until(lambda: not children(), 30.0)
    assert [job["stage"] for job in jobs(hall, lambda told: len(told) > 1)] == ["cancelled", "failed"]


def test_a_house_that_closes_leaves_no_job_behind(tmp_path):
    with standing(tmp_path) as (hall, _):
        put(hall.settings.state, count=60)
        wished(hall, "/takes/one/publish", forms=["h264"])
        until(children, 60.0)
    until(lambda: not children(), 30.0)


def test_a_take_that_is_recorded_is_neither_published_nor_deleted(tmp_path):
    with standing(tmp_path) as (hall, _):
        take = put(hall.settings.state)
        hall.health = partial(replace, WELL, recording=take.folder)
        until(lambda: hall.web.glance and hall.web.glance.health.recording)
        for path, wish in (("publish", {"forms": ["h264"]}), ("delete", {})):
            status, told = wished(hall, f"/takes/one/{path}", **wish)
            assert (status, "still being recorded" in told["refused"]) == (422, True)
        [told] = json.loads(asked(hall, "/takes.json")[2])
        assert told["status"] == "running"
        assert asked(hall, "/takes/one/preview")[0] == 422  # of half a take nothing is kept


def test_a_take_that_is_protected_stays_and_one_that_is_deleted_goes_and_every_page_hears_of_it(hall):
    put(hall.settings.state)

    async def change():
        async with opened(hall) as page:
            before = (await page.hears("library"))["stand"]
            answers = []
            for path, wish in (("protect", {"protected": True}), ("delete", {}), ("protect", {}), ("delete", {})):
                status, _, _ = await ask(hall, f"/takes/one/{path}", "POST", json=wish, headers=ours(hall))
                answers.append(status)
            await page.hears("library", lambda told: told["stand"] != before)
            return answers

    assert asyncio.run(change()) == [200, 422, 200, 200]
    assert json.loads(asked(hall, "/takes.json")[2]) == []


def test_an_edition_is_deleted_and_the_take_stays(hall):
    take = put(hall.settings.state)
    (take.folder / "one.mp4").write_bytes(FILM)
    assert wished(hall, "/takes/one/editions/one.gif/delete")[0] == 422
    assert wished(hall, "/takes/one/editions/one.mp4/delete") == (200, {})
    [told] = json.loads(asked(hall, "/takes.json")[2])
    assert (told["name"], told["editions"]) == ("one", [])


def test_takes_that_come_without_us_are_noticed(hall):
    async def notice():
        async with opened(hall) as page:
            before = (await page.hears("library"))["stand"]
            put(hall.settings.state)
            await page.hears("library", lambda told: told["stand"] != before)

    asyncio.run(notice())


def test_a_take_without_pictures_has_no_preview_and_is_looked_at_once(hall):
    take = put(hall.settings.state)
    (take.folder / NAME.format(0)).write_bytes(b"")
    assert [asked(hall, "/takes/one/preview")[0] for _ in range(2)] == [422, 422]
    assert children() == []


def test_many_previews_at_once_are_one_errand_after_the_other(hall):
    names = [f"take{n}" for n in range(3)]
    for name in names:
        put(hall.settings.state, name, 2)

    async def look():
        answers = await asyncio.gather(*(ask(hall, f"/takes/{name}/preview") for name in names))
        return [status for status, _, _ in answers]

    assert asyncio.run(look()) == [200] * 3
