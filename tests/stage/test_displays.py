"""Displays: what is said of them is understood, and changes are noticed. A real X server is in tests/system."""

import threading

from installation.stage.displays import Display, Seen, Watch, extent, look, parse, sockets
from installation.stage.placement import Box
from tests.support import until

TOLD = """\
Screen 0: minimum 64 x 64, current 3200 x 1920, maximum 32767 x 32767
HDMI-2 connected 1080x1920+1920+0 left (normal left inverted right x axis y axis) 527mm x 296mm
   1920x1080     60.00*+  59.94
DP-1 connected primary 1920x1080+0+0 (normal left inverted right x axis y axis) 527mm x 296mm
   1920x1080     60.00*+
DP-2 connected (normal left inverted right x axis y axis)
   1280x720      60.00 +
DUMMY1 disconnected 200x100+3000+0 0mm x 0mm
VGA-1 disconnected (normal left inverted right x axis y axis)
"""


def test_displays_that_show_something_are_found_from_the_left():
    assert parse(TOLD) == (
        Display("DP-1", Box(0, 0, 1920, 1080)),
        Display("HDMI-2", Box(1920, 0, 1080, 1920)),
        Display("DUMMY1", Box(3000, 0, 200, 100)),
    )


def test_the_screen_is_as_large_as_all_of_them():
    assert extent(parse(TOLD)) == Box(0, 0, 3200, 1920)
    assert extent(()) == Box(0, 0, 0, 0)


def test_words_that_are_not_xrandrs_name_no_display():
    assert parse("Can't open display :7\n") == ()


def test_the_kernel_knows_what_is_plugged_in(tmp_path):
    for name, status in (
        ("card0-HDMI-A-1", "connected\n"),
        ("card0-DP-1", "disconnected\n"),
        ("card1-DP-3", "connected\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "status").write_text(status)
    (tmp_path / "card0-broken" / "status").mkdir(parents=True)
    assert sockets(tmp_path) == ("card0-HDMI-A-1", "card1-DP-3")
    assert sockets(tmp_path / "nowhere") == ()


def test_without_an_x_server_nobody_knows_of_displays():
    assert look({"DISPLAY": ""}).displays == ()
    assert look({"DISPLAY": ":not-there"}).displays == ()


def test_a_change_is_news_once_and_no_change_is_none():
    both, one = Seen(parse(TOLD)), Seen(parse(TOLD)[:1])
    looks, looked = iter([both, both, one, one, both]), threading.Event()

    def again():
        seen = next(looks, None)
        if seen is None:
            looked.set()
        return seen or both

    watch = Watch(both, again, lambda: None, every=0.001)
    assert looked.wait(10)
    assert watch.news() == both  # the newest of two changes
    assert watch.news() is None
    watch.close()


def test_a_change_reaches_whoever_asks_now_and_then_and_keeps_the_displays_awake():
    seen, woken = [Seen()], list[bool]()
    watch = Watch(seen[0], lambda: seen[0], lambda: woken.append(True), every=0.001)
    assert watch.news() is None
    seen[0] = Seen(sockets=("card0-HDMI-A-1",))
    assert until(watch.news).sockets == ("card0-HDMI-A-1",)
    until(lambda: len(woken) == 2)  # at the beginning, and after the change
    watch.close()
