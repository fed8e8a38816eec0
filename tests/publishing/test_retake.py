"""A take made of a take: the same or kindred, as long as it was, and the same bytes however often it was killed."""

import hashlib
import itertools
import json
import subprocess
import sys

import pytest

from installation.machine.files import StorageError
from installation.machine.settings import EngineSettings, RecordingSettings, Settings
from installation.publishing.chapters import BOOKMARK, SECONDS
from installation.publishing.kinship import AS_IT_WAS, RESTAGED, Otherwise
from installation.publishing.reel import reel
from installation.publishing.restage import restage
from installation.publishing.retake import UNFINISHED, measured, retake
from installation.recording import takes
from installation.recording.journal import Journal, read
from installation.recording.takes import CARD, FRAMES, LOG, Take, TakeError
from installation.restorers.protocol import ModelError
from tests.publishing.performance import Piece, performed

LONG = Piece(generations=24, rest=dict.fromkeys(range(1, 25), 7.0))  # 190 seconds, three chapters


class Killed(BaseException):
    """Nobody catches it."""


def settings(state, **engine):
    return Settings(state=state, engine=EngineSettings(**engine), recording=RecordingSettings(reserve_bytes=0))


def silent(_share):
    pass


def restaged(*asked) -> Take:
    """The take that was made."""
    made, verdict = retake(*asked)
    assert made, verdict.sentence()
    return made


def sums(folder):
    """The SHA-256 of every file of a take."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return performed(tmp_path_factory.mktemp("takes") / "piece")


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    return performed(tmp_path_factory.mktemp("takes") / "long", LONG)


@pytest.fixture(scope="module")
def uninterrupted(long, tmp_path_factory):
    made = restaged(long, Otherwise(steps=2), settings(tmp_path_factory.mktemp("state")), silent)
    return sums(made.folder)


def test_the_same_has_every_picture_and_every_time_of_the_take(take, tmp_path):
    made = restaged(take, AS_IT_WAS, settings(tmp_path), silent)
    assert made.manifest[RESTAGED] == {
        "of": "piece", "kinship": "the same", "differs": {}, "generations": 4, "identical": 4,
    }  # fmt: skip
    for again, before in zip(takes.frames(made), takes.frames(take), strict=True):
        assert (again.pixels == before.pixels).all()
        assert (again.stamp_ns, again.generation, again.phase) == (before.stamp_ns, before.generation, before.phase)
    digests = [[each.digest for each in takes.generations(one)] for one in (made, take)]
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    "wanted",
    [Otherwise(size=128), Otherwise(steps=3), Otherwise(rate=8), Otherwise(restorer="demon"), Otherwise(64, 30, 2)],
    ids=str,
)
def test_a_kindred_performance_lasts_as_long_and_can_itself_be_rendered_again(take, tmp_path, wanted):
    made = restaged(take, wanted, settings(tmp_path), silent)
    assert reel(made, 25).seconds == pytest.approx(reel(take, 25).seconds)
    assert [each.serial for each in takes.generations(made)] == [each.serial for each in takes.generations(take)]
    assert [each.seed for each in takes.generations(made)] == [each.seed for each in takes.generations(take)]
    assert list(takes.messages(made)) == list(takes.messages(take))
    assert restage(made, EngineSettings(), silent).identical


def test_what_was_wanted_otherwise_is_what_was_rendered(take, tmp_path):
    made = restaged(take, Otherwise(size=128, steps=3, restorer="demon"), settings(tmp_path), silent)
    assert next(takes.frames(made)).pixels.shape == (128, 128, 3)
    assert {each.knobs["/restore/steps"] for each in takes.generations(made)} == {3}
    assert (made.manifest["restorer"], made.manifest["size"]) == ("demon", 128)


def test_a_faster_rate_shows_more_of_the_same_generations(take, tmp_path):
    made = restaged(take, Otherwise(rate=8), settings(tmp_path), silent)
    assert made.manifest[RESTAGED]["identical"] == 4
    burns = [mark for mark in takes.marks(made.folder) if mark.phase == "burn" and mark.generation == 2]
    gaps = {(after.at_ns - before.at_ns) / 1e9 for before, after in itertools.pairwise(burns)}
    assert gaps == {0.125}


def test_two_restagings_of_a_take_are_equal_byte_for_byte(take, tmp_path):
    wanted = Otherwise(size=128, steps=2)
    both = [restaged(take, wanted, settings(tmp_path / name), silent) for name in "ab"]
    assert sums(both[0].folder) == sums(both[1].folder)


@pytest.mark.parametrize("moment", [0, 5, 9, 23])
def test_one_that_is_interrupted_goes_on_and_comes_out_the_same(long, uninterrupted, tmp_path, moment):
    countdown = iter(range(moment, -1, -1))

    def die(_share):
        if next(countdown) == 0:
            raise Killed

    state = settings(tmp_path)
    with pytest.raises(Killed):
        retake(long, Otherwise(steps=2), state, die)
    assert takes.all_takes(tmp_path) == []  # nothing half-made is among the takes
    heard: list[float] = []
    made = restaged(long, Otherwise(steps=2), state, heard.append)
    assert sums(made.folder) == uninterrupted
    assert list((tmp_path / UNFINISHED).glob("*/")) == []
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_one_that_goes_on_says_at_once_how_much_is_done(long, tmp_path):
    heard: list[float] = []

    def die(share):
        heard.append(share)
        if share > 0.7:
            raise Killed

    with pytest.raises(Killed):
        retake(long, Otherwise(steps=2), settings(tmp_path), die)
    (bookmark,) = tmp_path.glob(f"{UNFINISHED}/*/{BOOKMARK}")
    done = json.loads(bookmark.read_bytes().partition(b"\n")[0])["passages"]
    heard.clear()
    with pytest.raises(Killed):
        retake(long, Otherwise(steps=2), settings(tmp_path), die)
    assert heard[0] == done / LONG.generations >= 0.5


def test_a_process_killed_twice_leaves_what_a_third_one_finishes(long, uninterrupted, tmp_path):
    asked = """
