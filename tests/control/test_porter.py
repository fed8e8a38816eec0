"""The porter hands on what can be understood, answers whoever asked, and survives everything else."""

import json
import random
import struct
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.control.commands import COMMANDS
from installation.control.directory import Directory
from installation.control.packets import NTP_TO_UNIX, decode, encode, unwrap
from installation.control.peers import MOST_PEERS
from installation.control.porter import HORIZON, Porter
from installation.control.subscriptions import TELL_EVERY, Touch
from installation.knobs import Knob
from installation.machine.settings import OscSettings
from tests.control.test_packets import ZOO, bundle, message

NOON = 1_800_000_000.0  # a wall clock's second
KNOBS = {
    knob.address: knob
    for knob in (
        Knob("/burn/gaussian/temperature", "number", 0.3, 0.0, 1.0, "", 0.5, "How far the image is burnt."),
        Knob("/burn/heat/temperature", "number", 0.2, 0.0, 1.0, "", 0.5, "How far it has diffused."),
        Knob("/burn/medium", "choice", 0.0, 0.0, 1.0, "", 0.0, "Which physics burns.", ("gaussian", "heat")),
        Knob("/stage/black", "switch", 0.0, 0.0, 1.0, "", 0.0, "Black."),
    )
}
TEMPERATURE = "/burn/gaussian/temperature"


@dataclass
class Way:
    """A way back to somebody, with what was said on it."""

    source: str = "osc 127.0.0.1:5000"
    host: str = "127.0.0.1"
    said: list[bytes] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def say(self, packet):
        self.said.append(packet)
        return True

    def to(self, port):
        self.ports.append(port)
        return self

    def heard(self):
        """What was said since the last look: address and arguments."""
        said = [decode(part.data) for packet in self.said for part in unwrap(packet)]
        self.said.clear()
        return said

    def replied(self):
        """The only reply's address and data."""
        ((address, (text,)),) = self.heard()
        told = json.loads(text)
        assert (address, told["status"]) == ("/reply" + told["address"], "ok")
        return told["address"], told["data"]


class Lodge:
    """A porter with clocks that stand still and a tick that keeps what it gets."""

    def __init__(self, **settings):
        self.now, self.wall = 100.0, NOON
        self.posted: list[tuple[float, list[tuple[object, ...]]]] = []
        self.full = False
        self.porter = Porter(OscSettings(**settings), Directory(KNOBS), self._post, lambda: self.now, lambda: self.wall)
        self.way = Way()

    def _post(self, *messages, due=0.0):
        if self.full:
            return False
        self.posted.append((due, [(each.address, *each.arguments) for each in messages]))
        return True

    def take(self, packet, way=None):
        self.porter.take(packet, way or self.way)

    @property
    def messages(self):
        return [message for _, together in self.posted for message in together]


@pytest.fixture
def lodge():
    return Lodge()


def at(seconds):
    """A time tag."""
    return int((seconds + NTP_TO_UNIX) * 2**32)


# ---------------------------------------------------------------- messages, patterns, bundles, time


def test_a_value_and_a_command_are_handed_on(lodge):
    lodge.take(encode(TEMPERATURE, (0.5,)))
    lodge.take(encode("/scene/load", ("hearth",)))
    assert lodge.messages == [(TEMPERATURE, 0.5), ("/scene/load", "hearth")]


def test_a_pattern_is_one_message_for_each_address_that_takes_it(lodge):
    lodge.take(encode("/burn/*/temperature", (0.5,)))
    assert lodge.posted == [(0.0, [(TEMPERATURE, 0.5), ("/burn/heat/temperature", 0.5)])]
    lodge.take(encode("/burn//", ("heat",)))
    assert lodge.messages[2:] == [("/burn/medium", "heat")]


def test_a_pattern_reaches_commands(lodge):
    lodge.take(encode("/panic/{black,hold}", (True,)))
    assert lodge.messages == [("/panic/black", True), ("/panic/hold", True)]


def test_a_pattern_without_an_argument_asks_and_presses_nothing(lodge):
    lodge.porter.learn({"/reading/entropy": 7.5}, {})
    lodge.take(encode("//", ()))
    assert lodge.messages == [(address, "?") for address in KNOBS]
    replied = {address for address, _ in lodge.way.heard()}
    addresses = [address for address in COMMANDS if "{" not in address]  # a template is no address
    assert replied == {f"/reply{address}" for address in (*addresses, "/reading/entropy")}


