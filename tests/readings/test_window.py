"""The window: diversity, half-life and tail mass of what was seen."""

import math
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.loop.generation import turns
from installation.loop.lineage import Lineage
from installation.machine.files import share
from installation.readings import Look, Window, declared, tail
from installation.readings.diversity import BANDWIDTH, diversity, vendi
from installation.readings.memory import memory_half_life
from installation.readings.tail import Ball, fit, gathered, tail_mass
from installation.readings.window import MOST_MEMORIES, SIZE
from installation.records import Generation
from tests.support import Wiener


def generation(serial, memory=1.0, parent=None):
    parent = serial - 1 if parent is None else parent
    return Generation(serial, parent, 1, "hearth", "gaussian", 0.3, {}, {"memory": memory}, "", 0.1)


def flat(level):
    return Look(np.full((64, 64, 3), level, np.uint8))


def noise(seed):
    return Look(np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8))


def watched(looks, window=None, memory=lambda _: 1.0):
    """A window that has seen these pictures, one generation each."""
    window = window or Window()
    for serial, look in enumerate(looks, start=1):
        window.see(look, generation(serial, memory(serial)))
    return window


# ------------------------------------------------------------------ diversity


@given(n=st.integers(1, 64))
def test_identical_pictures_amount_to_one(n):
    assert vendi(np.ones((n, n))) == pytest.approx(1.0)


@given(n=st.integers(1, 64))
def test_pictures_that_have_nothing_in_common_amount_to_as_many_as_they_are(n):
    assert vendi(np.eye(n)) == pytest.approx(n)


@given(n=st.integers(1, 32))
def test_two_clusters_of_equal_size_amount_to_two(n):
    assert vendi(np.kron(np.eye(2), np.ones((n, n)))) == pytest.approx(2.0)


