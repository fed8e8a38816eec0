"""A Stable Diffusion folder collapses as ember does: each generation is an adapter, and the base stays as it was."""

import itertools
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from installation.collapse import CollapseError, folder
from installation.collapse.images import MEANING, Settings
from installation.collapsing import process
from installation.machine.settings import EngineSettings
from installation.restorers import ModelError, diffusion, ember, lora, precision, trust
from installation.restorers.shelf import Shelf
from installation.restorers.wardrobe import Wardrobe
from installation.training import family, gallery
from installation.training.pupil import DivergenceError
from installation.training.retraining import SHOWN, Job
from tests.restorers import tiny_pipeline
from tests.training.tiny_ember import tiny_ember, wall

SMALL = Settings(count=8, steps=1, practice=3, batch=2, size=64, rate=1e-2)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_pipeline.build(tmp_path_factory.mktemp("models") / "tiny-sd")


@pytest.fixture(scope="module")
def hung(tmp_path_factory):
    return gallery.hang(gallery.files(wall(tmp_path_factory.mktemp("wall"))), SMALL.size)


@pytest.fixture(scope="module")
def whole(base, hung, tmp_path_factory):
    """A run of generations 0, 1 and 2 that nobody interrupted."""
    job = Job(tmp_path_factory.mktemp("whole") / "collapse" / "one", SMALL, hung, base, seed=3, last=2)
    return job, list(job.moments())


@pytest.fixture
def kept(whole):
    return folder.read(whole[0].path)


def names(path):
    return {file.name for file in path.iterdir()} - {folder.READINGS}


