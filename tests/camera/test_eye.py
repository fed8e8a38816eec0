"""The eye sees the newest frame, once, in the size of the loop; and keeps what it saw."""

import numpy as np
import pytest
import torch

from installation import images
from installation.camera.eye import CameraError, Eye
from installation.loop.knobs import Seeing
from installation.machine.ring import Ring
from installation.machine.wires import Wires

LIKE = torch.zeros(1, 3, 16, 16)


def seen(wires, **seeing):
    """What is to be seen, which is something."""
    glimpse = Eye(wires).look(Seeing(**seeing), LIKE)
    assert glimpse is not None
    return glimpse


@pytest.fixture
def wires(tmp_path):
    return Wires(tmp_path)


@pytest.fixture
def shows(wires):
    """Put pixels before the camera."""
    ring = Ring.create(wires.camera, 64 * 64, 4)
    return lambda pixels: ring.write(pixels, stamp_ns=0, generation=0, phase="generation", temperature=0.0)


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)


def test_without_a_camera_nothing_is_seen(wires):
    assert Eye(wires).look(Seeing(mix=0.5), LIKE) is None


def test_before_its_first_frame_nothing_can_become_the_origin(wires):
    with pytest.raises(CameraError, match="shown nothing yet"):
        Eye(wires).portrait(LIKE, mirror=False)


def test_a_camera_that_comes_later_is_seen(wires, pixels):
    eye = Eye(wires)
    assert eye.look(Seeing(mix=0.5), LIKE) is None
    Ring.create(wires.camera, 64 * 64, 4).write(pixels, stamp_ns=0, generation=0, phase="generation", temperature=0.0)
    assert eye.look(Seeing(mix=0.5), LIKE) is not None


def test_at_a_mix_of_zero_nobody_looks_and_nothing_is_kept(wires, shows, pixels):
    shows(pixels)
    assert Eye(wires).look(Seeing(), LIKE) is None
    assert not wires.glimpses.exists()


def test_what_is_seen_is_the_frame_and_the_share_is_the_knob(wires, shows, pixels):
    shows(pixels)
    glimpse = seen(wires, mix=0.25)
    np.testing.assert_array_equal(images.to_pixels(glimpse.image), pixels)
    assert glimpse.share == 0.25


def test_a_mirror_turns_left_and_right(wires, shows, pixels):
    shows(pixels)
    glimpse = seen(wires, mix=1.0, mirror=True)
    np.testing.assert_array_equal(images.to_pixels(glimpse.image), pixels[:, ::-1])


def test_a_frame_of_another_size_is_not_seen(wires, shows):
    shows(np.zeros((32, 32, 3), np.uint8))
    assert Eye(wires).look(Seeing(mix=1.0), LIKE) is None


def test_what_was_seen_can_be_read_again_bit_for_bit(wires, shows, pixels):
    shows(pixels)
    glimpse = seen(wires, mix=1.0)
    np.testing.assert_array_equal(images.load(wires.glimpses / glimpse.name, 16, 16), pixels)


def test_a_frame_that_stays_is_kept_once(wires, shows, pixels):
    shows(pixels)
    first, second = (seen(wires, mix=share) for share in (0.2, 0.3))
    assert (first.name, first.share, second.share) == (second.name, 0.2, 0.3)
    assert len(list(wires.glimpses.iterdir())) == 1


def test_where_nothing_can_be_kept_nothing_is_seen(wires, shows, pixels, caplog):
    shows(pixels)
    wires.glimpses.write_text("a file where a folder should be")
    assert Eye(wires).look(Seeing(mix=1.0), LIKE) is None
    assert "The camera is not looked at" in caplog.text
