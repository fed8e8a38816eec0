"""The shelf: restorers by name, loaded once; when one cannot be loaded the archive plays in its place."""

import logging

import pytest

from installation.machine.settings import EngineSettings
from installation.restorers import ModelError
from installation.restorers.shelf import Shelf, load


@pytest.fixture(scope="module")
def shelf():
    return Shelf(EngineSettings(), "cpu")


def test_a_restorer_is_loaded_once_and_kept(shelf):
    assert shelf.take("archive", None) is shelf.take("archive", None)


def test_the_archive_plays_instead_of_a_model_that_is_missing_and_a_line_says_why(shelf, caplog, tmp_path):
    with caplog.at_level(logging.ERROR):
        assert shelf.take("ember", str(tmp_path / "gone")) is shelf.take("archive", None)
    assert "The archive plays instead." in caplog.text
    assert "gone" in caplog.text


def test_an_archive_that_cannot_be_loaded_falls_back_on_the_one_that_ships(shelf, tmp_path):
    assert shelf.take("archive", str(tmp_path)) is shelf.take("archive", None)


def test_a_diffusion_scene_that_names_no_model_is_told_how():
    with pytest.raises(ModelError, match='model = "sd-turbo", or a folder'):
        load("diffusion", None, None, "cpu")


def test_an_unknown_restorer_is_named_with_the_nearest():
    with pytest.raises(ModelError, match="Did you mean ember"):
        load("embers", None, None, "cpu")
