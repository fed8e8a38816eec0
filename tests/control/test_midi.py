"""MIDI controllers learn what they play, play it, and are not forgotten; a lost one comes back."""

import importlib
import json
import logging

import pytest

from installation.control.midi import FILE, LEARN_WITHIN, Midi, control_of, played
from installation.control.patchbay import MidiError, patch_of
from tests.control.rehearsal import KNOBS, LIGHT, MEDIUM, Rehearsal, scene
from tests.support import until

mido = pytest.importorskip("mido", reason="needs mido: pip install 'burntout[midi]'")
BACKEND = "tests.control.midi_backend"
FADER = mido.Message("control_change", channel=0, control=74, value=127)
midi_backend = importlib.import_module(BACKEND)
KEY = mido.Message("note_on", channel=9, note=36, velocity=20)


@pytest.fixture(autouse=True)
def unplugged():
    yield
    midi_backend.PLUGGED.clear()
    midi_backend.BROKEN.clear()


@pytest.fixture
def rehearse(tmp_path):
    guests = []

    def begin():
        guests.append(Midi(BACKEND, every=0.01))
        return Rehearsal(guests[-1], scenes=[scene()], state=tmp_path)

    yield begin
    for guest in guests:
        guest.close()


@pytest.fixture
def show(rehearse):
    midi_backend.PLUGGED.add("desk")
    return rehearse()


def desk(name="desk"):
    return until(lambda: midi_backend.OPEN.get(name))


@pytest.mark.parametrize(
    ("message", "moved"),
    [
        (FADER, ("cc 1 74", 1.0)),
        (FADER.copy(value=0, channel=15), ("cc 16 74", 0.0)),
        (KEY, ("note 10 36", 1.0)),
        (KEY.copy(velocity=0), ("note 10 36", 0.0)),
        (mido.Message("note_off", note=60, velocity=90), ("note 1 60", 0.0)),
        (mido.Message("pitchwheel", pitch=-8192), ("bend 1", 0.0)),
        (mido.Message("pitchwheel", pitch=8191), ("bend 1", 1.0)),
        (mido.Message("clock"), None),
    ],
)
def test_a_control_has_a_name_and_a_value_from_0_to_1(message, moved):
    assert control_of(message) == moved


@pytest.mark.parametrize(
    ("address", "value", "argument"),
    [
        (LIGHT.address, 0.0, -2.0),
        (LIGHT.address, 1.0, 10.0),
        (MEDIUM.address, 1.0, 2.0),
        ("/go", 1.0, True),
        ("/go", 0.0, False),
        ("/in/level", 0.25, 0.25),
    ],
)
def test_a_control_plays_a_knobs_range_a_button_or_a_number(address, value, argument):
    assert played(address, value, KNOBS, 0).arguments == (argument,)


def test_nothing_is_opened_until_somebody_wants_to_learn(show):
    show.tick(1.0)
    assert midi_backend.OPEN == {}


def test_what_is_moved_next_is_learnt_and_plays(show):
    assert not show.send(1.0, "/midi/learn", LIGHT.address)
    desk().play(FADER)
    show.tick(2.0)
    show.tick(3.0)
    assert show.heard[-1] == (LIGHT.address, 10.0)
    desk().play(FADER.copy(control=7))
    show.tick(4.0)
    show.tick(5.0)
    assert show.heard[-1] == (LIGHT.address, 10.0)  # another control plays nothing


def test_a_key_that_is_let_go_is_not_learnt_from(show):
    show.send(1.0, "/midi/learn", "/go")
    desk().play(KEY.copy(velocity=0))
    desk().play(FADER)
    show.tick(2.0)
    show.tick(3.0)
    assert show.heard[-1] == ("/go", True)


def test_what_was_learnt_is_kept_and_plays_the_next_time(show, rehearse, tmp_path):
    show.send(1.0, "/midi/learn", LIGHT.address)
    desk().play(FADER)
    show.tick(2.0)
    until((tmp_path / FILE).exists)
    assert json.loads((tmp_path / FILE).read_text()) == {"cc 1 74": LIGHT.address}
    show.guests[0].close()
    again = rehearse()
    desk().play(FADER.copy(value=0))
    again.tick(3.0)
    again.tick(4.0)
    assert again.heard[-1] == (LIGHT.address, -2.0)


def test_learning_ends_when_nobody_moves_anything(show):
    show.send(1.0, "/midi/learn", LIGHT.address)
    show.tick(1.1 + LEARN_WITHIN)
    desk().play(FADER)
    show.tick(40.0)
    show.tick(41.0)
    assert show.heard == [("/midi/learn", LIGHT.address)]


@pytest.mark.parametrize("address", ["/stage/lihgt", "/prompt", "/knob/modulate"])
def test_what_no_controller_can_play_is_refused(show, address):
    assert "it is no knob, button or number" in show.send(1.0, "/midi/learn", address)


@pytest.mark.parametrize("wish", [(LIGHT.address,), ()])
def test_what_was_learnt_can_be_forgotten(rehearse, tmp_path, wish):
    (tmp_path / FILE).write_text(json.dumps({"cc 1 74": LIGHT.address}))
    rehearse().send(1.0, "/midi/forget", *wish)
    until(lambda: patch_of(tmp_path / FILE) == {})


def test_forgetting_what_was_never_learnt_is_refused(show):
    assert "No MIDI controller plays /go." in show.send(1.0, "/midi/forget", "/go")


def test_a_controller_that_was_pulled_out_plays_again_when_it_is_back(rehearse, tmp_path):
    (tmp_path / FILE).write_text(json.dumps({"cc 1 74": LIGHT.address}))
    midi_backend.PLUGGED.add("desk")
    show = rehearse()
    desk()
    midi_backend.PLUGGED.clear()
    until(lambda: not midi_backend.OPEN)
    midi_backend.PLUGGED.add("desk")
    desk().play(FADER)
    show.tick(1.0)
    show.tick(2.0)
    assert show.heard == [(LIGHT.address, 10.0)]


def test_a_machine_without_midi_says_so_once_and_the_show_goes_on(show, caplog):
    midi_backend.BROKEN.append("no sequencer")
    with caplog.at_level(logging.WARNING):
        show.send(1.0, "/midi/learn", LIGHT.address)
        until(lambda: caplog.records)
    show.tick(2.0)
    assert "No MIDI here (no sequencer)" in caplog.text


@pytest.mark.parametrize("text", ["{", "[]", '{"cc 1 1": 3}', "\udcff"])
def test_a_damaged_patch_is_a_sentence_and_is_not_overwritten(rehearse, tmp_path, text):
    (tmp_path / FILE).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(MidiError, match="Mend it"):
        rehearse()
    assert (tmp_path / FILE).read_bytes() == text.encode(errors="surrogateescape")