def opened(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_the_folder_says_which_family_it_is(base, tmp_path):
    assert isinstance(family.of(base, SMALL), family.Pipelines)
    assert isinstance(family.of(tiny_ember(tmp_path / "ember"), SMALL), family.Embers)


def test_a_pipeline_may_collapse_in_larger_pictures_than_an_ember(base, tmp_path):
    large = replace(SMALL, size=512)
    assert isinstance(family.of(base, large), family.Pipelines)
    with pytest.raises(CollapseError, match="--size 256 or less"):
        family.of(tiny_ember(tmp_path / "ember"), large)


def test_every_generation_is_measured_as_an_embers_is(kept):
    assert kept.last == 2
    for each in kept.generations:
        assert each.readings.keys() == MEANING.keys()
        assert np.isfinite(list(each.readings.values())).all()


def test_generation_zero_is_the_pipeline_itself(kept, base):
    assert not (kept.weights(0) / lora.WEIGHTS).exists()
    assert diffusion.load(kept.weights(0)).digest == trust.vouch(base).digest


def test_later_generations_are_adapters_and_nothing_else(kept, base):
    for serial in (1, 2):
        assert names(kept.weights(serial)) == {lora.WEIGHTS, lora.BASE, folder.SEEDS, folder.SAMPLES}
        assert lora.base_of(kept.weights(serial)) == base
    assert len({diffusion.load(each.path).digest for each in kept.generations}) == 3


def test_a_generation_that_has_lost_its_adapter_does_not_play_as_its_base(kept, tmp_path):
    (tmp_path / lora.BASE).write_bytes((kept.weights(1) / lora.BASE).read_bytes())
    with pytest.raises(ModelError, match="does not fit"):
        diffusion.load(tmp_path)


def test_a_collapse_leaves_the_pipelines_folder_as_it_was(kept, base):
    assert kept.run["beginning"]["model"] == trust.vouch(base).digest


def test_the_seeds_are_painted_by_the_kept_adapter(whole, kept):
    again = whole[0].seeds(diffusion.load(kept.weights(2)), kept.generations[:2])
    assert np.array_equal(opened(kept.generation(2).seeds), gallery.sheet(again, 2 * SHOWN))


def test_a_job_left_in_the_middle_of_a_generation_comes_to_the_same_end(whole, kept, tmp_path):
    job = replace(whole[0], path=shutil.copytree(kept.path, tmp_path / "collapse" / "one"))
    shutil.rmtree(folder.read(job.path).weights(2))
    next(moment for moment in job.moments() if (moment.serial, moment.phase) == (2, "learn"))
    assert folder.read(job.path).last == 1
    *_, last = job.moments()
    assert diffusion.load(last.kept.path).digest == diffusion.load(kept.weights(2)).digest
    assert last.kept.readings == kept.generation(2).readings
    for one, other in zip(kept.generations, folder.read(job.path).generations, strict=True):
        assert one.samples.read_bytes() == other.samples.read_bytes()
        assert one.seeds.read_bytes() == other.seeds.read_bytes()


def test_a_generation_goes_on_from_the_adapter_before_it(kept, base):
    kin, rng = family.Pipelines(base, SMALL), np.random.default_rng(1)
    worn = kin.pupil(kept.weights(1), 1e-3, 1, rng).grown().pipe.unet.state_dict()
    before = kin.load(kept.weights(1)).pipe.unet.state_dict()
    assert all(torch.equal(worn[name], before[name]) for name in before)


def test_another_process_can_go_on_with_a_run_by_its_folder_alone(kept, base):
    assert process.begun(kept.path).model == kept.base(None) == base


def test_a_run_names_its_base_by_its_place_among_the_models_which_may_be_moved(base, hung, tmp_path):
    run = Job(tmp_path / "one", SMALL, hung, base, models=base.parent).run()
    assert run["base"] == base.name
    begun = folder.begin(tmp_path / "one", run)
    assert begun.base(tmp_path / "elsewhere") == tmp_path / "elsewhere" / base.name


def test_a_run_that_named_its_base_by_a_whole_path_goes_on(kept, base, hung):
    assert kept.run["base"] == str(base)
    job = Job(kept.path, SMALL, hung, base, seed=3, last=2, models=base.parent)
    assert folder.begin(kept.path, job.run()).last == kept.last
    assert process.begun(kept.path, base.parent).model == base


def test_a_rate_that_is_far_too_high_is_divergence(base, hung):
    rng = np.random.default_rng(1)
    pupil = family.Pipelines(base, SMALL).pupil(base, 1e9, 100, rng)
    with pytest.raises(DivergenceError):
        list(itertools.starmap(pupil.learn, itertools.repeat((hung.taught, 1, rng), 100)))


def test_a_bias_that_a_pipeline_could_not_hear_is_refused(base, hung, tmp_path):
    with pytest.raises(CollapseError, match="Use --bias 1"):
        Job(tmp_path / "one", replace(SMALL, bias=0.5), hung, base).run()


def test_pipelines_without_a_unet_are_refused(tmp_path):
    flux = tiny_pipeline.build(tmp_path / "flux", "flux")
    with pytest.raises(ModelError, match="Collapse another --model"):
        family.of(flux, SMALL).load(flux)


def test_the_engine_wears_a_generation_where_its_base_would_play(kept, base, tmp_path):
    wardrobe = Wardrobe(Shelf(EngineSettings(models=base.parent), "cpu"), tmp_path)
    own = wardrobe.take("diffusion", base.name)
    wardrobe.wear(str(kept.weights(2)))
    assert wardrobe.take("diffusion", base.name).digest == diffusion.load(kept.weights(2)).digest
    assert wardrobe.model("diffusion", base.name) == str(kept.weights(2))
    assert wardrobe.model("diffusion", "another") == "another"
    assert wardrobe.model("ember", None) is None
    wardrobe.wear(None)
    assert wardrobe.take("diffusion", base.name) is own


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_what_is_worn_computes_with_what_the_machine_is_set_to(kept, base, tmp_path, kind):
    wardrobe = Wardrobe(Shelf(EngineSettings(models=base.parent, dtype=kind), "cpu"), tmp_path)
    own = wardrobe.take("diffusion", base.name)
    wardrobe.wear(str(kept.weights(2)))
    assert precision.told(wardrobe.take("diffusion", base.name)) == precision.told(own) == {"dtype": kind}


def test_an_embers_generation_is_not_worn_by_a_pipeline(base, tmp_path):
    wardrobe = Wardrobe(Shelf(EngineSettings(models=base.parent), "cpu"), tmp_path)
    wardrobe.wear(str(tiny_ember(tmp_path / "ember")))
    assert wardrobe.model("diffusion", base.name) == base.name
    assert wardrobe.take("ember", None).digest == ember.verify(tmp_path / "ember")
