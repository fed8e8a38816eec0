"""Training: the loss falls, and a killed run goes on as if nothing had happened."""

import io
import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from installation.readings.register import Value
from installation.restorers.ember import load
from installation.training.corpus import CorpusError, read_corpus
from installation.training.record import command
from installation.training.trainer import CHECKPOINT, Recipe, TrainingError, begin, expert, practise, train

TINY = Recipe(
    minutes=0.5, channels=(32, 32, 32), small=64, large=64, batch=4, large_batch=4, warmup=3, census=8, rest=10.0,
    middle=0.5, spread=1.0, rate=3e-3, regression=4, media={"heat": 0.25},
)  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Sixty pictures of one stripe each: easily learnt."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(60):
        rows = np.arange(80)[:, None, None] < 20 + index // 2
        Image.fromarray(np.where(rows, np.uint8(230), np.uint8(20)).repeat(80, 1).repeat(3, 2)).save(
            folder / f"{index}.png"
        )
    return folder


def ticking():
    """A clock on which every step takes one second."""
    return itertools.count().__next__


def walked(pictures, out, recipe=TINY, steps=None):
    corpus = read_corpus(pictures)
    return [pace.loss for pace in itertools.islice(practise(begin(recipe, corpus, out), corpus, out, ticking()), steps)]


@pytest.fixture(scope="module")
def whole(pictures, tmp_path_factory):
    """An uninterrupted run: its folder and its losses."""
    out = tmp_path_factory.mktemp("whole")
    return out, walked(pictures, out)


def test_training_takes_the_time_it_is_given(whole):
    assert len(whole[1]) == 30


def test_pictures_never_seen_are_denoised_better_and_better(whole):
    journal = [json.loads(line) for line in (whole[0] / "held-out.jsonl").read_text().splitlines()]
    skill = [entry["psnr"]["1"][0] for entry in journal]
    assert skill == sorted(skill)
    assert skill[-1] > skill[0] + 0.1


def test_a_killed_run_goes_on_with_the_losses_of_an_uninterrupted_one(pictures, whole, tmp_path):
    walked(pictures, tmp_path, steps=14)  # killed four steps after its checkpoint at ten
    assert walked(pictures, tmp_path) == whole[1][10:]
    assert load(tmp_path / "ember").digest == load(whole[0] / "ember").digest


def test_the_record_says_how_the_model_was_made_and_nothing_of_this_machine(whole):
    record = json.loads((whole[0] / "ember/training.json").read_text())
    assert record["command"].startswith("burntout train run CORPUS --out OUT --minutes 0.5 --batch 4 --rate 0.003")
    assert (record["steps"], record["corpus"]["damaged"], record["media"]) == (30, 0, ["heat"])
    assert sum(record["corpus"]["taught"].values()) + sum(record["corpus"]["held out"].values()) == 60
    assert record["energy"] == "0 minutes without a sensor"
    assert str(whole[0]) not in json.dumps(record)


def test_what_a_sensor_counted_is_on_the_bill_even_after_a_kill(pictures, tmp_path):
    counter = itertools.count(0.0, 5.0)  # joules, at every look
    corpus = read_corpus(pictures)
    for steps in (14, None):
        run = begin(TINY, corpus, tmp_path)
        practice = practise(run, corpus, tmp_path, ticking(), lambda: Value(next(counter), estimated=True))
        list(itertools.islice(practice, steps))
    assert run.bill.told() == "150 J estimated"


def test_training_goes_on_from_a_model_that_was_made(pictures, whole, tmp_path):
    corpus = read_corpus(pictures)
    run = begin(TINY, corpus, tmp_path, begun=whole[0] / "ember")
    assert run.origin.begun == load(whole[0] / "ember").digest
    made = load(whole[0] / "ember").network.state_dict()
    assert all(
        torch.equal(value.to(made[name]), made[name]) for name, value in run.network["painter"].state_dict().items()
    )


def test_two_processes_learn_together_and_stay_equal(pictures, tmp_path):
    """Gradients are averaged: both processes take the same steps on different pictures."""
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    call = [*launch, str(script), str(pictures), str(tmp_path / "out")]
    quietly = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(call, check=False, capture_output=True, text=True, timeout=240, env=quietly)
    assert ended.returncode == 0, ended.stderr
    (weights, loss), (other_weights, other_loss) = ((tmp_path / f"out/{rank}").read_text().split() for rank in (0, 1))
    assert weights == other_weights
    assert loss != other_loss  # from different lessons
    record = json.loads((tmp_path / "out/ember/training.json").read_text())
    assert (record["processes"], record["steps"]) == (2, 3)


#: Three steps; each process writes down its weights and its first loss.
TOGETHER = """
import hashlib, itertools, sys
from pathlib import Path
from installation.training.corpus import read_corpus
from installation.training.trainer import Recipe, begin, practise

pictures, out = Path(sys.argv[1]), Path(sys.argv[2])
recipe = Recipe(minutes=0.05, channels=(32, 32, 32), small=64, large=64, batch=2, large_batch=2, census=8, media={})
corpus = read_corpus(pictures)
run = begin(recipe, corpus, out)
losses = [pace.loss for pace in practise(run, corpus, out, itertools.count().__next__)]
weights = b"".join(value.numpy().tobytes() for value in run.network.state_dict().values())
told = f"{hashlib.sha256(weights).hexdigest()} {losses[0]}"
(out / str(run.machine.process_index)).write_text(told)
"""


