"""The model card from one call: figures, sheets and a page, and nothing measured twice."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from installation.burns import MEDIA
from installation.restorers.ember import load
from installation.training import trainer
from installation.training.card import FIGURES, PAGE, SAMPLES, SECTIONS, SHEETS, CardError, Options, make
from installation.training.page import UNWRITTEN
from installation.training.sheets import LARGEST
from installation.training.trial import Sizes
from tests.training.test_clouds import scene

pytestmark = pytest.mark.timeout(600)  # a whole card, with the whole archive behind it
SMALL = Sizes(pictures=1, cloud=8, taught=8, compared=8, steps=1, pure_steps=1, turns=3, timed=1, shown=1)
BRIEF = trainer.Recipe(
    minutes=0.001, channels=(32, 32, 32), small=64, large=64, batch=2, large_batch=2, census=8, regression=2
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Enough pictures for some to be held out."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(150):
        Image.fromarray(scene(seed, 72)).save(folder / f"cat-{seed}.png")
    return folder


@pytest.fixture(scope="module")
def model(pictures, tmp_path_factory):
    """An ember of almost no training."""
    return trainer.train(pictures, tmp_path_factory.mktemp("run"), BRIEF)


@pytest.fixture(scope="module")
def made(pictures, model, tmp_path_factory):
    """A card beside a copy of the model, with the model itself as its predecessor, and what the terminal heard."""
    folder = tmp_path_factory.mktemp("card") / "ember"
    shutil.copytree(model, folder)
    told = io.StringIO()
    page = make(folder, pictures, Options(previous=model, sizes=SMALL), Console(file=told, force_terminal=True))
    return folder, page, told.getvalue()


def figures_of(folder):
    return json.loads((folder / FIGURES).read_text())


def test_the_page_stands_beside_the_weights(made):
    folder, page, _ = made
    assert page == folder / PAGE
    assert page.read_text().startswith("---\n")


def test_the_model_still_loads_with_its_card_beside_it(made):
    assert load(made[0]).digest == figures_of(made[0])["inputs"]["ember"]


def test_every_section_is_in_the_figures(made):
    assert set(figures_of(made[0])) >= {*SECTIONS, "speed", "date", "inputs"}


def test_every_sheet_is_drawn_and_light_enough(made):
    names = {"samples", "nearest", "loop", *MEDIA}
    for name in names:
        file = made[0] / SHEETS / f"{name}.webp"
        assert 0 < file.stat().st_size <= LARGEST
        with Image.open(file) as sheet:
            assert sheet.width >= 128


def test_the_page_names_no_file_that_is_not_there(made):
    folder, page, _ = made
    named = [line.split("](")[1].rstrip(")") for line in page.read_text().splitlines() if line.startswith("![")]
    assert named
    assert all((folder / name).is_file() for name in named)


def test_previous_ember_and_archive_stand_beside_it(made):
    found = figures_of(made[0])["denoising"]["rows"][0]["psnr"]
    assert set(found) == {"wiener", "ember", "previous", "archive"}
    assert found["ember"] == pytest.approx(found["previous"])


def test_samples_are_asked_for_by_words_it_knows(made):
    told = figures_of(made[0])["samples"]["captions"]
    assert len(told) <= SAMPLES
    assert "cat" in told


def test_the_loop_was_really_walked(made):
    rows = figures_of(made[0])["loop"]["rows"]
    assert {row["who"] for row in rows} == {"ember", "previous", "archive"}
    assert all(len(row["memory"]) == SMALL.turns + 1 for row in rows)


def test_speed_is_told_with_its_conditions(made):
    (told,) = figures_of(made[0])["speed"].values()
    assert told["peak_rss_mib"] > 50
    assert told["generations_per_second"]["1"] > 0
    assert told["threads"] >= 1


def test_the_record_of_the_training_is_on_the_page(made):
    assert "burntout train run CORPUS" in made[1].read_text()


def test_whoever_waits_sees_how_far_it_is(made):
    assert "Comparing clouds of pictures" in made[2]


def test_what_was_measured_is_not_measured_again(made, pictures, model):
    folder, _, _ = made
    told = figures_of(folder)
    told["denoising"]["rows"][0]["psnr"]["wiener"] = 99.9
    (folder / FIGURES).write_text(json.dumps(told))
    page = make(folder, pictures, Options(previous=model, sizes=SMALL))
    assert "| 99.9 |" in page.read_text()


def test_a_hand_written_word_on_its_weaknesses_takes_its_place(made, pictures, model):
    folder, page, _ = made
    assert UNWRITTEN[:40] in page.read_text()
    (folder / "limits.md").write_text("It cannot draw hands.")
    assert "It cannot draw hands." in make(folder, pictures, Options(previous=model, sizes=SMALL)).read_text()


def test_too_few_pictures_to_hold_any_out_are_refused_with_a_sentence(model, tmp_path):
    Image.fromarray(np.zeros((72, 72, 3), np.uint8)).save(tmp_path / "one.png")
    with pytest.raises(CardError, match="Give more pictures"):
        make(model, tmp_path, Options(out=tmp_path / "card", sizes=SMALL))
