"""Conditions of networks: asked for once, and blended whatever their lengths."""

import pytest
import torch

from installation.restorers.embeddings import Condition, Memory, between, mixed


def condition(seed, length=5, *, words=None, pooled=True):
    rng = torch.Generator().manual_seed(seed)
    mask = None if words is None else (torch.arange(length) < words).long().unsqueeze(0)
    summary = torch.randn(1, 6, generator=rng) if pooled else None
    return Condition(torch.randn(1, length, 6, generator=rng), summary, mask)


def test_a_prompt_is_embedded_once_in_however_many_blends():
    asked = []

    def embed(said):
        asked.append(said)
        return condition(len(said))

    memory = Memory(embed)
    for share in (0.1, 0.2, 0.3):
        memory.recall((("a cat", 1.0 - share), ("a fire", share)))
    assert memory.recall((("a cat", 1.0),)) is memory.recall((("a cat", 1.0),))
    assert asked == ["a cat", "a fire"]


def test_one_prompt_alone_is_itself():
    assert mixed([(one := condition(0), 0.3)]) is one


def test_three_alike_are_one():
    blend = mixed([(condition(0), 0.2), (condition(0), 0.3), (condition(0), 0.5)])
    torch.testing.assert_close(blend.embeddings, condition(0).embeddings)
    torch.testing.assert_close(blend.pooled, condition(0).pooled)


def test_equal_weights_do_not_favour_the_last():
    weights = [1.0 / 3.0] * 3
    along = torch.eye(3).reshape(3, 1, 1, 3)
    blend = mixed([(Condition(vector), weight) for vector, weight in zip(along, weights, strict=True)]).embeddings
    assert blend.min() > 0.4


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_shorter_is_continued_with_its_last_word(share):
    short, long = condition(0, 3, pooled=False), condition(1, 5, pooled=False)
    blend = between(short, long, share).embeddings
    assert blend.shape == (1, 5, 6)
    ends = torch.cat([short.embeddings, short.embeddings[:, -1:].expand(1, 2, 6)], dim=1), long.embeddings
    if share in {0.0, 1.0}:
        torch.testing.assert_close(blend, ends[int(share)])


def test_what_fills_up_is_no_word_and_the_longer_says_how_many_there_are():
    one, other = condition(0, words=2), condition(1, words=4)
    blend = between(one, other, 0.5)
    assert blend.mask is not None
    assert blend.mask.sum() == 4
    noisy = Condition(one.embeddings + torch.tensor([0.0, 0.0, 9.0, 9.0, 9.0]).view(1, 5, 1), one.pooled, one.mask)
    torch.testing.assert_close(between(noisy, other, 0.5).embeddings, blend.embeddings)
