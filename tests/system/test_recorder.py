"""The recorder as a process of its own: ordered about, killed, and left without room."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from installation.machine import wires as wiring
from installation.machine.board import Board
from installation.machine.glimpses import Glimpses
from installation.machine.ring import Ring
from installation.machine.settings import RecordingSettings, Settings
from installation.machine.wires import Uplink, Wires
from installation.recording import journal, takes
from installation.recording.recorder import RECORDER_VITALS, Recorder, run
from installation.records import Order, Report
from tests.recording.rehearsal import MANIFEST, frame
from tests.support import until

pytestmark = pytest.mark.system
PATIENCE = 60.0  # seconds for a new interpreter on a busy machine
SIDE = 64
SECOND = 20  # pictures, as the rehearsal has them
KILLS = 20261123  # the seed of the moments at which the recorder is killed


class Seat:
    """A conductor's view of one life of the recorder."""

    def __init__(self, wires: Wires, settings: RecordingSettings) -> None:
        """Spawn it."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=run, args=(wires, theirs, Settings(recording=settings)))
        self.process.start()
        theirs.close()
        self._vitals = Board(wires.vitals("recorder"))

    def tell(self, name: str, **data: object) -> None:
        """Give an order."""
        self._pipe.send(Order(name, data))

    def start(self, folder: Path, **more: object) -> None:
        """Order a take of everything that is in the ring."""
        self.tell("start", **{"folder": str(folder), "manifest": MANIFEST, "after": 0, **more})

    def hear(self, name: str) -> Report:
        """The next report of that name."""
        while self._pipe.poll(PATIENCE):
            report: Report = self._pipe.recv()
            if report.name == name:
                return report
        raise AssertionError(f"No {name!r} from the recorder within {PATIENCE:g} s.")

    def shows(self, reading: str, least: float) -> None:
        """Wait until a vital sign has risen so far."""
        until(lambda: self._vitals[reading] >= least, PATIENCE)

    def follows(self, frames: float) -> None:
        """Wait until it has written so many frames, or records no longer."""
        until(lambda: self._vitals["frames"] >= frames or not self._vitals["recording"], PATIENCE)

    def end(self, by: int = signal.SIGKILL) -> int | None:
        """End it by a signal, and return its exit code."""
        assert self.process.pid
        os.kill(self.process.pid, by)
        return self.gone()

    def hang_up(self) -> None:
        """Leave it without a conductor."""
        self._pipe.close()

    def gone(self) -> int | None:
        """Wait until it is gone, and return its exit code."""
        self.process.join(PATIENCE)
        return self.process.exitcode


@pytest.fixture
def wires(tmp_path):
    laid = wiring.lay(tmp_path)
    Board.create(laid.vitals("recorder"), RECORDER_VITALS).close()
    Ring.create(laid.ring, SIDE * SIDE).close()
    yield laid
    wiring.take_up(laid)


@pytest.fixture
def ring(wires):
    return Ring(wires.ring)


@pytest.fixture
def seat(wires):
    """Makes recorders, and sees to it that none outlives the test."""
    seated = []

    def take_place(**settings):
        seated.append(Seat(wires, RecordingSettings(**{"reserve_bytes": 0, **settings})))
        return seated[-1]

    yield take_place
    for one in seated:
        if one.process.is_alive():
            one.end()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "takes" / "t"


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a tmpfs of a few megabytes, as root may."""
    mounted: list[Path] = []

    def mount(options):
        place = tmp_path / f"disk-{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if os.geteuid() or subprocess.run(command, check=False, capture_output=True, timeout=20).returncode:
            pytest.skip("mounting a small tmpfs needs root and CAP_SYS_ADMIN")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True, timeout=20)


def play(ring, serials):
    for serial in serials:
        shown = frame(serial)
        given = {"stamp_ns": shown.stamp_ns, "generation": shown.generation, "phase": shown.phase}
        assert ring.write(shown.pixels, temperature=shown.temperature, **given) == serial


def stream(recorder, ring, last, *, begun=0):
    """Play in tens, as fast as the recorder follows, for as long as it records."""
    recorder.shows("recording", 1)
    for end in range(begun + 10, last + 1, 10):
        play(ring, range(end - 9, end + 1))
        recorder.follows(end - 5)


def recorded(folder):
    return list(takes.frames(takes.load(folder)))


def serials(folder):
    return [one.serial for one in recorded(folder)]


