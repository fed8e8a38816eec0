"""An edition says where it comes from, truly; whoever changes it can be found out; tools that are not ours agree."""

import dataclasses
import json
import shutil
from datetime import UTC, datetime

import pytest
from PIL import Image

from installation.machine.settings import EngineSettings, Settings
from installation.publishing import certificate
from installation.publishing.certificate import CHAIN, FOLDER, KEY
from installation.publishing.forms import FORMS, Wishes
from installation.publishing.provenance import attest, only_serial, source_type, statement, xmp
from installation.publishing.verify import verify
from installation.publishing.whole import PublishError
from installation.restorers.exact import Nobody
from tests.publishing.outside import ran
from tests.recording.rehearsal import frames, rehearse

NOW = datetime.now(UTC)  # certificates are checked against the day they are used on
WISHES = Wishes(height=64, rate=5, loop=1.0)
needs_exiftool = pytest.mark.skipif(
    not shutil.which("exiftool"), reason="exiftool is in Debian's libimage-exiftool-perl"
)


def silent(_share):
    pass


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    folder = tmp_path_factory.mktemp("state")
    certificate.make(folder, "Ada Lovelace", NOW)
    return folder


@pytest.fixture(scope="module")
def settings(state):
    return Settings(state=state, engine=EngineSettings())


@pytest.fixture(scope="module")
def take(state):
    made = rehearse(state / "takes" / "owl", frames(9))
    return dataclasses.replace(made, manifest={**made.manifest, "restorer": "none", "digest": Nobody.digest})


def by(take, restorer):
    return dataclasses.replace(take, manifest={**take.manifest, "restorer": restorer})


def edition(take, form, folder, credential=None):
    """An edition made by its form, attested."""
    path = FORMS[form].place(take, folder)
    FORMS[form].make(take, path, WISHES, silent)
    return path, attest(take, path, credential, only_serial(take, form, WISHES))


