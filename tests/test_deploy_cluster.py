"""What a machine that plays with others is given: closed to strangers, and nothing is told to anybody."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.support import objections

CLUSTER = Path(__file__).parents[1] / "deploy" / "cluster"
UNITS = {role: CLUSTER / f"burntout-{role}.service" for role in ("head", "worker")}
INSTALLED = {"head": "burntout-worker", "worker": "burntout-head"}


@pytest.fixture(scope="module")
def ray():
    """Ray as it is installed, which comes with a schema of its files and a list of its options."""
    return pytest.importorskip("ray", reason="needs ray, an optional extra: pip install 'burntout[cluster]'")


def text(role):
    """A unit, with its long lines whole."""
    return UNITS[role].read_text().replace("\\\n", " ")


def told(name, text):
    """What a unit says of something, all of its lines together."""
    return " ".join(re.findall(rf"(?m)^{name}=(.*)$", text)).split()


def options(command):
    """The options of a ``ray start`` with their values."""
    return dict(re.findall(r"--([a-z-]+)(?:=(\S+))?", command))


def commands():
    """Every ``ray start`` of this folder, by where it stands."""
    started = {f"the {role}'s unit": " ".join(told("ExecStart", text(role))) for role in UNITS}
    lines = (CLUSTER / "cluster.yaml").read_text()
    found = re.findall(r"(?s)(\w+)_start_ray_commands:.*?(/\S+/ray start .*?)(?=\n\w|\Z)", lines)
    return started | {f"the {role}'s line in cluster.yaml": command for role, command in found}


COMMANDS = commands()


def is_head(where):
    return "head" in where


def test_each_of_two_ways_starts_head_and_workers():
    assert len(COMMANDS) == 4
    assert all(("head" in options(command)) is is_head(where) for where, command in COMMANDS.items())


@pytest.mark.parametrize("where", COMMANDS)
def test_no_dashboard_is_opened_and_nothing_is_reported(where):
    asked = options(COMMANDS[where])
    assert "disable-usage-stats" in asked
    assert asked.get("include-dashboard") == ("false" if is_head(where) else None)  # a worker never has one
    assert "dashboard-host" not in asked


@pytest.mark.parametrize("where", COMMANDS)
def test_every_port_is_known_to_whoever_sets_up_a_firewall(where):
    ports = {name: value for name, value in options(COMMANDS[where]).items() if name.endswith("-port")}
    page = (CLUSTER / "README.md").read_text()
    assert len(ports) == 8
    assert all(port in page for port in ports.values())


@pytest.mark.parametrize("file", [*UNITS.values(), CLUSTER / "burntout-cluster.conf"], ids=lambda path: path.name)
def test_whoever_takes_part_has_the_token_and_says_nothing_to_the_makers_of_ray(file):
    environment = told("Environment", file.read_text())
    assert {"RAY_AUTH_MODE=token", "RAY_USAGE_STATS_ENABLED=0"} <= set(environment)
    assert "RAY_AUTH_TOKEN_PATH=/etc/burntout/cluster-token" in environment
    assert not any(word.startswith("RAY_AUTH_TOKEN=") for word in environment)  # units may be read by everybody


def test_what_joins_by_ssh_has_the_same_environment_as_the_units():
    exported = re.findall(r"(?s)export (.*?);", (CLUSTER / "cluster.yaml").read_text())
    assert len(exported) == 2
    for words in exported:
        said = set(words.split())
        assert {word for word in told("Environment", text("head")) if word.startswith("RAY_")} - said <= {
            "RAY_ROTATION_MAX_BYTES=10000000",
            "RAY_ROTATION_BACKUP_COUNT=1",
        }


@pytest.mark.parametrize("role", UNITS)
def test_nobody_gets_in_but_this_machine_and_one_named_network(role):
    assert told("IPAddressDeny", text(role)) == ["any"]
    assert told("IPAddressAllow", text(role)) == ["localhost"]
    (network,) = told("IPAddressAllow", (CLUSTER / "network.conf").read_text())
    assert re.fullmatch(r"10\.\d+\.\d+\.0/24", network)


@pytest.mark.parametrize("role", UNITS)
def test_the_unit_says_what_is_true_of_a_machine_by_names_that_its_settings_explain(role):
    asked = set(re.findall(r"\$\{(\w+)\}", text(role)))
    explained = set(re.findall(r"(?m)^(\w+)=", (CLUSTER / "environment").read_text()))
    assert asked <= explained
    assert explained - asked <= {"CLUSTER_HEAD"}  # the head does not look for itself


def test_head_and_worker_differ_only_in_what_they_are():
    ours, theirs = (text(role).splitlines() for role in UNITS)
    kept = ("ExecStart=", "Description=", "Conflicts=", "#")
    assert [line for line in ours if not line.startswith(kept)] == [
        line for line in theirs if not line.startswith(kept)
    ]
    ports = [options(" ".join(told("ExecStart", text(role)))) for role in UNITS]
    assert ports[0].keys() - ports[1].keys() == {"head", "port", "include-dashboard"}
    assert ports[1].items() - ports[0].items() == {("address", "${CLUSTER_HEAD}:6379")}


@pytest.mark.parametrize("role", UNITS)
def test_a_machine_is_head_or_worker(role):
    assert told("Conflicts", text(role)) == [f"{INSTALLED[role]}.service"]


def test_sockets_have_short_enough_names():
    (folder,) = set(told("RuntimeDirectory", text("head") + (CLUSTER / "burntout-cluster.conf").read_text()))
    longest = f"/run/{folder}/session_2026-11-23_18-25-06_781022_4194304/sockets/plasma_store.4194304"
    assert len(longest) <= 107  # bytes that a socket's path may have
    assert options(COMMANDS["the head's unit"])["temp-dir"] == f"/run/{folder}"


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: apt-get install systemd"
)
def test_systemd_accepts_the_units_with_their_additions(tmp_path):
    (tmp_path / "burntout.service").write_text("[Service]\nExecStart=/bin/true\n")
    additions = {
        "burntout": "burntout-cluster.conf",
        **dict.fromkeys(("burntout-head", "burntout-worker"), "network.conf"),
    }
    for name, file in additions.items():
        (tmp_path / f"{name}.service.d").mkdir()
        shutil.copy(CLUSTER / file, tmp_path / f"{name}.service.d")
    for role, unit in UNITS.items():
        (tmp_path / unit.name).write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text(role)))
    assert objections(tmp_path) == (0, "")


def test_ray_itself_accepts_the_cluster_file(ray):  # noqa: ARG001 - it is there
    import yaml  # type: ignore[import-untyped] # it has none
    from ray.autoscaler._private.util import prepare_config, validate_config

    prepared = prepare_config(yaml.safe_load((CLUSTER / "cluster.yaml").read_text()))
    validate_config(prepared)
    (kind,) = prepared["available_node_types"].values()
    assert kind["min_workers"] == kind["max_workers"] == len(prepared["provider"]["worker_ips"])


@pytest.mark.parametrize("where", COMMANDS)
def test_ray_knows_every_option_it_is_started_with(where, ray):  # noqa: ARG001 - it is there
    from ray.scripts.scripts import start

    known = {option.removeprefix("--") for each in start.params for option in each.opts}
    assert options(COMMANDS[where]).keys() <= known


def test_all_that_a_machine_needs_is_installed_and_every_step_names_a_file_that_is_there():
    assert 'for source in "$here"/cluster/*' in (CLUSTER.parent / "install.sh").read_text()
    named = re.findall(r"/opt/burntout/share/cluster/([\w.$-]+)", (CLUSTER / "README.md").read_text())
    assert named
    files = {name.replace("$role", role) for name in named for role in UNITS}
    assert [name for name in files if not (CLUSTER / name).exists()] == []


def test_the_machine_tomls_of_the_page_can_be_read():
    from installation.machine.settings import Settings

    pages = re.findall(r"(?s)```toml\n(.*?)```", (CLUSTER / "README.md").read_text())
    assert len(pages) == 2
    for page in pages:
        assert Settings.model_validate(tomllib.loads(page)).is_abroad
