"""A scene is checked completely before it plays: any TOML gives a Scene or a SceneError, and nothing else."""

import math
import pickle
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from installation import melting, scenes
from installation.conditioning import Control, Likeness
from installation.knobs import Knob
from installation.melting import MeltingPoint, written
from installation.modulators import Lfo
from installation.panels import all_knobs
from installation.scenes import Scene, SceneError
from installation.scores import Curve
from installation.stakes import Casino, Ransom

ROOT = Path(__file__).parents[1]
SHIPPED = sorted((ROOT / "scenes").glob("*.toml"))
KNOBS = {
    knob.address: knob
    for knob in (
        Knob("/burn/medium", "choice", 0.0, 0.0, 1.0, "", 0.0, "Which.", ("gaussian", "heat")),
        Knob("/burn/gaussian/temperature", "number", 0.3, 0.0, 1.0, "", 0.5, "How far."),
        Knob("/restore/steps", "whole", 2.0, 1.0, 50.0, "steps", 0.0, "How many."),
        Knob("/loop/origin-mix", "number", 0.0, 0.0, 1.0, "", 0.5, "How much."),
        Knob("/stage/black", "switch", 0.0, 0.0, 1.0, "", 0.0, "Black."),
    )
}
TEMPERATURE = "/burn/gaussian/temperature"

deliberate = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def house(tmp_path):
    """A folder of assets with two origins, and a folder for scenes beside it."""
    origins = tmp_path / "assets" / "origins"
    origins.mkdir(parents=True)
    (tmp_path / "scenes").mkdir()
    for name in ("cat.png", "owl.webp"):
        Pillow.new("RGB", (16, 16)).save(origins / name)
    return tmp_path


def write(house, text, name="fire"):
    path = house / "scenes" / f"{name}.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load(house, text):
    return scenes.load(write(house, text), KNOBS, house / "assets")


def test_what_is_at_stake_is_read_with_the_scene(house):
    scene = load(house, 'origin = "cat"\n[casino]\nlife = 30\n[ransom]\nfire = "/burn/gaussian/temperature"\nbits = 9')
    assert (scene.casino, scene.ransom) == (Casino(life=30), Ransom(bits=9))
    assert (load(house, 'origin = "cat"').casino, load(house, 'origin = "cat"').ransom) == (None, None)
    with pytest.raises(SceneError, match=r"fire.toml: casino has no 'lief'. Did you mean life\?"):
        load(house, 'origin = "cat"\n[casino]\nlief = 30')


def test_a_whole_scene_is_read(house):
    text = """
        title = "Fire"
        doc = "It burns."
        origin = "cat"
        restorer = "diffusion"
        model = "sd-turbo"
        prompt = "a cat"
        seed = 7
        size = 512
        [burn]
        medium = "heat"
        [burn.gaussian]
        temperature = { score = [[0, 0.2], [30, 0.6]], repeat = true }
        [restore]
        steps = 4
        [loop]
        origin-mix = 1
        [stage]
        black = true
    """
    scene = load(house, text)
    assert scene == Scene(
        name="fire",
        title="Fire",
        doc="It burns.",
        origin=(house / "assets/origins/cat.png").resolve(),
        restorer="diffusion",
        model="sd-turbo",
        prompt="a cat",
        seed=7,
        size=512,
        values={"/burn/medium": 1.0, "/restore/steps": 4.0, "/loop/origin-mix": 1.0, "/stage/black": 1.0},
        score={TEMPERATURE: Curve(((0.0, 0.2), (30.0, 0.6)), repeat=True)},
        text=text,
    )
    assert pickle.loads(pickle.dumps(scene)) == scene  # noqa: S301 - our own bytes


def test_an_origin_is_all_a_scene_needs(house):
    scene = load(house, 'origin = "owl.webp"')
    assert (scene.title, scene.restorer, scene.seed, scene.size) == ("fire", "ember", None, None)


def test_an_origin_may_lie_beside_the_scene_or_anywhere(house):
    Pillow.new("RGB", (16, 16)).save(house / "scenes" / "mine.png")
    for name in ("mine.png", "./mine.png", "../scenes/mine.png", house / "scenes" / "mine.png"):
        assert load(house, f'origin = "{name}"').origin == (house / "scenes" / "mine.png").resolve()


