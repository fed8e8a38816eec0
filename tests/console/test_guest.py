"""What of the console belongs to the tick."""

import logging

import pytest

from installation.console.faults import KEPT, Faults
from installation.console.glances import turn
from installation.console.origins import OriginError, find, keep
from installation.machine.files import share
from installation.records import Message
from tests.console.hall import standing
from tests.support import until


@pytest.fixture
def both(tmp_path):
    with standing(tmp_path) as both:
        yield both


def test_where_the_page_is_is_said_once_it_is_open(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with standing(tmp_path) as (hall, _):
        said = f"The console is at http://127.0.0.1:{hall.web.port}/console."
        until(lambda: said in caplog.messages)


def test_a_picture_by_its_name_is_given_to_the_engine(both):
    hall, console = both
    assert console.hear(Message("/origin", ("cat",)), 0.0)
    process, order, data = hall.event()
    assert (process, order, data["path"].stem) == ("engine", "adopt", "cat")


def test_a_picture_and_a_prompt_are_remembered_with_the_scene_that_they_were_said_over(both):
    _, console = both
    console.hear(Message("/origin", ("cat",)), 0.0)
    assert not console.hear(Message("/prompt", ("an owl",)), 0.0)
    said = until(lambda: console.hands.said.prompt and console.hands.said)
    assert (said.origin.stem, said.prompt, said.scene) == ("cat", "an owl", both[0].scene)


@pytest.mark.parametrize("name", ["", "kat", "../cat", "/etc/passwd", "cat.png", "\0"])
def test_what_is_no_pictures_name_is_refused_with_a_sentence(both, name):
    with pytest.raises(OriginError, match="no picture"):
        both[1].hear(Message("/origin", (name,)), 0.0)


def test_other_commands_are_others(both):
    assert not both[1].hear(Message("/go"), 0.0)


def test_what_the_log_complains_of_is_kept_and_nothing_else(both):
    logging.getLogger("a.room").info("all is well")
    logging.getLogger("a.room").warning("the lamp of %s is old", "A")
    assert [fault.text for fault in both[1].faults.last()] == ["the lamp of A is old"]


def test_whoever_leaves_hears_no_more(tmp_path):
    with standing(tmp_path) as (_, console):
        pass
    logging.getLogger("a.room").warning("later")
    assert console.faults.last() == ()


def test_of_many_complaints_the_newest_are_kept_newest_first():
    faults = Faults()
    for number in range(KEPT + 5):
        faults.handle(logging.LogRecord("a", logging.WARNING, "", 0, str(number), None, None))
    assert [fault.text for fault in faults.last()] == [str(number) for number in range(KEPT + 4, 4, -1)]


def test_who_turned_a_knob_is_remembered_until_somebody_else_does():
    first = turn({}, {"/loop/zoom": "osc udp 10.0.0.7:9000"})
    second = turn(first, {"/loop/pace": "midi"})
    assert {address: each.source for address, each in second.items()} == {
        "/loop/zoom": "osc udp 10.0.0.7:9000",
        "/loop/pace": "midi",
    }
    assert set(first) == {"/loop/zoom"}


def test_the_same_picture_brought_twice_is_kept_once(tmp_path):
    data = (share("assets") / "origins" / "cat.png").read_bytes()
    name = keep(data, tmp_path)
    assert keep(data, tmp_path) == name
    assert [path.stem for path in (tmp_path / "origins").iterdir()] == [name]
    assert find(name, tmp_path, share("assets")).read_bytes() != data
