"""The fastest way that works is taken, and said where it is not; what was recorded is dropped when weights move."""

import logging

import diffusers
import pytest
import torch

from installation.restorers import lora, recorded
from installation.restorers.lesions import Lesion, Weights
from installation.restorers.recorded import MOST, Recording, Shelf, ways, whereabouts
from tests.restorers import tiny_pipeline

CPU = torch.device("cpu")


def result():
    return (torch.ones(3),)


def broken():
    raise RuntimeError("operation not permitted when stream is capturing\nand a long trace")


def starved():
    raise torch.OutOfMemoryError("CUDA out of memory.")


def test_the_first_way_that_works_is_kept():
    made = []

    def way():
        made.append("recorded")
        return result

    recording = Recording([("a graph", way), ("step by step", lambda: broken)])
    assert torch.equal(recording()[0], recording()[0])
    assert made == ["recorded"]
    assert recording.way == "a graph"


@pytest.mark.parametrize("failing", [broken, lambda: broken], ids=["in the making", "in the playing"])
def test_what_fails_is_said_in_one_line_and_the_next_way_is_taken_for_good(failing, caplog):
    recording = Recording([("a graph", failing), ("step by step", lambda: result)])
    with caplog.at_level(logging.WARNING):
        recording()
        recording()
    assert recording.way == "step by step"
    (line,) = caplog.messages
    assert line == (
        "The fast path (a graph) is not to be had, so step by step is taken: "
        "operation not permitted when stream is capturing"
    )


def test_a_way_may_fail_long_after_it_has_worked():
    times = iter([result, broken])

    def once():
        return next(times)()

    recording = Recording([("a graph", lambda: once), ("step by step", lambda: result)])
    recording()
    assert recording.way == "a graph"
    recording()
    assert recording.way == "step by step"


def test_what_the_plain_way_raises_is_raised():
    with pytest.raises(RuntimeError, match="not permitted"):
        Recording([("step by step", lambda: broken)])()


def test_a_lack_of_memory_is_no_reason_to_go_slower():
    recording = Recording([("a graph", lambda: starved), ("step by step", lambda: result)])
    with pytest.raises(torch.OutOfMemoryError):
        recording()
    assert recording.way == "a graph"


@pytest.mark.parametrize(("device", "compiled", "names"), [
    ("cpu", None, ["step by step"]),
    ("cpu", lambda: result, ["compiled", "step by step"]),
    ("cuda", None, ["a graph", "step by step"]),
    ("cuda", lambda: result, ["a compiled graph", "a graph", "step by step"]),
])  # fmt: skip
def test_every_device_has_its_ways_the_fastest_first(device, compiled, names):
    assert [name for name, _ in ways(result, compiled, torch.device(device))] == names


def test_a_missing_compiler_is_a_sentence_and_the_work_is_done(caplog):

    def work():
        return (torch.ones(3).sin() * 2.0,)

    recording = Recording(ways(work, lambda: torch.compile(work, backend=uncompilable), CPU))
    assert torch.equal(recording()[0], work()[0])
    assert recording.way == "step by step"
    assert "The fast path (compiled) is not to be had" in caplog.text


def uncompilable(*_):
    """A backend of torch.compile without its compiler."""
    raise RuntimeError("no working C++ compiler")


# ------------------------------------------------------------------ the shelf


def test_what_was_made_for_a_form_is_made_once():
    shelf = Shelf()
    first, other, again = (shelf.take(form, 1, list) for form in ("a", "b", "a"))
    assert again is first
    assert other is not first


def test_only_the_last_few_forms_are_kept():
    shelf = Shelf()
    for form in range(MOST + 1):
        shelf.take(form, 1, lambda: ["old"])
    assert shelf.take(MOST, 1, list) == ["old"]
    assert shelf.take(0, 1, list) == []


def test_when_weights_have_moved_everything_is_made_anew():
    shelf = Shelf()
    first = shelf.take("a", 1, list)
    assert shelf.take("a", 1, list) is first
    assert shelf.take("a", 2, list) is not first
    shelf.clear()
    assert shelf.take("a", 2, lambda: ["new"]) == ["new"]


def test_damaged_weights_stay_where_they_are_and_an_adapter_moves_in(tmp_path):
    base = tiny_pipeline.build(tmp_path / "base")
    network = diffusers.UNet2DConditionModel.from_pretrained(base, subfolder="unet")
    before = whereabouts(network)
    Weights(network).suffer(Lesion(share=0.5))
    assert whereabouts(network) == before
    lora.put_on(network, tiny_pipeline.foreign_adapter(tmp_path / "worn", base))
    assert whereabouts(network) != before
    lora.take_off(network)
    assert whereabouts(network) == before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_graph_reads_what_was_last_written_and_gives_tensors_of_its_own():
    inside = torch.zeros(3, device="cuda")
    play = recorded.graph(lambda: (inside * 2.0,))
    inside.fill_(1.0)
    (first,) = play()
    inside.fill_(2.0)
    (second,) = play()
    assert first.tolist() == [2.0] * 3
    assert second.tolist() == [4.0] * 3
