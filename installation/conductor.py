"""The conductor: it starts the processes, watches them, and decides a hundred times a second what the knobs are.

It waits for nothing longer than a tick and never imports torch or pygame. Whatever anybody wants (OSC, the calendar,
the command line) arrives as a ``Message`` in one inbox and is answered in the tick.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from installation import conditioning, engine, guests, melting, scenes
from installation.caretaker import Caretaker
from installation.cluster import envoy
from installation.control.commands import COMMANDS, Told
from installation.control.directory import is_question, only
from installation.control.doors import Doors
from installation.control.guest import Guest
from installation.control.store import Store
from installation.errors import Refusal
from installation.health import Health, felt
from installation.knobs import Knob, KnobError, nearest
from installation.machine import memory
from installation.machine import wires as wiring
from installation.machine.board import Board
from installation.machine.files import share
from installation.machine.ring import Ring
from installation.machine.settings import Settings
from installation.machine.staff import Employee, Staff
from installation.machine.supervisor import Duty
from installation.panels import all_knobs
from installation.playing import Playing
from installation.programme import calendar as calendars
from installation.programme.hours import Programme
from installation.readings import Taken
from installation.readings.instruments import Instruments
from installation.readings.meter import open_meter
from installation.recording import recorder
from installation.recording.desk import Desk
from installation.records import Message, Order, Report
from installation.scenes import Scene
from installation.stage import panel as stage_panel
from installation.stage import process as stage_process
from installation.stage.gaps import COUNTS

log = logging.getLogger(__name__)

TICK = 0.01  # seconds
COMPLAIN_EVERY = 1.0  # seconds between two sentences about what was refused
MOST_DEATHS = 5  # of the engine in ten minutes of one scene, before the fallback plays
FALLBACK = "hearth"
STOP_WITHIN = 4.0  # seconds for everything; a service manager and a hurried technician wait no longer than five
CALENDAR_EVERY = 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Performance:
    """What somebody asked for on the command line. ``seconds`` None plays for ever, ``fresh`` starts a new lineage."""

    scene: Scene
    seed: int | None = None
    fresh: bool = False
    record: bool = False
    seconds: float | None = None
    programme: Programme | None = None


class Conductor:
    """The composition root. ``perform`` starts everything, ticks until told to stop, and stops in reverse order."""

    def __init__(self, settings: Settings, performance: Performance) -> None:
        """Nothing starts yet."""
        self.settings = settings
        self._performance = performance
        self.programme = performance.programme  # the plan of the house, where it has one
        self.knobs: Mapping[str, Knob] = all_knobs()
        self.store = Store(self.knobs, settings.osc.release)
        anew = performance.fresh or performance.seed is not None or performance.seconds is not None
        self._playing = Playing(performance.scene, performance.seed, partial(self.tell, "engine"), anew=anew)
        self.doors = Doors(settings.osc, self.knobs)
        self._stopping = threading.Event()
        self._staff = Staff(lambda: self.wires, settings.memory.share * memory.available())
        self._guests: list[Guest] = []
        self._desk = Desk(
            settings.state, partial(self.tell, "recorder"), partial(self.tell, "engine"), settings.recording.ring
        )
        self._caretaker = Caretaker(settings, performance.programme)
        self._open = True
        self._refused = 0
        self._ends = self._deadline = float("inf")
        self._calendar: calendars.Calendar | None = None
        self._instruments: Instruments | None = None
        self._look_at_calendar = self._next_complaint = 0.0

    # ------------------------------------------------------------------ from start to stop

    def perform(self) -> None:
        """Start, tick until the end of the performance or ``stop``, and leave nothing behind."""
        start = (self._lay_wires, self._hang_instruments, self._gather_staff, self._open_doors, self._receive_guests)
        with contextlib.ExitStack() as stops:
            stops.enter_context(self._caretaker)
            for begin in start:
                stops.enter_context(begin())
            # The time asked for begins with the first picture of the loop, but loading must not take for ever.
            patience = self.settings.engine.loading_patience
            self._ends = time.monotonic() + patience + (self._performance.seconds or float("inf"))
            while not self._stopping.wait(TICK):
                self.tick(time.monotonic())
            self._deadline = time.monotonic() + STOP_WITHIN
            self._staff.stop(time.monotonic())
        log.info("Stopped.%s", f" The take is in {self._desk.last}." if self._desk.last else "")

    def stop(self) -> None:
        """End the performance; safe in a signal handler."""
        self._stopping.set()

    def post(self, *messages: Message, due: float = 0.0) -> bool:
        """The inbox: any thread may post messages that belong together, for now or for a later moment.

        False when it is full; they are then counted as refused.
        """
        return self.doors.post(*messages, due=due)

    def tell(self, process: str, order: Order) -> None:
        """Give an order to a process, whichever life it is in; without that process it is lost."""
        self._staff.tell(process, order)
        if process == "stage":
            self._desk.ordered(order)

    def employ(self, duty: Duty, born: Callable[[], Sequence[Order]], learn: Callable[[Report], None]) -> Employee:
        """Have a process supervised until the end; besides what all report, ``learn`` hears what it has to say."""

        def hear(report: Report) -> None:
            self._learn(duty.name, report)
            learn(report)

        return self._staff.employ(duty, born, hear)

    def dismiss(self, name: str, now: float) -> None:
        """Ask a process to leave and do not start it again."""
        self._staff.dismiss(name, now)

    @contextlib.contextmanager
    def _lay_wires(self) -> Iterator[None]:
        self.wires = wiring.lay()
        try:
            values = {address: knob.default for address, knob in self.knobs.items()}
            self._board = Board.create(self.wires.board, {**values, stage_panel.OPEN: 1.0})
            Board.create(self.wires.gaps, COUNTS).close()
            Ring.create(self.wires.ring, envoy.room(self.settings)).close()
            self.store.play(self.scene, time.monotonic())
            self._move_knobs(time.monotonic(), 0)
            yield
        finally:
            wiring.take_up(self.wires)

    @contextlib.contextmanager
    def _hang_instruments(self) -> Iterator[None]:
        board, meter = self.wires.vitals("conductor"), open_meter(self.settings.energy)
        self._instruments = Instruments(board, self.settings, meter, self.doors.read_out, self._desk.log)
        try:
            yield
        finally:
            self._instruments.close()

    @contextlib.contextmanager
    def _gather_staff(self) -> Iterator[None]:
        """Stage, engine and recorder: started in this order, stopped in the reverse."""
        everybody = (
            ("stage", stage_process.run, (self.scene.origin,), stage_panel.STAGE_VITALS, self._signs),
            ("engine", *self._engine(), self._first_orders),
            ("recorder", recorder.run, (), recorder.RECORDER_VITALS, self._desk.orders),
        )
        patience = self.settings.engine.loading_patience, self.settings.engine.running_patience
        try:
            for name, entry, arguments, vitals, born in everybody:
                self._staff.employ(
                    Duty(name, entry, (self.settings, *arguments), vitals, *patience), born, partial(self._learn, name)
                )
            yield
        finally:
            self._staff.leave(min(self._deadline, time.monotonic() + STOP_WITHIN))

    @contextlib.contextmanager
    def _open_doors(self) -> Iterator[None]:
        self.doors.open(time.monotonic())
        try:
            if self.programme:
                chores = self._caretaker.chores(self.post)
                self._calendar = calendars.Calendar(self.programme, calendars.utc_now, self.post, chores=chores)
                self._calendar.start()
            yield
        finally:
            if self._calendar:
                self._calendar.close()
            self.doors.close()

    @contextlib.contextmanager
    def _receive_guests(self) -> Iterator[None]:
        """Each guest that can come in; one that cannot is left out, and the show goes on without it."""
        try:
            for guest in guests.invited(self.settings):
                try:
                    guest.open(self)
                except Refusal as refusal:
                    log.warning("%s The show goes on without it.", refusal)
                else:
                    self._guests.append(guest)
            yield
        finally:
            for guest in reversed(self._guests):
                guest.close()

    # ------------------------------------------------------------------ the tick

    def tick(self, now: float) -> None:
        """Answer what was asked, move the knobs, look after the processes."""
        for message in self.doors.heard(now):
            self.hear(message, now)
        self._move_knobs(now, self.serial)
        self._staff.look(now)
        for guest in self._guests:
            guest.look(now)
        self._mind_the_engine()
        self._mind_the_doors(now)
        self._desk.look(now, self.scene, self._playing.told, is_open=self._open)
        self._caretaker.look(now, self._staff["stage"].vitals["frames"], self.health)
        if self._instruments:
            engine_vitals, size = self._staff["engine"].vitals.read, self._playing.told.get("size", 0)
            self._instruments.look(now, engine_vitals, size, self._said)
        if now >= self._ends:
            self.stop()

    def _said(self) -> dict[str, Taken]:
        """What the guests measure."""
        return {address: taken for guest in self._guests for address, taken in guest.readings().items()}

    def _move_knobs(self, now: float, serial: int) -> None:
        changes = self.store.tick(now, serial)
        if changes:
            self._board.write(changes)
        self._desk.moved(changes, now)
        news, touches = self.store.news(changes, now), self.doors.touches
        self.doors.tell(news)
        for guest in self._guests:
            guest.news(news, touches)

    def hear(self, message: Message, now: float) -> None:
        """Give a message its meaning: a knob is held, a command carried out, anything else refused with a sentence."""
        try:
            if message.address in self.knobs:
                self._turn(message, now)
            elif command := COMMANDS.get(message.address):
                told = command.parse(message.arguments)
                if not any(guest.hear(message, now) for guest in self._guests):
                    self._carry_out(command.address, told, now)
            else:
                raise KnobError(f"Nothing listens at {message.address}.{self._nearest(message.address, now)}")
        except Refusal as refusal:
            self._refuse(message, refusal, now)
        else:
            if message.address not in self.knobs or not is_question(message.arguments):
                self._desk.log(message=asdict(message))

    def _turn(self, message: Message, now: float) -> None:
        """Hold a knob where somebody wants it, or say where it stands to whoever asked."""
        if is_question(message.arguments):
            self.doors.answer(message, self.store.current(message.address, now, self.serial))
        else:
            self.store.hold(message.address, only(message.address, message.arguments), now)
            self.doors.touched(message, now)

    def _nearest(self, address: str, now: float) -> str:
        """A hint costs milliseconds: none where nobody is going to read it."""
        return nearest(address, [*self.knobs, *COMMANDS]) if now >= self._next_complaint else ""

    def _refuse(self, message: Message, refusal: Refusal, now: float) -> None:
        """Count it, and say it at most once a second: a flood must drown neither the log nor the tick."""
        self._refused += 1
        self.doors.object(message, str(refusal))
        if now >= self._next_complaint:
            self._next_complaint = now + COMPLAIN_EVERY
            log.warning("Refused from %s, %d in all: %s", message.source, self._refused, refusal)

    @property
    def serial(self) -> int:
        """The generation the scene stands at; 0 until the engine has begun it."""
        return int(self._staff["engine"].vitals["serial"]) if self._playing.begun else 0

    def _learn(self, name: str, report: Report) -> None:
        """What a process told us."""
        data = report.data
        match name, report.name:
            case _, "log":
                logging.getLogger(data["name"]).log(data["level"], "%s", data["text"])
            case "recorder", "closed":
                self._desk.closed(data)
            case "recorder", "refused":
                self._desk.refused(data)
            case "stage", "key":
                self.stop()
            case _, "refused":
                log.warning("The %s refused: %s", name, data["reason"])
                if data["order"] == "play":
                    self._on_refused_scene()
            case "engine", event:
                self._learn_of_the_loop(event, data)

    def _learn_of_the_loop(self, event: str, data: Mapping[str, Any]) -> None:
        match event:
            case "playing":
                self._on_playing(data)
            case "generation":
                self._desk.log(generation=data)
            case "beside":
                self._desk.log(beside=dict(data))
            case "sources":
                self.tell("stage", Order("sources", dict(data)))
            case "kept":
                log.warning("The keeper, at generation %d: %s.", data["serial"], data["sentence"])
                self._desk.log(kept=dict(data))

    def _mind_the_engine(self) -> None:
        """A scene that keeps killing the engine is skipped."""
        ward = self._staff["engine"]
        if len(ward.deaths) >= MOST_DEATHS and self.scene.name != FALLBACK:
            log.error("%d deaths in ten minutes of %s; playing %s.", len(ward.deaths), self.scene.name, FALLBACK)
            ward.forgive()
            self._fall_back()

    def _fall_back(self) -> None:
        self.hear(Message("/scene/load", (FALLBACK,), "conductor"), time.monotonic())

    def _mind_the_doors(self, now: float) -> None:
        """Try a busy OSC port again; wake the calendar, which sleeps through a clock that was set back."""
        self.doors.mind(now)
        if self._calendar and now >= self._look_at_calendar:
            self._look_at_calendar = now + CALENDAR_EVERY
            self._calendar.wake()

    # ------------------------------------------------------------------ the engine

    def _engine(self) -> tuple[Callable[..., None], tuple[object, ...], Mapping[str, float]]:
        """The process that owns torch, or whoever stands for engines elsewhere: nobody else knows the difference."""
        if self.settings.is_abroad:
            return envoy.run, (), envoy.ENVOY_VITALS
        return engine.run, (), engine.ENGINE_VITALS

    @property
    def scene(self) -> Scene:
        """What plays, or is about to."""
        return self._playing.scene

    def follow(self, programme: Programme) -> None:
        """Keep to another plan from now on; its chores come with the next start."""
        self.programme = programme
        if self._calendar:
            self._calendar.follow(programme)
            self._calendar.wake()

    def _first_orders(self) -> list[Order]:
        return [*self._playing.first_orders(), *([] if self._open else [Order("rest")])]

    def _on_refused_scene(self) -> None:
        """A scene that the engine cannot begin, its origin damaged perhaps, must not leave the wall to itself."""
        if self._playing.refused() and self.scene.name != FALLBACK:
            self._fall_back()

    def _on_playing(self, told: Mapping[str, Any]) -> None:
        first = self._playing.began(told)
        self._desk.playing(told)
        log.info("Playing %s with %s, lineage seed %d.", told["scene"], told["restorer"], told["seed"])
        if first and self._performance.seconds:
            self._ends = time.monotonic() + self._performance.seconds
        if first and self._performance.record:
            self._desk.start(self.scene, told)

    # ------------------------------------------------------------------ commands

    def _carry_out(self, address: str, argument: Told, now: float) -> None:
        """What each command does. A button that reports its letting go (False) does nothing."""
        match address, argument:
            case "/scene/load", str(name):
                self._load_scene(name, now)
            case "/prompt" | "/lora" | "/control" | "/likeness", _:
                self.tell("engine", conditioning.order(address, argument, self.scene.guides))
            case "/stage/caption", str(text):
                self.tell("stage", Order("caption", {"text": text}))
            case "/panic/black", bool(wanted):
                self._panic(stage_panel.BLACK, now, wanted=wanted)
            case "/panic/hold", bool(wanted):
                self._panic(stage_panel.HOLD, now, wanted=wanted)
            case "/programme/open", bool(wanted):
                self._open_or_close(is_open=wanted)
            case "/knob/release", str(knob):
                self.store.let_go(knob or None, now)
            case _, True:
                self._press(address, now)

    def _press(self, address: str, now: float) -> None:
        match address:
            case "/panic/origin":
                self.tell("engine", Order("origin"))
            case "/panic/release":
                self.store.let_go(None, now)
            case "/engine/restart":
                self._staff["engine"].renew(now)
            case "/record/start":
                self._desk.start(self.scene, self._playing.told)
            case "/record/stop":
                self._desk.stop()
            case "/record/keep":
                self._desk.keep()

    def _load_scene(self, name: str, now: float) -> None:
        path = scenes.find(name, share("scenes"), self.settings.state / scenes.OWN)
        measured = self.settings.state / melting.NAME
        scene = scenes.load(path, self.knobs, share("assets"), measured=measured)
        self.store.play(scene, now)
        self._move_knobs(now, 0)  # the new scene's first generation must not read the old one's knobs
        self._playing.change(scene)
        for order in self._signs():
            self.tell("stage", order)

    def _signs(self) -> list[Order]:
        """What the scene writes over the picture."""
        return [Order("overlays", {"signs": self.scene.overlays})]

    def _panic(self, address: str, now: float, *, wanted: bool) -> None:
        """A panic lasts until somebody ends it."""
        if wanted:
            self.store.pin(address, wanted, now)
        else:
            self.store.let_go(address, now)

    def _open_or_close(self, *, is_open: bool) -> None:
        """Opening hours: outside them the stage is black on purpose and the engine rests."""
        self._open = is_open
        self._caretaker.doors(is_open=is_open)
        self._board.write({stage_panel.OPEN: float(is_open)})
        self.tell("engine", Order("wake" if is_open else "rest"))
        log.info("The house is %s.", "open" if is_open else "closed; the stage is black on purpose")

    # ------------------------------------------------------------------ health

    @property
    def readings(self) -> Mapping[str, Taken]:
        """What was measured last, by key."""
        return self._instruments.latest if self._instruments else {}

    @property
    def board_revision(self) -> int:
        """How often the board was written."""
        return self._board.revision

    def vitals(self, process: str) -> dict[str, float]:
        """The vital signs of one process."""
        return self._staff[process].vitals.read()

    def pids(self) -> dict[str, int]:
        """The process numbers of all that live, the conductor included."""
        living = {name: ward.pid for name, ward in self._staff.wards.items()}
        return {"conductor": os.getpid(), **{name: pid for name, pid in living.items() if pid}}

    def health(self) -> Health:
        """How the piece is; may be asked from another thread."""
        state = "loading" if not self._playing.told else "playing" if self._open else "closed"
        seen = felt(self.scene.name, state, self._staff.wards, time.monotonic())
        return replace(
            seen,
            readings=self.readings,
            recording=self._desk.take,
            refused=self._refused + self.doors.refused,
            degraded=(*seen.degraded, *(trouble for guest in self._guests for trouble in guest.troubles())),
        )