def test_a_model_folder_is_seen_from_the_scene(house):
    (house / "scenes" / "pipeline").mkdir()
    scene = load(house, 'origin = "cat"\nrestorer = "archive"\nmodel = "./pipeline"')
    assert scene.model == str((house / "scenes" / "pipeline").resolve())


LED = 'origin = "cat"\nrestorer = "diffusion"\nmodel = "sd-turbo"\n'


def test_a_scene_names_what_leads_it_by_name_or_by_a_folder_seen_from_it(house):
    (house / "scenes" / "ip").mkdir()
    led = load(house, f'{LED}control = {{ model = "canny", from = "camera" }}\nlikeness = {{ model = "./ip" }}')
    folder = (house / "scenes" / "ip").resolve()
    assert led.guides == {"control": Control("canny", "edge", "camera"), "likeness": Likeness(str(folder))}
    assert load(house, LED).guides == {}


CAT = 'origin = "cat"\n'
HOT = f"{CAT}[burn.gaussian]\ntemperature = "
SWAY = f"{CAT}[modulate.burn.gaussian]\ntemperature"
CUE = f"{CAT}[[cue]]\nnumber = 1\n"
WRONG = {
    "not TOML": ("origin = ", "not TOML"),
    "not UTF-8": (b'origin = "\xff"', "not UTF-8"),
    "a mebibyte": (b"#" * (2**20 + 1), "larger than"),
    "too deep": ("a = " + "[" * 5000, "not TOML"),
    "no origin": ("", "origin is missing"),
    "a guide for what hears words alone": (
        f'{CAT}control = {{ model = "c" }}',
        'control is for restorer = "diffusion"',
    ),
    "a guide without a model": (f'{LED}likeness = "ip"', "likeness takes a table with a model"),
    "a guide's folder that is not there": (f'{LED}control = {{ model = "./c" }}', r"control.model: there is no folder"),
    "an origin that is not there": ('origin = "catt"', r"no picture 'catt' .* Did you mean cat\?"),
    "an origin no file system takes": (f'origin = "{"a" * 5000}"', "no picture"),
    "an origin with a zero in it": (r'origin = "a\u0000b"', "no picture"),
    "a folder as origin": ('origin = "../scenes"', "no picture"),
    "a text as origin": ('origin = "./fire.toml"', "not a picture"),
    "an unknown restorer": (f'{CAT}restorer = "embre"', r"one of ember, .* Did you mean ember\?"),
    "diffusion without model": (f'{CAT}restorer = "diffusion"', "model is missing"),
    "ember with a model": (f'{CAT}model = "x"', "ember carries its own"),
    "a model folder that is not there": (f'{CAT}restorer = "archive"\nmodel = "./x"', "no folder './x'"),
    "a title that is a number": (f"{CAT}title = 3", "title takes text in quotes, not 3"),
    "a seed that is a switch": (f"{CAT}seed = true", "seed takes a whole number, not True"),
    "a negative seed": (f"{CAT}seed = -1", "seed takes"),
    "a size between sizes": (f"{CAT}size = 100", "multiple of 64"),
    "a misspelt header key": ('orgin = "cat"', r"the key 'orgin'\. Did you mean origin\?"),
    "a misspelt table": (f"{CAT}[brun]\n", r"the key 'brun'\. Did you mean burn\?"),
    "a misspelt knob": (f"{CAT}[burn.gaussian]\ntemprature = 1", r"Did you mean burn\.gaussian\.temperature\?"),
    "a key with a slash": (f'{CAT}["burn/gaussian"]\ntemperature = 1', "nothing listens"),
    "a table where a knob is": (f"{CAT}[burn.medium]\na.b = 1", "burn.medium cannot move"),
    "a value where a table is": (f"{CAT}burn = 1", "nothing listens to the key 'burn'"),
    "too hot": (f"{HOT}1.1", "burn.gaussian.temperature takes a number from 0 to 1, not 1.1"),
    "NaN": (f"{HOT}nan", "takes a number from 0 to 1, not nan"),
    "infinite": (f"{HOT}-inf", "takes a number from 0 to 1, not -inf"),
    "a digit too many for Python": (f"{HOT}0x{'f' * 9000}", "what cannot be spelt out"),
    "a number that is a switch": (f"{HOT}true", "not True"),
    "a fraction of a step": (f"{CAT}[restore]\nsteps = 2.5", "whole number from 1 to 50 steps, not 2.5"),
    "a switch that is a number": (f"{CAT}[stage]\nblack = 1", "on or off .*, not 1"),
    "an unknown choice": (f'{CAT}[burn]\nmedium = "haet"', r"one of gaussian, heat, not 'haet'\. Did you mean heat\?"),
    "a choice by its index": (f"{CAT}[burn]\nmedium = 1", "one of gaussian, heat, not 1"),
    "a moving switch": (f"{CAT}[stage]\nblack = {{ score = [[0, true]] }}", "cannot move"),
    "a score without points": (f"{HOT}{{ score = [] }}", "takes points"),
    "an empty table as score": (f"{HOT}{{}}", "takes points"),
    "points that are no pairs": (f"{HOT}{{ score = [[0, 1, 2]] }}", "a point is"),
    "points out of order": (f"{HOT}{{ score = [[0, 0], [9, 1], [9, 0]] }}", "9 stands after 9"),
    "a generation before the first": (f"{HOT}{{ score = [[-1, 0]] }}", "a generation is a number from 0 on"),
    "a generation that is NaN": (f"{HOT}{{ score = [[nan, 0]] }}", "a generation is"),
    "a point out of range": (f"{HOT}{{ score = [[0, 2]] }}", "takes a number from 0 to 1, not 2"),
    "repeating nothing": (f"{HOT}{{ score = [[0, 1]], repeat = true }}", "cannot repeat"),
    "a repeat that is no switch": (f"{HOT}{{ score = [[0, 1]], repeat = 1 }}", "takes true or false"),
    "a misspelt score": (f"{HOT}{{ scroe = [[0, 1]] }}", r"Did you mean score\?"),
    "a misspelt layer": (f"{CAT}[modulat]\n", r"Did you mean modulate\?"),
    "a modulator of nothing": (f"{CAT}[modulate.burn.gaussian]\ntemprature = 1", "nothing listens to the key"),
    "a modulator that is a number": (f"{SWAY} = 1", "modulate.burn.gaussian.temperature takes a table, not 1"),
    "a modulator of no kind": (f"{SWAY} = {{ }}", "modulate.burn.gaussian.temperature: kind takes one of lfo"),
    "a switch that is modulated": (f'{CAT}[modulate.stage.black]\nkind = "lfo"', "cannot be modulated"),
    "modulators that are a list": (f"{CAT}modulate = []", "modulate takes a table"),
    "a cue without a number": (f"{CAT}[[cue]]\n", "cue: number takes"),
    "a cue that is no list": (f"{CAT}[cue]\nnumber = 1", r"begin each with \[\[cue\]\]"),
    "a cue beyond a range": (f"{CUE}[cue.burn.gaussian]\ntemperature = 2", "cue 1: burn.gaussian.temperature takes"),
    "a cue with a score": (
        f"{CUE}[cue.burn.gaussian]\ntemperature = {{ score = [[0, 1]] }}",
        "takes one value in a cue",
    ),
    "a cue with a misspelt knob": (f"{CUE}[cue.burn]\nmedum = 1", r"Did you mean burn\.medium\?"),
    "a cue to a scene that is not there": (f'{CUE}scene = "fier"', r"Did you mean fire\?"),
    "two lists": (f'{CUE}[cues]\nfile = "a"', "keep .* not both"),
    "a list of no file": (f"{CAT}[cues]\n", "cues takes one key: file"),
    "a list in a file that is not there": (f'{CAT}[cues]\nfile = "a.toml"', "a.toml cannot be read"),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_file_and_key(house, text, sentence):
    with pytest.raises(SceneError, match=sentence) as refusal:
        load(house, text)
    assert str(house / "scenes" / "fire.toml") in str(refusal.value)


def melts(house, **points):
    """A table of melting points of ember in these media, beside the origins."""
    (house / "assets" / melting.NAME).write_text(written(melting_point(medium, at) for medium, at in points.items()))


def melting_point(medium, at):
    return MeltingPoint("ember", None, "ab", medium, at, 0.5, 1 / 64, 64, 2, 20, 16, 1, "")


@pytest.mark.parametrize(("text", "heat"), [("melt", 0.5), ("melt + 0.05", 0.55), ("melt - 0.1", 0.4)])
def test_a_temperature_may_be_told_from_the_melting_point(house, text, heat):
    melts(house, gaussian=0.5)
    assert load(house, f'{HOT}"{text}"').values[TEMPERATURE] == heat
    score = load(house, f'{HOT}{{ score = [[0, 0.1], [9, "{text}"]] }}').score[TEMPERATURE]
    assert score.points == ((0.0, 0.1), (9.0, heat))


def test_this_machines_own_measurement_is_believed_before_the_shipped_one(house):
    melts(house, gaussian=0.5)
    own = house / "mine.json"
    own.write_text(written([melting_point("gaussian", 0.7)]))
    path = write(house, f'{HOT}"melt"')
    assert scenes.load(path, KNOBS, house / "assets", measured=own).values[TEMPERATURE] == 0.7


def test_another_restorers_melting_point_is_not_taken(house):
    melts(house, gaussian=0.5)
    with pytest.raises(SceneError, match="nobody has measured where archive melts in gaussian"):
        load(house, f'{CAT}restorer = "archive"\n[burn.gaussian]\ntemperature = "melt"')


MELTS_NOT = {
    "unmeasured": ({}, f'{HOT}"melt"', r"Measure it: burntout melt --restorer ember --medium gaussian\."),
    "never": ({"gaussian": None}, f'{HOT}"melt"', "ember does not melt in gaussian"),
    "out of range": ({"gaussian": 0.9}, f'{HOT}"melt + 0.2"', "takes a number from 0 to 1, not 1.1"),
    "misspelt": ({"gaussian": 0.5}, f'{HOT}"malt"', r'it understands "melt", "melt \+ 0.05" or "melt - 0.1"'),
    "cold": ({"gaussian": 0.5}, f'{CAT}[loop]\norigin-mix = "melt"', "origin-mix takes a number .* not 'melt'"),
}


@pytest.mark.parametrize(("points", "text", "sentence"), MELTS_NOT.values(), ids=MELTS_NOT)
def test_what_does_not_melt_is_said(house, points, text, sentence):
    melts(house, **points)
    with pytest.raises(SceneError, match=sentence):
        load(house, text)


def test_a_damaged_table_is_a_sentence(house):
    (house / "assets" / melting.NAME).write_text("{")
    with pytest.raises(SceneError, match="Remove it and measure again"):
        load(house, f'{HOT}"melt"')


def test_a_scene_that_is_not_there_is_refused(house):
    with pytest.raises(SceneError, match="cannot be read"):
        scenes.load(house / "nothing.toml", KNOBS, house / "assets")


def test_an_origin_of_two_names_must_be_told_apart(house):
    Pillow.new("RGB", (16, 16)).save(house / "assets" / "origins" / "cat.jpg")
    with pytest.raises(SceneError, match=r"could be cat\.jpg or cat\.png"):
        load(house, CAT)


def test_a_picture_too_small_to_burn_is_refused(house):
    Pillow.new("RGB", (7, 16)).save(house / "scenes" / "dot.png")
    with pytest.raises(SceneError, match="7 x 16 pixels"):
        load(house, 'origin = "dot.png"')


def test_a_byte_order_mark_is_no_mistake(house):
    assert load(house, b"\xef\xbb\xbf" + CAT.encode()).text == CAT


def test_one_broken_scene_does_not_hide_the_others(house):
    write(house, CAT, "good")
    write(house, "origin = 3", "bad")
    found = scenes.all_scenes(house / "scenes", KNOBS, house / "assets")
    assert list(found) == ["bad", "good"]
    assert isinstance(found["bad"], SceneError)
    assert isinstance(found["good"], Scene)


def test_scenes_are_found_by_name_and_never_by_path(house):
    path = write(house, CAT, "hearth")
    assert scenes.find("hearth", house / "scenes") == path
    with pytest.raises(SceneError, match=r"Did you mean hearth\?"):
        scenes.find("herth", house / "scenes")
    with pytest.raises(SceneError, match="There is no scene"):
        scenes.find("../scenes/hearth", house / "scenes")


def test_the_engine_fills_in_the_score_where_the_board_says_nan(house):
    scene = load(house, HOT + "{ score = [[0, 0.0], [10, 1.0]] }")
    board = {TEMPERATURE: math.nan, "/restore/steps": 2.0}
    assert scene.settle(board, 5) == {TEMPERATURE: 0.5, "/restore/steps": 2.0}


def test_a_board_that_is_one_scene_ahead_does_no_harm(house):
    scene = load(house, f"{CAT}[restore]\nsteps = 3")
    assert scene.settle({TEMPERATURE: math.nan, "/restore/steps": math.nan}, 5) == {"/restore/steps": 3.0}


# Curves -------------------------------------------------------------------------------------------------------------

curves = st.builds(
    lambda gaps, values, repeat: Curve(
        tuple((float(sum(gaps[: n + 1])), value) for n, value in enumerate(values)), repeat
    ),
    st.lists(st.integers(1, 1000), min_size=8, max_size=8),
    st.lists(st.floats(-10, 10), min_size=1, max_size=8),
    st.booleans(),
)
serials = st.floats(0, 1e6)


@given(curves)
def test_a_curve_passes_through_its_points(curve):
    points = curve.points[:-1] if curve.repeat else curve.points
    assert all(curve.at(generation) == value for generation, value in points)


@given(curves, serials)
def test_a_curve_never_leaves_the_values_of_its_points(curve, serial):
    values = [value for _, value in curve.points]
    assert min(values) <= curve.at(serial) <= max(values)


@given(curves, st.floats(0, 1))
def test_a_curve_is_straight_between_points(curve, share):
    for (start, origin), (end, goal) in pairwise(curve.points):
        between = min(start + share * (end - start), end - 1e-6)
        expected = origin + (goal - origin) * (between - start) / (end - start)
        assert curve.at(between) == pytest.approx(expected, abs=1e-9)


@given(curves, st.integers(0, 10**6))
def test_a_curve_is_held_after_its_end_or_begins_again(curve, serial):
    period, last = curve.points[-1]
    assert curve.at(serial + period) == (curve.at(serial) if curve.repeat else last)


# Any TOML -----------------------------------------------------------------------------------------------------------

words = st.sampled_from(
    ["origin", "title", "seed", "size", "model", "restorer", "burn", "gaussian", "medium", "temperature", "restore",
     "steps", "loop", "origin-mix", "stage", "black", "score", "repeat", "x", '"/"', '""', "cue", "cues", "modulate",
     "number", "fade", "kind", "depth", "file"]
)  # fmt: skip
scalars = st.sampled_from(
    ["1", "-1", "0.5", "nan", "inf", "1e999", "true", "false", '"cat"', '"ember"', '"heat"', '""', "1979-05-27",
     '"lfo"', "0xffffffffffffffffffffffffffff", "[]", "{}", "[[0, 0.2], [30, 0.6]]", "[[0, 0], [0, 0]]", '["a", 1]']
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.builds("{{ {} = {} }}".format, words, inner)
        | st.builds("[{}, {}]".format, inner, inner)
        | st.builds("{{ score = {}, repeat = {} }}".format, inner, inner)
    ),
    max_leaves=6,
)
lines = (
    st.builds("{} = {}".format, words, values)
    | st.builds("{}.{}.{} = {}".format, words, words, words, values)
    | st.builds("[{}]".format, words)
    | st.builds("[{}.{}]".format, words, words)
    | st.builds("[[{}]]".format, words)
)


