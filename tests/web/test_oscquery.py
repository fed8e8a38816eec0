"""OSCQuery's tree: every address has its entry, and what an entry says is what is sent and taken."""

import json

import pytest

from installation.control.commands import COMMANDS, Command, Commands
from installation.control.packets import decode, encode
from installation.knobs import Knob
from installation.panels import all_knobs
from installation.readings import declared
from installation.readings.register import STATES
from installation.web.oscquery import (
    ATTRIBUTES,
    EXTENSIONS,
    UNITS,
    QueryError,
    Tree,
    changes,
    host_info,
    instances,
    methods,
)

KNOBS = all_knobs()
TREE = Tree(methods(KNOBS, COMMANDS, declared(), {"/scene/load": ("hearth", "machine-dementia")}, ("1", "12.5")))
STANDS = {address: knob.show(knob.default) for address, knob in KNOBS.items()}
TEMPERATURE = "/burn/gaussian/temperature"


def entry(address, values=STANDS):
    return TREE.node(address, values)


def tags(value):
    """The type tags under which a value is sent."""
    packet = encode("/x", (value,))
    return packet[4:].split(b"\0")[0].decode().removeprefix(",")


def every(node):
    """A node and all below it."""
    yield node
    for child in node.get("CONTENTS", {}).values():
        yield from every(child)


@pytest.mark.parametrize("address", KNOBS)
def test_a_knob_says_its_type_as_its_value_is_sent(address):
    said = entry(address)
    (value,) = said["VALUE"]
    sent = tags(value)
    assert said["TYPE"] == ("T" if sent == "F" else sent)
    assert decode(encode(address, (value,)))[1][0] == pytest.approx(value)


@pytest.mark.parametrize("address", KNOBS)
def test_a_knob_takes_every_end_of_the_range_it_says_and_nothing_is_clipped_there(address):
    knob, said = KNOBS[address], entry(address)
    ends = [each for limits in said.get("RANGE", [{"VALS": [True, False]}]) for each in limits.get("VALS", ())]
    ends = ends or [said["RANGE"][0]["MIN"], said["RANGE"][0]["MAX"]]
    assert [knob.show(knob.parse(end)) for end in ends] == ends
    assert {knob.parse(end) for end in ends} >= {knob.low, knob.high}


@pytest.mark.parametrize("address", KNOBS)
def test_a_knob_can_be_read_and_written_and_says_what_it_does(address):
    knob, said = KNOBS[address], entry(address)
    assert (said["FULL_PATH"], said["ACCESS"], said["DESCRIPTION"]) == (address, 3, knob.doc)
    assert said["EXTENDED_TYPE"] == [knob.kind]
    assert said.get("CLIPMODE") == (["both"] if knob.kind in {"number", "whole"} else None)
    assert said.get("UNIT") == ([UNITS.get(knob.unit, knob.unit)] if knob.unit else None)


@pytest.mark.parametrize("address", [each for each in COMMANDS if "{" not in each])
def test_a_command_can_be_written_only_and_must_arrive(address):
    said = entry(address)
    assert (said["ACCESS"], said["CRITICAL"]) == (2, True)
    assert "VALUE" not in said
    assert said["DESCRIPTION"] == COMMANDS[address].doc


@pytest.mark.parametrize("takes", ["press", "switch", "text", "text or nothing", "number", "two numbers"])
def test_a_command_takes_what_its_type_says(takes):
    command = Command("/x", takes, "A command.")
    said = Tree(methods({}, Commands([command]), {}, {})).node("/x", {})
    examples = {"I": True, "T": True, "f": 0.5, "s": "text"}
    assert command.parse(tuple(examples[tag] for tag in said["TYPE"])) is not None


@pytest.mark.parametrize("address", declared())
def test_a_reading_can_be_read_only_with_its_standing_below_it(address):
    reading, said = declared()[address], entry(address)
    assert (said["TYPE"], said["ACCESS"]) == ("f", 1)
    assert said["RANGE"] == [{"MIN": reading.low, "MAX": reading.high}]
    standing = said["CONTENTS"]["state"]
    assert (standing["TYPE"], standing["ACCESS"], standing["RANGE"]) == ("s", 1, [{"VALS": list(STATES)}])


@pytest.mark.parametrize(
    ("standing", "value"), [("measured", 7.5), ("estimated", 7.5), ("no sensor", None), ("not yet", None)]
)
def test_a_reading_whose_number_has_gone_shows_none(standing, value):
    known = {"/reading/entropy": 7.5, "/reading/entropy/state": standing}
    assert TREE.ask("/reading/entropy", "VALUE", known) == {"VALUE": [value]}


def test_the_whole_tree_holds_every_address_once_at_the_path_it_says():
    paths = [node["FULL_PATH"] for node in every(TREE.node("/", STANDS))]
    assert len(paths) == len(set(paths)) == len(TREE) == TREE.size("/")
    assert set(paths) >= {*KNOBS, *declared(), *(each for each in COMMANDS if "{" not in each)}


