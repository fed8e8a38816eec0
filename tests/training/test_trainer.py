"""Training: the loss falls, and a killed run goes on as if nothing had happened."""

import io
import itertools
import json

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from installation.restorers.ember import load
from installation.training.corpus import CorpusError, read_corpus
from installation.training.trainer import CHECKPOINT, Recipe, TrainingError, begin, practise, train

TINY = Recipe(
    minutes=0.5, channels=(32, 32, 32), small=64, large=64, batch=4, large_batch=4, warmup=3, census=8, rest=10.0,
    middle=0.5, spread=1.0, rate=3e-3,
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


def test_the_loss_falls(whole):
    assert np.mean(whole[1][-5:]) < 0.8 * np.mean(whole[1][:5])


def test_a_killed_run_goes_on_with_the_losses_of_an_uninterrupted_one(pictures, whole, tmp_path):
    walked(pictures, tmp_path, steps=14)  # killed four steps after its checkpoint at ten
    assert walked(pictures, tmp_path) == whole[1][10:]
    assert load(tmp_path / "ember").digest == load(whole[0] / "ember").digest


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
        walked(pictures, whole[0], Recipe(channels=(32, 32, 64)))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_a_damaged_checkpoint_is_refused_with_a_sentence(pictures, tmp_path, content):
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(TrainingError, match="Move it away to begin anew"):
        walked(pictures, tmp_path, TINY)


def test_training_shows_how_it_goes_and_says_where_the_model_is(pictures, tmp_path):
    told = io.StringIO()
    console = Console(file=told, force_terminal=True, width=100)
    short = Recipe(minutes=0.001, channels=(32, 32, 32), small=64, large=64, batch=2, large_batch=2, census=8)
    model = train(pictures, tmp_path, short, console=console)
    assert model == tmp_path / "ember"
    assert "images/s" in told.getvalue()


def test_training_on_nothing_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no pictures here"):
        train(tmp_path, tmp_path / "out", TINY)
