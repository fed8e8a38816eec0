"""How the piece stands, kept as a scene: what is written plays as it stood."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation import scenes
from installation.console.glances import Hands, Said
from installation.console.keeping import LONGEST_TITLE, NEVER, KeepingError, keep, slug
from installation.machine.files import share
from installation.modulators import Lfo
from installation.panels import all_knobs

KNOBS = all_knobs()
SHIPPED = sorted(path.stem for path in share("scenes").glob("*.toml"))
ITS_OWN = {"name", "title", "text", "folder"}  # of each file
LFO = Lfo(depth=0.1, period=3.0)


def house(name):
    return scenes.load(share("scenes") / f"{name}.toml", KNOBS, share("assets"))


def written(folder, words):
    """A scene of somebody's own, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "own.toml").write_text(words)
    return scenes.load(folder / "own.toml", KNOBS, share("assets"))


def standing(scene, put=None, modulators=None, **said):
    """How a scene stands where hands have put some knobs, in words, elsewhere."""
    moved = {address: KNOBS[address].parse(value) for address, value in (put or {}).items()}
    modulators = scene.modulators if modulators is None else modulators
    return Hands(scene, {}, {}, moved, modulators, Said(scene, **said))


def kept(hands, state, title="An evening"):
    name = keep(title, hands, KNOBS, state)
    return scenes.load(state / scenes.OWN / f"{name}.toml", KNOBS, share("assets"))


def different(one, other):
    """What of two scenes is not the same, but for what every file has for itself."""
    names = {field.name for field in fields(scenes.Scene)} - ITS_OWN
    return {name for name in names if getattr(one, name) != getattr(other, name)}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_scene_that_nobody_has_touched_is_kept_with_everything_in_it(name, tmp_path):
    scene = house(name)
    assert different(kept(standing(scene), tmp_path), scene) == set()


def some(knob):
    """A value for a knob, as somebody might say it."""
    if knob.kind == "choice":
        return st.sampled_from(knob.choices)
    return st.floats(knob.low, knob.high).map(knob.parse).map(knob.show)


@given(st.sampled_from(SHIPPED), st.data())
def test_what_was_turned_stands_where_it_was_put_and_nothing_else_changes(tmp_path_factory, name, data):
    scene = house(name)
    turned = data.draw(st.lists(st.sampled_from(sorted(set(KNOBS) - NEVER)), max_size=6, unique=True))
    put = {address: data.draw(some(KNOBS[address])) for address in turned}
    again = kept(standing(scene, put), tmp_path_factory.mktemp("state"))
    values = {address: KNOBS[address].parse(value) for address, value in put.items()}
    assert again.values == {**scene.values, **values}
    assert again.score == {address: curve for address, curve in scene.score.items() if address not in put}
    assert different(again, scene) <= {"values", "score"}


def test_what_its_author_remarked_is_kept(tmp_path):
    remark = "# A fire flickers. Only the light on the wall does"
    assert remark in kept(standing(house("hearth")), tmp_path).text


def test_a_modulator_that_was_put_on_changed_or_taken_away_is_so_in_the_scene(tmp_path):
    scene = written(tmp_path, 'origin = "cat"\n[modulate.stage]\nbrightness = {kind = "walk", depth = 0.03}\n')
    for number, wanted in enumerate(({"/stage/brightness": LFO}, {}, {**scene.modulators, "/loop/zoom": LFO})):
        assert kept(standing(scene, modulators=wanted), tmp_path, f"Evening {number}").modulators == wanted


def test_a_modulator_that_has_heard_something_is_the_one_that_was_written(tmp_path):
    scene = house("camera-casino")
    heard = {address: each.heard(5.0, 1.0) for address, each in scene.modulators.items()}
    assert heard != scene.modulators
    assert kept(standing(scene, modulators=heard), tmp_path).modulators == scene.modulators


def test_a_picture_that_was_brought_goes_with_the_scene(tmp_path):
    brought = tmp_path / "origins" / "brought-1.png"
    brought.parent.mkdir()
    brought.write_bytes((share("assets") / "origins" / "cat.png").read_bytes())
    again = kept(standing(house("hearth"), origin=brought), tmp_path)
    brought.unlink()
    assert again.origin.parent == tmp_path / scenes.OWN
    assert again.origin.exists()


def test_a_picture_that_was_brought_long_ago_and_has_gone_is_missed(tmp_path):
    with pytest.raises(KeepingError, match="Bring it again"):
        kept(standing(house("hearth"), origin=tmp_path / "brought-1.png"), tmp_path)


def test_a_picture_of_the_house_and_a_prompt_are_kept_by_their_words(tmp_path):
    cat = share("assets") / "origins" / "cat.png"
    again = kept(standing(house("hearth"), origin=cat, prompt='say "owl"'), tmp_path)
    assert (again.origin, again.prompt) == (cat.resolve(), 'say "owl"')


def test_what_was_said_over_another_scene_is_not_said_over_this_one():
    hearth = house("hearth")
    said = Said(hearth).prompted("owl")
    assert said.over(hearth).prompt == "owl"
    assert said.over(house("heat-death")).prompt is None


def test_what_a_scene_names_beside_itself_is_found_from_elsewhere(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "mine.png").write_bytes((share("assets") / "origins" / "cat.png").read_bytes())
    (theirs / "evening.toml").write_text("[[cue]]\nnumber = 1\n[cue.stage]\nbrightness = 0.5\n")
    (theirs / "pictures").mkdir()
    header = 'origin = "mine.png"\nrestorer = "archive"\nmodel = "./pictures"\n'
    scene = written(theirs, f'{header}[cues]\nfile = "evening.toml"\n')
    again = kept(standing(scene), tmp_path)
    assert len(again.cues) == 1
    assert different(again, scene) == set()


def test_a_moment_of_black_is_not_part_of_the_piece(tmp_path):
    put = {"/stage/black": True, "/stage/hold": True, "/stage/pattern": "grid"}
    assert not NEVER & set(kept(standing(house("hearth"), put), tmp_path).values)


@pytest.mark.parametrize("title", ["", " / ", "...", "x" * (LONGEST_TITLE + 1)])
def test_a_title_without_letters_or_without_end_is_refused(title):
    with pytest.raises(KeepingError, match="title"):
        slug(title)


def test_a_scene_of_the_house_is_never_hidden(tmp_path):
    with pytest.raises(KeepingError, match="of the house"):
        keep("Hearth", standing(house("hearth")), KNOBS, tmp_path)


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
    assert kept(standing(house("hearth")), state, said).title == said.strip()
