"""Every scene, played by the loop itself for a few generations at small size, and the sheets that come of it."""

import dataclasses
import itertools

import numpy as np
import pytest
from PIL import Image

from installation import scenes
from installation.loop.album import shipped
from installation.machine.files import share
from installation.machine.settings import EngineSettings
from installation.panels import all_knobs, all_readings
from installation.publishing import gallery
from installation.publishing.rehearsal import Plan, begun, planned, rehearse
from installation.publishing.whole import PublishError
from installation.restorers.shelf import Shelf

NAMES = sorted(path.stem for path in share("scenes").glob("*.toml"))
SMALL = Plan(generations=2, stride=1.0, shots=2, canvas=(320, 180))
CHAPTER = {
    "animorphosis", "camera-casino", "denoising", "derivative-images", "hearth", "heat-death", "heat-equation",
    "machine-dementia", "mean-image", "model-collapse", "point-cloud", "prometheus", "recompressed", "stammer",
    "two-hundred-cats",
}  # fmt: skip


@pytest.fixture(scope="module")
def shelf():
    """One process and one shelf for all scenes: models are loaded once."""
    return Shelf(EngineSettings(), "cpu")


@pytest.fixture(scope="module")
def album():
    return shipped(share("assets"))


def small(name):
    """A scene as it stands, but for its size."""
    path = share("scenes") / f"{name}.toml"
    scene = scenes.load(path, all_knobs(), share("assets"), readings=all_readings())
    grid = min(scene.grid, 2)
    values = {**scene.values, "/restore/steps": min(scene.values.get("/restore/steps", 2.0), 3.0)}
    return dataclasses.replace(scene, size=64 * grid, grid=grid, values=values)


def played(scene, shelf, album, plan=SMALL):
    restorer = shelf.take(scene.restorer, scene.model, scene.grid)
    ticks = itertools.count()
    return list(rehearse(scene, restorer, album, plan, lambda: float(next(ticks))))


def test_the_fifteen_scenes_of_the_chapter_are_there():
    assert set(NAMES) >= CHAPTER


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_plays_and_leaves_a_contact_sheet(name, shelf, album, tmp_path):
    scene = small(name)
    shots = played(scene, shelf, album)
    assert [shot.generation for shot in shots] == [1, 2]
    assert all(shot.pixels.shape == (180, 320, 3) and shot.pixels.std() > 1.0 for shot in shots)
    sheet = gallery.save(gallery.scene_sheet(scene, shots), tmp_path / f"{name}.png")
    with Image.open(sheet) as drawn:
        assert drawn.width > 1.5 * drawn.height


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"hearth"}))
def test_every_scene_but_hearth_writes_something_over_its_picture_and_says_what_it_shows(name):
    scene = small(name)
    assert scene.overlays
    assert len(scene.doc) > 200


def test_hearth_leaves_its_picture_alone():
    assert small("hearth").overlays == ()


def test_the_same_scene_rehearsed_twice_gives_the_same_pictures(shelf, album):
    first, second = (played(small("derivative-images"), shelf, album) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_a_wall_begins_with_its_origin_in_every_cell():
    wall = begun(small("two-hundred-cats")).present
    assert wall.shape == (1, 3, 128, 128)
    assert bool((wall[..., :64, :64] == wall[..., 64:, 64:]).all())


@pytest.mark.parametrize(
    ("name", "most", "generations", "stride"),
    [
        ("denoising", 40, 3, 1.0),
        ("machine-dementia", 40, 40, 3.0),
        ("point-cloud", 4, 4, 1.5),
        ("prometheus", 40, 6, 1.0),
    ],
)
def test_a_rehearsal_walks_the_whole_score_in_strides_where_that_is_long(name, most, generations, stride):
    plan = planned(small(name), 12, gallery.CANVAS, most)
    assert (plan.generations, plan.stride) == (generations, stride)


def test_columns_are_filled_generation_by_generation(shelf, album):
    blank = dataclasses.replace(small("stammer"), overlays=())
    written = played(small("stammer"), shelf, album, dataclasses.replace(SMALL, shots=2))
    plain = played(blank, shelf, album, dataclasses.replace(SMALL, shots=2))
    inked = [int((one.pixels != other.pixels).any(axis=2).sum()) for one, other in zip(written, plain, strict=True)]
    assert 0 < inked[0] < inked[1]


def test_the_gallery_has_a_row_for_each_scene_and_sheets_lie_beside_it(tmp_path):
    wanted = [small("mean-image"), small("recompressed")]
    path = tmp_path / "gallery.png"
    assert list(gallery.rehearsals(wanted, path, EngineSettings(), 1)) == wanted
    assert sorted(found.name for found in tmp_path.iterdir()) == [
        "gallery-mean-image.png",
        "gallery-recompressed.png",
        "gallery.png",
    ]


def test_a_gallery_of_another_kind_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(PublishError, match=r"Name it so: .*gallery\.webp"):
        gallery.save(Image.new("RGB", (8, 8)), tmp_path / "gallery.jpeg")