@pytest.mark.parametrize("pattern", ["/nothing/*", "/burn/[a", "/burn/*/temperature/x", "/" + "?" * 20])
def test_a_pattern_that_fits_nothing_is_refused_once(lodge, pattern):
    lodge.take(encode(pattern, (0.5,)))
    assert lodge.messages == []
    ((address, (at, _)),) = lodge.way.heard()
    assert (address, at) == ("/error", pattern)


def test_a_bundle_is_handed_on_together(lodge):
    lodge.take(bundle(message(TEMPERATURE, (0.5, "f")), bundle(message("/panic/origin")), message("/record/start")))
    assert lodge.posted == [(0.0, [(TEMPERATURE, 0.5), ("/panic/origin",), ("/record/start",)])]


def test_a_bundle_for_later_waits_by_the_monotonic_clock(lodge):
    lodge.take(bundle(message("/panic/origin"), message("/record/start"), tag=at(NOON + 2.5)))
    assert lodge.posted == [(102.5, [("/panic/origin",), ("/record/start",)])]


@pytest.mark.parametrize("tag", [1, 0, at(NOON - 1000.0), at(NOON)])
def test_what_is_for_now_or_for_the_past_is_for_the_next_tick(lodge, tag):
    lodge.take(bundle(message("/panic/origin"), tag=tag))
    assert lodge.posted == [(0.0, [("/panic/origin",)])]


def test_a_bundle_within_a_bundle_has_its_own_moment_but_no_earlier_one(lodge):
    inner = bundle(message("/record/start"), tag=at(NOON + 3.0))
    early = bundle(message("/record/stop"), tag=at(NOON + 1.0))
    lodge.take(bundle(message("/panic/origin"), inner, early, tag=at(NOON + 2.0)))
    assert lodge.posted == [(102.0, [("/panic/origin",), ("/record/stop",)]), (103.0, [("/record/start",)])]


def test_beyond_a_minute_is_refused_and_asks_about_the_clocks(lodge):
    lodge.take(bundle(message("/panic/origin"), tag=at(NOON + HORIZON - 0.5)))
    lodge.take(bundle(message("/panic/origin"), tag=at(NOON + HORIZON + 0.5)))
    assert len(lodge.posted) == 1
    assert lodge.porter.refused == {"too far ahead": 1}
    assert "Are both clocks right?" in lodge.porter.last_refusal


def test_a_clock_that_jumps_moves_nothing_that_already_waits(lodge):
    packet = bundle(message("/panic/origin"), tag=at(NOON + 10.0))
    lodge.take(packet)
    lodge.wall += 3600.0
    lodge.take(packet)
    lodge.wall -= 7200.0
    lodge.take(packet)
    assert [due for due, _ in lodge.posted] == [110.0, 0.0]
    assert lodge.porter.refused == {"too far ahead": 1}


def test_what_nobody_has_room_for_is_said(lodge):
    lodge.full = True
    lodge.take(encode("/panic/origin", ()))
    assert lodge.way.heard() == [("/error", ("/panic/origin", "Too much waits already."))]


def test_patterns_in_a_bundle_cannot_become_more_than_a_tick_can_bear(lodge):
    lodge.take(bundle(*[message("//temperature", (0.5, "f"))] * 501))
    assert lodge.posted == []
    assert lodge.porter.refused == {"size": 1}


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("arguments", [(), ("?",)])
def test_a_knob_without_an_argument_is_asked_in_its_turn_and_answered_by_the_tick(lodge, arguments):
    lodge.take(encode(TEMPERATURE, arguments))
    assert lodge.messages == [(TEMPERATURE, "?")]
    lodge.porter.answer(lodge.way.source, TEMPERATURE, 0.25)
    assert lodge.way.replied() == (
        TEMPERATURE,
        {"value": 0.25, "range": [0.0, 1.0], "unit": "", "default": 0.3, "doc": "How far the image is burnt."},
    )


def test_a_choice_is_answered_by_name_with_all_names(lodge):
    lodge.take(encode("/burn/medium", ()))
    lodge.porter.answer(lodge.way.source, "/burn/medium", 1.0)
    _, data = lodge.way.replied()
    assert (data["value"], data["range"], data["default"]) == ("heat", ["gaussian", "heat"], "gaussian")


