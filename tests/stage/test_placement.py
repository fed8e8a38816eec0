import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.stage.placement import Box, place

sizes = st.tuples(st.integers(8, 4096), st.integers(8, 4096))


def inside(box, frame):
    return min(box.x, box.y) >= 0 and box.x + box.width <= frame[0] and box.y + box.height <= frame[1]


@given(picture=sizes, window=sizes, fit=st.sampled_from(["contain", "cover"]))
def test_nothing_reaches_beyond_the_picture_or_the_window(picture, window, fit):
    part, box = place(picture, window, fit)
    assert inside(part, picture)
    assert inside(box, window)


@given(picture=sizes, window=sizes)
def test_contained_the_whole_picture_touches_two_edges(picture, window):
    part, box = place(picture, window, "contain")
    assert part == Box(0, 0, *picture)
    assert box.width == window[0] or box.height == window[1]


@given(picture=sizes, window=sizes)
def test_covering_fills_the_whole_window(picture, window):
    part, box = place(picture, window, "cover")
    assert box == Box(0, 0, *window)
    assert part.width == picture[0] or part.height == picture[1]


@given(picture=sizes, window=sizes, fit=st.sampled_from(["contain", "cover"]))
def test_proportions_are_kept_to_the_nearest_pixel(picture, window, fit):
    part, box = place(picture, window, fit)
    small = box if fit == "contain" else part
    other = part if fit == "contain" else box
    assert abs(small.width - max(small.height * other.width / other.height, 1)) <= max(other.width / other.height, 1)


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("contain", (Box(0, 0, 256, 256), Box(420, 0, 1080, 1080))),
        ("cover", (Box(0, 56, 256, 144), Box(0, 0, 1920, 1080))),
    ],
)
def test_a_square_picture_in_a_wide_window(fit, expected):
    assert place((256, 256), (1920, 1080), fit) == expected
