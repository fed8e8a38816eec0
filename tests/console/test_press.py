"""The press works at one job after the other; whatever becomes of one is said, and the next begins."""

import asyncio
import contextlib
import logging

import pytest
from aiohttp import web

from installation.console import waiting
from installation.console.errand import ErrandError
from installation.console.press import MOST_WAITING, REMEMBERED, Press, PressError
from installation.console.waiting import Wanted
from installation.recording import takes
from tests.recording.rehearsal import MANIFEST
from tests.recording.test_takes import NOON
from tests.support import until


class Work:
    """Jobs that are done when the test says so."""

    def __init__(self):
        self.orders, self.ended = [], 0
        self.begun, self.gate = asyncio.Event(), asyncio.Event()

    async def __call__(self, order):
        self.orders.append(order)
        self.begun.set()
        try:
            yield {"share": 0.5}
            await self.gate.wait()
            if "wax" in order["forms"]:
                raise ErrandError("The job has died (killed by SIGKILL).")
            for form in order["forms"]:
                yield {"share": 1.0, "made": form}
        finally:
            self.ended += 1


def take(tmp_path, number=0):
    return takes.begun(tmp_path / str(number), MANIFEST, "cat", NOON, 0)


def shelved(tmp_path, name):
    """A take on the shelf, where a piece that is started again finds it."""
    found = takes.begun(tmp_path / takes.FOLDER / name, MANIFEST, "cat", NOON, 0)
    found.folder.mkdir(parents=True)
    (found.folder / takes.CARD).write_text(found.card())
    return found


def pressed(tmp_path, script):
    """Run a script with a press and the work behind it."""

    async def run():
        work = Work()
        press = Press(tmp_path, 7, work)
        async with contextlib.asynccontextmanager(press.working)(web.Application()):
            return await script(press, work)

    return asyncio.run(asyncio.wait_for(run(), 30.0))


async def reaches(press, number, *stages):
    """Wait until a job is at one of these stages, and give it."""
    while True:
        job = next(each for each in press.told() if each["number"] == number)
        if job["stage"] in stages:
            return job
        await asyncio.sleep(0)


def test_a_job_is_done_and_says_what_was_made(tmp_path):
    async def script(press, work):
        work.gate.set()
        job = press.ask(take(tmp_path), ["h264", "gif"])
        return await reaches(press, job.number, "done"), work.orders

    job, [order] = pressed(tmp_path, script)
    assert (job["share"], job["made"], job["title"]) == (1.0, ("h264", "gif"), "Machine dementia")
    assert (order["folder"], order["state"], order["reserve_bytes"]) == (str(tmp_path / "0"), str(tmp_path), 7)


def test_one_is_worked_at_and_the_others_wait_in_their_order(tmp_path):
    async def script(press, work):
        numbers = [press.ask(take(tmp_path, n), ["gif"]).number for n in range(3)]
        await reaches(press, numbers[0], "working")
        stages = [job["stage"] for job in press.told()]
        work.gate.set()
        await reaches(press, numbers[2], "done")
        return stages, [order["folder"][-1] for order in work.orders]

    assert pressed(tmp_path, script) == (["waiting", "waiting", "working"], ["0", "1", "2"])


def test_a_job_that_dies_is_said_and_the_next_begins(tmp_path, caplog):
    async def script(press, work):
        work.gate.set()
        first, second = (press.ask(take(tmp_path), [form]).number for form in ("wax", "gif"))
        await reaches(press, second, "done")
        return await reaches(press, first, "failed")

    caplog.set_level(logging.WARNING)
    assert "killed by SIGKILL" in pressed(tmp_path, script)["said"]
    assert "0 was not published. The job has died (killed by SIGKILL)." in caplog.messages