def test_a_command_is_asked_with_a_question_mark_only(lodge):
    lodge.take(encode("/panic/black", ("?",)))
    assert lodge.messages == []
    assert lodge.way.replied()[1]["takes"] == COMMANDS["/panic/black"].expects()
    lodge.take(encode("/panic/black", ()))
    assert lodge.messages == [("/panic/black",)]


def test_a_reading_can_be_asked(lodge):
    lodge.porter.learn({"/reading/entropy": 7.5}, {})
    lodge.take(encode("/reading/entropy", ()))
    assert lodge.way.replied() == ("/reading/entropy", {"value": 7.5})


def test_a_ping_comes_back_with_what_it_brought(lodge):
    lodge.take(encode("/sys/ping", (7, "seven")))
    assert lodge.way.replied() == ("/sys/ping", [7, "seven"])


def test_an_unknown_address_is_answered_with_the_nearest(lodge):
    lodge.take(encode("/burn/gausian/temprature", (0.5,)))
    sentence = f"Nothing listens at /burn/gausian/temprature. Did you mean {TEMPERATURE}?"
    assert lodge.way.heard() == [("/error", ("/burn/gausian/temprature", sentence))]


REFUSED = [
    (message(TEMPERATURE, ("hot", "s")), "takes a number from 0 to 1, not 'hot'"),
    (message(TEMPERATURE, (float("nan"), "f")), "not nan"),
    (message(TEMPERATURE, (1, "i"), (2, "i")), "takes one argument, not 2"),
    (message(TEMPERATURE, (None, "N")), "not None"),
    (message(TEMPERATURE, (b"abc", "b")), "takes a number"),
    (message(TEMPERATURE, ([0.5], ["f"])), "takes a number"),
    (message("/burn/medium", ("haet", "s")), "Did you mean heat?"),
    (message("/scene/load", (7, "i")), "takes a text, not '7'"),
    (message("/scene/load"), "takes a text"),
    (message("/sys/nothing"), "Nothing listens"),
    (message("/sys/subscribe", (70000, "i")), "a port from 1 to 65535"),
    (message("/sys/subscribe", ("/{a", "s")), "no partner"),
]


@pytest.mark.parametrize(("packet", "sentence"), REFUSED)
def test_what_cannot_be_done_is_said_with_the_reason(lodge, packet, sentence):
    lodge.take(packet)
    assert lodge.messages == []
    ((address, (_, reason)),) = lodge.way.heard()
    assert address == "/error"
    assert sentence in reason


def test_the_tick_can_refuse_too(lodge):
    lodge.take(encode("/scene/load", ("hearht",)))
    lodge.porter.object(lodge.way.source, "/scene/load", "There is no scene hearht.")
    assert lodge.way.heard() == [("/error", ("/scene/load", "There is no scene hearht."))]


def test_errors_to_one_peer_are_few_however_many_it_makes(lodge):
    for _ in range(1000):
        lodge.take(encode("/nothing/here", (0.5,)))
        lodge.now += 0.01
    assert 40 <= len(lodge.way.heard()) <= 10 + 5 * 10 + 1
    assert lodge.porter.refused == {"unknown": 1000}


def test_errors_to_invented_senders_are_few_in_all(lodge):
    ways = [
        Way(f"osc 10.0.{number // 256}.{number % 256}:1", f"10.0.{number // 256}.{number % 256}")
        for number in range(1000)
    ]
    for way in ways:
        lodge.take(encode("/nothing/here", (0.5,)), way)
    assert sum(len(way.said) for way in ways) == 40


@pytest.mark.parametrize("address", ["/error", "/reply/burn/gaussian/temperature", "/reply/x", "/error/more"])
def test_an_answer_is_never_answered(lodge, address):
    lodge.take(encode(address, ("some", "text")))
    assert lodge.way.heard() == []
    assert lodge.messages == []
    assert lodge.porter.refused == {"answers": 1}


def test_two_pieces_that_hear_each_other_fall_silent():
    """What one says the other takes, and the other way round, until nobody says anything more."""
    one, other = Lodge(), Lodge()
    ways = Way("osc 10.0.0.1:9000", "10.0.0.1"), Way("osc 10.0.0.2:9000", "10.0.0.2")
    one.take(encode("/sys/subscribe", ()), ways[1])
    other.take(encode("/sys/subscribe", ()), ways[0])
    _play(one, encode(TEMPERATURE, (5.0,)), Way())
    said = []
    for _ in range(300):
        packets = _exchange(one, ways[1], other, ways[0]) + _exchange(other, ways[0], one, ways[1])
        said.append(packets)
        one.now, other.now = one.now + TELL_EVERY, other.now + TELL_EVERY
    assert sum(said) > 0
    assert sum(said[-150:]) == 0
    assert one.porter.subscriptions.values == other.porter.subscriptions.values == {TEMPERATURE: 1.0}