@deliberate
@given(st.lists(lines, max_size=8).map("\n".join) | st.text(max_size=80), st.sampled_from([CAT, ""]))
def test_any_toml_gives_a_scene_or_a_sentence(house, text, head):
    try:
        scene = load(house, head.encode() + text.encode("utf-8", "surrogatepass"))
    except SceneError as refusal:
        assert "fire.toml" in str(refusal)  # noqa: PT017 - either way is right
    else:
        assert all(KNOBS[address].low <= value <= KNOBS[address].high for address, value in scene.values.items())
        assert set(scene.score) <= set(KNOBS)


# Cues and modulators ------------------------------------------------------------------------------------------------

LISTED = """
[[cue]]
number = 1
fade = 20
[cue.burn]
medium = "heat"
[cue.burn.gaussian]
temperature = 0.6
[[cue]]
number = 2.5
scene = "fire"
"""


def test_a_cue_has_the_scenes_own_keys(house):
    first, second = load(house, CAT + LISTED).cues
    assert first.values == {"/burn/medium": 1.0, TEMPERATURE: 0.6}
    assert (second.number, second.scene) == ("2.5", "fire")


def test_a_cue_list_may_lie_in_a_file_of_its_own(house):
    (house / "scenes" / "cues").mkdir()
    (house / "scenes" / "cues" / "evening.toml").write_text(LISTED)
    by_file = load(house, f'{CAT}[cues]\nfile = "cues/evening.toml"')
    assert by_file.cues == load(house, CAT + LISTED).cues


