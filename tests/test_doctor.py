import socket

import pytest

from installation import doctor
from installation.machine import settings

ANYWHERE = "0.0.0.0"  # noqa: S104 - where a gallery listens


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    return {
        finding.what: finding for finding in doctor.examine(settings.load(None, {"state": state, "osc": {"port": 0}}))
    }


def test_a_healthy_machine_has_nothing_fatal(findings):
    assert not [finding.line() for finding in findings.values() if finding.fatal]


@pytest.mark.parametrize(
    "what",
    [
        "Python",
        "processor",
        "torch",
        "display",
        "OSC",
        "web",
        "clock",
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


def test_a_busy_port_is_fatal_and_says_which_option_helps(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        examined = doctor.examine(settings.load(None, {"state": tmp_path, "osc": {"port": port}}))
        finding = next(finding for finding in examined if finding.what == "OSC")
    assert finding.fatal
    assert "--osc-port" in finding.sentence


def test_a_state_folder_that_cannot_be_written_is_fatal(tmp_path):
    (tmp_path / "file").write_text("")
    examined = doctor.examine(settings.load(None, {"state": tmp_path / "file" / "state"}))
    assert next(finding for finding in examined if finding.what == "state").fatal


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
    examined = doctor.examine(settings.load(None, {"state": tmp_path, "osc": {"port": 0, **osc}}))
    finding = next(finding for finding in examined if finding.what == "OSC")
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
