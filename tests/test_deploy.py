"""What a technician installs, tried in a folder that stands for the machine."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from installation.machine.settings import Settings
from tests.support import objections

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
SCRIPTS = [DEPLOY / name for name in ("install.sh", "update.sh", "kiosk/display", "kiosk/session")]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def needs(tool, package):
    """Skip without a tool, naming the Debian package that brings it."""
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is missing: apt-get install {package}")


def wheel(folder):
    """A program called burntout that is content with every machine."""
    files = {
        "burntout_stand_in.py": "def main():\n    print('burntout 1')\n",
        "burntout-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: burntout\nVersion: 1\n",
        "burntout-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "burntout-1.dist-info/entry_points.txt": "[console_scripts]\nburntout = burntout_stand_in:main\n",
    }
    path = folder / "burntout-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for file, text in files.items():
            packed.writestr(file, text)
        packed.writestr("burntout-1.dist-info/RECORD", "".join(f"{file},,\n" for file in files))
    return path


def version(folder, name, *, doctor=0):
    """A version for the quick Python below: a script that says its name, and whose doctor gives this exit code."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {name}\nexit {doctor}\n")
    path.chmod(0o755)
    return path


#: A real virtual environment takes seconds: this Python makes one that is a folder, and installs by copying.
QUICK_PYTHON = """#!/bin/sh
for last; do :; done
case "$2" in
  venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  pip) grep -q burntout "$last" && cp "$last" "$(dirname "$0")/burntout" ;;
esac
"""


