"""``burntout edition``: so many variants, what failed in a sentence, and where it all is."""

import re

import pytest
from typer.testing import CliRunner

from installation import cli
from installation.cluster.reach import ClusterError
from installation.publishing import PublishError
from installation.publishing.forms import FORMS
from installation.publishing.variants import EditionError
from installation.recording import takes
from tests.publishing import prints


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    prints.scene(folder)
    return folder / "owl.toml"


@pytest.fixture
def called(scene, tmp_path):
    """The command for this scene, small, and what it said."""
    (machine := tmp_path / "machine.toml").write_text("[recording]\nreserve_bytes = 0\n")
    small = ["--generations", 2, "--form", "generations", "--state", tmp_path, "--config", machine]

    def call(*words):
        told = CliRunner().invoke(cli.app, [*map(str, ["edition", scene, *small, *words])], catch_exceptions=False)
        return told.exit_code, re.sub(r"\s+", " ", told.output)

    return call


def test_it_makes_the_variants_below_the_state_and_says_where(called, tmp_path):
    code, said = called("--count", 2, "--seed", 9)
    folder = tmp_path / "editions" / "owl-9-of-2"
    assert code == 0
    assert f"2 of 2 variants are in {folder}; their pages begin with {folder}/site/index.html." in said
    assert [take.name for take in takes.all_takes(folder)] == ["owl-9-1-of-2", "owl-9-2-of-2"]


def test_asked_again_it_has_nothing_to_make(called):
    called("--count", 1)
    code, said = called("--count", 1)
    assert (code, "1 of 1 variants are in" in said) == (0, True)


def test_the_state_with_all_variants_is_an_edition_of_any_command(called, tmp_path):
    called("--count", 1, "--out", tmp_path / "prints")
    listed = CliRunner().invoke(cli.app, ["takes", "--state", str(tmp_path / "prints")])
    assert "owl-1-1-of-1" in listed.output


def test_what_failed_is_said_and_asked_for_again(called, monkeypatch):
    strip = FORMS["generations"]

    def refused(take, path, wishes, progress):
        if "-1-of" in take.name:
            raise PublishError("No room on this wall.")
        return strip.make(take, path, wishes, progress)

    monkeypatch.setitem(FORMS, "generations", type(strip)("generations", strip.doc, strip.ending, refused))
    code, said = called("--count", 2)
    assert code == 1
    assert "owl-1-1-of-2: No room on this wall." in said
    assert "1 of 2 variants are in" in said
    monkeypatch.setitem(FORMS, "generations", strip)
    assert called("--count", 2)[0] == 0


def test_a_cluster_that_is_no_address_is_refused_with_what_is_one(called, tmp_path):
    pytest.importorskip("ray", reason="optional extra: pip install 'burntout[cluster]'")
    with pytest.raises(ClusterError, match="is no host:port"):
        called("--ray", "nowhere")
    assert not list((tmp_path / "editions").glob("*/takes/*"))


@pytest.mark.parametrize(
    ("words", "kind", "sentence"),
    [
        (["--count", 0], EditionError, "--count"),
        (["--size", 65], EditionError, "--size"),
        (["--form", "sills"], PublishError, "Did you mean"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is(called, tmp_path, words, kind, sentence):
    with pytest.raises(kind, match=sentence):
        called(*words)
    assert not (tmp_path / "editions").exists() or not list((tmp_path / "editions").glob("*/takes/*"))
