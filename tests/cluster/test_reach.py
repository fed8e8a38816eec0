"""Reaching a cluster and leaving it again: who listens, what is said, what is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import Any

import psutil
import pytest

from installation.cluster.reach import LOCAL, ClusterError, reached, surroundings
from installation.cluster.spread import UnfinishedError, spread
from tests.cluster import federation as work

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


@pytest.fixture(scope="module", autouse=True)
def ray():
    return pytest.importorskip("ray", reason="optional extra: pip install 'burntout[cluster]'")


def family():
    """This process and all below it."""
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


STRANGER = """
import sys
from installation.cluster.reach import ClusterError, reached

try:
    with reached(sys.argv[1]):
        sys.stdout.write("let in")
except ClusterError as refusal:
    sys.stdout.write(str(refusal))
"""


def told_a_stranger(address):
    """What another process hears that has no token."""
    without = {name: value for name, value in os.environ.items() if name != "RAY_AUTH_TOKEN"} | {"HOME": "/nonexistent"}
    called = [sys.executable, "-c", STRANGER, address]
    return subprocess.run(called, env=without, capture_output=True, text=True, timeout=60, check=True).stdout


def environment_there(_):
    return dict(os.environ)


@pytest.fixture(scope="module")
def private(ours):
    """What was seen of a private Ray: who listened where, what its workers were told, and what was left of it."""
    before, environment, handler = set(family()), dict(os.environ), signal.getsignal(signal.SIGTERM)
    with reached(LOCAL, cpus=2) as reach:
        seen: dict[str, Any] = {"nodes": reach.nodes(), "address": reach.address}
        jobs = spread({"it": work.Errand(1)}, environment_there, reach, passport=ours)
        seen["environment"] = dict(jobs)["it"]
        open_ = [each for process in family() for each in process.net_connections("inet") if each.status == "LISTEN"]
        seen["listening"] = {each.laddr.ip for each in open_}
        seen["again"] = refused(LOCAL)
        seen["stranger"] = told_a_stranger(reach.address)
    seen["left"] = psutil.wait_procs(set(family()) - before, 20.0)[1]
    seen["same"] = dict(os.environ) == environment and signal.getsignal(signal.SIGTERM) == handler
    return seen


def refused(place, **options):
    """The sentence with which a place is refused."""
    with pytest.raises(ClusterError) as refusal, reached(place, **options):
        pass
    return str(refusal.value)


def test_a_private_cluster_has_as_many_processors_as_were_asked_for(private):
    assert [node.cpus for node in private["nodes"]] == [2.0]


def test_a_private_cluster_listens_to_this_machine_only(private):
    assert private["listening"] <= set(LOOPBACK)


def test_nothing_is_sent_to_the_makers_of_ray(private):
    assert private["environment"]["RAY_USAGE_STATS_ENABLED"] == "0"


def test_a_private_cluster_asks_for_a_token_that_nobody_else_knows(private):
    assert private["environment"]["RAY_AUTH_MODE"] == "token"
    assert surroundings(LOCAL)["RAY_AUTH_TOKEN"] != surroundings(LOCAL)["RAY_AUTH_TOKEN"]


def test_a_stranger_without_the_token_is_told_that_one_is_asked_for(private):
    assert "asks for a token, and there is none here. Copy" in private["stranger"]


def test_nothing_of_a_private_cluster_is_left_running(private):
    assert private["left"] == []


def test_the_process_is_afterwards_as_it_was_before(private):
    assert private["same"]


def test_one_process_reaches_one_cluster_at_a_time(private):
    assert "Leave that first" in private["again"]


def test_beyond_this_machine_a_token_is_always_asked_for(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert surroundings("10.0.0.7:6379")["RAY_AUTH_MODE"] == "token"


@pytest.mark.parametrize("place", ["somewhere", "", "127.0.0.1", "127.0.0.1:0", "ray://127.0.0.1:10001", "auto"])
def test_what_is_no_place_is_refused_with_the_right_form(place):
    assert "host:port" in refused(place) or "no port" in refused(place)


def test_a_head_that_does_not_answer_is_named_and_what_to_do():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{nobody.getsockname()[1]}"
        assert refused(place, patience=0.3).startswith(f"Nobody answered at {place} within 0.3 s. Start")


def test_without_ray_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert refused(LOCAL).endswith("reaches other machines: pip install 'burntout[cluster]'")


def test_another_version_of_ray_is_refused(federation, ray, monkeypatch):
    monkeypatch.setattr(ray, "__version__", "2.1.0")
    assert "Install the same" in refused(federation.address)


def test_a_head_that_is_lost_ends_what_is_not_done_and_keeps_what_is(ours, tmp_path):
    jobs = {"quick": work.Errand(1, tmp_path), "slow": work.Errand(0, tmp_path), "next": work.Errand(0, tmp_path)}
    with work.federation(nodes=1, cpus=2) as founded, reached(founded.address, patience=1.0) as reach:
        results = spread(jobs, work.squared_if_not_nought, reach, passport=ours)
        assert next(results)[0] == "quick"
        founded.lose_head()
        with pytest.raises(UnfinishedError, match="head of the cluster") as unfinished:
            next(results)
    assert set(unfinished.value.left) == {"slow", "next"}
