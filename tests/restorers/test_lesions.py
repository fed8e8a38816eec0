"""Lesions: damage to the weights that play, a pure function of what is asked for, and undone bit for bit."""

import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from installation.burns.gaussian import Gaussian
from installation.knobs import understood
from installation.loop.generation import turn
from installation.loop.lineage import Lineage
from installation.randomness import generator
from installation.restorers import Restoring, diffusion
from installation.restorers.ember import Ember
from installation.restorers.lesions import (
    KINDS,
    PARTS,
    Lesion,
    Weights,
    damaged,
    layers,
    low_passed,
    numb,
    parts,
    uniform,
    wound,
)
from tests.restorers import tiny_pipeline
from tests.restorers.test_ember import falling_bands, picture, tiny_network
from tests.restorers.tiny_conditions import knowing
from tests.support import Wiener

NETWORK = tiny_network()
HEALTHY = {name: weight.clone() for name, weight in NETWORK.named_parameters()}
LESIONS = st.builds(
    Lesion,
    share=st.floats(0.0, 1.0),
    kind=st.sampled_from(list(KINDS)),
    part=st.sampled_from(PARTS),
    strength=st.floats(0.0, 2.0),
    seed=st.integers(0, 9999),
)
kinds = pytest.mark.parametrize("kind", KINDS)


def now():
    return {name: weight.clone() for name, weight in NETWORK.named_parameters()}


def changed(before=HEALTHY):
    """The layers that are not what they were."""
    return {name for name, weight in NETWORK.named_parameters() if not torch.equal(weight, before[name])}


@pytest.fixture
def weights():
    held = Weights(NETWORK)
    yield held
    held.heal()


@pytest.fixture(scope="module")
def layer():
    return torch.randn(96, 64, 3, 3, generator=torch.Generator().manual_seed(5))


@given(lesions=st.lists(LESIONS, max_size=4))
def test_after_any_gestures_the_weights_heal_bit_for_bit(lesions):
    weights = Weights(NETWORK)
    for lesion in lesions:
        weights.suffer(lesion)
    weights.suffer(Lesion())
    assert changed() == set()
    assert weights.kept_bytes == 0


@given(lesion=LESIONS, earlier=LESIONS)
def test_a_lesion_does_not_depend_on_what_was_suffered_before(lesion, earlier):
    weights = Weights(NETWORK)
    weights.suffer(lesion)
    alone = now()
    weights.suffer(earlier)
    weights.suffer(lesion)
    after = changed(alone)
    weights.heal()
    assert after == set()


@given(lesion=LESIONS, share=st.just(0.0) | st.floats(0.0, 1.0))
def test_what_does_no_harm_copies_nothing(lesion, share):
    weights = Weights(NETWORK)
    weights.suffer(Lesion(share, lesion.kind, lesion.part, strength=0.0 if share else 1.0))
    assert changed() == set()
    assert weights.kept_bytes == 0


@given(lesions=st.lists(LESIONS, min_size=1, max_size=4))
def test_no_more_is_kept_than_one_copy_of_what_is_damaged(lesions):
    weights = Weights(NETWORK)
    for lesion in lesions:
        weights.suffer(lesion)
    part = sum(weight.nbytes for _, weight in layers(NETWORK.named_parameters(), lesions[-1].part))
    kept = weights.kept_bytes
    weights.heal()
    assert kept == (0 if lesions[-1].harmless else part)


@kinds
def test_only_the_part_that_is_asked_for_is_damaged(weights, kind):
    weights.suffer(Lesion(0.9, kind, "clock"))
    hurt = changed()
    assert hurt
    assert all("time_" in name for name in hurt)


@kinds
def test_offsets_and_norms_are_let_alone(weights, kind):
    weights.suffer(Lesion(1.0, kind))
    assert all(HEALTHY[name].ndim > 1 for name in changed())


@given(name=st.sampled_from(list(HEALTHY)), depth=st.floats(0.0, 1.0, exclude_max=True))
def test_every_layer_stands_in_one_place_and_attention_is_in_one_of_them(name, depth):
    places = parts(name, depth)
    assert len(places - {"attention"}) == 1
    assert places < set(PARTS)


def test_layers_of_a_transformer_stand_where_their_depth_says():
    names = [f"transformer_blocks.{number}.ff.weight" for number in range(3)]
    assert [set(parts(name, depth)) for name, depth in zip(names, (0.0, 0.4, 0.9), strict=True)] == [
        {"in"},
        {"middle"},
        {"out"},
    ]


@pytest.mark.parametrize("kind", ["weights", "neurons"])
@given(shares=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)))
def test_a_growing_share_only_adds_to_what_is_cut(layer, kind, shares):
    small, large = (damaged(layer, Lesion(share, kind), "layer") == 0.0 for share in sorted(shares))
    assert bool((large | ~small).all())


@pytest.mark.parametrize(("kind", "tolerance"), [("weights", 0.01), ("neurons", 0.12)])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_the_share_that_is_cut_is_the_knob_to_the_power_of_its_kind(layer, kind, tolerance, share):
    cut = (damaged(layer, Lesion(share, kind), "layer") == 0.0).float().mean()
    assert float(cut) == pytest.approx(share ** KINDS[kind], abs=tolerance)