@pytest.mark.parametrize(("text", "sentence"), [("x = 1", "nothing else"), ("[[cue]]", "evening.toml: cue: number")])
def test_what_is_wrong_with_a_list_is_said_with_its_file(house, text, sentence):
    (house / "scenes" / "evening.toml").write_text(text)
    with pytest.raises(SceneError, match=sentence):
        load(house, f'{CAT}[cues]\nfile = "evening.toml"')


def test_a_cue_may_tell_a_temperature_from_the_melting_point(house):
    melts(house, gaussian=0.5)
    assert load(house, f'{CUE}[cue.burn.gaussian]\ntemperature = "melt + 0.1"').cues[0].values == {TEMPERATURE: 0.6}


def test_modulators_mirror_the_addresses_of_the_knobs(house):
    text = f'{SWAY} = {{ kind = "lfo", shape = "saw", period = 8, depth = 0.2 }}'
    assert load(house, text).modulators == {TEMPERATURE: Lfo(0.2, "saw", 8.0)}


def test_a_modulator_follows_only_readings_that_are_taken(house):
    path = write(house, f'{SWAY} = {{ kind = "follower", reading = "entropie", depth = 0.2 }}')
    with pytest.raises(SceneError, match=r"no reading 'entropie'. Did you mean entropy\?"):
        scenes.load(path, KNOBS, house / "assets", readings=["/reading/entropy"])


