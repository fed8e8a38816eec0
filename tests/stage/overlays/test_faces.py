"""Which typeface has which letter: seven scripts, no letter lost, and a sentence about those that nobody has."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from installation.stage.overlays import faces
from installation.stage.overlays.faces import FACES, font, runs, runs_left, shaper

SCRIPTS = {
    "Latin": "Every generation forgets a little: å, ß, ł, ő, ñ.",
    "Greek": "Κάθε γενιά ξεχνά λίγο.",
    "Cyrillic": "Каждое поколение забывает.",
    "Arabic": "كل جيل ينسى شيئا",
    "Hebrew": "כל דור שוכח משהו",
    "Devanagari": "हर पीढ़ी कुछ भूल जाती है।",
    "Japanese": "世代を重ねるごとに、像は忘れられていく。",
    "figures": "0123456789 ≈ ± ≤ ∞ Δ ∑ √ € £ ¥ µ ° % ² ₂ → \N{MINUS SIGN} \N{MULTIPLICATION SIGN}",
}
WORDS = st.lists(st.sampled_from(" ".join(SCRIPTS.values())), max_size=20).map("".join)


@pytest.fixture
def whole(monkeypatch):
    """A machine that has just started: nothing has been opened or said."""
    for remembered in (faces.font, faces._probe, faces._box, faces._has, faces._say_missing, faces._say_unread):
        remembered.cache_clear()
    yield monkeypatch
    for remembered in (faces.font, faces._probe, faces._box, faces._has):
        remembered.cache_clear()


@pytest.mark.parametrize("cut", FACES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_is_set_whole_in_one_face(cut, script, caplog):
    assert len(runs(SCRIPTS[script], cut)) == 1
    assert caplog.messages == []


@pytest.mark.parametrize("cut", FACES)
def test_every_figure_is_as_wide_as_any_other(cut):
    face = font(FACES[cut][0], 40.0)
    assert len({face.getlength(figure) for figure in "0123456789"}) == 1


def test_pillow_shapes_with_harfbuzz():
    assert shaper() == ImageFont.Layout.RAQM


def test_letters_of_arabic_join():
    apart = sum(font("IBMPlexSansArabic-Text.woff", 40.0).getlength(letter) for letter in "جيل")
    assert font("IBMPlexSansArabic-Text.woff", 40.0).getlength("جيل") < apart


@given(WORDS)
def test_no_letter_is_lost_and_none_invented(words):
    assert sorted("".join(run.words for run in runs(words, "prose"))) == sorted(words)


@pytest.mark.parametrize(
    ("words", "left"), [("abc שלום", False), ("12 שלום abc", True), ("كل abc", True), ("...", False)]
)
def test_a_paragraph_begins_where_its_first_strong_letter_does(words, left):
    assert runs_left(words) is left


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ("日本 שלום abc", ["日本", "שלום", "abc"]),  # from left to right
        ("שלום 日本 كل", ["كل", "日本", "שלום"]),  # from right to left
        ("日本 שלום كل", ["日本", "كل", "שלום"]),  # both Semitic words run left, one after the other
    ],
)
def test_runs_stand_in_the_order_in_which_they_are_read(words, standing):
    assert [run.words.strip() for run in runs(words, "prose") if run.words.strip()] == standing


def test_a_mark_stays_with_its_letter():
    assert [run.words for run in runs("日\u0301本", "prose")] == ["日\u0301本"]


@pytest.mark.usefixtures("whole")
def test_a_letter_that_nobody_has_is_a_box_and_said_once(caplog):
    with caplog.at_level(logging.WARNING):
        boxed = [runs("Ω \U0001f732 日", "prose"), runs("\U0001f732 日 Ω", "figures")]
    assert all(any("\U0001f732" in run.words for run in line) for line in boxed)
    assert caplog.messages == [
        "No typeface that ships has U+1F732 (ALCHEMICAL SYMBOL FOR REGULUS); a box stands in its place."
    ]


def test_without_its_file_a_face_is_replaced_by_pillows_own_with_a_sentence(whole, caplog, tmp_path):
    whole.setattr(faces, "share", lambda _: tmp_path)
    with caplog.at_level(logging.WARNING):
        assert font("IBMPlexSans-Text.woff", 20.0).getlength("burnt") > 0
    assert "cannot be read" in caplog.text
    assert "Install Burntout again." in caplog.text


def test_without_harfbuzz_there_is_a_sentence_and_still_a_line(whole, caplog):
    faces.shaper.cache_clear()
    whole.setattr("PIL.features.check", lambda _: False)
    with caplog.at_level(logging.WARNING):
        assert font("IBMPlexSans-Text.woff", 20.0).getlength("burnt") > 0
    faces.shaper.cache_clear()
    assert "Install Pillow's wheel" in caplog.text
