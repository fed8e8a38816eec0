import json
import socket

import pytest

from installation import doctor
from installation.hardware import Finding
from installation.machine import settings

ANYWHERE = "0.0.0.0"  # noqa: S104 - where a gallery listens


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    return {
        finding.what: finding for finding in doctor.examine(settings.load(None, {"state": state, "osc": {"port": 0}}))
    }


def test_a_healthy_machine_has_nothing_fatal(findings):
    assert not [doctor.line(finding) for finding in findings.values() if finding.fatal]


@pytest.mark.parametrize(
    "what",
    [
        "Python",
        "processor",
        "torch",
        "card",
        "display",
        "OpenGL",
        "clock",
        "disk",
        "sensors",
        "fonts",
        "projector",
        "OSC",
        "web",
        "state",
        "wires",
        "scenes",
        "publishing",
        "archive",
        "ember",
    ],
)
def test_every_organ_is_looked_at_and_spoken_of_in_a_sentence(findings, what):
    assert findings[what].sentence.endswith((".", "…", "?"))


def test_another_program_hears_the_same_as_json(findings):
    told = json.loads(doctor.report(findings.values()))
    assert told["plays"] is True
    assert [each["what"] for each in told["findings"]] == list(findings)
    assert set(told["findings"][0]) == {"grade", "what", "sentence"}


def test_a_line_shows_brackets_as_they_are():
    assert doctor.line(Finding("bad", "state", "No [folder].")).endswith("No \\[folder].")


def test_a_busy_port_is_fatal_and_says_which_option_helps(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        finding = doctor._osc(settings.load(None, {"state": tmp_path, "osc": {"port": port}}))
    assert finding.fatal
    assert "--osc-port" in finding.sentence


def test_a_state_folder_that_cannot_be_written_is_fatal(tmp_path):
    (tmp_path / "file").write_text("")
    assert doctor._state(settings.load(None, {"state": tmp_path / "file" / "state"})).fatal


@pytest.mark.parametrize(
    ("osc", "who"),
    [
        ({}, "this machine only can play"),
        ({"host": ANYWHERE}, "everybody on the network can play"),
        ({"host": ANYWHERE, "allow": ["192.168.1.0/24"]}, "this machine and 192.168.1.0/24 can play"),
        ({"host": ANYWHERE, "passcode": "ember"}, "with the passcode over TCP"),
    ],
)
def test_it_says_who_can_reach_the_osc_door(tmp_path, osc, who):
    finding = doctor._osc(settings.load(None, {"state": tmp_path, "osc": {"port": 0, **osc}}))
    assert who in finding.sentence
    assert "UDP and TCP" in finding.sentence


@pytest.mark.parametrize(
    ("web", "grade", "says"),
    [
        ({}, "good", "this machine only can look and play"),
        ({"host": ANYWHERE}, "note", "everybody on the network can look and play"),
        ({"host": ANYWHERE, "allow": ["192.168.1.0/24"]}, "good", "this machine and 192.168.1.0/24 can look and play"),
        ({"host": ANYWHERE, "passcode": "ember"}, "good", "everybody on the network, with the passcode,"),
        ({"enabled": False}, "note", "Switched off"),
        ({"host": "203.0.113.1"}, "note", "The web cannot be at 203.0.113.1"),
    ],
)
def test_it_says_who_can_reach_the_web_and_a_web_that_cannot_be_had_is_not_fatal(tmp_path, web, grade, says):
    finding = doctor._web(settings.load(None, {"state": tmp_path, "web": {"port": 0, **web}}))
    assert (finding.what, finding.grade) == ("web", grade)
    assert says in finding.sentence