def test_a_finished_run_has_nothing_left_to_do(pictures, whole):
    assert walked(pictures, whole[0]) == []


def test_a_run_leaves_a_model_that_loads_a_journal_and_sheets(whole):
    out, _ = whole
    assert load(out / "ember").name == "ember"
    journal = [json.loads(line) for line in (out / "held-out.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in journal] == [10, 20, 30]
    assert set(journal[0]["psnr"]) == {"0.1", "0.3", "0.6", "1", "2", "5", "20"}
    with Image.open(out / "sheets/000030.png") as sheet:
        assert sheet.width == 6 * 64


def test_ember_in_training_beats_its_own_wiener_filter(whole):
    last = json.loads((whole[0] / "held-out.jsonl").read_text().splitlines()[-1])
    ours, linear = last["psnr"]["1"]
    assert ours > linear


def test_a_checkpoint_of_another_network_is_refused_with_a_sentence(pictures, whole):
    with pytest.raises(TrainingError, match="does not fit this training"):
        walked(pictures, whole[0], Recipe(channels=(32, 32, 64), media={"heat": 0.25}))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_damaged_checkpoint_is_refused_with_a_sentence(pictures, tmp_path, content):
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(TrainingError, match="Move it away to begin anew"):
        walked(pictures, tmp_path, TINY)


def test_training_shows_how_it_goes_and_says_where_the_model_is(pictures, tmp_path):
    told = io.StringIO()
    console = Console(file=told, force_terminal=True, width=100)
    short = Recipe(minutes=0.001, channels=(32, 32, 32), small=64, large=64, batch=2, large_batch=2, census=8, media={})
    model = train(pictures, tmp_path, short, console=console)
    assert model == tmp_path / "ember"
    assert "images/s" in told.getvalue()


def test_training_on_nothing_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no pictures here"):
        train(tmp_path, tmp_path / "out", TINY)


@pytest.fixture(scope="module")
def hot(pictures, whole, tmp_path_factory):
    """An expert for the ember of the uninterrupted run, trained in one go: its folder and its losses."""
    out = tmp_path_factory.mktemp("hot")
    return out, expertly(pictures, out, whole)


HOT = expert(
    minutes=0.3, channels=(32, 32), large=64, batch=4, warmup=3, rest=10.0, rate=3e-3, regression=4
)  # fmt: skip


def expertly(pictures, out, whole, steps=None):
    corpus = read_corpus(pictures)
    run = begin(HOT, corpus, out, begun=whole[0] / "ember")
    return [pace.loss for pace in itertools.islice(practise(run, corpus, out, ticking()), steps)]


def test_an_expert_joins_an_ember_and_leaves_its_network_alone(whole, hot):
    before, after = load(whole[0] / "ember"), load(hot[0] / "ember")
    assert before.expert is None
    assert after.expert is not None
    assert all(
        torch.equal(value, after.network.state_dict()[name]) for name, value in before.network.state_dict().items()
    )


def test_an_expert_learns(hot):
    assert np.mean(hot[1][-5:]) < np.mean(hot[1][:5])


def test_a_killed_training_of_an_expert_goes_on_as_if_nothing_had_happened(pictures, whole, hot, tmp_path):
    expertly(pictures, tmp_path, whole, steps=14)
    assert expertly(pictures, tmp_path, whole) == hot[1][10:]
    assert load(tmp_path / "ember").digest == load(hot[0] / "ember").digest


def test_both_trainings_are_on_record(hot):
    record = json.loads((hot[0] / "ember/training.json").read_text())
    assert record["command"].startswith("burntout train run CORPUS --out OUT")
    assert record["expert"]["command"].startswith(
        "burntout train expert CORPUS MODEL --out OUT --minutes 0.3 --batch 4"
    )


def test_an_expert_is_told_which_words_matter_and_says_so_on_record(pictures, tmp_path, whole):
    said = tmp_path / "said"
    shutil.copytree(pictures, said)
    for file in sorted(said.iterdir())[:10]:
        file.rename(file.with_name(f"cat {file.name}"))
    run = begin(replace(HOT, words=("cat",)), read_corpus(said), tmp_path / "out", begun=whole[0] / "ember")
    assert command(run).endswith("--rate 0.003 --words cat")


def test_a_word_that_no_picture_shows_is_refused(pictures, tmp_path, whole):
    with pytest.raises(TrainingError, match=r"'unicorn'.* Leave it out"):
        begin(replace(HOT, words=("unicorn",)), read_corpus(pictures), tmp_path, begun=whole[0] / "ember")


def test_an_ember_that_is_trained_on_keeps_its_expert(pictures, hot, tmp_path):
    corpus = read_corpus(pictures)
    run = begin(TINY, corpus, tmp_path, begun=hot[0] / "ember")
    list(itertools.islice(practise(run, corpus, tmp_path, ticking()), 10))
    made, before = (load(folder / "ember").expert for folder in (tmp_path, hot[0]))
    assert made
    assert before
    assert all(map(torch.equal, made.network.parameters(), before.network.parameters()))
    assert "expert" in json.loads((tmp_path / "ember/training.json").read_text())


def test_an_expert_shows_what_it_paints(hot):
    with Image.open(max((hot[0] / "sheets").iterdir())) as sheet:
        assert sheet.size == (8 * 256, 256)


def test_an_expert_without_an_ember_is_refused(pictures, tmp_path):
    with pytest.raises(TrainingError, match="belongs to an ember"):
        begin(HOT, read_corpus(pictures), tmp_path)
