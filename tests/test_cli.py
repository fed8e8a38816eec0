import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from installation import cli
from installation.burns import MEDIA, calibration
from installation.cli import voice
from installation.errors import Refusal
from tests.system.performance import scene_file

ROOT = Path(__file__).parents[1]
COMMANDS = sorted(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined] # it is a group


def called(*words: str) -> str:
    result = CliRunner().invoke(cli.app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("60s", 60.0), ("5m", 300.0), ("1.5h", 5400.0)])
def test_a_duration_is_a_number_with_a_unit(text, seconds):
    assert voice.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "0s", "-3s", "5 minutes", "nan"])
def test_what_is_no_duration_is_answered_with_an_example(text):
    with pytest.raises(typer.BadParameter, match="60s"):
        voice.duration(text)


def test_a_window_size_is_width_by_height():
    assert voice.window_size("1280x720") == (1280, 720)
    with pytest.raises(typer.BadParameter, match="1280x720"):
        voice.window_size("1280")


def test_temperatures_are_numbers_from_nothing_to_all():
    assert voice.temperatures("0.2,.5,1") == (0.2, 0.5, 1.0)


@pytest.mark.parametrize("text", ["", "hot", "0.5,", "1.2", "nan", "-1,1"])
def test_what_is_no_temperature_is_answered_with_an_example(text):
    with pytest.raises(typer.BadParameter, match=r"0\.2,0\.5,1"):
        voice.temperatures(text)


def test_a_strip_of_a_shipped_picture_is_drawn_by_its_name(tmp_path):
    out, words = tmp_path / "cat.webp", ["--size", "64", "--temperatures", "0.3", "--state", str(tmp_path)]
    assert called("strip", "cat", *words, "--out", str(out)).splitlines()[-1] == str(out)
    assert out.stat().st_size > 0


def test_a_strip_of_a_picture_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refusal, match="no such file"):
        CliRunner().invoke(cli.app, ["strip", "dog", "--out", str(tmp_path / "dog.png")], catch_exceptions=False)


def test_a_piece_is_calibrated_on_ones_own_pictures(tmp_path):
    shutil.copy(ROOT / "assets" / "origins" / "cat.png", tmp_path / "cat.png")
    said = called("calibrate", str(tmp_path), "--size", "32", "--state", str(tmp_path / "state"))
    table = calibration.load(tmp_path / "state" / "calibration.json")
    assert (table.pictures, table.size, table.missing(MEDIA)) == (1, 32, [])
    assert "heat: half burnt at T" in said
    assert str(tmp_path / "state") in said


def test_a_folder_without_pictures_is_refused_before_anything_burns(tmp_path):
    with pytest.raises(Refusal, match="has no pictures"):
        CliRunner().invoke(cli.app, ["calibrate", str(tmp_path)], catch_exceptions=False)


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_every_command_explains_itself(command):
    words = [command.replace("_", "-")] if command else []
    assert "Usage" in called(*words, "--help")


def test_every_shipped_scene_passes_its_check():
    said = called("check")
    scenes = sorted((ROOT / "scenes").glob("*.toml"))
    assert scenes
    assert said.splitlines() == [f"{path.name}: good" for path in scenes]


def test_a_faulty_scene_is_named_with_file_key_and_the_nearest_name(tmp_path):
    path = scene_file(tmp_path, gaussian="temprature = 0.4")
    result = CliRunner().invoke(cli.app, ["check", str(path)])
    assert result.exit_code == 1
    assert "little.toml" in result.output
    assert "temprature" in result.output
    assert "temperature" in result.output.replace("temprature", "")


def test_a_gallery_is_drawn_of_the_scenes_that_were_named(tmp_path):
    sheet = tmp_path / "gallery.png"
    said = called("scenes", "mean-image", "--gallery", str(sheet), "--most", "1")
    assert "Written" in said
    assert sheet.is_file()
    assert sheet.with_name("gallery-mean-image.png").is_file()


def test_a_scene_is_listed_with_its_picture_its_title_and_how_long_it_takes():
    said = called("scenes", "heat-equation", "two-hundred-cats")
    assert "The heat equation" in said
    assert "2.0 min" in said
    assert "120 generations" in said
    assert "\N{UPPER HALF BLOCK}" in said


def test_scenes_are_listed_with_what_they_show():
    said = called("scenes")
    assert "machine-dementia" in said
    assert "hearth" in said


def test_a_misspelt_scene_is_refused_with_the_nearest():
    with pytest.raises(Refusal, match="Did you mean hearth"):
        CliRunner().invoke(cli.app, ["run", "herth"], catch_exceptions=False)


def test_a_refusal_is_one_sentence_and_exit_code_two():
    refused = subprocess.run(
        [sys.executable, "-m", "installation", "run", "herth"], capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith("There is no scene")
    assert "Traceback" not in refused.stderr


def test_brackets_in_a_file_name_are_no_markup(tmp_path):
    folder = tmp_path / "[/red] [bold]"
    folder.mkdir(parents=True)  # a slash is in it: the closing tag
    (folder / "scene.toml").write_text("nope = 1")
    words = [sys.executable, "-m", "installation", "run", "[/red] [bold]/scene.toml"]
    refused = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("[/red] [bold]/scene.toml")
    assert "[/red] [bold]" in called("takes", "--state", str(folder))


def test_a_seed_larger_than_a_lineage_can_keep_is_refused():
    result = CliRunner().invoke(cli.app, ["run", "--seed", str(2**64)])
    assert result.exit_code == 2
    assert "--seed" in result.output


INTERRUPTED = """
import signal, sys
from installation.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is born with it ignored
class CtrlC:
    def find_spec(self, name, *_):
        if name == "rich.console":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, CtrlC())
main()
"""


def test_ctrl_c_while_the_command_line_is_still_loading_is_no_traceback():
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 130
    assert ended.stderr == ""


def test_no_takes_is_a_sentence_that_says_how_to_make_one(tmp_path):
    assert "burntout run --record" in called("takes", "--state", str(tmp_path))


@pytest.mark.parametrize(
    ("table", "address"),
    [("addresses", "/burn/gaussian/temperature"), ("readings", "/reading/entropy"), ("models", "SD-Turbo")],
)
def test_the_readme_has_the_tables_that_the_program_prints(table, address):
    words = [sys.executable, "-m", "installation", table, "--markdown"]  # alone: tests declare knobs of their own
    printed = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    assert address in printed
    assert printed in (ROOT / "README.md").read_text()


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text()
    for command in COMMANDS:
        assert f"burntout {command}" in readme


@pytest.mark.system
def test_a_wheel_carries_scenes_and_assets_and_works_away_from_the_checkout(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path), str(ROOT)], check=True, timeout=120, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    away = tmp_path / "away"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(away)
    checked = subprocess.run(
        [sys.executable, "-m", "installation", "check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(away), "PATH": ""},
    )
    assert "machine-dementia.toml: good" in checked.stdout
    assert (away / "installation" / "_share" / "assets" / "ember" / "config.json").is_file()


def test_readings_are_listed_with_unit_and_definition():
    from installation.readings import declared

    said = called("readings")
    assert all(address in said for address in declared())
    assert "bit/px" in said