def _play(lodge, packet, way):
    """Take a packet and let the tick do what it says, at once."""
    lodge.posted.clear()
    lodge.take(packet, way)
    for address, *arguments in lodge.messages:
        stands = KNOBS[address].parse(arguments[0])
        touch = Touch(way.source, arguments[0], lodge.now + 0.25)
        lodge.porter.learn({address: stands}, {address: touch})


def _exchange(speaker, way, hearer, back):
    speaker.porter.tell()
    packets, way.said[:] = list(way.said), []
    for packet in packets:
        _play(hearer, packet, back)
    return len(packets)


# ---------------------------------------------------------------- subscriptions


def test_a_subscriber_hears_what_fits_in_the_types_of_the_knobs(lodge):
    lodge.take(encode("/sys/subscribe", ("/{burn,stage}//",)))
    address, data = lodge.way.replied()
    assert (address, data) == ("/sys/subscribe", {"pattern": "/{burn,stage}//", "addresses": 0, "lease": 60.0})
    lodge.porter.learn({TEMPERATURE: 0.5, "/burn/medium": "heat", "/stage/black": True, "/loop/pace": 1.0}, {})
    lodge.porter.tell()
    assert lodge.way.heard() == [(TEMPERATURE, (0.5,)), ("/burn/medium", ("heat",)), ("/stage/black", (True,))]


def test_a_subscriber_may_name_the_port_it_listens_at(lodge):
    lodge.take(encode("/sys/subscribe", ("/burn//", 9001)))
    assert lodge.way.ports == [9001]


def test_whoever_leaves_hears_no_more(lodge):
    lodge.take(encode("/sys/subscribe", ()))
    lodge.take(encode("/sys/unsubscribe", ()))
    lodge.way.heard()
    lodge.porter.learn({TEMPERATURE: 0.5}, {})
    lodge.porter.tell()
    assert lodge.way.heard() == []


def test_a_connection_that_ends_is_forgotten(lodge):
    way = Way("osc tcp 127.0.0.1:5000")
    lodge.take(encode("/sys/subscribe", ()), way)
    lodge.porter.forget(way.source)
    assert len(lodge.porter.subscriptions) == 0


# ---------------------------------------------------------------- who may


def test_a_stranger_is_neither_heard_nor_answered():
    lodge = Lodge(allow=("192.168.1.0/24",))
    stranger = Way("osc 10.0.0.1:1", "10.0.0.1")
    lodge.take(encode(TEMPERATURE, (0.5,)), stranger)
    lodge.take(encode("/sys/ping", ()), stranger)
    assert (lodge.messages, stranger.said) == ([], [])
    assert lodge.porter.refused == {"not allowed": 2}
    lodge.take(encode(TEMPERATURE, (0.5,)), Way("osc 192.168.1.9:1", "192.168.1.9"))
    assert lodge.messages == [(TEMPERATURE, 0.5)]


def test_one_peer_may_send_so_much_a_second_and_the_others_are_not_held_up():
    lodge = Lodge(peer_rate=100.0)
    for _ in range(300):
        lodge.take(encode(TEMPERATURE, (0.5,)))
    lodge.take(encode("/panic/origin", ()), Way("osc 127.0.0.2:1", "127.0.0.2"))
    assert lodge.porter.refused == {"rate": 200}
    assert lodge.messages[-1] == ("/panic/origin",)
    lodge.now += 0.5
    lodge.take(bundle(*[message("/panic/origin")] * 51))
    lodge.take(bundle(*[message("/panic/origin")] * 49))
    assert len(lodge.messages) == 100 + 1 + 49


def test_whoever_asks_too_often_waits(lodge):
    for _ in range(2000):
        lodge.take(encode("/sys/ping", ()))
    assert len(lodge.way.said) == 1000
    assert lodge.porter.refused == {"rate": 1000}


def test_new_patterns_are_looked_up_at_a_bounded_rate_and_known_ones_at_any(lodge):
    for number in range(100):
        lodge.take(encode(f"/burn/*/temperatur[e{number}]", (0.5,)))
        lodge.take(encode("/burn/*/temperature", (0.5,)))
    assert lodge.porter.refused == {"rate": 41}
    assert len(lodge.posted) == 100 + 59


