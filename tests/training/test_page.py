"""The page of a card: made from the figures alone, and honest about what is missing."""

import copy
from typing import Any

import pytest

from installation.training.page import UNRECORDED, UNWRITTEN, table, write

ROW = {"precision": 0.9, "recall": 0.8, "density": 1.1, "coverage": 0.95, "frechet": 3.25}
LOOP = {
    "who": "ember",
    "temperature": 0.4,
    "memory": [1.0] + [0.9] * 20 + [0.25],
    "drift": 4.0,
    "contrast": 0.9,
    "detail": 0.6,
    "change": 0.05,
    "refused": [],
    "freezes": False,
    "flattens": False,
    "runs_away": False,
}
TOLD: dict[str, Any] = {
    "date": "2026-11-23",
    "inputs": {"ember": "d" * 64, "sizes": {"steps": 2, "pure_steps": 12}},
    "model": {"parameters": 16_200_000, "bytes": 32_500_000, "words": 512, "media": ["heat"], "training": None},
    "corpus": {
        "taught": {"photo": 1200, "art": 34},
        "held out": {"photo": 30},
        "sources": {"gnome (CC-BY-SA)": 80},
        "whole held out": 31,
        "of which the archive holds": 4,
    },
    "denoising": {
        "pictures": 24,
        "rows": [
            {
                "sigma": 0.5,
                "temperature": 0.295,
                "psnr": {"wiener": 21.04, "ember": 25.06},
                "loss": {"wiener": 0.03, "ember": 0.0125},
                "taught": 25.2,
            }
        ],
    },
    "clouds": {
        "features": "lab",
        "about": "layout",
        "pictures": 96,
        "expected_coverage": 0.97,
        "rows": [
            {"who": "ember", "from": 0.4, "memory": 0.77, **ROW},
            {"who": "ember", "from": "noise", **ROW},
            {"who": "held-out", "from": None, **ROW},
        ],
        "copies": {"ratio": 0.987, "taught": 4096},
    },
    "media": {
        "pictures": 8,
        "rows": [
            {
                "medium": "heat",
                "temperature": heat,
                "psnr": {"burnt": 15.0, "restored": 18.0, "recovered": 20.0},
                "memory": {"burnt": 0.5, "restored": 0.6, "recovered": 0.7},
            }
            for heat in (0.2, 0.8)
        ],
    },
    "loop": {"turns": 60, "rows": [LOOP]},
    "speed": {
        "2 cores": {
            "threads": 2,
            "dtype": "bfloat16",
            "step_ms": 26.31,
            "generations_per_second": {"1": 21.5, "2": 12.4},
            "first_picture_seconds": 6.2,
            "peak_rss_mib": 812.0,
            "load": 0.3,
        }
    },
}


def told(**changes):
    fresh: Any = copy.deepcopy(TOLD)
    for path, value in changes.items():
        *way, last = path.split("__")
        place: Any = fresh
        for key in way:
            place = place[key]
        place[last] = value
    return fresh


def test_the_front_matter_comes_first():
    assert write(told(), "").startswith("---\nlicense: cc-by-sa-4.0\n")


@pytest.mark.parametrize(
    "line",
    [
        "| 0.5 | 0.29 | 21.0 | 25.1 | 25.2 | 0.01250 |",
        "| ember | T = 0.4 | 3.25 | 0.90 | 0.80 | 1.10 | 0.95 | 0.77 |",
        "| heat | 15.0 → 18.0 / 20.0 dB; 0.50 → 0.60 / 0.70 | 15.0 → 18.0 / 20.0 dB; 0.50 → 0.60 / 0.70 |",
        "| ember | 0.4 | +0.90 | +0.90 | +0.25 | +0.25 | 4.0 | 0.90 | 0.60 | 0.050 | lives |",
        "| 2 cores | 2 | bfloat16 | 26.3 | 21.5 | 12.4 | 6.2 | 812 | 0.3 |",
        "| gnome (CC-BY-SA) | 80 |",
    ],
)
def test_every_figure_stands_in_its_table(line):
    assert line in write(told(), "").splitlines()


@pytest.mark.parametrize(
    "part", ["16.2 million", "32.5 MB", "0.99 times as far", "1,234 files", "512 words", "4 of the 31"]
)
def test_figures_stand_in_the_sentences_too(part):
    assert part in write(told(), "").replace("\n", " ")


def test_an_archive_of_strangers_is_not_accused():
    assert "flatters" not in write(told(**{"corpus__of which the archive holds": 0}), "")


def test_held_out_pictures_come_before_everybody_else():
    page = write(told(), "")
    assert page.index("| held-out |") < page.index("| ember | T = 0.4") < page.index("| ember | noise")


def test_a_previous_ember_and_the_archive_stand_beside_it():
    rows = copy.deepcopy(TOLD["denoising"]["rows"])
    rows[0]["psnr"] |= {"archive": 19.0, "previous": 24.0}
    page = write(told(denoising__rows=rows), "")
    assert "| sigma | T | wiener | archive | previous | ember | taught | loss |" in page
    assert "| 0.5 | 0.29 | 21.0 | 19.0 | 24.0 | 25.1 | 25.2 | 0.01250 |" in page


def test_a_training_that_was_not_recorded_is_not_made_up():
    assert UNRECORDED in write(told(), "")


def test_a_recorded_training_is_told_value_by_value():
    record = {"command": "burntout train run CORPUS", "hours": 0.333, "recipe": {"rate": 0.001, "channels": [160, 192]}}
    page = write(told(model__training=record), "")
    assert "| command | burntout train run CORPUS |" in page
    assert "| recipe | rate 0.001, channels 160 192 |" in page


def test_the_corpus_of_the_record_is_told_before_what_lies_there_now():
    corpus = {"digest": "abc", "taught": {"photo": 5000}, "held out": {"photo": 100}, "sources": {"other (CC0)": 7}}
    page = write(told(model__training={"corpus": corpus}), "")
    assert "5,000 files" in page
    assert "`abc`" in page
    assert "| other (CC0) | 7 |" in page


@pytest.mark.parametrize(
    ("name", "said"), [("freezes", "freezes"), ("flattens", "flattens"), ("runs_away", "runs away")]
)
def test_a_loop_that_goes_wrong_is_told(name, said):
    assert said in write(told(loop__rows=[{**LOOP, name: True}]), "")


def test_what_somebody_wrote_of_its_weaknesses_is_told():
    assert "Faces melt." in write(told(), "Faces melt.\n")
    assert "limits.md" in UNWRITTEN


def test_no_placeholder_is_left():
    assert "$" not in write(told(), "")


def test_every_sheet_is_on_the_page():
    page = write(told(), "")
    assert all(f"(sheets/{name}.webp)" in page for name in ("samples", "heat", "loop", "nearest"))


def test_a_table_is_markdown():
    assert table(("a", "b"), [(1, "x")]) == "| a | b |\n| --- | --- |\n| 1 | x |"


def test_an_expert_is_presented_where_there_is_one():
    assert "an expert of 7.5 million parameters" in write(told(model__expert=7_512_345), "")
    assert "an expert of" not in write(told(), "")


def test_an_expert_has_a_table_of_its_own():
    record = {"command": "burntout train run CORPUS", "expert": {"command": "burntout train expert CORPUS MODEL"}}
    whole, expert = write(told(model__training=record), "").split("Its expert for words:")
    assert "| command | burntout train run CORPUS |" in whole
    assert "| command | burntout train expert CORPUS MODEL |" in expert