@pytest.mark.parametrize("stage", ["waiting", "working"])
def test_a_job_that_is_cancelled_ends_and_the_next_begins(tmp_path, stage):
    async def script(press, work):
        at_work, waits = (press.ask(take(tmp_path), [form]).number for form in ("gif", "webp"))
        await work.begun.wait()
        number, other = (at_work, waits) if stage == "working" else (waits, at_work)
        press.cancel(number)
        work.gate.set()
        await reaches(press, other, "done")
        return await reaches(press, number, "cancelled"), work.ended

    job, ended = pressed(tmp_path, script)
    assert (job["made"], ended) == ((), 2 if stage == "working" else 1)


def test_no_more_wait_than_there_is_room_for(tmp_path):
    async def script(press, _):
        first = press.ask(take(tmp_path, "first"), ["gif"]).number
        await reaches(press, first, "working")
        for n in range(MOST_WAITING):
            press.ask(take(tmp_path, n), ["gif"])
        with pytest.raises(PressError, match="Ask again when one is done"):
            press.ask(take(tmp_path, "one more"), ["gif"])

    pressed(tmp_path, script)


def test_the_same_is_not_published_twice_at_once(tmp_path):
    async def script(press, _):
        press.ask(take(tmp_path), ["gif"])
        assert press.is_busy_with("0")
        with pytest.raises(PressError, match="being published already"):
            press.ask(take(tmp_path), ["gif"])

    pressed(tmp_path, script)


def test_what_is_over_cannot_be_cancelled_and_what_is_long_over_is_forgotten(tmp_path):
    async def script(press, work):
        work.gate.set()
        for n in range(REMEMBERED + 3):
            number = press.ask(take(tmp_path, n), ["gif"]).number
            await reaches(press, number, "done")
        with pytest.raises(PressError, match="no such job"):
            press.cancel(number)
        with pytest.raises(PressError, match="no such job"):
            press.cancel(10**9)
        return len(press.told())

    assert pressed(tmp_path, script) == REMEMBERED


def test_when_the_piece_ends_so_does_the_work(tmp_path):
    async def script(press, work):
        await reaches(press, press.ask(take(tmp_path), ["gif"]).number, "working")
        return work

    assert pressed(tmp_path, script).ended == 1


def test_what_waits_when_the_piece_ends_is_taken_up_at_the_next_start_in_its_order(tmp_path):
    async def ended(press, _):
        for name in ("a", "b", "c"):
            press.ask(shelved(tmp_path, name), ["gif"])
        await reaches(press, 1, "working")
        press.cancel(2)

    async def begun(press, work):
        work.gate.set()
        await reaches(press, 2, "done")
        return [order["folder"][-1] for order in work.orders]

    async def after(press, _):
        return press.told()

    pressed(tmp_path, ended)
    assert pressed(tmp_path, begun) == ["a", "c"]
    assert pressed(tmp_path, after) == []


def test_what_waits_is_written_down_at_once_for_power_may_fail(tmp_path):
    async def script(press, _):
        press.ask(shelved(tmp_path, "a"), ["gif", "webp"])
        await asyncio.to_thread(until, lambda: waiting.kept(tmp_path) == [Wanted("a", ("gif", "webp"))])

    pressed(tmp_path, script)


@pytest.mark.parametrize("name", ["gone", "../../etc", "/"])
def test_a_take_that_is_gone_meanwhile_is_refused_with_a_sentence(tmp_path, name, caplog):
    waiting.keep(tmp_path, [Wanted(name, ("gif",))])

    async def script(press, work):
        return press.told(), work.orders

    ([job], orders), _ = pressed(tmp_path, script), caplog.set_level(logging.WARNING)
    assert (job["stage"], orders) == ("failed", [])
    assert "There is no take" in job["said"]
    assert waiting.kept(tmp_path) == []


def test_a_disk_that_refuses_costs_only_the_memory(tmp_path, caplog):
    (tmp_path / waiting.FILE).mkdir()

    async def script(press, _):
        return await reaches(press, press.ask(take(tmp_path), ["gif"]).number, "working")

    assert pressed(tmp_path, script)["forms"] == ("gif",)
    assert "not written down" in caplog.text
