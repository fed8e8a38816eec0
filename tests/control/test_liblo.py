"""liblo, which half of the field's programs speak, as a peer: over UDP and TCP, alone and in bundles, and back."""

import queue

import pytest

from tests.control.test_doors import HOST, PATIENCE, House
from tests.control.test_porter import TEMPERATURE
from tests.support import until

liblo = pytest.importorskip("pyliblo3", reason="pyliblo3 is missing: pip install pyliblo3")

TRANSPORTS = {"udp": liblo.UDP, "tcp": liblo.TCP}


@pytest.fixture
def house():
    house = House()
    yield house
    house.close()


@pytest.fixture(params=TRANSPORTS)
def piece(request, house):
    """The piece as liblo addresses it."""
    return liblo.Address(HOST, house.port, TRANSPORTS[request.param])


def test_a_knob_is_turned(house, piece):
    liblo.send(piece, TEMPERATURE, 0.75)
    until(lambda: house.stands(TEMPERATURE) == pytest.approx(0.75))


@pytest.mark.parametrize(
    ("argument", "heard"),
    [(("T", True), True), (("F", True), False), (("i", 1), 1), (("f", 1.0), 1.0), (("d", 0.5), 0.5), (("h", 1), 1)],
    ids=str,
)
def test_every_type_a_switch_may_come_in_is_understood(house, piece, argument, heard):
    liblo.send(piece, "/panic/black", argument)
    assert house.event() == ("/panic/black", heard)


def test_a_text_arrives_with_its_accents(house, piece):
    liblo.send(piece, "/prompt", "une forêt brûlée")
    assert house.event() == ("/prompt", "une forêt brûlée")


def test_a_bundle_is_heard_in_one_frame_and_in_order(house, piece):
    liblo.send(piece, liblo.Bundle(*(liblo.Message("/prompt", str(number)) for number in range(20))))
    assert [house.event() for _ in range(20)] == [("/prompt", str(number)) for number in range(20)]
    (frame,) = (each for each in house.frames if each)
    assert len(frame) == 20


def test_a_pattern_turns_every_knob_that_fits(house, piece):
    liblo.send(piece, "/burn/{gaussian,heat}/temperature", 0.125)
    both = (TEMPERATURE, "/burn/heat/temperature")
    until(lambda: [house.stands(address) for address in both] == [0.125, 0.125])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_question_is_answered_to_where_it_came_from(house, transport):
    heard: queue.Queue[tuple[str, list[object]]] = queue.Queue()
    server = liblo.Server(proto=TRANSPORTS[transport])
    server.add_method(None, None, lambda path, arguments: heard.put((path, arguments)))
    server.send(liblo.Address(HOST, house.port, TRANSPORTS[transport]), TEMPERATURE)
    until(lambda: server.recv(20) or not heard.empty(), PATIENCE)
    assert heard.get(timeout=PATIENCE)[0] == f"/reply{TEMPERATURE}"
    server.free()