@given(shares=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_clusters_count_as_the_exponential_of_their_entropy(shares):
    """Friedman and Dieng 2023: with similarities of 0 and 1 it is the Hill number of order 1."""
    sizes = np.array(shares)
    label = np.repeat(np.arange(len(sizes)), sizes)
    p = sizes / sizes.sum()
    assert vendi((label[:, None] == label[None, :]).astype(float)) == pytest.approx(np.exp(-(p * np.log(p)).sum()))


def test_the_window_has_the_squared_distances_of_its_thumbs():
    looks = [noise(seed) for seed in range(5)]
    window = watched(looks)
    exact = [[3.0 * np.square(a.thumb - b.thumb).mean() for b in looks] for a in looks]
    np.testing.assert_allclose(window.squares, exact, rtol=1e-4, atol=1e-6)


def test_one_picture_shown_again_and_again_amounts_to_one():
    assert diversity(watched([flat(90)] * 10)) == pytest.approx(1.0)


def test_black_and_white_in_turn_amount_to_two():
    assert diversity(watched([flat(0), flat(255)] * 10)) == pytest.approx(2.0, abs=1e-3)


def test_pictures_a_bandwidth_apart_are_sixty_one_per_cent_alike():
    window = watched([flat(90), flat(90)])
    window._squares[0, 1] = window._squares[1, 0] = BANDWIDTH**2
    like = math.exp(-0.5)
    shares = np.array([1 + like, 1 - like]) / 2
    assert diversity(window) == pytest.approx(float(np.exp(-(shares * np.log(shares)).sum())))


def test_only_the_last_sixty_four_count():
    window = watched([flat(0)] * 10 + [flat(255)] * SIZE)
    assert window.squares.shape == (SIZE, SIZE)
    assert diversity(window) == pytest.approx(1.0)


# ------------------------------------------------------------------ half-life


def test_the_half_life_counts_from_the_origin():
    window = watched([flat(9)] * 50, memory=lambda serial: math.exp(-serial / 20.0))
    ages, memories = window.memories
    assert (ages[0], memories[0]) == (0.0, 1.0)
    assert memory_half_life(window) == pytest.approx(20.0 * math.log(2.0), rel=2e-3)


def test_a_fire_lit_anew_begins_the_count_anew():
    window = watched([flat(9)] * 30, memory=lambda serial: 0.9**serial)
    window.see(flat(9), generation(31, 0.95, parent=0))
    assert window.memories[0].tolist() == [0.0, 1.0]


def test_an_engine_that_comes_late_counts_from_what_it_finds():
    window = Window()
    for serial in range(1000, 1040):
        window.see(flat(9), generation(serial, 0.5 * math.exp(-(serial - 1000) / 10.0)))
    assert memory_half_life(window) == pytest.approx(10.0 * math.log(2.0), rel=2e-3)


def test_a_generation_that_was_not_measured_leaves_a_gap():
    window = Window()
    for serial in range(1, 41):
        seen = generation(serial, math.exp(-serial / 20.0))
        window.see(flat(9), seen if serial % 2 else replace(seen, readings={}))
    assert window.memories[0].tolist() == [0.0, *range(1, 41, 2)]
    assert memory_half_life(window) == pytest.approx(20.0 * math.log(2.0), rel=2e-3)


def test_a_long_story_is_thinned_and_its_half_life_stays():
    window = watched([flat(9)] * 5000, memory=lambda serial: math.exp(-serial / 2000.0))
    ages, memories = window.memories
    assert len(ages) <= MOST_MEMORIES
    assert ages[0] == 0.0
    assert ages[-1] > 4900
    assert memories == pytest.approx(np.exp(-ages / 2000.0))
    assert memory_half_life(window) == pytest.approx(2000.0 * math.log(2.0), rel=2e-3)


# ------------------------------------------------------------------ tail mass


@pytest.fixture(scope="module")
def real():
    return np.random.default_rng(4).normal(2.0, 3.0, (400, 24)) @ np.diag(np.linspace(1.0, 5.0, 24))


def test_of_fresh_real_points_one_in_twenty_lies_outside(real):
    fresh = np.random.default_rng(5).normal(2.0, 3.0, (4000, 24)) @ np.diag(np.linspace(1.0, 5.0, 24))
    assert fit(real).outside(fresh).mean() == pytest.approx(0.05, abs=0.025)


def test_the_radius_is_near_the_normal_distributions(real):
    """The 95 % quantile of chi squared with 24 degrees of freedom is 36.42."""
    assert fit(real).radius ** 2 == pytest.approx(36.42, rel=0.25)


def test_what_has_collapsed_to_the_mean_has_lost_its_tails(real):
    assert fit(real).outside(np.repeat(real.mean(axis=0)[None], 10, axis=0)).mean() == 0.0


def test_what_no_real_point_is_like_lies_outside(real):
    assert fit(real).outside(real + 100.0).mean() == 1.0


def test_distances_are_those_of_the_whole_covariance_where_every_component_is_kept(real):
    ball, apart = fit(real), real - real.mean(axis=0)
    exact = np.sqrt(np.einsum("nd,de,ne->n", apart, np.linalg.inv(np.cov(real.T)), apart))
    np.testing.assert_allclose(ball.distance(real), exact, rtol=1e-6)


def test_fewer_than_ten_real_pictures_are_too_few():
    with pytest.raises(ValueError, match="At least 10 real pictures are needed, not 9"):
        fit(np.zeros((9, 4)))


def pictures(folder, count):
    from PIL import Image

    for number in range(count):
        colours = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(colours).resize((64, 64)).save(folder / f"{number:02d}.png")


def test_a_damaged_picture_is_passed_over(tmp_path):
    pictures(tmp_path, 11)
    (tmp_path / "03.png").write_bytes(b"no picture")
    whole = gathered(tmp_path)
    (tmp_path / "03.png").unlink()
    assert whole.radius == gathered(tmp_path).radius


def test_too_few_pictures_give_no_ball(tmp_path):
    pictures(tmp_path, 9)
    with pytest.raises(ValueError, match="At least 10 real pictures are needed, not 9"):
        gathered(tmp_path)


def test_the_shipped_table_is_what_the_archive_gives():
    """When the archive has changed: see ``gathered`` for how the table is made anew."""
    ball, fresh = tail.shipped(), gathered(share("assets") / "archive")
    assert ball is not None
    assert ball.radius == pytest.approx(fresh.radius, rel=1e-3)  # decoders of WebP may differ by a level
    points = np.random.default_rng(6).normal(ball.mean, 30.0, (50, ball.mean.size))
    np.testing.assert_allclose(ball.distance(points), fresh.distance(points), rtol=1e-3)
    assert (share("assets") / tail.FILE).stat().st_size < 100_000


def test_the_tail_mass_is_there_from_its_first_turn_on():
    window, readings = Window(tail.shipped()), declared("window")
    first = [window.see(noise(serial), generation(serial)) for serial in range(1, 1 + len(readings))]
    (mass,) = [each["tail_mass"] for each in first if "tail_mass" in each]
    assert 0.0 <= mass <= 1.0


def test_a_ball_that_was_saved_is_read_again_as_it_was(tmp_path):
    pictures(tmp_path, 12)
    ball = gathered(tmp_path)
    tail.save(ball, tmp_path / "ball.npz")
    again = tail.load(tmp_path / "ball.npz")
    assert again is not None
    assert again.radius == ball.radius
    points = np.random.default_rng(7).normal(50.0, 30.0, (20, ball.mean.size))
    np.testing.assert_allclose(again.distance(points), ball.distance(points), rtol=1e-4)


def test_no_table_or_half_a_table_is_no_ball_and_said_in_the_log(tmp_path, caplog):
    whole = (share("assets") / tail.FILE).read_bytes()
    for number, content in enumerate((b"", b"PK", whole[:5000], whole[:-30], b"x" * 300, whole[:4000] + whole[4100:])):
        (tmp_path / f"{number}.npz").write_bytes(content)
        assert tail.load(tmp_path / f"{number}.npz") is None
    tail.save(Ball(np.zeros(5), np.eye(5), 1.0), tmp_path / "small.npz")
    tail.save(Ball(np.zeros(768), np.full((2, 768), np.nan), 1.0), tmp_path / "nan.npz")
    assert [tail.load(tmp_path / name) for name in ("gone.npz", "small.npz", "nan.npz")] == [None] * 3
    assert len(caplog.records) == 9
    assert all("Install the program anew" in record.message for record in caplog.records)


def test_the_tail_mass_is_the_share_of_the_window_outside():
    ball = Ball(np.zeros(768), np.eye(768)[:1], 50.0)  # lightness of the first cell
    window = watched([flat(0), flat(0), flat(0), flat(255)], Window(ball))
    assert tail_mass(window) == 0.25


def test_without_a_ball_there_is_no_tail_mass():
    assert math.isnan(tail_mass(watched([flat(0)])))


# ------------------------------------------------------------------ in turn


def test_the_readings_take_turns_one_with_every_picture():
    window, keys = Window(), [each.key for each in declared("window").values()]
    seen = [window.see(flat(9), generation(serial)) for serial in range(1, 1 + 2 * len(keys))]
    assert all(len(readings) == 1 for readings in seen)
    assert sorted(key for readings in seen for key in readings) == sorted(2 * keys)


def test_too_early_is_nan():
    assert math.isnan(Window().see(flat(9), generation(1)).get("memory_half_life", math.nan))


def test_a_real_loop_fills_the_window(photograph):
    from installation.images import to_pixels

    knobs = {"/burn/gaussian/temperature": 0.5, "/loop/stages": 0.0}
    window = Window()
    latest: dict[str, float] = {}
    moments = turns(Lineage.begin("hearth", 1, photograph), Wiener(), lambda _: knobs, lambda: 0.0)
    for moment in islice((moment for moment in moments if moment.generation), 24):
        assert moment.generation
        latest |= window.see(Look(to_pixels(moment.image)), moment.generation)
    assert 1.0 <= latest["diversity"] <= 24.0
    assert latest["memory_half_life"] > 0.0