import os, signal, sys
import av, torch  # read once, for both
from pathlib import Path
from installation.publishing.kinship import Otherwise
from installation.publishing.retake import retake
from installation.recording.takes import load
from tests.publishing.test_retake import settings

def killed(after):
    def tell(share):
        if share > after:
            os.kill(os.getpid(), signal.SIGKILL)

    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    try:
        retake(load(Path(sys.argv[1])), Otherwise(steps=2), settings(Path(sys.argv[2])), tell)
    finally:
        os._exit(1)

sys.exit(not all([killed(0.4), killed(0.8)]))
"""
    subprocess.run([sys.executable, "-c", asked, long.folder, tmp_path], timeout=120, check=True)
    (unfinished,) = (tmp_path / UNFINISHED).glob("*/")
    for name in (LOG, FRAMES):  # as if it had been in mid-line
        with (unfinished / name).open("ab") as file:
            file.write(b'{"at_ns":')
    made = restaged(long, Otherwise(steps=2), settings(tmp_path), silent)
    assert sums(made.folder) == uninterrupted


@pytest.mark.parametrize("harm", [b"", b"{}", b"\xff\n\x00"])
def test_a_damaged_bookmark_is_not_believed(long, uninterrupted, tmp_path, harm):
    def die(share):
        if share > 0.6:
            raise Killed

    with pytest.raises(Killed):
        retake(long, Otherwise(steps=2), settings(tmp_path), die)
    (bookmark,) = tmp_path.glob(f"{UNFINISHED}/*/{BOOKMARK}")
    bookmark.write_bytes(harm)
    made = restaged(long, Otherwise(steps=2), settings(tmp_path), silent)
    assert sums(made.folder) == uninterrupted


def test_what_grew_meanwhile_is_begun_afresh(tmp_path):
    growing = performed(tmp_path / "growing", LONG)

    def die(share):
        if share > 0.6:
            raise Killed

    with pytest.raises(Killed):
        retake(growing, Otherwise(steps=2), settings(tmp_path), die)
    log = Journal(growing.folder / LOG)
    log.write({"event": "And one more."})
    log.close()
    heard: list[float] = []
    made = restaged(growing, Otherwise(steps=2), settings(tmp_path), heard.append)
    assert heard[0] == 1 / LONG.generations
    assert "And one more." in (made.folder / LOG).read_text()


def test_a_chapter_is_a_file_of_pictures(uninterrupted):
    assert sum(name.endswith(".mkv") for name in uninterrupted) == 190 // SECONDS
    assert BOOKMARK not in uninterrupted
    assert CARD in uninterrupted


def test_what_should_be_the_same_and_is_not_is_not_kept(tmp_path):
    other = performed(tmp_path / "other")
    lines = (other.folder / LOG).read_text().splitlines()
    wrong = [line.replace('"digest":"', '"digest":"0') if '"serial":3' in line else line for line in lines]
    (other.folder / LOG).write_text("\n".join(wrong) + "\n")
    made, verdict = retake(other, AS_IT_WAS, settings(tmp_path), silent)
    assert made is None
    assert verdict.sentence().startswith("Generation 3 differs; 2 before it are identical.")
    assert takes.all_takes(tmp_path) == []
    assert list((tmp_path / UNFINISHED).glob("*/")) == []


def test_one_that_is_there_already_is_not_made_twice(take, tmp_path):
    retake(take, Otherwise(steps=2), settings(tmp_path), silent)
    with pytest.raises(TakeError, match="piece-kindred-2steps is there already"):
        retake(take, Otherwise(steps=2), settings(tmp_path), silent)


def test_two_at_a_time_are_refused(take, tmp_path):
    def another(_share):
        with pytest.raises(TakeError, match="Another take is being restaged"):
            retake(take, Otherwise(steps=3), settings(tmp_path), silent)

    retake(take, Otherwise(steps=2), settings(tmp_path), another)


def test_another_model_than_it_was_begun_with_does_not_go_on_with_it(long, tmp_path):
    def die(share):
        if share > 0.6:
            raise Killed

    with pytest.raises(Killed):
        retake(long, Otherwise(steps=2), settings(tmp_path), die)
    (bookmark,) = tmp_path.glob(f"{UNFINISHED}/*/{BOOKMARK}")
    bookmark.write_bytes(bookmark.read_bytes().replace(b'"digest": "', b'"digest": "0'))
    with pytest.raises(TakeError, match="was begun with another none than the one that is here"):
        retake(long, Otherwise(steps=2), settings(tmp_path), silent)


def test_a_kindred_performance_has_readings_of_its_own_and_none_of_the_machine(tmp_path):
    take = performed(tmp_path / "take", Piece(generations=2))
    lines = list(read(take.folder / LOG))
    then = next(line["at_ns"] for line in lines if "generation" in line) + 1
    said = {
        "/reading/entropy": -1.0,
        "/reading/energy": 99.0,
        "/reading/images-per-second": 3.0,
        "/reading/spectators": 5.0,
    }
    (take.folder / LOG).unlink()
    log = Journal(take.folder / LOG)
    for line in sorted([*lines, {"at_ns": then, "readings": said, "states": {}}], key=lambda line: line["at_ns"]):
        log.write(line)
    log.close()
    kindred, same = (restaged(take, wanted, settings(tmp_path), silent) for wanted in (Otherwise(128), AS_IT_WAS))
    (own,) = (line["readings"] for line in read(kindred.folder / LOG) if "readings" in line)
    first = next(takes.generations(kindred))
    assert own["/reading/entropy"] == first.readings["entropy"]
    assert own["/reading/spectators"] == 5.0
    assert not {"/reading/energy", "/reading/images-per-second"} & set(own)
    assert next(line for line in read(same.folder / LOG) if "readings" in line)["readings"] == said


def test_a_restorer_without_weights_is_refused_and_nothing_plays_in_its_place(take, tmp_path):
    with pytest.raises(ModelError, match="nonesuch"):
        retake(take, Otherwise(restorer="archive", model=str(tmp_path / "nonesuch")), settings(tmp_path), silent)
    with pytest.raises(ModelError, match="names its model"):
        retake(take, Otherwise(restorer="diffusion"), settings(tmp_path), silent)
    assert takes.all_takes(tmp_path) == []


def test_a_take_without_generations_is_refused(take, tmp_path):
    (empty := tmp_path / "empty").mkdir()
    (empty / CARD).write_text((take.folder / CARD).read_text())
    with pytest.raises(TakeError, match="has no generations"):
        retake(takes.load(empty), AS_IT_WAS, settings(tmp_path), silent)


def test_a_full_disk_ends_it_with_a_sentence_and_it_can_be_gone_on_with(take, tmp_path):
    full = Settings(state=tmp_path, recording=RecordingSettings(reserve_bytes=2**60))
    with pytest.raises(StorageError, match="GiB are free"):
        retake(take, Otherwise(steps=2), full, silent)
    assert retake(take, Otherwise(steps=2), settings(tmp_path), silent)[0] is not None


def test_what_other_pictures_were_made_of_is_not_said_of_a_kindred_one():
    sources, caption = {"pictures": [["archive/owl.webp", "owl 40%"]]}, {"text": "who was it"}
    assert measured({"at_ns": 1, "written": {"sources": sources}}, {}) == {"at_ns": 1}
    assert measured({"written": {"sources": sources, "caption": caption}}, {}) == {"written": {"caption": caption}}
    assert measured({"written": {}}, {}) == {"written": {}}