class Machine:
    """A folder instead of /, and a systemctl that does as ``services`` says."""

    def __init__(self, folder):
        self.root, self.folder = folder / "root", folder
        self.systemctl("exit 0")
        self.python = folder / "bin" / "python"
        self.python.write_text(QUICK_PYTHON)
        self.python.chmod(0o755)

    def systemctl(self, body):
        path = self.folder / "bin" / "systemctl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/services\n{body}\n')
        path.chmod(0o755)

    def run(self, script, *words, **environment):
        command = [str(DEPLOY / script), "--prefix", str(self.root), *map(str, words)]
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        extra = {"PATH": path, "PYTHON": str(self.python), **environment}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **extra}
        )

    def plays(self):
        """What the present version says of itself."""
        return subprocess.run(
            [self.root / "opt/burntout/current/bin/burntout"], capture_output=True, text=True, timeout=30, check=False
        ).stdout.strip()

    def everything(self):
        """Every file below the root with its content, links with their targets."""
        return {
            str(path.relative_to(self.root)): path.readlink() if path.is_symlink() else path.read_bytes()
            for path in self.root.rglob("*")
            if (path.is_file() or path.is_symlink()) and "versions" not in path.parts
        }


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_a_dry_run_says_all_and_does_nothing(machine):
    done = machine.run("install.sh", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "write /etc/systemd/system/burntout.service" in done.stdout
    assert "Nothing was done." in done.stdout
    assert not machine.root.exists()


def test_installing_twice_changes_nothing_the_second_time(machine, tmp_path):
    package, real = wheel(tmp_path), {"PYTHON": sys.executable, "PIP_OPTIONS": "--no-index"}
    first = machine.run("install.sh", "--kiosk", "wayland", "--package", package, **real)
    assert first.returncode == 0, first.stderr
    before = machine.everything()
    second = machine.run("install.sh", "--kiosk", "wayland", "--package", package)
    assert second.stdout == "Everything is as it should be.\n"
    assert machine.everything() == before
    assert machine.plays() == "burntout 1"
    assert "\nKIOSK=wayland\n" in (machine.root / "etc/burntout/environment").read_text()
    assert before["usr/local/bin/burntout"] == Path("/opt/burntout/current/bin/burntout")
    assert set(SHARED) <= before.keys()


SHARED = (
    "etc/burntout/machine.toml",
    "etc/burntout/programme.toml",
    "etc/systemd/journald.conf.d/burntout.conf",
    "etc/systemd/system.conf.d/burntout.conf",
    "etc/udev/rules.d/70-burntout.rules",
    "opt/burntout/share/RUNBOOK.md",
    "opt/burntout/share/update.sh",
)


def test_settings_of_the_house_are_never_overwritten(machine, tmp_path):
    package = version(tmp_path, "burntout-1")
    machine.run("install.sh", "--package", package)
    theirs = machine.root / "etc/burntout/machine.toml"
    theirs.write_text("# tuned\n")
    done = machine.run("install.sh", "--package", package)
    assert "leave /etc/burntout/machine.toml as it is" in done.stdout
    assert theirs.read_text() == "# tuned\n"
    assert theirs.with_name("machine.toml.new").read_bytes() == (DEPLOY / "machine.toml").read_bytes()
    assert machine.run("install.sh", "--package", package).stdout == "Everything is as it should be.\n"


@pytest.mark.parametrize("words", [("--kiosk", "mir"), ("--nonsense",)])
def test_what_it_does_not_know_it_refuses_before_it_does_anything(machine, words):
    done = machine.run("install.sh", *words)
    assert done.returncode == 2
    assert "x11" in done.stderr
    assert not machine.root.exists()


@pytest.fixture
def playing(machine, tmp_path):
    """A machine on which version 1 plays."""
    done = machine.run("update.sh", "--first", version(tmp_path, "burntout-1"))
    assert done.returncode == 0, done.stderr
    return machine


LIVES = 'case "$1" in show) echo 3 ;; esac'


def test_an_update_that_plays_is_kept_and_can_be_taken_back(playing, tmp_path):
    playing.systemctl(LIVES)
    done = playing.run("update.sh", "--settle", "0", version(tmp_path, "burntout-2"), BURNTOUT_SERVICES="1")
    assert (done.returncode, playing.plays()) == (0, "burntout-2"), done.stderr
    assert (tmp_path / "services").read_text().splitlines()[0] == "restart burntout"
    back = playing.run("update.sh", "--settle", "0", "--rollback", BURNTOUT_SERVICES="1")
    assert (back.returncode, playing.plays()) == (0, "burntout-1"), back.stderr
    forth = playing.run("update.sh", "--settle", "0", "--rollback", BURNTOUT_SERVICES="1")
    assert (forth.returncode, playing.plays()) == (0, "burntout-2"), forth.stderr


@pytest.mark.parametrize(
    "sickness",
    [
        f'grep -qs "burntout-2" {{present}} && [ "$1" = restart ] && exit 1; {LIVES}',  # no first picture
        f'grep -qs "burntout-2" {{present}} && [ "$1" = is-active ] && exit 3; {LIVES}',  # ended within the minute
        'grep -qs "burntout-2" {present} && [ "$1" = show ] && wc -l < {services}; exit 0',  # started again and again
    ],
)
def test_an_update_that_does_not_play_goes_back_by_itself(playing, tmp_path, sickness):
    present = playing.root / "opt/burntout/current/bin/burntout"
    playing.systemctl(sickness.format(present=present, services=tmp_path / "services"))
    done = playing.run("update.sh", "--settle", "0", version(tmp_path, "burntout-2"), BURNTOUT_SERVICES="1")
    assert done.returncode == 1
    assert "Went back" in done.stderr
    assert playing.plays() == "burntout-1"
    assert len(list((playing.root / "opt/burntout/versions").iterdir())) == 1


def test_an_update_whose_doctor_finds_fault_is_never_switched_to(playing, tmp_path):
    done = playing.run("update.sh", version(tmp_path, "burntout-2", doctor=1), BURNTOUT_SERVICES="1")
    assert done.returncode == 1
    assert "was not switched to" in done.stderr
    assert playing.plays() == "burntout-1"
    assert not (tmp_path / "services").exists()


def test_a_package_that_cannot_be_installed_leaves_everything_as_it_is(playing, tmp_path):
    (tmp_path / "broken").write_bytes(b"not a program")
    assert playing.run("update.sh", tmp_path / "broken").returncode != 0
    assert playing.plays() == "burntout-1"
    assert len(list((playing.root / "opt/burntout/versions").iterdir())) == 1


def test_two_updates_at_once_are_refused(playing, tmp_path):
    lock = playing.root / "opt/burntout/lock"
    with subprocess.Popen(["flock", lock, "sh", "-c", "echo held; read x"], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = playing.run("update.sh", version(tmp_path, "burntout-2"))
        holder.communicate("\n", timeout=10)
    assert (done.returncode, playing.plays()) == (1, "burntout-1")
    assert "Another update is running" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"), [(("--rollback",), "no version to go back to"), (("nowhere",), "no nowhere")]
)
def test_what_cannot_be_done_is_a_sentence(machine, words, sentence):
    done = machine.run("update.sh", *words)
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_may_be_run_and_are_written_in_their_shell(script):
    assert os.access(script, os.X_OK)
    shell = "bash" if script.suffix else "sh"
    subprocess.run([shell, "-n", script], check=True, timeout=10)


@needs("shellcheck", "shellcheck")
def test_shellcheck_finds_nothing():
    done = subprocess.run(["shellcheck", *SCRIPTS], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""


def test_the_piece_starts_a_process_anew_before_systemd_slows_it_down_and_that_before_it_kills():
    unit = (DEPLOY / "systemd" / "burntout.service").read_text()
    high, most = (int(re.findall(rf"^{limit}=(\d+)%$", unit, re.MULTILINE)[0]) for limit in ("MemoryHigh", "MemoryMax"))
    assert 100.0 * Settings().memory.share < high < most < 100


@needs("systemd-analyze", "systemd")
def test_systemd_accepts_the_units(tmp_path):
    for unit in UNITS:
        (tmp_path / unit.name).write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit.read_text()))
    assert objections(tmp_path) == (0, "")


