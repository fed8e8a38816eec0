"""Prometheus' guest: it seizes, asks, searches and gives back; what it wants done, others do."""

from types import SimpleNamespace

import pytest

from installation import images
from installation.burns.cipher import HEADER, encrypt, key
from installation.control.commands import COMMANDS
from installation.machine import wires as wiring
from installation.machine.files import share
from installation.machine.ring import Ring
from installation.market import readings, search
from installation.market.prometheus import FRESH, Prometheus
from installation.market.ransom import RansomError
from installation.readings.register import Value
from installation.records import Message, Report
from installation.stakes import PHASES, Ransom
from tests.control.rehearsal import scene

KEY = 77
TERMS = Ransom(
    price=10.0, bits=8, ticket=30.0, lease=5.0, auction=6.0, burning=3.0, words=dict.fromkeys(map(str, PHASES), "Mine.")
)
FIRE = TERMS.fire


class House:
    """As much of a house as Prometheus knows: what it wants is written down."""

    def __init__(self, folder):
        self.scene, self.serial, self.wires = scene("prometheus", ransom=TERMS), 1, wiring.Wires(folder)
        self.ring = Ring.create(self.wires.ring, 64 * 64)
        self.vitals = dict(search.SEARCH_VITALS)
        self.posted, self.keys, self.duties, self.dismissed = [], [], [], []

    def post(self, *messages):
        self.posted += [(each.address, *each.arguments) for each in messages]

    def tell(self, process, order):
        assert (process, order.name) == ("engine", "cipher")
        self.keys.append((order.data["tick"], order.data["locked"]))

    def employ(self, duty, born, learn):
        assert not born()
        self.duties.append(duty)
        self.learn = learn
        return SimpleNamespace(ward=SimpleNamespace(vitals=SimpleNamespace(read=lambda: self.vitals)))

    def dismiss(self, name, now):  # noqa: ARG002 - at any time
        self.dismissed.append(name)

    def show(self, *, locked):
        """Hang a picture where everybody sees it."""
        pixels = images.load(share("assets") / "origins" / "cat.png", 64, 64)
        pixels = encrypt(pixels, key(KEY)) if locked else pixels
        self.ring.write(pixels, stamp_ns=0, generation=1, phase="generation", temperature=0.0)
        return pixels.tobytes()[:HEADER]


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.ring.close()


@pytest.fixture
def guest(house):
    guest = Prometheus(lambda bits: KEY if bits == TERMS.bits else -1)
    guest.open(house)
    guest.look(0.0)
    return guest


def say(guest, address, *arguments, now=9.0):
    return guest.hear(Message(address, arguments, "osc"), now)


def at(guest, *moments):
    for now in moments:
        guest.look(now)
    return guest.ticket.phase


def test_every_command_of_prometheus_is_declared():
    declared = {address for address in COMMANDS if address.startswith("/prometheus/")}
    assert declared == {f"/prometheus/{name}" for name in ("pay", "attack", "bid")}


def test_the_picture_is_seized_once_its_time_has_come(guest, house):
    assert at(guest, 4.9) == "free"
    assert not house.keys
    assert at(guest, 5.0, 5.1) == "held"
    assert house.keys == [(KEY, True)]


def test_before_the_first_generation_there_is_nothing_to_seize(guest, house):
    house.serial = 0
    assert at(guest, 5.0, 50.0) == "free"


def test_whoever_pays_has_it_back(guest, house):
    at(guest, 5.0)
    say(guest, "/prometheus/pay", 4.0)
    assert len(house.keys) == 1
    say(guest, "/prometheus/pay", 6)
    assert house.keys[1:] == [(KEY, False)]
    assert guest.ticket.phase == "free"


def test_in_every_phase_the_wall_says_the_scenes_own_words(guest, house):
    at(guest, 5.0, 35.0, 41.0, 44.0, 48.0)
    assert [told for told in house.posted if told[0] == "/stage/caption"] == 6 * [("/stage/caption", "Mine.")]


