"""The controllers in deploy/ are those that the piece would make now, and say what the piece understands."""

import json
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from installation.control.commands import COMMANDS, SYSTEM
from installation.control.directory import Directory
from installation.controllers import files, open_stage_control, touchosc
from installation.controllers.preview import preview
from installation.controllers.surface import surface
from installation.machine.files import share
from installation.panels import all_knobs

SHIPPED = Path(__file__).parents[2] / "deploy" / "controllers"
#: Other tests declare knobs of their own.
KNOBS = {address: knob for address, knob in all_knobs().items() if not address.startswith("/test/")}
PAGES = surface(KNOBS, COMMANDS, sorted(path.stem for path in share("scenes").glob("*.toml")))
DIRECTORY = Directory(KNOBS)
STALE = "Knobs, commands or scenes have changed: run `burntout controllers`."


def widgets(session):
    return [widget for tab in session["content"]["tabs"] for widget in tab["widgets"] if "address" in widget]


def messages(root):
    """Address, argument's type, value and scale of every OSC message of a layout."""
    for osc in root.iter("osc"):
        said = {each.tag: each.text for each in osc.find("arguments/partial")}
        yield osc.findtext("path/partial/value"), said


def test_the_layout_for_touchosc_is_up_to_date():
    assert zlib.decompress((SHIPPED / files.TOUCHOSC).read_bytes()) == zlib.decompress(touchosc.layout(PAGES)), STALE


def test_the_session_for_open_stage_control_is_up_to_date():
    assert (SHIPPED / files.OPEN_STAGE_CONTROL).read_text() == open_stage_control.session(PAGES), STALE


def test_the_same_piece_gives_the_same_files():
    assert files.contents(PAGES) == files.contents(PAGES)


def test_writing_says_where(tmp_path):
    assert {path.name for path in files.write(PAGES, tmp_path / "new")} == {files.TOUCHOSC, files.OPEN_STAGE_CONTROL}


def test_a_tosc_file_is_one_node_in_compressed_xml_and_no_two_nodes_have_one_name():
    root = ET.fromstring(zlib.decompress(touchosc.layout(PAGES)))  # noqa: S314 - our own
    assert (root.tag, root.get("version"), len(root)) == ("lexml", "3", 1)
    names = [node.get("ID") for node in root.iter("node")]
    assert len(set(names)) == len(names)


def test_everything_touchosc_can_say_is_understood():
    for address, said in messages(touchosc.document(PAGES)):
        for share_ in (0.0, 1.0):
            low, high = float(said["scaleMin"]), float(said["scaleMax"])
            value = said["value"] if said["type"] == "CONSTANT" else low + share_ * (high - low)
            DIRECTORY.require(address, (value,))


def test_a_fader_of_touchosc_reaches_both_ends_of_its_knob():
    scales = {
        address: (float(said["scaleMin"]), float(said["scaleMax"]))
        for address, said in messages(touchosc.document(PAGES))
        if said["type"] == "VALUE"
    }
    for address, knob in KNOBS.items():
        if knob.kind in {"number", "whole"}:
            assert scales[address] == pytest.approx((knob.low, knob.high))


def test_everything_open_stage_control_can_say_is_understood():
    for widget in widgets(json.loads(open_stage_control.session(PAGES))):
        match widget["type"]:
            case "fader":
                values = [widget["range"]["min"], widget["range"]["max"], widget["default"]]
            case "switch":
                values = list(widget["values"].values())
            case _:
                values = [widget["on"], widget["off"]]
        for value in values:
            DIRECTORY.require(widget["address"], (value,))


def test_no_two_widgets_of_open_stage_control_have_one_id():
    session = json.loads(open_stage_control.session(PAGES))
    ids = [widget["id"] for tab in session["content"]["tabs"] for widget in tab["widgets"]]
    assert len(set(ids)) == len(ids)


def test_both_ask_for_what_changes():
    assert "/sys/subscribe" in SYSTEM
    assert "/sys/subscribe" in touchosc.SCRIPT
    assert "/sys/subscribe" in open_stage_control.SUBSCRIBE


def test_the_preview_shows_every_page():
    picture = preview(PAGES)
    rows = -(-len(PAGES) // 2)
    assert picture.size[0] > picture.size[1] / rows
    assert len(picture.getcolors(maxcolors=2**20) or ()) > 5
