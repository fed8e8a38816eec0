"""The five numbers of a step are those that the samplers work out on the way."""

import pytest
import torch

from installation.randomness import generator, white
from installation.restorers import ModelError
from installation.restorers.diffusion import to_denoised
from installation.restorers.samplers import descend
from installation.restorers.unrolled import SAMPLERS, Form, drawn, strides

SIGMAS = (7.0, 2.5, 0.8, 0.0)
LIKE = torch.zeros(2, 4, 8, 8, dtype=torch.float64)


def network(z, sigma):
    """Any smooth function of what a network is shown."""
    return torch.sin(3.0 * z / (1.0 + sigma**2) ** 0.5)


def walked(prediction, sampler, churn):
    def denoise(x, sigma):
        return to_denoised(prediction, x, sigma, network(x, sigma))

    rng = generator(1, 1)
    *_, last = descend(sampler, denoise, SIGMAS[0] * white(rng, LIKE), SIGMAS, rng, churn=churn)
    return last.denoised


def at_once(prediction, sampler, churn):
    ladder = list(strides(prediction, SIGMAS, sampler, churn))
    first, *fresh = drawn([generator(1, 1)], ladder, LIKE)
    z = SIGMAS[0] * first
    for each, sigma, noise in zip(ladder, SIGMAS, fresh, strict=False):
        denoised = each.skip * z + each.out * network(z, sigma)
        z = denoised + each.keep * (z - denoised) + each.fresh * noise
    return z


@pytest.mark.parametrize("churn", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_steps_taken_at_once_come_to_what_the_sampler_comes_to(prediction, sampler, churn):
    torch.testing.assert_close(at_once(prediction, sampler, churn), walked(prediction, sampler, churn))


def test_the_network_is_shown_pictures_of_unit_variance():
    assert [each.root**2 - 1.0 for each in strides("epsilon", SIGMAS, "euler", 0.0)] == pytest.approx(
        [sigma**2 for sigma in SIGMAS[:-1]]
    )


def test_the_last_step_adds_nothing():
    *_, last = strides("epsilon", SIGMAS, "euler", 1.0)
    assert (last.keep, last.fresh) == (0.0, 0.0)


def test_an_unknown_prediction_is_refused():
    with pytest.raises(ModelError, match="flow_prediction"):
        list(strides("flow_prediction", SIGMAS, "euler", 0.0))


def test_no_number_is_drawn_for_a_step_without_fresh_noise():
    still, churned = (list(strides("epsilon", SIGMAS, "euler", churn)) for churn in (0.0, 1.0))
    one, other = generator(1, 1), generator(1, 1)
    drawn([one], still, LIKE)
    white(other, LIKE)
    assert one.integers(2**32) == other.integers(2**32)
    assert [bool(noise.any()) for noise in drawn([generator(1, 1)], churned, LIKE)] == [True, True, True, False]


def test_each_lineage_has_the_noise_that_it_would_have_alone():
    ladder = list(strides("epsilon", SIGMAS, "euler", 1.0))
    abreast = drawn([generator(1, 1), generator(2, 1)], ladder, LIKE)
    for place, seed in enumerate((1, 2)):
        alone = drawn([generator(seed, 1)], ladder, LIKE[:1])
        assert all(torch.equal(both[place], one[0]) for both, one in zip(abreast, alone, strict=True))


def test_a_form_knows_whether_it_begins_from_a_picture():
    latents = (1, 4, 8, 8)
    assert Form((1, 3, 64, 64), latents, 1, (1, 77, 32), tiny=False).encodes
    assert not Form(latents, latents, 1, (1, 77, 32), tiny=False).encodes
