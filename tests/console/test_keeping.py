"""How the piece stands, kept as a scene: what is written plays as it stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import scenes
from installation.console.keeping import LONGEST_TITLE, NEVER, KeepingError, keep, slug
from installation.machine.files import share
from installation.panels import all_knobs

KNOBS = all_knobs()
DEFAULTS = {address: knob.show(knob.default) for address, knob in KNOBS.items()}
SHIPPED = sorted(path.stem for path in share("scenes").glob("*.toml"))


def house(name):
    return scenes.load(share("scenes") / f"{name}.toml", KNOBS, share("assets"))


def loaded(name, state):
    return scenes.load(state / scenes.OWN / f"{name}.toml", KNOBS, share("assets"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_scene_of_the_house_can_be_kept_with_its_cues_overlays_and_modulators(name, tmp_path):
    scene = house(name)
    kept = loaded(keep("An evening", scene, KNOBS, DEFAULTS, tmp_path), tmp_path)
    for part in ("doc", "origin", "camera", "restorer", "prompt", "seed", "size", "grid", "overlays", "modulators"):
        assert getattr(kept, part) == getattr(scene, part), part
    assert len(kept.cues) == len(scene.cues)


def test_every_knob_stands_where_it_stood_and_no_score_moves_it(tmp_path):
    values = DEFAULTS | {"/burn/medium": "heat", "/loop/zoom": 1.0125, "/loop/stages": 3, "/loop/keeper/on": False}
    kept = loaded(keep("Still", house("machine-dementia"), KNOBS, values, tmp_path), tmp_path)
    assert {at: KNOBS[at].show(value) for at, value in kept.values.items()} == {
        at: value for at, value in values.items() if value != DEFAULTS[at]
    }
    assert not kept.score


def test_a_moment_of_black_is_not_part_of_the_piece(tmp_path):
    values = DEFAULTS | {"/stage/black": True, "/stage/hold": True, "/stage/pattern": "grid"}
    kept = loaded(keep("Still", house("hearth"), KNOBS, values, tmp_path), tmp_path)
    assert not NEVER & set(kept.values)


@pytest.mark.parametrize("title", ["", " / ", "...", "x" * (LONGEST_TITLE + 1)])
def test_a_title_without_letters_or_without_end_is_refused(title):
    with pytest.raises(KeepingError, match="title"):
        slug(title)


def test_a_scene_of_the_house_is_never_hidden(tmp_path):
    with pytest.raises(KeepingError, match="of the house"):
        keep("Hearth", house("hearth"), KNOBS, DEFAULTS, tmp_path)


@given(st.text(max_size=LONGEST_TITLE))
def test_a_scenes_name_is_a_plain_file_name_whatever_the_title(title):
    try:
        name = slug(title)
    except KeepingError:
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_title_is_read_back_as_it_was_said(tmp_path_factory, title):
    state = tmp_path_factory.mktemp("state")
    said = f"a {title}"
    kept = loaded(keep(said, house("hearth"), KNOBS, DEFAULTS, state), state)
    assert kept.title == said.strip()
