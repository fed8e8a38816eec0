"""What is said of a picture from its name: plain words for what is seen, and nothing else."""

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.training.captions import _kinds, _lexicon, caption, vocabulary

LEXICON = _lexicon()
MEANT = [words for table in (LEXICON.means, *LEXICON.within.values()) for words in table.values()]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("openclipart-png|animals|mammals|housecats|gattina_cat_architetto_f_01.png", ("cat", "animal")),
        ("tuxpaint|stamps|animals|mammals|cats|lion.png", ("lion", "cat", "animal")),
        ("wesnoth-1.16-data|portraits|undead|zombie-dwarf.png", ("zombie", "dwarf", "undead", "portrait", "face")),
        ("0ad-img|art|textures|skies|sunset 2|front.dds.cached.dds", ("sunset", "sky")),
        ("gcompris|images|tools|screwDriver.webp", ("screw", "tool")),
        ("stellarium-data|nebulae|default|n2506-vasey.png", ("nebula", "star", "space")),
    ],
)
def test_a_path_tells_what_is_seen_from_the_file_to_its_far_folders(path, words):
    assert caption(path)[: len(words)] == words


def test_a_file_named_by_its_code_points_is_read_as_unicode_names_it():
    assert caption("set|assets|1f355.webp") == ("pizza", "food")
    assert caption("set|color|svg|1F692.svg") == caption("set|icons.json#fire-engine")


def test_skin_tones_joiners_and_variants_of_an_emoji_say_nothing():
    assert caption("set|1f469-1f3fd-200d-1f680.webp") == ("woman", "rocket", "person")
    assert caption("set|26f1-fe0f.webp") == caption("set|26f1.webp")
    assert caption("set|1f91a-1f3fb.webp") == caption("set|1f91a.webp")


def test_two_regional_letters_are_a_flag():
    assert caption("set|assets|1f1f3-1f1f1.webp") == ("flag",)


def test_words_that_look_like_hexadecimal_are_words():
    assert caption("set|food|beef.png") == ("food",)
    assert "face" in caption("set|face.png")


def test_an_icon_inside_a_file_is_named_after_the_hash():
    assert caption("iconify|package|icons.json#snow-capped-mountain") == ("snow", "mountain")


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("wolves", "wolf"), ("knives", "knife"), ("cherries", "cherry"), ("foxes", "fox"), ("cats", "cat")],
)
def test_plurals_become_singulars(plural, singular):
    assert caption(plural)[0] == singular


def test_other_names_for_a_thing_become_its_plainest():
    assert caption("kitty.png") == caption("housecats.png") == caption("feline.png") == ("cat", "animal")


def test_two_words_that_are_one_thing_are_read_together():
    assert caption("hot-springs.png")[0] == "hot-spring"
    assert "fire" not in caption("red_fire_engine.png")


def test_a_thing_is_followed_by_what_it_is_a_kind_of():
    assert caption("ostrich.png") == ("ostrich", "bird", "animal")


def test_the_package_and_folders_of_the_system_say_nothing():
    assert caption("endless-sky-high-dpi|usr|share|games|endless-sky|loc0@2x.jpg") == ()


def test_a_folder_may_give_a_name_a_meaning_of_its_own():
    assert caption("stellarium|skycultures|western|lep.png") == ("rabbit", "constellation", "drawing", "animal")
    assert "ship" not in caption("endless-sky-high-dpi|images|ship|hauler.png")


def test_tags_speak_like_names():
    assert caption("0001.png", tags=("Sailing ships", "sea")) == ("ship", "sail", "sea", "water")


def test_a_name_that_says_nothing_gives_no_words():
    assert caption("1_14_0.webp") == caption("") == ()


@given(st.text(alphabet=string.printable + "äß猫🐈", max_size=60))
def test_whatever_the_name_only_words_of_the_lexicon_are_said_and_each_once(path):
    words = caption(path)
    assert set(words) <= LEXICON.words
    assert len(set(words)) == len(words)


def test_every_word_that_is_meant_is_in_the_lexicon():
    assert {word for words in MEANT for word in words} <= LEXICON.words
    assert set(LEXICON.kind) | set(LEXICON.kind.values()) <= LEXICON.words


def test_no_thing_is_a_kind_of_itself():
    assert [word for word in LEXICON.kind if word in itertools.islice(_kinds(word, LEXICON), 10)] == []


def test_a_vocabulary_is_the_commonest_first_and_alphabetical_among_equals():
    captions = [("cat", "sea"), ("cat", "bee"), ("sea", "bee"), ("ant",)]
    assert vocabulary(captions, least=2) == ("bee", "cat", "sea")
    assert vocabulary([("cat",), *captions], least=1, most=2) == ("cat", "bee")


def test_a_word_counts_once_in_a_caption():
    assert vocabulary([("cat", "cat"), ("sea",), ("sea",)], least=2) == ("sea",)
