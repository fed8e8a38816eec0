"""The lineage and its checkpoints: bit for bit, or refused with a sentence."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from installation.burns.cipher import HEADER, SMOOTH, roughness
from installation.images import to_pixels
from installation.loop.drift import palette
from installation.loop.lineage import (
    BURN,
    DRIFT,
    LOCKED,
    RESTORE,
    Lineage,
    LineageError,
    digest,
    fault,
    from_bytes,
    to_bytes,
)


@pytest.fixture
def lineage(photograph):
    """A lineage that has lived a little."""
    lived = Lineage.begin("hearth", 2**63 - 25, photograph)
    for picture in (photograph * 0.9, photograph.flip(-1)):
        lived.next()
        lived.accept(picture)
    lived.next()
    lived.refuse()
    return lived


def test_it_begins_as_its_origin(photograph):
    lineage = Lineage.begin("hearth", 5, photograph)
    assert (lineage.serial, lineage.parent, lineage.refusals) == (0, 0, 0)
    assert lineage.present is photograph


def test_accepting_makes_the_picture_present_and_its_serial_the_parent(lineage):
    lineage.next()
    lineage.accept(lineage.origin * 0.5)
    assert torch.equal(lineage.present, lineage.origin * 0.5)
    assert (lineage.serial, lineage.parent, lineage.refusals) == (4, 4, 0)


def test_refusing_keeps_the_present_picture_and_counts(lineage):
    present = lineage.present
    lineage.next()
    lineage.refuse()
    assert lineage.present is present
    assert (lineage.serial, lineage.parent, lineage.refusals) == (4, 2, 2)


def test_reigniting_begins_again_from_the_origin_but_never_repeats_a_serial(lineage):
    lineage.reignite()
    assert lineage.present is lineage.origin
    assert (lineage.serial, lineage.parent, lineage.refusals) == (3, 0, 0)
    torch.testing.assert_close(lineage.reference.mean, palette(lineage.origin).mean)


@given(tick=st.integers(0, 2**20))
def test_whoever_turns_the_key_back_has_the_picture_to_the_last_bit(lineage, tick):
    seen = to_pixels(lineage.present)
    assert lineage.turn_key(tick, locked=True)
    assert roughness(to_pixels(lineage.present).reshape(-1)[:HEADER]) > SMOOTH
    assert (lineage.parent, lineage.source) == (0, f"{LOCKED}{tick}")
    assert lineage.turn_key(tick, locked=False)
    assert np.array_equal(to_pixels(lineage.present), seen)


def test_a_key_is_not_turned_twice_in_one_direction(lineage):
    """Encrypting again would decrypt: whether it is noise is looked at, and not believed."""
    assert not lineage.turn_key(7, locked=False)
    lineage.turn_key(7, locked=True)
    locked = lineage.present
    assert not lineage.turn_key(7, locked=True)
    assert lineage.present is locked


def test_every_serial_and_every_use_has_its_own_random_numbers(lineage):
    drawn = set()
    for _ in range(20):
        lineage.next()
        drawn |= {lineage.generator(stream).random() for stream in (BURN, RESTORE, DRIFT)}
    assert len(drawn) == 60


def test_moving_it_to_a_device_changes_nothing_else(lineage):
    moved = lineage.to("cpu")
    assert moved.digest() == lineage.digest()
    assert (moved.scene, moved.seed, moved.serial, moved.parent, moved.refusals) == ("hearth", 2**63 - 25, 3, 2, 1)


# ------------------------------------------------------------------ digests and faults


def test_equal_pictures_have_equal_digests_and_one_bit_makes_another(photograph):
    changed = photograph.clone()
    changed.view(torch.int32)[0, 0, 0, 0] ^= 1
    assert digest(photograph.clone()) == digest(photograph)
    assert digest(changed) != digest(photograph)


def test_a_digest_is_128_bits_in_hexadecimal(photograph):
    assert len(bytes.fromhex(digest(photograph))) == 16


def test_a_digest_does_not_care_how_the_picture_lies_in_memory(photograph):
    assert digest(photograph.to(memory_format=torch.channels_last)) == digest(photograph)


def test_a_photograph_has_no_fault(photograph):
    assert fault(photograph) is None


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), float("-inf"), 1e30])
def test_one_number_that_is_none_is_a_fault(photograph, poison):
    poisoned = photograph.clone()
    poisoned[0, 1, 2, 3] = poison
    assert "not finite or far beyond" in str(fault(poisoned))


@pytest.mark.parametrize("level", [-1.0, 0.0, 0.3, 1.0])
def test_a_flat_field_is_a_fault_even_with_a_little_noise_on_it(rng, level):
    flat = level + torch.from_numpy(rng.normal(0.0, 0.01, (1, 3, 32, 32))).float()
    assert "flat field" in str(fault(flat))


# ------------------------------------------------------------------ checkpoints


def test_a_checkpoint_gives_the_lineage_back_bit_for_bit(lineage):
    recalled = from_bytes(to_bytes(lineage))
    for name in ("scene", "seed", "serial", "parent", "refusals"):
        assert getattr(recalled, name) == getattr(lineage, name)
    for name in ("origin", "present"):
        assert torch.equal(getattr(recalled, name), getattr(lineage, name))
    assert torch.equal(recalled.reference.mean, lineage.reference.mean)
    assert torch.equal(recalled.reference.spread, lineage.reference.spread)


def test_a_checkpoint_is_written_the_same_way_twice(lineage):
    assert to_bytes(lineage) == to_bytes(from_bytes(to_bytes(lineage)))


@given(kept=st.floats(0.0, 0.9999))
def test_a_checkpoint_cut_off_anywhere_is_refused(photograph, kept):
    data = to_bytes(Lineage.begin("hearth", 1, photograph))
    with pytest.raises(LineageError, match="The checkpoint is damaged"):
        from_bytes(data[: int(kept * len(data))])


@given(place=st.floats(0.0, 0.9999), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_picture_is_noticed(photograph, place, bit):
    data = bytearray(to_bytes(Lineage.begin("hearth", 1, photograph)))
    pictures = len(data) - int.from_bytes(data[:8], "little") - 8
    data[len(data) - 1 - int(place * pictures)] ^= 1 << bit
    with pytest.raises(LineageError, match="not those that were written"):
        from_bytes(bytes(data))


def foreign(**written):
    return save({"weight": torch.zeros(2)}, metadata={"lineage": json.dumps(written)})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"lineage",
        b"\xff" * 64,
        b"PK\x03\x04" + bytes(500),
        save({"weight": torch.zeros(2)}),
        save({"weight": torch.zeros(2)}, metadata={"lineage": "[1"}),
        save({"weight": torch.zeros(2)}, metadata={"lineage": '"text"'}),
        save({"weight": torch.zeros(2)}, metadata={"lineage": "[]"}),
        foreign(),
        foreign(format="burntout-lineage-0"),
        foreign(format="burntout-lineage-1"),
        foreign(format="burntout-lineage-1", digests={"weight": digest(torch.zeros(2))}),
    ],
)
def test_another_programs_file_is_refused(data):
    with pytest.raises(LineageError, match="The checkpoint is damaged"):
        from_bytes(data)


def rewritten(data, **changes):
    """A checkpoint whose numbers were changed afterwards; None takes one away."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    numbers = json.loads(header["__metadata__"]["lineage"]) | changes
    header["__metadata__"]["lineage"] = json.dumps({key: value for key, value in numbers.items() if value is not None})
    packed = json.dumps(header).encode()
    return len(packed).to_bytes(8, "little") + packed + data[8 + length :]


def test_a_checkpoint_of_the_first_version_goes_on(lineage):
    first = rewritten(to_bytes(lineage), format="burntout-lineage-1", seal=None)
    assert from_bytes(first).digest() == lineage.digest()


def test_what_a_newer_version_wrote_is_refused_with_what_to_do(lineage):
    with pytest.raises(LineageError, match=r"burntout-lineage-9\)\. Update the program"):
        from_bytes(rewritten(to_bytes(lineage), format="burntout-lineage-9"))


@pytest.mark.parametrize("changes", [{"serial": 4}, {"scene": "leopard"}, {"seal": None}, {"format": "soup"}])
def test_numbers_that_are_not_those_that_were_written_are_refused(lineage, changes):
    with pytest.raises(LineageError, match="damaged"):
        from_bytes(rewritten(to_bytes(lineage), **changes))