def test_what_is_played_is_recorded_and_reported(seat, ring, folder):
    recorder = seat()
    play(ring, range(1, 11))
    recorder.start(folder)
    assert recorder.hear("recording").data == {"folder": str(folder)}
    recorder.tell("log", line={"event": "A visitor sneezed.", "at_ns": 5})
    recorder.tell("stop")
    report = recorder.hear("closed").data
    assert report == {"folder": str(folder), "frames": 10, "dropped": 0, "reason": "Stopped on request."}
    for shown, read in zip(map(frame, range(1, 11)), recorded(folder), strict=True):
        np.testing.assert_array_equal(read.pixels, shown.pixels)
    assert {"at_ns": 5, "event": "A visitor sneezed."} in list(journal.read(folder / "log.jsonl"))


def test_one_recorder_makes_take_after_take(seat, ring, folder):
    recorder = seat()
    for number, last in enumerate((4, 8)):
        recorder.start(folder.with_name(str(number)), after=last - 4)
        recorder.hear("recording")
        play(ring, range(last - 3, last + 1))
        recorder.tell("stop")
        recorder.hear("closed")
    assert serials(folder.with_name("0")) == [1, 2, 3, 4]
    assert serials(folder.with_name("1")) == [5, 6, 7, 8]


def test_a_take_begins_with_the_newest_finished_generation(seat, ring, folder):
    recorder = seat()
    play(ring, range(1, 13))  # 9 is a generation; 10, 11 and 12 burn and restore the next
    recorder.start(folder, after=None)
    recorder.hear("recording")
    recorder.tell("stop")
    recorder.hear("closed")
    assert serials(folder) == [9, 10, 11, 12]


def test_frames_overwritten_before_they_were_read_are_counted(seat, ring, folder):
    recorder = seat()
    play(ring, range(1, 101))
    recorder.start(folder)
    recorder.tell("stop")
    report = recorder.hear("closed").data
    assert report["frames"] + report["dropped"] == 100
    assert report["dropped"] == 76
    assert takes.load(folder).dropped == 76


def test_sigkill_costs_the_frame_on_its_way_and_no_other(seat, ring, folder):
    recorder = seat()
    recorder.start(folder)
    recorder.hear("recording")
    play(ring, range(1, 21))
    recorder.shows("frames", 19)
    recorder.end()
    assert serials(folder) == list(range(1, 20))
    assert takes.load(folder).status == "cut off"


@pytest.mark.parametrize("codec", ["ffv1", "h264"])
def test_sigkill_in_mid_write_leaves_every_frame_the_take_speaks_of(seat, ring, folder, codec):
    recorder = seat(codec=codec, segment=1.0)
    recorder.start(folder)
    recorder.hear("recording")
    stream(recorder, ring, 190)
    recorder.end()
    spoken_of = [mark.frame for mark in takes.marks(folder)]
    assert serials(folder) == spoken_of
    assert len(spoken_of) >= 184
    assert takes.load(folder).dropped == spoken_of[-1] - len(spoken_of)


def test_ten_kills_at_random_moments_of_one_performance_cost_no_segment_and_at_most_the_last_second(seat, ring, folder):
    moments = np.random.default_rng(KILLS).integers(0, SECOND, 10).tolist()
    played = 0
    for moment in moments:
        recorder = seat()
        recorder.start(folder)
        recorder.shows("recording", 1)
        stream(recorder, ring, played + SECOND, begun=played)
        play(ring, range(played + SECOND + 1, played + 2 * SECOND + 1))
        recorder.follows(played + SECOND + moment)  # somewhere in the second that is being written
        recorder.end()
        played += 2 * SECOND
        kept = serials(folder)
        assert kept == [mark.frame for mark in takes.marks(folder)] == list(range(1, len(kept) + 1)), (KILLS, moments)
        assert played - len(kept) <= SECOND, (KILLS, moments)
    last = seat()
    last.start(folder)
    last.hear("recording")
    last.tell("stop")
    assert last.hear("closed").data["dropped"] == 0  # the ring still held what was on its way: the next life wrote it
    assert serials(folder) == list(range(1, played + 1))
    assert {mark.segment for mark in takes.marks(folder)} == set(range(11))


def test_a_reborn_recorder_goes_on_with_the_same_take(seat, ring, folder):
    first = seat()
    first.start(folder)
    first.hear("recording")
    play(ring, range(1, 11))
    first.shows("frames", 9)
    first.end()
    play(ring, range(11, 16))
    second = seat()
    second.start(folder)
    second.hear("recording")
    second.tell("stop")
    assert second.hear("closed").data["frames"] == 15
    assert serials(folder) == list(range(1, 16))
    assert {mark.segment for mark in takes.marks(folder)} == {0, 1}
    assert any("reborn" in line.get("event", "") for line in journal.read(folder / "log.jsonl"))


