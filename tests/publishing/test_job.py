"""A job in a process of its own: it says how far it is, leaves nothing half made, and lets everybody else go first."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from installation.publishing.job import SESSION_NICE, edition
from installation.publishing.preview import CELLS
from installation.publishing.whole import PublishError
from tests.recording.rehearsal import frames, rehearse

COMMAND = [sys.executable, "-m", "installation.publishing.job"]


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    return rehearse(tmp_path_factory.mktemp("takes") / "a", frames(9))


def order(take, *forms, reserve=0):
    state = str(take.folder.parent)
    return {"job": "edition", "folder": str(take.folder), "forms": forms, "state": state, "reserve_bytes": reserve}


def ordered(what):
    """The exit code, and everything that was said."""
    done = subprocess.run([*COMMAND, json.dumps(what)], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_an_edition_is_made_beside_its_take_with_its_sidecar_and_its_share_only_grows(take):
    code, said, _ = ordered(order(take, "generations", "contact-sheet"))
    shares = [line["share"] for line in said]
    assert code == 0
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [line["made"] for line in said if "made" in line] == ["a-generations.png", "a.png"]
    assert {"a-generations.png", "a-generations.png.json", "a.png", "a.png.json"} <= {
        path.name for path in take.folder.iterdir()
    }


def test_room_that_is_kept_for_the_show_is_not_taken(take):
    code, said, errors = ordered(order(take, "webp", reserve=2**60))
    assert (code, errors) == (1, "")
    assert "kept for the show itself" in said[-1]["refused"]
    assert not list(take.folder.glob("*.webp*"))


def test_what_cannot_be_made_is_refused_with_a_sentence(take):
    with pytest.raises(PublishError, match="No form is called 'wax'"):
        list(edition(order(take, "wax")))


def test_previews_are_made_of_all_takes_that_have_pictures(take, tmp_path):
    (tmp_path / "no take").mkdir()
    folders = [str(tmp_path / "no take"), str(take.folder)]
    code, said, _ = ordered({"job": "previews", "folders": folders, "into": str(tmp_path)})
    assert (code, said) == (0, [{"made": "a"}])
    assert (tmp_path / "a.jpg").stat().st_size > CELLS * 100


def test_one_that_is_asked_to_leave_leaves_nothing_half_made_and_lets_others_go_first_until_then(tmp_path):
    take = rehearse(tmp_path / "a", frames(40))
    words = [*COMMAND, json.dumps(order(take, "h264"))]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as child:
        assert child.stdout
        assert child.stdout.readline()  # it has begun
        process = psutil.Process(child.pid)
        assert process.nice() == 19
        assert process.ionice().ioclass == psutil.IOPRIO_CLASS_IDLE
        assert os.sched_getscheduler(child.pid) == os.SCHED_BATCH
        session = Path(f"/proc/{child.pid}/autogroup")
        assert not session.exists() or session.read_text().split()[-1] == str(SESSION_NICE)
        child.send_signal(signal.SIGTERM)
        child.wait(30.0)
    assert not list(take.folder.glob(".*part*"))