def test_what_the_units_start_is_what_is_installed():
    started = re.findall(r"ExecStart=(\S+)", "".join(unit.read_text() for unit in UNITS))
    assert sorted(started) == ["/opt/burntout/current/bin/burntout", "/opt/burntout/share/kiosk/display"]
    assert 'ours "$here/$source" "/opt/burntout/share/$source"' in (DEPLOY / "install.sh").read_text()


def test_the_service_calls_the_program_as_it_wants_to_be_called():
    from typer.testing import CliRunner

    from installation import cli

    (line,) = re.findall(r"ExecStart=\S+/burntout (.*)", (DEPLOY / "systemd" / "burntout.service").read_text())
    known = CliRunner().invoke(cli.app, ["run", "--help"], env={"COLUMNS": "200"}).output
    assert line.split()[0] == "run"
    assert all(option in known for option in re.findall(r"--[a-z]+", line))


def test_the_example_machine_shows_every_projector_setting():
    shown = tomllib.loads(re.sub(r"(?m)^# (?=password)", "", (DEPLOY / "machine.toml").read_text()))["projector"]
    assert shown.keys() == type(Settings().projector).model_fields.keys()
    defaults = Settings().projector.model_dump(mode="json", exclude={"password"})
    assert {key: value for key, value in shown.items() if key != "password"} == defaults


CONTAINER = (DEPLOY / "Containerfile").read_text()


def test_everything_the_container_takes_along_is_there():
    taken = [path for line in re.findall(r"(?m)^COPY (.*) \S+$", CONTAINER) for path in line.split()]
    assert "installation" in taken
    assert [path for path in taken if not (ROOT / path).exists()] == []


def test_the_container_opens_the_ports_that_the_piece_listens_at():
    opened = re.findall(r"(\d+)/(udp|tcp)", re.findall(r"(?m)^EXPOSE (.*)$", CONTAINER)[0])
    osc, web = str(Settings().osc.port), str(Settings().web.port)
    assert opened == [(osc, "udp"), (osc, "tcp"), (web, "tcp")]
    assert f"127.0.0.1:{web}/?HOST_INFO" in CONTAINER


def test_the_container_runs_as_somebody_who_may_do_little():
    assert re.findall(r"(?m)^USER (.*)$", CONTAINER) == ["burntout"]


RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text()


def test_the_runbook_has_a_page_for_every_symptom_in_its_table():
    anchors = {
        re.sub(r"[^a-z ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^## (.*)", RUNBOOK)
    }
    linked = set(re.findall(r"\]\(#([a-z-]+)\)", RUNBOOK))
    assert linked <= anchors
    assert anchors - linked == {"before-you-leave"}


def test_every_page_says_what_is_seen_what_it_means_and_what_to_do():
    for page in re.split(r"(?m)^## ", RUNBOOK)[1:-1]:
        assert re.search(r"\*You see\*.*?\*It means\*.*?\n1\. ", page, re.DOTALL), page.splitlines()[0]


def test_what_the_runbook_has_typed_exists():
    from installation.cli import app
    from installation.control.commands import COMMANDS

    named = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    known = named | {"programme", "takes", "doctor", "send"}
    assert set(re.findall(r"`(?:\S*/)?burntout ([a-z]+)", RUNBOOK)) <= known
    assert set(re.findall(r"burntout send (/\S+?)[ `]", RUNBOOK)) <= COMMANDS.keys()