def test_a_scene_with_cues_and_modulators_travels_to_the_engine(house):
    played = load(house, f'{CAT}{LISTED}[modulate.loop]\norigin-mix = {{ kind = "walk", depth = 0.1 }}')
    assert pickle.loads(pickle.dumps(played)) == played  # noqa: S301 - our own bytes


def test_a_scene_may_begin_with_the_camera_and_with_a_picture_of_the_house_until_then(house):
    scene = load(house, 'origin = "camera"')
    assert scene.camera
    assert scene.origin.stem == "cat"


def test_a_picture_called_camera_is_reached_by_its_path(house):
    (house / "scenes" / "camera.png").write_bytes((house / "assets" / "origins" / "cat.png").read_bytes())
    assert not load(house, 'origin = "./camera.png"').camera


# The scenes that ship -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_scene_that_ships_can_be_played(path):
    scene = scenes.load(path, all_knobs(), ROOT / "assets")
    assert scene.title
    assert scene.doc
    assert scene.origin.parent == ROOT / "assets" / "origins"


def test_the_fallback_and_the_main_work_are_there():
    assert {"hearth", "machine-dementia"} <= {path.stem for path in SHIPPED}


def test_the_photograph_is_recognisable_when_the_main_work_begins():
    scene = scenes.load(ROOT / "scenes" / "machine-dementia.toml", all_knobs(), ROOT / "assets")
    assert scene.score[TEMPERATURE].at(0) <= 0.35
