"""Settings: read once, checked completely, refused with file, key and what would do."""

import pickle
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from installation.machine.settings import Settings, SettingsError, load, split_target


@pytest.fixture
def machine(tmp_path):
    """Write a machine.toml and get its path."""

    def write(text):
        (tmp_path / "machine.toml").write_text(text, encoding="utf-8")
        return tmp_path / "machine.toml"

    return write


def test_a_passcode_is_not_shown_by_whoever_prints_the_settings(machine):
    settings = load(machine('[osc]\npasscode = "glowing"\n'))
    assert "glowing" not in repr(settings)
    assert settings.osc.passcode is not None
    assert settings.osc.passcode.get_secret_value() == "glowing"


def test_without_a_file_everything_has_its_default():
    assert load(None) == Settings()


def test_performers_are_on_loopback_until_somebody_decides_otherwise():
    assert load(None).osc.host == "127.0.0.1"


def test_settings_know_the_file_they_were_read_from(machine):
    path = machine("")
    assert load(path).file == path
    assert load(None).file is None
    assert pickle.loads(pickle.dumps(load(path))).file == path  # noqa: S301 - our own: processes are given them


def test_a_file_changes_what_it_names_and_nothing_else(machine):
    settings = load(machine('timezone = "Europe/Berlin"\n[osc]\nport = 9100\n'))
    assert (settings.timezone, settings.osc.port) == ("Europe/Berlin", 9100)
    assert settings.osc.release == Settings().osc.release


def test_the_command_line_goes_over_the_file_key_by_key(machine):
    path = machine("[stage]\nwidth = 640\nheight = 480\n")
    settings = load(path, {"stage": {"width": 800}, "state": Path("elsewhere")})
    assert (settings.stage.width, settings.stage.height, settings.state) == (800, 480, Path("elsewhere"))


def test_names_are_read_as_utf_8_whatever_the_locale(machine):
    assert load(machine('state = "/srv/Brände"\n')).state == Path("/srv/Brände")


def test_settings_cannot_be_changed_while_the_piece_runs():
    with pytest.raises(ValidationError, match="frozen"):
        load(None).timezone = "Europe/Paris"


@pytest.mark.parametrize(
    ("target", "host", "port"),
    [("127.0.0.1:9001", "127.0.0.1", 9001), ("desk.local:1", "desk.local", 1), ("[::1]:65535", "::1", 65535)],
)
def test_who_hears_the_readings_is_a_host_and_a_port(machine, target, host, port):
    settings = load(machine(f'[osc]\nreadings_to = ["{target}"]\n'))
    assert split_target(settings.osc.readings_to[0]) == (host, port)


def test_nobody_hears_the_readings_until_somebody_is_named():
    assert load(None).osc.readings_to == ()


def test_no_energy_is_guessed_and_no_grid_assumed():
    energy = load(None).energy
    assert (energy.processor_tdp, energy.grid_intensity, energy.tariff) == (None, None, None)