def test_a_neuron_is_cut_whole(layer):
    cut = (damaged(layer, Lesion(0.8, "neurons"), "layer") == 0.0).flatten(1).float().mean(dim=1)
    assert set(cut.tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
def test_noise_on_every_weight_has_the_spread_of_the_layer_times_the_strength(layer, strength):
    noise = damaged(layer, Lesion(1.0, "noise", strength=strength), "layer") - layer
    assert float(noise.mean()) == pytest.approx(0.0, abs=0.02 * strength)
    assert float(noise.std() / layer.std()) == pytest.approx(strength, rel=0.01)


def test_at_twice_the_strength_what_is_cut_turns_its_sign(layer):
    torch.testing.assert_close(damaged(layer, Lesion(1.0, "weights", strength=2.0), "layer"), -layer)


@kinds
@given(strength=st.floats(0.0, 2.0))
def test_damage_is_proportional_to_its_strength(layer, kind, strength):
    once = damaged(layer, Lesion(0.7, kind), "layer") - layer
    much = damaged(layer, Lesion(0.7, kind, strength=strength), "layer") - layer
    torch.testing.assert_close(much, strength * once, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(8, 6, 3, 3), (12, 10), (9, 7, 1, 1), (5, 16, 4)])
def test_without_its_high_frequencies_a_layer_keeps_its_mean_and_gains_no_power(shape):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    blurred = [low_passed(weight, share) for share in (0.0, 0.3, 0.6, 1.0)]
    powers = [float(each.square().sum()) for each in blurred]
    assert powers == sorted(powers, reverse=True)
    assert all(float(each.mean()) == pytest.approx(float(weight.mean()), abs=1e-5) for each in blurred)
    torch.testing.assert_close(blurred[0], weight)


def test_a_filter_blurred_to_the_end_is_its_own_mean(layer):
    torch.testing.assert_close(low_passed(layer, 1.0), layer.mean((-2, -1), keepdim=True).expand_as(layer))


def test_a_filter_with_a_single_wave_is_damped_by_the_gain_of_its_frequency():
    wave = torch.cos(2.0 * torch.pi * torch.arange(8) / 8.0).expand(1, 1, 8, 8)  # a quarter of Nyquist's frequency
    gain = torch.exp(torch.tensor(-0.5 * 0.25**2 / (0.4 / 0.6) ** 2))
    torch.testing.assert_close(low_passed(wave, 0.6), gain * wave, rtol=1e-4, atol=1e-5)


@kinds
def test_the_same_number_is_the_same_lesion_and_another_is_another(layer, kind):
    def once(seed):
        return damaged(layer, Lesion(0.6, kind, seed=seed), "layer")

    assert torch.equal(once(1), once(1))
    assert torch.equal(once(1), once(2)) == (kind == "low-pass")  # which leaves nothing to chance


def test_the_numbers_of_a_place_are_spread_evenly_and_know_nothing_of_their_neighbours():
    many = uniform(torch.empty(400, 500), 77)
    assert bool(((many >= 0.0) & (many < 1.0)).all())
    counts = torch.histc(many, 50)
    assert float(((counts - 4000.0).square() / 4000.0).sum()) < 90.0  # chi squared of 49 degrees: 1 in 3000
    for other in (many.flatten()[1:], uniform(many, 78).flatten()[:-1]):
        pair = torch.stack([many.flatten()[:-1], other])
        assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.01


def test_an_adapter_changes_nothing_of_a_lesion():
    plain = [("to_q.weight", torch.ones(2, 2)), ("to_q.bias", torch.ones(2))]
    dressed = [("to_q.base_layer.weight", torch.ones(2, 2)), ("to_q.lora_A.default.weight", torch.ones(1, 2))]
    assert [name for name, _ in layers(dressed, "all")] == [name for name, _ in layers(plain, "all")] == ["to_q.weight"]


def test_a_restorer_without_weights_feels_nothing_and_says_so():
    wound(Wiener(), Lesion(0.5))
    assert numb(Wiener(), Lesion(0.0)) is None
    assert numb(Wiener(), Lesion(0.5)) == (
        "the wiener has no weights, only pictures: /lesion damages nothing. Play a scene with ember."
    )


def restored(restorer, lesion):
    wound(restorer, lesion)
    burnt = Gaussian(0.6)(picture(), generator(3, 1))
    *_, last = restorer.restore(burnt, Restoring(steps=1), generator(3, 2))
    return last.denoised


@pytest.mark.parametrize("family", ["sd", "flux"])
def test_any_pipeline_is_damaged_and_healed(tmp_path, family):
    pipeline = diffusion.load(tiny_pipeline.build(tmp_path / family, family))
    healthy, hurt, healed = (restored(pipeline, lesion) for lesion in (Lesion(), Lesion(0.8, "noise"), Lesion()))
    assert not torch.equal(hurt, healthy)
    assert torch.equal(healed, healthy)


def test_a_generation_under_a_lesion_is_rendered_again_from_what_the_log_says():
    ember = Ember(tiny_network(), falling_bands(), "tiny", knowing())
    values = {"/lesion/share": 0.6, "/lesion/kind": 1.0, "/lesion/seed": 7.0, "/loop/stages": 0.0}

    def digest(knobs):
        *_, last = turn(Lineage.begin("scene", 1, picture()), ember, knobs, time.perf_counter)
        return last.generation

    logged = digest(values)
    assert logged.knobs["/lesion/kind"] == "neurons"
    assert digest({}).digest != logged.digest
    assert digest(understood(logged.knobs)).digest == logged.digest
