"""A house without processes: real knobs, store and inbox, scenes by name, and guests that are looked at at will."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from installation.control.commands import COMMANDS
from installation.control.doors import Doors
from installation.control.store import Store
from installation.errors import Refusal
from installation.knobs import Knob
from installation.machine.settings import OscSettings
from installation.records import Message
from installation.scenes import Scene

HEAT = Knob("/burn/gaussian/temperature", "number", 0.3, 0.0, 1.0, "", 0.5, "How far.")
STEPS = Knob("/restore/steps", "whole", 2.0, 1.0, 50.0, "steps", 1.0, "How many.")
MEDIUM = Knob("/burn/medium", "choice", 0.0, 0.0, 2.0, "", 0.7, "Which.", ("gaussian", "heat", "jpeg"))
LIGHT = Knob("/stage/light", "number", 5.0, -2.0, 10.0, "", 2.0, "Light.")
KNOBS = {knob.address: knob for knob in (HEAT, STEPS, MEDIUM, LIGHT)}


def scene(name="first", **words):
    plain = Scene(name, name, "", Path("cat.png"), "ember", None, "a cat", 1, 64, {}, {}, "")
    return replace(plain, **words)


class Ear:
    """A peer that hears everything."""

    refused = 0

    def __init__(self):
        self.values = {}

    def tell(self, values, touches):  # noqa: ARG002 - a door's own words
        self.values |= values

    def answer(self, source, address, value):  # noqa: ARG002
        self.values[address] = value

    def object(self, source, address, sentence):  # noqa: ARG002
        self.values["/error"] = sentence


class Rehearsal:
    """What the conductor does in a tick, without its processes. ``heard`` are the messages that nobody refused."""

    def __init__(self, *guests, scenes, state=Path("nowhere")):
        self.knobs, self.readings, self.wires, self.serial = KNOBS, {}, None, 0
        self.settings = SimpleNamespace(state=state, osc=OscSettings())
        self.doors, self.store, self.ear = Doors(OscSettings(), KNOBS), Store(KNOBS, 120.0), Ear()
        self.doors.add(self.ear)
        self.scenes = {each.name: each for each in scenes}
        self.heard, self.guests = [], guests
        self.load(scenes[0].name, 0.0)
        for guest in guests:
            guest.open(self)

    def load(self, name, now):
        if name not in self.scenes:
            raise Refusal(f"There is no scene {name}.")
        self.scene = replace(self.scenes[name])  # as it is read anew from its file
        self.store.play(self.scene, now)

    def post(self, *messages, due=0.0):
        return self.doors.post(*messages, due=due)

    def send(self, now, address, *arguments):
        """Somebody sends a message, and the tick of this moment answers it; gives what was refused."""
        self.ear.values.pop("/error", None)
        self.post(Message(address, arguments, "osc udp 10.0.0.7:9"))
        self.tick(now)
        return self.ear.values.get("/error", "")

    def tick(self, now):
        for message in self.doors.heard(now):
            try:
                self.answer(message, now)
            except Refusal as refusal:
                self.doors.object(message, str(refusal))
            else:
                self.heard.append((message.address, *message.arguments))
        self.store.tick(now, self.serial)
        for guest in self.guests:
            guest.look(now)

    def answer(self, message, now):
        if message.address in KNOBS:
            self.store.hold(message.address, message.arguments[0], now)
            return
        COMMANDS[message.address].parse(message.arguments)
        if not any(guest.hear(message, now) for guest in self.guests):
            if message.address == "/scene/load":
                self.load(message.arguments[0], now)
            if message.address == "/panic/release":
                self.store.let_go(None, now)

    def at(self, now, knob=HEAT):
        """Where a knob stands."""
        return self.store.current(knob.address, now, self.serial)