@pytest.mark.parametrize(
    ("restorer", "film", "generation"),
    [
        ("ember", "compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("diffusion", "compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("archive", "compositeSynthetic", "compositeSynthetic"),
        ("none", "compositeSynthetic", "compositeSynthetic"),
        ("demon", "compositeSynthetic", "compositeSynthetic"),
    ],
)
def test_only_what_a_trained_model_made_is_called_so(take, restorer, film, generation):
    assert source_type(by(take, restorer)).endswith("/" + film)
    assert source_type(by(take, restorer), 5).endswith("/" + generation)
    assert source_type(by(take, restorer), 0) == source_type(by(take, restorer))  # the origin is nobody's invention


def test_a_print_shows_one_generation_and_a_film_many(take):
    assert only_serial(take, "print", Wishes(generation=1)) == 1
    assert only_serial(take, "print", Wishes()) == 2
    assert only_serial(take, "h264", Wishes()) is None


@pytest.mark.parametrize("form", ["h264", "prores", "gif", "webp", "apng", "print", "contact-sheet"])
def test_a_signed_edition_says_who_signed_it_and_that_nobody_touched_it(take, state, settings, tmp_path, form):
    path, attested = edition(take, form, tmp_path, certificate.standing(state))
    assert attested.unsigned == ""
    verdict = verify(path, settings)
    assert (verdict.untouched, verdict.signer, verdict.is_ours) == (True, "Ada Lovelace", True)
    assert verdict.said["take"] == "owl"


@pytest.mark.parametrize("form", ["h264", "contact-sheet"])
def test_one_changed_byte_is_found_out(take, state, settings, tmp_path, form):
    path, _ = edition(take, form, tmp_path, certificate.standing(state))
    raw = bytearray(path.read_bytes())
    raw[-40] ^= 1
    path.write_bytes(raw)
    assert verify(path, settings).untouched is False


def test_a_stranger_is_told_that_the_certificate_is_not_known_there(take, state, tmp_path):
    path, _ = edition(take, "contact-sheet", tmp_path, certificate.standing(state))
    verdict = verify(path, Settings(state=tmp_path / "elsewhere"))
    assert (verdict.untouched, verdict.is_ours) == (True, False)
    assert "does not know" in " ".join(verdict.sentences())
    assert verdict.here["take"] is False


def test_take_and_model_are_found_hash_for_hash(take, settings, tmp_path):
    path, _ = edition(take, "generations", tmp_path)
    assert verify(path, settings).here == {"take": True, "scene": False, "model": True}
    other = dataclasses.replace(take, manifest={**take.manifest, "digest": "ab" * 32})
    attest(other, path, None)
    assert verify(path, settings).here["model"] is False


@pytest.mark.parametrize("form", ["ffv1", "png", "exr"])
def test_what_cannot_be_signed_says_why_and_has_its_checksums_beside_it(take, state, settings, tmp_path, form):
    path, attested = edition(take, form, tmp_path, certificate.standing(state))
    assert "carries no C2PA manifest" in attested.unsigned
    assert verify(path, settings).untouched is True
    victim = next(path.iterdir()) if path.is_dir() else path
    victim.write_bytes(victim.read_bytes() + b"x")
    assert verify(path, settings).untouched is False


def test_without_a_certificate_the_sidecar_speaks_and_says_that_nobody_signed(take, tmp_path):
    path, attested = edition(take, "generations", tmp_path)
    assert "burntout publish certificate" in attested.unsigned
    verdict = verify(path, Settings(state=tmp_path))
    assert verdict.untouched is True
    assert "Nobody signed it" in " ".join(verdict.sentences())


def test_nothing_vouches_for_a_stranger_s_picture(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "cat.png")
    verdict = verify(tmp_path / "cat.png", Settings(state=tmp_path))
    assert verdict.untouched is None
    assert next(verdict.sentences()).startswith("Nothing vouches")


def test_a_sidecar_keeps_a_seed_of_64_bits_to_the_last_one(take):
    assert json.loads(json.dumps(statement(take)))["seed"] == str(2**63 - 25)


def test_a_damaged_sidecar_and_a_file_that_is_not_there_are_refused(take, tmp_path):
    path, attested = edition(take, "generations", tmp_path)
    attested.sidecar.write_text("{")
    with pytest.raises(PublishError, match="damaged"):
        verify(path, Settings(state=tmp_path))
    with pytest.raises(PublishError, match="is not there"):
        verify(tmp_path / "nothing.png", Settings(state=tmp_path))


@needs_exiftool
@pytest.mark.parametrize("form", ["png", "tiff", "print", "contact-sheet", "generations"])
def test_exiftool_reads_what_stills_say_of_themselves(take, tmp_path, form):
    path, _ = edition(by(take, "ember"), form, tmp_path)
    still = max(path.iterdir()) if path.is_dir() else path
    (told,) = json.loads(ran("exiftool", "-j", "-XMP:all", still))
    assert told["Title"] == "Machine dementia"
    alone = form in {"png", "tiff", "print"}
    expected = "trainedAlgorithmicMedia" if alone else "compositeWithTrainedAlgorithmicMedia"
    assert told["DigitalSourceType"].rpartition("/")[2] == expected


@needs_exiftool
def test_names_are_text_in_xmp_and_never_markup(take, tmp_path):
    nasty = dataclasses.replace(take, title="<b>&\x01\u2028Ümlaut")
    (tmp_path / "x.xmp").write_bytes(xmp(nasty, "a < b"))
    (told,) = json.loads(ran("exiftool", "-j", "-XMP:all", tmp_path / "x.xmp"))
    assert told["Title"] == "<b>&\u2028Ümlaut"
    assert told["Description"] == "a < b"


def test_only_its_owner_may_read_the_key(state):
    assert (state / FOLDER / KEY).stat().st_mode & 0o777 == 0o600


def test_a_certificate_is_never_overwritten(state):
    before = (state / FOLDER / CHAIN).read_bytes()
    with pytest.raises(PublishError, match="Move it away first"):
        certificate.make(state, "Somebody Else", NOW)
    assert (state / FOLDER / CHAIN).read_bytes() == before


@pytest.mark.parametrize("name", ["", "a" * 65, "line\nbreak"])
def test_a_name_that_no_certificate_takes_is_refused(tmp_path, name):
    with pytest.raises(PublishError, match="cannot stand in a certificate"):
        certificate.make(tmp_path, name, NOW)


def test_a_key_of_another_certificate_is_refused(state, tmp_path):
    certificate.make(tmp_path, "Ada Lovelace", NOW)
    with pytest.raises(PublishError, match="is not the key of"):
        certificate.read(state / FOLDER / CHAIN, tmp_path / FOLDER / KEY)


@pytest.mark.parametrize("damaged", [CHAIN, KEY])
def test_an_unreadable_certificate_is_refused_with_what_to_do(tmp_path, damaged):
    certificate.make(tmp_path, "Ada Lovelace", NOW)
    (tmp_path / FOLDER / damaged).write_bytes(b"nothing")
    with pytest.raises(PublishError, match="burntout publish certificate"):
        certificate.standing(tmp_path)


def test_without_a_certificate_there_is_none(tmp_path):
    assert certificate.standing(tmp_path) is None