def test_a_grids_intensity_comes_with_its_date(machine):
    energy = load(machine("[energy]\ngrid_intensity = 385.0\ngrid_date = 2024-12-31\n")).energy
    assert (energy.grid_intensity, energy.grid_date) == (385.0, date(2024, 12, 31))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[stage]\nwidht = 640", ("stage.widht", "Did you mean width?")),
        ("[stagee]\nwidth = 640", ("stagee", "Did you mean stage?")),
        ("zzz = 1", ("zzz", "no setting")),
        ('[osc]\nport = "nine"', ("osc.port", "integer")),
        ("[osc]\nport = 70000", ("osc.port", "65535")),
        ("[osc]\nrelease = 0", ("osc.release", "greater than 0")),
        ("[engine]\nrunning_patience = inf", ("engine.running_patience", "finite")),
        ("[engine]\nrunning_patience = nan", ("engine.running_patience", "finite")),
        ("[engine]\nsize = 250", ("engine.size", "multiple of 64")),
        ("[recording]\nreserve_bytes = -1", ("recording.reserve_bytes", "greater than or equal to 0")),
        ("osc = 5", ("osc",)),
        ('[osc]\nreadings_to = ["9001"]', ("osc.readings_to", "'9001' is no host:port; write 127.0.0.1:9001")),
        ('[osc]\nreadings_to = ["::1:9001"]', ("osc.readings_to", "[::1]:9001")),
        ('[osc]\nreadings_to = ["desk:0"]', ("osc.readings_to", "no port from 1 to 65535")),
        ("[osc]\nreadings_rate = 60", ("osc.readings_rate", "20")),
        ('[osc]\nallow = ["192.168.1.7/24"]', ("osc.allow", "is no network; write 192.168.1.0/24")),
        ('[osc]\nallow = ["studio"]', ("osc.allow", "is no network")),
        ('[osc]\npasscode = "abc"', ("osc.passcode", "4")),
        ("[osc]\npeer_rate = 0", ("osc.peer_rate", "1")),
        ('[web]\norigins = ["desk.local"]', ("web.origins", "no address of the web")),
        ('[web]\norigins = ["https://desk.local/page"]', ("web.origins", "write https://desk.local")),
        ('[heartbeat]\nurl = "file:///etc/passwd"', ("heartbeat.url", "no address of the web")),
        ("[heartbeat]\nevery = 1", ("heartbeat.every", "5")),
        ("[energy]\ngrid_intensity = 385", ("energy", "grid_date = 2026-01-31", "it changes every year")),
        ("[energy]\ntariff = 0.3", ("energy", "tariff_date")),
        ("[energy]\nprocessor_tdp = 0", ("energy.processor_tdp", "greater than 0")),
        ("[energy]\npue = 0.9", ("energy.pue", "greater than or equal to 1")),
        ('timezone = "Mars/Phobos"', ("timezone", "no time zone 'Mars/Phobos'; use a name like Europe/Berlin")),
        ('timezone = ""', ("timezone", "no time zone")),
        ('timezone = "../etc/passwd"', ("timezone", "no time zone")),
        ("state = 5", ("state",)),
    ],
)
def test_a_wrong_value_is_refused_with_file_key_and_what_would_do(machine, text, words):
    path = machine(text)
    with pytest.raises(SettingsError) as refused:
        load(path)
    assert str(refused.value).startswith(str(path))
    assert all(word in str(refused.value) for word in words), refused.value


@pytest.mark.parametrize("text", ["[osc", "osc = ", "port 9000", "a = 1\na = 2"])
def test_what_is_no_toml_is_said(machine, text):
    with pytest.raises(SettingsError, match=r"machine\.toml is not TOML"):
        load(machine(text))


def test_bytes_that_are_no_text_are_said(tmp_path):
    (tmp_path / "machine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="is not TOML"):
        load(tmp_path / "machine.toml")


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    for path in (tmp_path / "gone.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            load(path)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(section=st.sampled_from(["osc", "stage", "engine", "recording", "energy"]), value=VALUES, data=st.data())
def test_any_value_whatever_gives_settings_or_a_sentence(section, value, data):
    key = data.draw(st.sampled_from(sorted(type(getattr(Settings(), section)).model_fields)))
    try:
        load(None, {section: {key: value}})
    except SettingsError as refused:
        sentence = str(refused)
    else:
        return
    assert f"{section}.{key}" in sentence


def test_without_a_word_of_it_the_one_engine_plays_here():
    assert not load(None).is_abroad
    assert load(None).engines == ()


@pytest.mark.parametrize(
    ("engines", "is_abroad"),
    [
        ('[[engines]]\nname = "left"\n', False),
        ('[[engines]]\nname = "left"\nat = "cluster"\n', True),
        ('[[engines]]\nname = "left"\n[[engines]]\nname = "right"\n', True),
    ],
)
def test_engines_may_stand_elsewhere_or_beside_one_another(machine, engines, is_abroad):
    assert load(machine(f'{engines}[cluster]\naddress = "10.0.0.7:6379"\n')).is_abroad is is_abroad


def test_an_engine_at_the_cluster_needs_to_know_where_that_is(machine):
    with pytest.raises(SettingsError, match=r'say where its head is, \[cluster\] address = "10.0.0.7:6379"'):
        load(machine('[[engines]]\nname = "left"\nat = "cluster"\n'))


def test_two_engines_have_two_names(machine):
    with pytest.raises(SettingsError, match="every engine has a name of its own, not left, left"):
        load(machine('[[engines]]\nname = "left"\n[[engines]]\nname = "left"\n'))


def test_an_engine_is_followed_where_it_plays_and_that_is_at_the_cluster(machine):
    with pytest.raises(SettingsError, match='left follows another stage machine: say at = "cluster" too'):
        load(machine('[[engines]]\nname = "left"\nfollow = true\n'))


def test_compiling_wants_patience(machine):
    with pytest.raises(SettingsError, match="with compile = true set running_patience = 600 too"):
        load(machine("[engine]\ncompile = true\n"))
    assert load(machine("[engine]\ncompile = true\nrunning_patience = 600\n")).engine.compile