@pytest.mark.parametrize("way", ["sigterm", "quit", "conductor gone"])
def test_every_orderly_end_leaves_a_complete_take(seat, ring, folder, way):
    recorder = seat()
    recorder.start(folder)
    recorder.hear("recording")
    play(ring, range(1, 6))
    recorder.shows("frames", 4)
    if way == "sigterm":
        assert recorder.end(signal.SIGTERM) == 0
    else:
        recorder.tell("quit") if way == "quit" else recorder.hang_up()
        assert recorder.gone() == 0
    assert serials(folder) == [1, 2, 3, 4, 5]
    assert takes.load(folder).status == "complete"


def test_a_take_ends_when_another_begins(seat, folder):
    recorder = seat()
    recorder.start(folder)
    recorder.start(folder.with_name("u"))
    assert recorder.hear("closed").data["folder"] == str(folder)
    assert recorder.hear("recording").data["folder"] == str(folder.with_name("u"))
    assert takes.load(folder).reason == "Another take begins."


def test_a_take_of_the_ring_is_kept_as_soon_as_the_engine_has_put_its_lineage_into_it(seat, ring, folder):
    recorder, turn = seat(), folder.parent / "ring" / "turn"
    recorder.start(turn)
    recorder.hear("recording")
    play(ring, range(1, 6))
    recorder.tell("stop")
    recorder.tell("keep", ring=str(turn.parent), takes=str(folder.parent))
    recorder.start(folder, discard=[str(turn)])  # as the ring does at its next turn
    recorder.hear("recording")
    assert turn.exists()
    (turn / takes.LINEAGE.format(0)).write_bytes(b"state")
    until(lambda: not turn.exists(), PATIENCE)
    assert serials(folder.with_name("turn")) == [1, 2, 3, 4, 5]


def test_too_little_room_refuses_the_take_and_not_the_recorder(seat, folder):
    recorder = seat(reserve_bytes=2**60)
    recorder.start(folder)
    assert "Remove old takes" in recorder.hear("refused").data["reason"]
    recorder.tell("quit")
    assert recorder.gone() == 0


def test_a_full_disk_ends_the_take_and_keeps_what_was_good(seat, ring, small_disk, ledger):
    folder = small_disk("size=1m") / "takes" / "t"
    recorder = seat()
    recorder.start(folder)
    recorder.hear("recording")
    stream(recorder, ring, 200)
    report = recorder.hear("closed").data
    assert "No space left on device" in report["reason"]
    assert recorder.process.is_alive()
    take = takes.load(folder)
    assert (take.status, take.reason, take.frames) == ("complete", report["reason"], report["frames"])
    assert serials(folder) == list(range(1, report["frames"] + 1))
    assert report["frames"] > 40
    ledger.note("The disk fills up while recording", "a disk of 1 MB", "nothing", "the take ends, complete up to then")


def test_the_reserve_is_kept_while_recording(seat, ring, small_disk):
    disk = small_disk("size=4m")
    recorder = seat(reserve_bytes=3 * 2**20)
    recorder.start(disk / "t")
    recorder.hear("recording")
    stream(recorder, ring, 400)
    assert "are kept for the show itself" in recorder.hear("closed").data["reason"]
    status = os.statvfs(disk)
    assert status.f_bavail * status.f_frsize > 2.5 * 2**20
    assert takes.load(disk / "t").status == "complete"


def test_a_read_only_disk_refuses_the_take_with_a_sentence(seat, small_disk, ledger):
    disk = small_disk("size=1m")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True, timeout=20)
    recorder = seat()
    recorder.start(disk / "takes" / "t")
    assert "Read-only file system" in recorder.hear("refused").data["reason"]
    recorder.tell("quit")
    assert recorder.gone() == 0
    ledger.note(
        "The disk is read-only from the start", "a disk mounted so", "nothing", "the take is refused, and why is said"
    )


def test_the_conductor_can_know_the_recorder_without_loading_video():
    check = (
        "import sys, installation.recording.recorder as _; sys.exit(bool({'av', 'torch', 'pygame'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False, timeout=60).returncode == 0


def test_orders_before_any_take_are_harmless(ring, tmp_path):
    ours, theirs = multiprocessing.Pipe()
    recorder = Recorder(ring, Uplink(theirs), RecordingSettings(), Glimpses(tmp_path / "glimpses"))
    for name in ("log", "stop", "dance"):
        assert recorder.obey(Order(name, {"line": {}}))
    assert not recorder.obey(Order("quit"))
    assert not ours.poll(0)


def test_asked_to_leave_it_leaves_at_once_unless_it_records(ring, folder):
    _, theirs = multiprocessing.Pipe()
    settings = RecordingSettings(reserve_bytes=0)
    recorder = Recorder(ring, Uplink(theirs), settings, Glimpses(folder.parent / "glimpses"))
    assert not recorder.obey(Order("leave"))
    recorder.obey(Order("start", {"folder": str(folder), "manifest": MANIFEST, "after": 0}))
    assert recorder.obey(Order("leave"))
    recorder.leave()
