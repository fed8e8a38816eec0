"""Publishing makes both, named after the take."""

import pytest

from installation.publishing import publish
from tests.recording.rehearsal import frames, rehearse


def test_an_edition_is_a_film_and_a_contact_sheet(tmp_path):
    take = rehearse(tmp_path / "2026-11-23T14-05-09-owl", frames(5))
    film, sheet = publish(take, tmp_path / "out")
    assert (film.name, sheet.name) == ("2026-11-23T14-05-09-owl.mp4", "2026-11-23T14-05-09-owl.png")
    assert sorted((tmp_path / "out").iterdir()) == [film, sheet]
    assert film.stat().st_size > 1000
    assert sheet.stat().st_size > 1000


def test_progress_rises_over_both_to_one(tmp_path):
    heard: list[float] = []
    publish(rehearse(tmp_path / "t", frames(5)), tmp_path / "out", heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)
