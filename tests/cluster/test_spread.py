"""Jobs over three real nodes: each one's result once, whoever dies."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from pathlib import Path

import psutil
import pytest

from installation.cluster.parcel import unpack
from installation.cluster.spread import Needs, UnfinishedError, spread
from tests.cluster import federation as work
from tests.cluster.federation import Errand
from tests.support import until

NUMBERS = range(1, 8)


@pytest.fixture
def heard():
    """What is told on the way."""
    return []


@pytest.fixture
def told(reach, ours, heard):
    """Spreads work over the federation and listens."""

    def tell(jobs, function, **options):
        given = {"passport": ours, "progress": heard.append} | options
        return spread(jobs, function, given.pop("reach", reach), **given)

    return tell


def errands(folder=Path(), numbers=NUMBERS, **more):
    return {str(number): Errand(number, folder, **more) for number in numbers}


def numbers(results):
    """Every result as it came: a list, so that nothing that came twice goes unseen."""
    return sorted((name, square.number) for name, square in results)


def another_numpy(site):
    """A folder which claims that a numpy of another version is installed."""
    claim = site / "numpy-9.9.dist-info" / "METADATA"
    claim.parent.mkdir(parents=True)
    claim.write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 9.9\n")
    return site


def pids(folder):
    """Who waits there."""
    return [int(path.read_text()) for path in folder.glob("*.pid") if path.read_text()]


SQUARES = [(str(number), number**2) for number in NUMBERS]


def test_every_result_comes_once(told):
    assert numbers(told(errands(), work.squared)) == SQUARES


def test_all_nodes_take_part_when_nobody_answers_alone(told, tmp_path):
    squares = dict(told(errands(tmp_path, range(3), company=3), work.squared_together))
    assert len({square.node for square in squares.values()}) == 3


def test_besides_the_one_that_is_kept_no_more_jobs_are_under_way_than_there_are_processors(told, heard):
    list(told(errands(), work.squared))
    under_way = [each.kind for each in heard if each.kind in {"begun", "done"}]
    depth = [sum(1 if kind == "begun" else -1 for kind in under_way[: place + 1]) for place in range(len(under_way))]
    assert max(depth) <= 3 + 1
    assert depth[-1] == 0


def test_nothing_is_done_where_there_is_nothing_to_do(told):
    assert list(told({}, work.squared)) == []


def test_a_job_whose_worker_is_killed_is_done_again(told, heard, tmp_path):
    assert numbers(told(errands(tmp_path, range(2)), work.squared_by_the_second)) == [("0", 0), ("1", 1)]
    assert sorted(each.job for each in heard if each.kind == "again") == ["0", "1"]


def test_a_job_that_kills_whoever_does_it_is_given_up(told):
    with pytest.raises(UnfinishedError, match="Tried 3 times") as given_up:
        list(told(errands(numbers=[5]), work.die))
    assert list(given_up.value.left) == ["5"]


@pytest.fixture
def beside(told):
    """Spreads work in a thread: nodes may be founded in the main one alone."""

    @contextlib.contextmanager
    def run(jobs, function, **options):
        results = []
        doing = threading.Thread(target=lambda: results.extend(told(jobs, function, **options)))
        doing.start()
        yield results
        doing.join(60.0)

    return run


def test_a_job_whose_node_is_killed_is_done_elsewhere(beside, heard, tmp_path, federation):
    nodes, large = [federation.join(num_cpus=2)], Needs(cpus=1.5)  # nobody else is, until another like it joins
    with beside(errands(tmp_path, range(1)), work.squared_by_the_patient, needs=large) as results:
        until(lambda: pids(tmp_path), 60.0)
        federation.kill(nodes[0])
        nodes.append(federation.join(num_cpus=2))
    federation.kill(nodes[1])
    assert numbers(results) == [("0", 0)]
    assert sorted(each.kind for each in heard if each.kind in {"again", "gone"}) == ["again", "gone"]


def test_a_node_that_joins_late_is_used(beside, heard, tmp_path, federation):
    with beside(errands(tmp_path, range(4), company=4), work.squared_together) as results:
        until(lambda: sum(each.kind == "begun" for each in heard) == 3, 60.0)
        late = federation.join()
    federation.kill(late)
    assert late.node_id in {square.node for _, square in results}


def test_a_refusal_ends_its_job_with_its_sentence_and_is_not_tried_again(told, heard):
    with pytest.raises(UnfinishedError) as unfinished:
        list(told(errands(), work.squared_if_even))
    assert {each.job for each in heard if each.kind == "done"} == {"2", "4", "6"}
    assert unfinished.value.left == {str(odd): f"{odd} is odd. Give an even number." for odd in (1, 3, 5, 7)}
    assert "again" not in {each.kind for each in heard}


def test_a_fault_of_the_work_comes_out_as_it_is(told):
    with pytest.raises(ZeroDivisionError):
        list(told(errands(), work.divided_by_nothing))


def test_where_no_node_is_large_enough_the_jobs_are_named(told, reach):
    impatient = dataclasses.replace(reach, patience=0.5)
    with pytest.raises(UnfinishedError) as unfinished:
        list(told(errands(numbers=[1, 2]), work.squared, needs=Needs(cpus=64), reach=impatient))
    assert set(unfinished.value.left) == {"1", "2"}


def test_a_node_with_other_versions_is_left_out_and_said_once(told, heard, tmp_path, federation):
    stranger = federation.join({"PYTHONPATH": str(another_numpy(tmp_path / "site"))})
    jobs, gathered = errands(tmp_path / "gathered", range(3), company=4), tmp_path / "gathered"
    gathered.mkdir()

    def listen(news):
        heard.append(news)
        if news.kind == "left out":
            (gathered / "left out").touch()  # the fourth for whom the three wait

    squares = dict(told(jobs, work.squared_together, progress=listen))
    federation.kill(stranger)
    (left_out,) = [each for each in heard if each.kind == "left out"]
    assert "has numpy 9.9" in left_out.sentence
    assert stranger.node_id not in {square.node for square in squares.values()}


def test_a_cluster_that_works_is_not_given_up_however_little_patience_there_is(told, reach):
    assert numbers(told(errands(), work.squared, reach=dataclasses.replace(reach, patience=0.0))) == SQUARES


def test_more_than_the_object_store_holds_comes_whole(told):
    sizes = dict(told(errands(numbers=range(30, 36)), work.blown_up, keep=lambda _, blob: (len(blob), set(blob))))
    assert sizes == {str(number): (number * 2**20, {number}) for number in range(30, 36)}


def test_a_parcel_is_unpacked_before_its_job_counts(told, tmp_path):
    kept = dict(told(errands(numbers=[9_000_000]), work.packed, keep=lambda name, it: unpack(it, tmp_path / name)))
    work.write_folder(tmp_path / "expected", 9_000_000)
    assert work.contents(kept["9000000"]) == work.contents(tmp_path / "expected")


def test_left_early_all_work_stops(told, tmp_path):
    jobs = {"quick": Errand(1, tmp_path), "slow": Errand(0, tmp_path)}
    results = told(jobs, work.squared_if_not_nought)
    assert next(results)[0] == "quick"
    (pid,) = until(lambda: pids(tmp_path), 60.0)
    results.close()
    until(lambda: not psutil.pid_exists(pid), 20.0)
