"""The recipe of the corpus: what is shipped can be followed, what is wrong is refused with its place."""

import pytest

from installation.training.captions import caption
from installation.training.corpus import may_teach
from installation.training.recipe import RecipeError, read_mirrors, read_recipe

SHIPPED = read_recipe()
TAKES = [take for package in SHIPPED.package for take in package.take]
PACKAGE = f"""
[registries]
npm = "https://registry.example.org"
[[package]]
name = "toys"
version = "1.0"
registry = "npm"
path = "toys/-/toys-1.0.tgz"
size_bytes = 10
sha256 = "{"0" * 64}"
[[package.take]]
src = "toys"
kind = "cut"
licence = "CC0"
match = '\\|assets\\|'
skip = 'logo'
"""


@pytest.fixture
def written(tmp_path):
    def write(text=PACKAGE):
        (tmp_path / "toys.toml").write_text(text)
        return read_recipe(tmp_path / "toys.toml")

    return write


def test_all_that_is_shipped_may_teach():
    assert [take.src for take in TAKES if not may_teach(take.licence, permissive=take.permissive)] == []


def test_every_shipped_package_is_named_once_and_has_a_public_address():
    assert len({package.name for package in SHIPPED.package}) == len(SHIPPED.package)
    assert len({package.sha256 for package in SHIPPED.package}) == len(SHIPPED.package)
    assert all(SHIPPED.address(package).startswith("https://") for package in SHIPPED.package)


def test_a_version_stands_in_the_address_it_is_downloaded_from():
    for package in SHIPPED.package:
        upstream = package.version.rpartition(":")[2].partition("~")[0].partition("+")[0]  # Debian escapes these
        assert upstream in package.path


def test_a_source_of_pictures_is_of_one_package():
    packages = [(take.src, package.name) for package in SHIPPED.package for take in package.take]
    assert len({src for src, _ in packages}) == len(set(packages))


def test_a_take_wants_pictures_of_its_kind_that_match_and_are_not_skipped(written):
    (package,) = written().package
    assert package.wanted("toys|package|assets|cat.PNG") is package.take[0]
    assert package.wanted("toys|package|assets|logo.png") is None
    assert package.wanted("toys|package|assets|cat.txt") is None
    assert package.wanted("toys|package|other|cat.png") is None


def test_drawings_are_wanted_where_drawings_are_taken(written):
    (package,) = written(PACKAGE.replace('"cut"', '"svg"')).package
    assert package.wanted("toys|package|assets|cat.svgz")
    assert not package.wanted("toys|package|assets|cat.png")


def test_icons_of_a_set_are_wanted_by_their_names(written):
    (package,) = written(PACKAGE.replace('"cut"', '"ico"').replace(r"\|assets\|", "#")).package
    assert package.wanted("toys|icons.json#cat")
    assert not package.wanted("toys|icons.json")


def test_a_path_of_the_recipe_is_one_a_caption_can_be_read_from():
    assert caption("toys|package|assets|cat.png") == ("cat", "animal")


def test_a_mirror_takes_the_place_of_its_registry(written):
    mirrored = written().mirrored({"npm": "http://mirror.example.org/npm/"})
    assert mirrored.address(mirrored.package[0]) == "http://mirror.example.org/npm/toys/-/toys-1.0.tgz"


def test_a_mirror_that_is_no_web_address_is_refused(written):
    with pytest.raises(RecipeError, match=r"registries\.npm"):
        written().mirrored({"npm": "file:///etc"})


def test_a_mirror_of_no_registry_is_refused(written):
    with pytest.raises(RecipeError, match="no registry cpan"):
        written().mirrored({"cpan": "https://cpan.example.org"})


def test_mirrors_are_read_as_they_are_written_on_a_command_line():
    assert read_mirrors(["npm=https://a.example/?x=1", "debian=http://b"]) == {
        "npm": "https://a.example/?x=1",
        "debian": "http://b",
    }


def test_a_mirror_without_its_registry_is_refused():
    with pytest.raises(RecipeError, match="debian="):
        read_mirrors(["https://a.example"])


def test_packages_are_chosen_by_name():
    assert [package.name for package in SHIPPED.chosen(["openmoji"])] == ["openmoji"]
    assert SHIPPED.chosen([]) == SHIPPED.package


def test_a_misspelt_package_is_refused_with_the_nearest(written):
    with pytest.raises(RecipeError, match=r"no package toy\. Did you mean toys"):
        written().chosen(["toy"])


@pytest.mark.parametrize(
    ("wrong", "instead", "place"),
    [
        ("size_bytes = 10", "size_bytes = 0", r"package\.0\.size_bytes"),
        ("0" * 64, "abc", r"package\.0\.sha256"),
        ('"cut"', '"cats"', r"package\.0\.take\.0\.kind"),
        ("skip = 'logo'", "skip = '('", r"package\.0\.take\.0\.skip"),
        ("skip = 'logo'", "jump = 'logo'", r"package\.0\.take\.0\.jump"),
        ('src = "toys"', 'src = "../toys"', r"package\.0\.take\.0\.src"),
        ('registry = "npm"', 'registry = "cpan"', r"registries\.cpan"),
        ("https://", "ftp://", r"registries\.npm"),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_place(written, wrong, instead, place):
    with pytest.raises(RecipeError, match=rf"toys\.toml: {place}"):
        written(PACKAGE.replace(wrong, instead))


@pytest.mark.parametrize("text", ["[[[", "\x00"])
def test_what_is_no_toml_is_refused(written, text):
    with pytest.raises(RecipeError, match="is no recipe"):
        written(text)


def test_a_recipe_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="is no recipe"):
        read_recipe(tmp_path / "none.toml")