def test_a_bounded_number_of_patterns_is_remembered():
    directory = Directory(KNOBS)
    for number in range(10_000):
        directory.matching(f"/*/{number}")
    assert len(directory._found) <= 256
    assert directory.remembers("/*/9999")


REMOTE = {"osc tcp 10.0.0.1:7000": "10.0.0.1", "osc tcp 127.0.0.1:7000": "127.0.0.1"}


@pytest.mark.parametrize("source", REMOTE)
def test_where_there_is_a_passcode_a_connection_says_it_first(source):
    lodge, way = Lodge(passcode="ember"), Way(source, REMOTE[source])
    lodge.take(encode("/panic/black", (True,)), way)
    assert lodge.messages == []
    assert "/sys/hello" in way.heard()[0][1][1]
    for guess in (("coal",), (), (7,)):
        lodge.take(encode("/sys/hello", guess), way)
        assert way.heard()[0][1][1].startswith("This is not the passcode")
        lodge.now += 2.0
    lodge.take(encode("/sys/hello", ("ember",)), way)
    assert way.replied() == ("/sys/hello", {})
    lodge.take(encode("/panic/black", (True,)), way)
    assert lodge.messages == [("/panic/black", True)]


def test_a_connection_that_comes_again_says_the_passcode_again():
    lodge, way = Lodge(passcode="ember"), Way("osc tcp 10.0.0.1:7000", "10.0.0.1")
    lodge.take(encode("/sys/hello", ("ember",)), way)
    lodge.porter.forget(way.source)
    lodge.take(encode("/panic/black", (True,)), way)
    assert lodge.messages == []


def test_a_passcode_closes_datagrams_to_all_but_this_machine():
    lodge = Lodge(passcode="ember")
    away = Way("osc 10.0.0.1:7000", "10.0.0.1")
    lodge.take(encode("/sys/hello", ("ember",)), away)
    lodge.take(encode("/panic/black", (True,)), away)
    assert lodge.messages == []
    lodge.take(encode("/panic/black", (True,)))
    assert lodge.messages == [("/panic/black", True)]


def test_passcodes_cannot_be_tried_fast():
    lodge, way = Lodge(passcode="ember"), Way("osc tcp 10.0.0.1:7000", "10.0.0.1")
    for _ in range(20):
        lodge.take(encode("/sys/hello", ("coal",)), way)
    assert lodge.porter.refused == {"passcode": 3, "rate": 17}


WEB = "osc ws 10.0.0.1:7000"


def test_a_connection_listens_to_an_address_by_name_and_ignores_it_again(lodge):
    lodge.porter.learn({TEMPERATURE: 0.3}, {})
    lodge.porter.listen(TEMPERATURE, lodge.way)
    lodge.porter.tell()
    assert lodge.way.heard() == [(TEMPERATURE, (pytest.approx(0.3),))]
    lodge.porter.ignore(TEMPERATURE, lodge.way)
    lodge.porter.learn({TEMPERATURE: 0.4}, {})
    lodge.porter.tell()
    assert lodge.way.heard() == []


def test_listening_where_nothing_is_gives_an_error_and_a_count(lodge):
    lodge.porter.listen("/burn/madium", lodge.way)
    assert lodge.porter.refused == {"unknown": 1}
    ((address, (at, sentence)),) = lodge.way.heard()
    assert (address, at) == ("/error", "/burn/madium")
    assert "Did you mean /burn/medium?" in sentence


def test_listening_wants_the_passcode_and_a_connection_that_was_welcomed_need_not_say_it():
    lodge, way = Lodge(passcode="ember"), Way(WEB, "10.0.0.1")
    lodge.porter.learn({TEMPERATURE: 0.3}, {})
    lodge.porter.listen(TEMPERATURE, way)
    assert lodge.porter.refused == {"passcode": 1}
    lodge.porter.welcome(way)
    lodge.porter.listen(TEMPERATURE, way)
    assert len(lodge.porter.subscriptions) == 1


def test_this_machine_is_never_asked_for_the_passcode_and_others_only_where_there_is_one():
    guarded, free = Lodge(passcode="ember").porter, Lodge().porter
    asked = [guarded.wants_passcode("10.0.0.1"), guarded.wants_passcode("127.0.0.1"), free.wants_passcode("10.0.0.1")]
    assert asked == [True, False, False]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("packet", ZOO.values(), ids=ZOO)
