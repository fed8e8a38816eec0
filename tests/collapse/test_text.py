"""Words that collapse have the shape that was published: stammering when cold, salad when not, a plateau when fed."""

from functools import cache
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.collapse import theory
from installation.collapse.ngram import CollapseError, fit, write
from installation.collapse.text import (
    FEWEST,
    MEANING,
    Settings,
    excerpt,
    first,
    generations,
    load,
    measure,
    passages,
    repetition,
    retrain,
    sentence,
    tokens,
)
from installation.machine.files import share
from installation.randomness import generator

MELVILLE = share("assets") / "texts" / "moby-dick.txt"


@cache
def real():
    return load(MELVILLE)


@cache
def collapsed(seed, last, **settings):
    return tuple(islice(generations(real(), Settings(**settings), seed), last + 1))


def curve(run, reading):
    return [each.readings[reading] for each in run]


def falls(values):
    return all(one > other for one, other in pairwise(values))


def rises(values):
    return falls(values[::-1])


# The shape of Shumailov et al. 2024, on our own text.


@pytest.mark.parametrize("seed", [1, 7])
def test_cold_words_are_lost_in_every_generation_and_the_real_text_grows_stranger(seed):
    cold = collapsed(seed, 9)
    assert falls(curve(cold, "vocabulary"))
    assert rises(curve(cold, "perplexity"))


@pytest.mark.parametrize("seed", [1, 7])
def test_generation_nine_stammers(seed):
    cold = collapsed(seed, 9)
    assert cold[0].readings["repetition"] < 0.02
    assert cold[9].readings["repetition"] > 0.9
    assert cold[9].readings["distinct_2"] < 0.05
    assert cold[9].readings["vocabulary"] < 0.1 * cold[0].readings["vocabulary"]
    assert cold[9].readings["entropy"] < cold[0].readings["entropy"] - 3.0


def test_at_temperature_one_there_is_no_stammering_but_fewer_words_every_time():
    warm = collapsed(1, 9, temperature=1.0)
    assert falls(curve(warm, "vocabulary"))
    assert rises(curve(warm, "perplexity"))
    assert max(curve(warm, "repetition")) < 0.5
    assert warm[9].readings["vocabulary"] > 5 * collapsed(1, 9)[9].readings["vocabulary"]


def test_at_temperature_one_words_are_lost_as_chance_alone_would_lose_them():
    expected = theory.expected_support(np.unique(real(), return_counts=True)[1], 9)
    np.testing.assert_allclose(curve(collapsed(1, 9, temperature=1.0), "vocabulary"), expected, rtol=0.05)


def test_a_tenth_of_real_text_ends_in_a_plateau():
    fed, starved = collapsed(1, 12, temperature=1.0, fresh=0.1), collapsed(1, 9, temperature=1.0)
    plateau = curve(fed, "perplexity")[9:]
    assert max(plateau) < 1.15 * min(plateau)
    assert max(plateau) < 0.35 * starved[9].readings["perplexity"]
    assert min(curve(fed, "vocabulary")[9:]) > 1.4 * starved[9].readings["vocabulary"]


def test_words_without_memory_are_wright_fishers():
    """A unigram model at temperature 1 draws words by frequency: the support is the theory's, to its standard error."""
    counts = np.unique(real(), return_counts=True)[1]
    runs = np.array([vocabularies(seed, 3) for seed in range(6)])
    expected = theory.expected_support(counts, 3)
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert (abs(runs.mean(axis=0) - expected[1:]) < 4 * error).all()


def vocabularies(seed, last):
    words, found = list(real()), []
    for serial in range(last):
        words = write(fit(words, 1), len(words), generator(seed, serial))
        found.append(len(set(words)))
    return found


def test_a_beam_stammers_sooner():
    page = real()[:1500]
    sampled, searched = (retrain(first(page, 3), page, Settings(beam=beam), generator(3, 1)) for beam in (1, 4))
    assert searched.readings["repetition"] > sampled.readings["repetition"] + 0.1


# Laws.


def test_a_word_that_is_lost_never_comes_back():
    for before, after in pairwise(collapsed(1, 9)):
        assert set(after.words) <= set(before.words)


