"""Everybody hears what they asked for, at most thirty times a second, and nobody hears itself."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.control.patterns import PatternError
from installation.control.subscriptions import (
    ECHO_AFTER,
    LEASE,
    MOST_PATTERNS,
    MOST_SUBSCRIBERS,
    TELL_EVERY,
    SubscriptionError,
    Subscriptions,
    Touch,
)


@dataclass
class Way:
    """A way back that keeps what is said."""

    source: str = "osc 10.0.0.1:9000"
    host: str = "10.0.0.1"
    said: list[bytes] = field(default_factory=list)

    def say(self, packet):
        self.said.append(packet)
        return True

    def to(self, port):
        return Way(f"{self.source} at {port}", self.host)


ANNA, BERT = Way("anna"), Way("bert")


def heard(subscriptions, now):
    """Who hears which values now."""
    return {
        route.source: {address: subscriptions.values[address] for address in addresses}
        for route, addresses in subscriptions.tell(now)
    }


def test_whoever_is_new_hears_everything_that_fits_and_then_what_changes():
    subscriptions = Subscriptions()
    subscriptions.learn({"/burn/t": 0.3, "/loop/pace": 1.0}, {})
    assert subscriptions.subscribe("anna", "/burn/*", ANNA, 0.0) == 1
    assert heard(subscriptions, 0.0) == {"anna": {"/burn/t": 0.3}}
    assert heard(subscriptions, 0.1) == {}
    subscriptions.learn({"/burn/t": 0.4, "/loop/pace": 2.0}, {})
    assert heard(subscriptions, 0.2) == {"anna": {"/burn/t": 0.4}}


def test_a_value_that_stays_is_not_said_again():
    subscriptions = Subscriptions()
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    subscriptions.learn({"/burn/t": 0.4}, {})
    heard(subscriptions, 0.0)
    subscriptions.learn({"/burn/t": 0.4}, {})
    assert heard(subscriptions, 0.1) == {}


def test_of_many_changes_between_two_tellings_the_newest_is_said():
    subscriptions = Subscriptions()
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    for step in range(100):
        subscriptions.learn({"/burn/t": step / 100}, {})
    assert heard(subscriptions, TELL_EVERY) == {"anna": {"/burn/t": 0.99}}


def test_a_lease_ends_after_a_minute_unless_it_is_renewed():
    subscriptions = Subscriptions()
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    subscriptions.subscribe("bert", "//", BERT, 0.0)
    subscriptions.subscribe("bert", "//", BERT, LEASE - 1.0)
    subscriptions.learn({"/burn/t": 0.4}, {})
    assert set(heard(subscriptions, LEASE)) == {"bert"}
    assert len(subscriptions) == 1


def test_a_renewal_says_nothing_twice():
    subscriptions = Subscriptions()
    subscriptions.learn({"/burn/t": 0.3}, {})
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    heard(subscriptions, 0.0)
    assert subscriptions.subscribe("anna", "//", ANNA, 30.0) == 1
    assert heard(subscriptions, 30.0) == {}


def test_the_one_that_sets_a_value_does_not_hear_it_and_all_others_do():
    subscriptions = Subscriptions()
    for way in (ANNA, BERT):
        subscriptions.subscribe(way.source, "//", way, 0.0)
    subscriptions.learn({"/burn/t": 0.8}, {"/burn/t": Touch("anna", 0.8, 1.0)})
    assert heard(subscriptions, 0.1) == {"bert": {"/burn/t": 0.8}}
    assert heard(subscriptions, 1.0) == {}


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30))
def test_however_a_hand_moves_it_hears_nothing_of_its_own_gesture(values):
    subscriptions, now = Subscriptions(), 0.0
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    for value in values:
        now += TELL_EVERY
        subscriptions.learn({"/burn/t": value}, {"/burn/t": Touch("anna", value, now + ECHO_AFTER)})
        assert heard(subscriptions, now) == {}
    assert heard(subscriptions, now + ECHO_AFTER) == {}


def test_whoever_sent_what_could_not_be_is_corrected_once_its_hand_is_still():
    subscriptions = Subscriptions()
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    subscriptions.learn({"/burn/t": 1.0}, {"/burn/t": Touch("anna", 5.0, 0.25)})
    assert heard(subscriptions, 0.24) == {}
    assert heard(subscriptions, 0.25) == {"anna": {"/burn/t": 1.0}}


def test_whoever_set_a_value_hears_when_it_goes_away_and_when_it_comes_back():
    subscriptions = Subscriptions()
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    subscriptions.learn({"/burn/t": 0.8}, {"/burn/t": Touch("anna", 0.8, 0.25)})
    assert heard(subscriptions, 1.0) == {}
    for value in (0.5, 0.8):
        subscriptions.learn({"/burn/t": value}, {})
        assert heard(subscriptions, 2.0) == {"anna": {"/burn/t": value}}


def test_when_somebody_else_takes_over_the_first_one_hears_it():
    subscriptions = Subscriptions()
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    subscriptions.learn({"/burn/t": 0.8}, {"/burn/t": Touch("anna", 0.8, 0.25)})
    subscriptions.learn({"/burn/t": 0.2}, {"/burn/t": Touch("bert", 0.2, 0.3)})
    assert heard(subscriptions, 0.1) == {"anna": {"/burn/t": 0.2}}


def test_what_a_float_of_32_bits_loses_is_no_correction():
    subscriptions = Subscriptions()
    subscriptions.subscribe("anna", "//", ANNA, 0.0)
    subscriptions.learn({"/burn/t": 0.800000011920929}, {"/burn/t": Touch("anna", 0.8, 0.25)})
    assert heard(subscriptions, 1.0) == {}


def test_one_can_leave_one_pattern_or_all():
    subscriptions = Subscriptions()
    for pattern in ("/a", "/b", "/c"):
        subscriptions.subscribe("anna", pattern, ANNA, 0.0)
    assert subscriptions.unsubscribe("anna", "/b") == 1
    assert subscriptions.unsubscribe("anna") == 2
    assert subscriptions.unsubscribe("anna") == 0
    assert len(subscriptions) == 0


def test_there_is_room_for_so_many_and_no_more():
    subscriptions = Subscriptions()
    for number in range(MOST_PATTERNS):
        subscriptions.subscribe("anna", f"/{number}", ANNA, 0.0)
    with pytest.raises(SubscriptionError, match="patterns are heard already"):
        subscriptions.subscribe("anna", "/one/more", ANNA, 0.0)
    for number in range(MOST_SUBSCRIBERS - 1):
        subscriptions.subscribe(f"peer {number}", "//", BERT, 0.0)
    with pytest.raises(SubscriptionError, match="listen already"):
        subscriptions.subscribe("one more", "//", BERT, 0.0)


def test_a_pattern_that_is_none_is_refused_and_leaves_nothing():
    subscriptions = Subscriptions()
    with pytest.raises(PatternError):
        subscriptions.subscribe("anna", "/{a", ANNA, 0.0)
    assert len(subscriptions) == 0


def test_an_address_listened_to_by_name_is_heard_at_once_and_at_every_change_and_no_other_is():
    subscriptions = Subscriptions()
    subscriptions.learn({"/burn/t": 0.3, "/loop/pace": 1.0}, {})
    subscriptions.listen("anna", "/burn/t", ANNA)
    assert heard(subscriptions, 0.0) == {"anna": {"/burn/t": 0.3}}
    subscriptions.learn({"/burn/t": 0.4, "/loop/pace": 2.0}, {})
    assert heard(subscriptions, 0.1) == {"anna": {"/burn/t": 0.4}}


def test_listening_by_name_outlasts_every_lease_and_ends_when_it_is_ignored():
    subscriptions = Subscriptions()
    subscriptions.learn({"/burn/t": 0.3}, {})
    subscriptions.listen("anna", "/burn/t", ANNA)
    assert heard(subscriptions, 100 * LEASE) == {"anna": {"/burn/t": 0.3}}
    subscriptions.ignore("anna", "/burn/t")
    subscriptions.learn({"/burn/t": 0.4}, {})
    assert heard(subscriptions, 101 * LEASE) == {}


def test_more_addresses_can_be_listened_to_by_name_than_patterns_can_be_subscribed_to():
    subscriptions, names = Subscriptions(), [f"/burn/{number}" for number in range(10 * MOST_PATTERNS)]
    for name in names:
        subscriptions.listen("anna", name, ANNA)
    subscriptions.learn(dict.fromkeys(names, 1.0), {})
    assert set(heard(subscriptions, 0.0)["anna"]) == set(names)


def test_whoever_listens_by_name_does_not_hear_its_own_hand_either():
    subscriptions = Subscriptions()
    subscriptions.listen("anna", "/burn/t", ANNA)
    subscriptions.listen("bert", "/burn/t", BERT)
    subscriptions.learn({"/burn/t": 0.4}, {"/burn/t": Touch("anna", 0.4, ECHO_AFTER)})
    assert heard(subscriptions, 0.0) == {"bert": {"/burn/t": 0.4}}
    assert heard(subscriptions, 2 * ECHO_AFTER) == {}


def test_what_has_no_value_yet_is_owed_to_nobody():
    subscriptions = Subscriptions()
    subscriptions.listen("anna", "/reading/power", ANNA)
    assert heard(subscriptions, 0.0) == {}
