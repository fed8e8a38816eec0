"""A race: every way of playing one pipeline, its peer first, each figure with what has to be known of it."""

import json

import pytest
import torch
from typer.testing import CliRunner

from installation import bench
from installation.cli import app
from installation.machine.settings import EngineSettings, Settings
from installation.models import race
from installation.models.stand_in import STAND_INS, stand_in
from installation.readings.register import Missing, Value
from installation.restorers import ModelError
from tests.models import architectures
from tests.restorers import tiny_pipeline

#: diffusers' Euler scheduler hands torch's numbers to NumPy the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
COURSE = race.Course(size=64, steps=1, batches=(1, 2), decoder="full", seconds=0.0)


class Tally:
    """A counter that has counted a joule more each time it is asked."""

    def __init__(self):
        self.asked = 0

    def joules(self, _):
        self.asked += 1
        return Value(float(self.asked))


class Nothing:
    """A sensor that is not there."""

    def joules(self, _):
        return Missing(why="no card")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_pipeline.build(tmp_path_factory.mktemp("turbo"), "turbo")


@pytest.fixture(scope="module")
def one_thread():
    """A race sets how many threads torch computes with; here one, and afterwards as many as before."""
    before = torch.get_num_threads()
    yield Settings(engine=EngineSettings(threads=1))
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def run(folder, one_thread):
    known, laps = bench.contestants(bench.Contest(str(folder), 64, 1, (1, 2), "full", "float32", 0.0), one_thread)
    return known, list(laps)


def test_every_way_is_run_and_the_peer_is_the_measure(run):
    _, laps = run
    assert [(lap.way, lap.batch) for lap in laps] == [
        (race.PEER, 1),
        ("step by step", 1),
        ("at once", 1),
        ("at once, latents fed back", 1),
        ("at once, lineages abreast", 2),
    ]
    assert laps[0].to_peer == 1.0
    for lap in laps:
        assert lap.runs >= race.LEAST
        assert lap.to_peer == pytest.approx(lap.images_per_second / laps[0].images_per_second)


def test_the_share_of_the_roofline_is_work_times_rate_over_the_peak(run):
    known, laps = run
    assert known.tflop_per_image > 0.0
    for lap in laps:
        assert lap.share == pytest.approx(lap.images_per_second * known.tflop_per_image / known.peak_tflops)


def test_the_conditions_say_all_that_a_figure_needs(run, folder):
    known, _ = run
    said = race.sentence(known)
    for word in (str(folder), "64 x 64", "steps: 1", "decoder: full", "float32", "not compiled", "CPU", "torch 2",
                 "diffusers 0", "threads", "TFLOP", "as published"):  # fmt: skip
        assert word in said


def test_what_was_published_is_compared_only_under_its_own_conditions(run):
    _, laps = run
    assert all(lap.to_published is None for lap in laps)


def test_a_report_is_json_and_a_row_has_a_cell_for_every_head(run):
    known, laps = run
    told = json.loads(json.dumps(race.report(known, laps)))
    assert told["conditions"]["size"] == 64
    assert len(told["laps"]) == len(laps)
    assert told["published"]["images_per_second"] == race.PUBLISHED
    assert all(len(race.row(lap)) == len(race.HEADS) for lap in laps)


def test_energy_is_told_for_each_image_where_anything_counts_it(folder, one_thread):
    model = bench.pipeline_of(bench.Contest(str(folder)), one_thread)[0]
    known = race.conditions(model, "tiny", COURSE)
    for counters, joules in (((Tally(), Nothing()), 1.0 / race.LEAST), ((Nothing(),), None)):
        first = next(race.laps(model, COURSE, known, counters))
        assert first.joules == (joules and pytest.approx(joules))
        assert race.row(first)[6] == ("-" if joules is None else "0.333")


@pytest.mark.parametrize("family", ["sd", "sdxl"])
def test_the_peer_leaves_the_pipeline_its_own_autoencoder(tmp_path, family, one_thread):
    folder = tiny_pipeline.build(tmp_path, family)
    model = bench.pipeline_of(bench.Contest(str(folder)), one_thread)[0]
    own = model.pipe.vae
    race.Runs(model, race.Course(64, 1, (1,), "tiny")).peer()
    assert model.pipe.vae is own


def test_a_pipeline_that_is_called_whole_cannot_be_raced(tmp_path, one_thread):
    folder = tiny_pipeline.build(tmp_path, "flux")
    with pytest.raises(ModelError, match="is called whole"):
        bench.contestants(bench.Contest(str(folder)), one_thread)


def test_the_command_tells_it_as_json(folder, one_thread, tmp_path):
    machine = tmp_path / "machine.toml"
    machine.write_text("[engine]\nthreads = 1\n")
    asked = ["bench", "--model", str(folder), "--size", "64", "--abreast", "2", "--decoder", "full", "--json"]
    answer = CliRunner().invoke(app, [*asked, "--seconds", "0", "--config", str(machine)])
    assert answer.exit_code == 0
    told = json.loads(answer.stdout)
    assert told["conditions"]["threads"] == one_thread.engine.threads == 1
    assert len(told["laps"]) == 5


# ------------------------------------------------------------------ the stand-ins


def test_stand_ins_have_as_many_parameters_as_what_they_stand_for():
    for key, unet in (("sd-turbo", architectures.sd21_unet), ("sdxl-turbo", architectures.sdxl_unet)):
        with torch.device("meta"):
            pipe, tiny, heard = STAND_INS[key]()
            peers = (unet(), architectures.vae(4))
        assert [sum(p.numel() for p in network.parameters()) for network in (pipe.unet, pipe.vae)] == [
            sum(p.numel() for p in peer.parameters()) for peer in peers
        ]
        assert sum(p.numel() for p in tiny.parameters()) == pytest.approx(2.4e6, rel=0.03)
        assert heard.embeddings.shape[-1] == pipe.unet.config.cross_attention_dim


def test_there_is_no_stand_in_for_everything():
    with pytest.raises(ModelError, match=r"No stand-in for 'sd-turbos'.*Did you mean sd-turbo"):
        stand_in("sd-turbos", torch.device("cpu"), torch.float32)