def test_every_generation_is_as_long_as_the_real_text():
    assert {len(each.words) for each in collapsed(1, 9)} == {len(real())}


def test_generation_zero_is_the_real_text():
    assert collapsed(1, 9)[0].words == real()


def test_a_run_can_go_on_from_any_generation_as_if_it_had_never_stopped():
    page, settings = real()[:600], Settings(fresh=0.2)
    whole = list(islice(generations(page, settings, 5), 4))
    rest = list(islice(generations(page, settings, 5, after=whole[1]), 2))
    assert rest == whole[2:]


def test_another_seed_tells_another_story():
    page = real()[:600]
    one, other = (list(islice(generations(page, Settings(), seed), 2)) for seed in (1, 2))
    assert one[0] == other[0]
    assert one[1] != other[1]


@given(share=st.floats(0, 1))
def test_the_fresh_share_is_real_and_stands_at_the_end(share):
    page = real()[:200]
    made = retrain(first(page, 2), page, Settings(fresh=share, order=2), generator(6, 1))
    assert made.fresh == round(share * len(page))
    assert len(made.words) == len(page)
    fresh = made.words[len(page) - made.fresh :][:64]
    assert sentence(fresh) in sentence(page)


def test_passages_are_drawn_anew_every_time():
    rng = generator(6, 2)
    assert passages(real(), 100, rng) != passages(real(), 100, rng)


# Reading and showing.


def test_words_and_marks_are_read_as_they_stand_and_headings_are_not():
    text = "CHAPTER 96. The Try-Works.\n\nShe's “gone”—ha! ha!—(off) the mast-head, sir."
    assert tokens(text) == ("She's", "gone", "—", "ha", "!", "ha", "!", "—", "off", "the", "mast-head", ",", "sir", ".")


@pytest.mark.parametrize("line", ["Ha! there she blows; see?", "here—here—here.", "the mast-head, sir: 'tis she's"])
def test_a_line_of_prose_survives_being_read(line):
    assert sentence(tokens(line.replace("'tis", "tis"))) == line.replace("'tis", "tis")


def test_an_excerpt_ends_with_a_sentence_if_one_is_near_and_else_with_an_ellipsis():
    words = tokens("One two three. Four five, six seven eight nine ten.")
    assert excerpt(words, 6) == "One two three."
    assert excerpt(words, 10) == "One two three. Four five, six seven eight …"
    assert excerpt(words, 7) == "One two three."
    assert excerpt(words, 99) == "One two three. Four five, six seven eight nine ten."


def test_an_ellipsis_follows_a_word_and_not_a_comma():
    assert excerpt(tokens("one two, three four"), 3) == "one two …"


def test_every_reading_is_explained():
    assert measure(real()[:200], real(), 3).keys() == MEANING.keys()


def test_a_text_of_one_word_has_no_surprise_left():
    readings = measure(["a"] * 200, ["a"] * 200, 3)
    assert readings["vocabulary"] == 1.0
    assert readings["entropy"] == 0.0
    assert readings["perplexity"] == pytest.approx(1.0)


@pytest.mark.parametrize(("words", "share"), [("abcdefgh", 0.0), ("abcdabcd", 1 / 5), ("aaaaaaaa", 4 / 5)])
def test_stammering_is_what_was_there_before(words, share):
    assert repetition(words) == pytest.approx(share)


# Refusals.


@pytest.mark.parametrize(
    "setting", [{"temperature": 0.0}, {"temperature": float("nan")}, {"beam": 0}, {"fresh": 1.1}, {"order": 5}]
)
def test_settings_out_of_range_are_refused_with_the_range(setting):
    with pytest.raises(CollapseError, match=f"{next(iter(setting))} takes a number from"):
        Settings(**setting)


def test_a_text_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CollapseError, match="cannot be read"):
        load(tmp_path / "none.txt")


@pytest.mark.parametrize(("content", "why"), [(b"\xff\xfe\x00", "UTF-8"), (b"too few words", f"at least {FEWEST}")])
def test_a_text_that_cannot_be_learnt_from_is_refused(tmp_path, content, why):
    (tmp_path / "text.txt").write_bytes(content)
    with pytest.raises(CollapseError, match=why):
        load(tmp_path / "text.txt")