def test_a_beast_of_the_zoo_moves_a_counter_and_nothing_else(lodge, packet):
    lodge.take(packet)
    assert lodge.messages == []
    assert sum(lodge.porter.refused.values()) == 1
    assert lodge.porter.peers.of("127.0.0.1", 0.0).refused == lodge.porter.refused


def test_refusals_are_counted_for_each_peer(lodge):
    other = Way("osc 10.0.0.2:1", "10.0.0.2")
    lodge.take(b"/a\0")
    lodge.take(encode("/nothing", ()), other)
    lodge.take(encode(TEMPERATURE, (0.5,)), other)
    peers = lodge.porter.peers.tally()
    assert peers["127.0.0.1"].refused == {"size": 1}
    assert (peers["10.0.0.2"].refused, peers["10.0.0.2"].received) == ({"unknown": 1}, 2)


WORDS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(), st.booleans(), st.text(max_size=20))
ADDRESSES = st.one_of(
    st.sampled_from([*KNOBS, *COMMANDS, "/sys/ping", "/sys/subscribe", "/sys/unsubscribe", "/sys/hello", "/sys/x"]),
    st.text(st.sampled_from("/abrn*?[]{},!-tempure"), min_size=1, max_size=30).map(lambda text: "/" + text),
)


@settings(max_examples=150)
@given(st.lists(st.tuples(ADDRESSES, st.lists(WORDS, max_size=3)), max_size=12))
def test_any_message_is_handed_on_or_counted(said):
    lodge = Lodge()
    for address, arguments in said:
        lodge.take(encode(address, [each.replace("\0", "") if isinstance(each, str) else each for each in arguments]))
        lodge.porter.tell()
    for address, *arguments in lodge.messages:
        assert address in KNOBS or address in COMMANDS
        if arguments != ["?"]:
            Directory(KNOBS).require(address, tuple(arguments))


def mutants(count, seed):
    """Packets as a line that goes wrong would deliver them."""
    dice = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
    whole = [
        *ZOO.values(),
        encode(TEMPERATURE, (0.5,)),
        encode("/burn/*/temperature", (0.5,)),
        encode("/sys/subscribe", ("//", 9001)),
        encode("/scene/load", ("hearth",)),
        message("/a", (1, "i"), ("text", "s"), (b"blob", "b"), ((1, 2, 3, 4), "m"), ([1, 2.0], ["i", "f"])),
        bundle(message(TEMPERATURE, (0.5, "f")), bundle(message("/panic/origin"), tag=at(NOON + 1.0))),
    ]
    for _ in range(count):
        packet = bytearray(dice.choice(whole)[:2000])
        for _ in range(dice.randrange(4)):
            _mutate(packet, dice)
        yield bytes(packet)


def _mutate(packet, dice):
    where = dice.randrange(len(packet) + 1)
    match dice.randrange(5):
        case 0 if packet:
            packet[where - 1] = dice.randrange(256)
        case 1:
            packet[where:where] = dice.randbytes(4)
        case 2:
            del packet[where : where + 4]
        case 3:
            packet[where : where + 4] = struct.pack(">i", dice.choice([0, -1, -4, 2**31 - 1, -(2**31), 4]))
        case _:
            packet += packet[where:][:400]


def survive(count, seed):
    """Take so many mutants, from many senders; return the porter."""
    lodge = Lodge(peer_rate=1e6)
    for number, packet in enumerate(mutants(count, seed)):
        host = f"10.{number % 7}.{number // 256 % 256}.{number % 256}"
        lodge.take(packet, Way(f"osc {host}:1", host))
        lodge.now += 0.001
        lodge.posted.clear()
    return lodge.porter


def test_thousands_of_mutants_move_nothing_but_counters():
    porter = survive(5_000, seed=8)
    assert sum(porter.refused.values()) > 2_000
    assert len(porter.peers.tally()) <= MOST_PEERS
    assert len(porter._routes) <= 1024


@pytest.mark.soak
def test_what_is_remembered_of_a_hundred_thousand_mutants_is_bounded():
    porter = survive(100_000, seed=9)
    assert len(porter.peers.tally()) <= MOST_PEERS
    assert set(porter.refused) <= {
        "size", "no OSC", "bundle", "depth", "address", "types", "cut off", "text", "pattern", "unknown", "value",
        "too far ahead", "answers", "rate",
    }  # fmt: skip
