"""What machine.toml may say about projectors, and the sentences about what it may not."""

import re
from pathlib import Path

import pytest

from installation.machine.settings import Settings, SettingsError, load


@pytest.fixture
def said(tmp_path):
    """Settings with these lines about outputs."""

    def read(*lines):
        path = tmp_path / "machine.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return load(path).stage.outputs

    return read


def test_nothing_said_is_no_output_and_one_needs_only_a_name(said):
    assert Settings().stage.outputs == ()
    (output,) = said("[[stage.outputs]]", 'name = "left"')
    assert (output.source, output.rotation, output.grid, output.mask) == ((0, 0, 1, 1), 0, (), None)


def test_everything_can_be_said(said):
    left, right = said(
        "[[stage.outputs]]",
        'name = "left"',
        'display = "HDMI-1"',
        "source = [0.0, 0.0, 0.55, 1.0]",
        "corners = [[0.01, 0.0], [1.0, 0.02], [1.0, 1.0], [0.0, 1.0]]",
        "grid = [[[0, 0], [0, 0.02]], [[0, 0], [0, 0]]]",
        "blend = { right = 0.18, power = 1.5 }",
        "black = 0.01",
        "gain = [1.0, 0.95, 0.9]",
        "[[stage.outputs]]",
        'name = "right"',
        "place = [1280, 0, 720, 1280]",
        "rotation = 90",
        "gamma = [1.0, 1.1, 1.0]",
        'mask = "masks/right.png"',
    )
    assert (left.display, left.blend.right, left.corners[0], left.grid[0][1]) == ("HDMI-1", 0.18, (0.01, 0), (0, 0.02))
    assert (right.place, right.rotation, right.gamma, right.mask.name) == (
        (1280, 0, 720, 1280),
        90,
        (1.0, 1.1, 1.0),
        "right.png",
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("colour = 1", r"there is no setting stage\.outputs\.0\.colour\."),
        ("maks = 'door.png'", r"outputs\.0\.maks\. Did you mean mask\?"),
        ("blend = { lef = 0.1 }", r"blend\.lef\. Did you mean left\?"),
        ("blend = { left = 0.6, right = 0.6 }", "may together be as wide as the output"),
        ("corners = [[0, 0], [1, 0], [1, 7], [0, 1]]", r"corners\.2: a corner is two fractions .* not \[1\.0, 7\.0\]"),
        ("grid = [[[0, 0], [0, 3]], [[0, 0], [0, 0]]]", "an offset is two fractions"),
        ("grid = [[[0, 0]]]", "two or more rows of control points"),
        ("grid = [[[0, 0], [0, 0]], [[0, 0]]]", "all as long"),
        ("source = [0.5, 0, 0.2, 1]", "source is left, top, right, bottom"),
        ("place = [0, 0, 3, 720]", "width and height from 16"),
        ("rotation = 45", "rotation: Input should be 0, 90, 180 or 270"),
        ("gain = [0, 1, 1]", "gain.0: Input should be greater"),
        ("black = nan", "black"),
    ],
)
def test_what_cannot_be_is_refused_by_name_with_what_would_do(said, line, sentence):
    with pytest.raises(SettingsError, match=sentence):
        said("[[stage.outputs]]", 'name = "left"', line)


def test_two_outputs_of_one_name_are_refused(said):
    with pytest.raises(SettingsError, match="a name of its own, not left, left"):
        said(*["[[stage.outputs]]", 'name = "left"'] * 2)


def test_an_output_must_have_a_name_that_can_be_typed(said):
    with pytest.raises(SettingsError, match="name"):
        said("[[stage.outputs]]", 'name = "left wall"')


def test_the_examples_in_the_gallerys_machine_toml_can_be_used_as_they_stand(said):
    text = (Path(__file__).parents[2] / "deploy" / "machine.toml").read_text(encoding="utf-8")
    examples = text[text.index("# [[stage.outputs]]") : text.index("[engine]")]
    lines = [line.removeprefix("# ") for line in examples.splitlines() if re.match(r"# (\[\[|\w+ = )", line)]
    left, right, tall = said(*lines)
    assert left.source[2] - right.source[0] == pytest.approx(0.2 * (left.source[2] - left.source[0]), abs=1e-6)
    assert tall.rotation == 90