def test_the_tree_is_plain_json():
    whole = TREE.node("/", STANDS)
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole


def test_every_name_below_a_container_is_the_end_of_its_path():
    for node in every(TREE.node("/", STANDS)):
        for name, child in node.get("CONTENTS", {}).items():
            assert child["FULL_PATH"] == f"{node['FULL_PATH'].rstrip('/')}/{name}"


def test_a_container_has_no_type_and_no_value():
    assert set(TREE.node("/burn", STANDS)) == {"FULL_PATH", "ACCESS", "CONTENTS"}
    assert TREE.ask("/burn", "ACCESS", STANDS) == {"ACCESS": 0}
    assert TREE.ask("/burn", "VALUE", STANDS) == {}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_each_attribute_can_be_asked_alone_and_is_what_the_node_says(attribute):
    whole = entry(TEMPERATURE)
    assert TREE.ask(TEMPERATURE, attribute, STANDS) == ({attribute: whole[attribute]} if attribute in whole else {})


@pytest.mark.parametrize(
    ("path", "attribute", "status"),
    [
        ("/burn/madium", "VALUE", 404),
        ("/nothing", "CONTENTS", 404),
        ("/", "COLOUR", 400),
        ("/panic/black", "VALUE", 204),
    ],
)
def test_what_cannot_be_answered_is_refused_with_https_word_for_why(path, attribute, status):
    with pytest.raises(QueryError) as refused:
        TREE.ask(path, attribute, STANDS)
    assert refused.value.status == status


def test_the_scenes_can_be_chosen_from_a_list():
    assert TREE.ask("/scene/load", "RANGE", {}) == {"RANGE": [{"VALS": ["hearth", "machine-dementia"]}]}


def test_a_command_with_a_number_in_its_address_is_there_for_each_cue_and_with_another_place_not_at_all():
    assert instances("/cue/{number}/go", ("1", "12.5")) == ["/cue/1/go", "/cue/12.5/go"]
    assert instances("/in/{name}", ("1",)) == []
    assert instances("/go", ("1",)) == ("/go",)


def grown(*numbers):
    commands = Commands([Command("/go", "press", "Go."), Command("/cue/{number}/go", "press", "Go there.")])
    return Tree(methods({}, commands, {}, {}, numbers))


def test_what_came_and_what_went_is_told_once_at_its_highest_place():
    assert list(changes(grown(), grown("1", "2"))) == [{"COMMAND": "PATH_ADDED", "DATA": "/cue"}]
    assert list(changes(grown("1", "2"), grown("2", "3"))) == [
        {"COMMAND": "PATH_REMOVED", "DATA": "/cue/1"},
        {"COMMAND": "PATH_ADDED", "DATA": "/cue/3"},
    ]
    assert list(changes(grown("1"), grown())) == [{"COMMAND": "PATH_REMOVED", "DATA": "/cue"}]


def test_a_tree_that_is_the_same_has_no_changes_and_another_range_is_one():
    def with_scenes(*names):
        return Tree(methods({}, COMMANDS, {}, {"/scene/load": names}))

    assert list(changes(with_scenes("a"), with_scenes("a"))) == []
    assert list(changes(with_scenes("a"), with_scenes("a", "b"))) == [
        {"COMMAND": "PATH_CHANGED", "DATA": "/scene/load"}
    ]


def test_a_method_may_become_a_container_and_the_other_way_round():
    def knob(address):
        return {address: Knob(address, "number", 0.0, 0.0, 1.0, "", 0.0, "A knob.")}

    alone = Tree(methods(knob("/a/b"), Commands([]), {}, {}))
    below = Tree(methods(knob("/a/b/c"), Commands([]), {}, {}))
    assert {"COMMAND": "PATH_CHANGED", "DATA": "/a/b"} in changes(alone, below)
    assert {"COMMAND": "PATH_CHANGED", "DATA": "/a/b"} in changes(below, alone)


def test_host_info_says_where_osc_is_heard_and_what_we_can_do():
    assert host_info(9000, "192.168.1.7", 9001) == {
        "NAME": "Burntout",
        "EXTENSIONS": EXTENSIONS,
        "OSC_PORT": 9000,
        "OSC_TRANSPORT": "UDP",
        "OSC_IP": "192.168.1.7",
        "WS_PORT": 9001,
    }


def test_host_info_is_silent_about_osc_where_nobody_hears_it_and_about_its_address_where_it_is_everywhere():
    assert "OSC_PORT" not in host_info(None, "127.0.0.1", 9001)
    assert "OSC_IP" not in host_info(9000, "0.0.0.0", 9001)  # noqa: S104 - where a gallery listens


def test_everything_the_tree_says_beyond_the_required_is_named_among_the_extensions():
    said = {attribute for node in every(TREE.node("/", STANDS)) for attribute in node}
    assert said - {"FULL_PATH", "CONTENTS", "TYPE"} <= {name for name, able in EXTENSIONS.items() if able}