def test_what_nobody_pays_for_burns_and_another_picture_is_sought(guest, house):
    assert at(guest, 5.0, 35.0, 41.0) == "burning"
    assert (FIRE, TERMS.heat) in house.posted
    assert at(guest, 44.0) == "leafing"
    assert house.posted[-3:-1] == [(FIRE, 0.0), (FRESH, 1.0)]
    assert at(guest, 48.0) == "free"
    assert house.posted[-3:-1] == [("/knob/release", FIRE), ("/knob/release", FRESH)]


def test_a_buyer_sees_it_burn(guest, house):
    at(guest, 5.0, 35.0)
    say(guest, "/prometheus/bid", 3.0, now=36.0)
    at(guest, 41.0)
    assert house.keys == [(KEY, True), (KEY, False)]


def test_a_search_is_given_what_hangs_on_the_wall_and_nothing_else(guest, house):
    at(guest, 5.0)
    header = house.show(locked=True)
    say(guest, "/prometheus/attack")
    say(guest, "/prometheus/attack")  # a second press is no second search
    (duty,) = house.duties
    assert duty.arguments == (header, TERMS.bits)


def test_a_picture_that_can_be_seen_is_not_attacked(guest, house):
    with pytest.raises(RansomError, match="Nothing is encrypted now"):
        say(guest, "/prometheus/attack")
    at(guest, 5.0)
    with pytest.raises(RansomError, match="not encrypted yet"):
        say(guest, "/prometheus/attack")
    house.show(locked=False)
    with pytest.raises(RansomError, match="not encrypted yet"):
        say(guest, "/prometheus/attack")


def test_the_key_that_was_found_opens_it_and_the_searchers_leave(guest, house):
    at(guest, 5.0)
    house.show(locked=True)
    say(guest, "/prometheus/attack")
    house.learn(Report("found", {"tick": KEY}))
    assert (guest.ticket.phase, guest.ticket.freed) == ("free", 1)
    assert house.keys[-1] == (KEY, False)
    assert house.dismissed == [search.NAME]


def test_a_search_that_is_too_late_or_not_wanted_any_more_ends(guest, house):
    at(guest, 5.0)
    house.show(locked=True)
    say(guest, "/prometheus/attack")
    say(guest, "/prometheus/attack", False)  # noqa: FBT003 - a button let go
    assert house.dismissed == [search.NAME]
    say(guest, "/prometheus/attack")
    at(guest, 35.0)
    assert house.dismissed == 2 * [search.NAME]


def test_the_wall_knows_how_far_the_search_is_and_how_long_it_may_take(guest, house):
    at(guest, 5.0)
    house.show(locked=True)
    assert readings.EXPECTED not in guest.readings()
    say(guest, "/prometheus/attack")
    house.vitals |= {"tried": 64.0, "rate": 16.0}
    told = guest.readings()
    assert told[readings.SEARCHED] == Value(0.25)
    assert told[readings.EXPECTED] == Value(8.0)


def test_the_ticket_is_a_reading(guest):
    at(guest, 5.0, 15.0)
    say(guest, "/prometheus/pay", 4.0, now=15.0)
    told = guest.readings()
    assert (told[readings.DEADLINE], told[readings.OWED]) == (Value(20.0), Value(6.0))


def test_when_the_piece_remembers_its_origin_nothing_is_held_any_more(guest, house):
    at(guest, 5.0)
    assert not say(guest, "/panic/origin")
    assert (guest.ticket.phase, guest.ticket.until) == ("free", 14.0)
    assert len(house.keys) == 1  # the engine has it back by itself


def test_at_night_nothing_is_taken(guest, house):
    assert not say(guest, "/programme/open", False)  # noqa: FBT003 - the doors close
    assert at(guest, 5.0, 3600.0) == "free"
    assert not say(guest, "/programme/open", True)  # noqa: FBT003 - and open
    assert at(guest, 3600.1) == "held"
    assert house.keys == [(KEY, True)]


def test_other_scenes_are_left_alone(guest, house):
    at(guest, 5.0)
    house.scene = scene("elsewhere")
    guest.look(6.0)
    assert guest.readings() == {}
    with pytest.raises(RansomError, match="Nothing is held to ransom here"):
        say(guest, "/prometheus/pay", 1.0)
