"""All cases: an act, one of its events, one way to stop it there. Each is played and judged in processes of its own."""

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.resilience.crashes.acts import ACTS, Act, Arrival
from tests.resilience.crashes.children import ChildError, in_child
from tests.resilience.crashes.digesting import digest
from tests.resilience.crashes.inhabited import settle_in
from tests.resilience.crashes.judging import judge
from tests.resilience.crashes.playing import play
from tests.resilience.crashes.seeing import Seen
from tests.resilience.crashes.stage import Server, copy_stage
from tests.resilience.crashes.stops import Event, Way


@dataclass(frozen=True, slots=True)
class Case:
    """An act that is stopped at one event in one way; `name` says all three."""

    act: str
    event: Event
    way: Way

    @property
    def name(self) -> str:
        """As it stands in lists and in journals."""
        return f"{self.act} | {self.event.name} | {self.way.value}"


@dataclass(frozen=True, slots=True)
class Whole:
    """An act that was not stopped: its events by who holds the folder, and the states before and after."""

    events: dict[bool, tuple[Event, ...]]
    old: Seen
    new: Seen

    def cases(self, act: str) -> Iterator[Case]:
        """Every case of the act, in the order of its events."""
        for in_application, events in self.events.items():
            for event in events:
                for way in event.ways():
                    if way.is_of_an_application is in_application:
                        yield Case(act, event, way)


class Course:
    """Plays cases below `folder`, on copies of one stage that is made there."""

    def __init__(self, folder: Path) -> None:
        """Makes the stage."""
        self._folder = folder
        self._template = folder / "template"
        self._template.mkdir()
        self._copies = 0
        self._wholes: dict[str, Whole] = {}
        self._verdicts: dict[str, str | None] = {}
        self._killed: dict[tuple[str, bool, int], str | None] = {}
        self._server = Server(settle_in(self._template))
        with self._copy() as stage:
            self._server.warm_up(stage)
        gc.collect()
        gc.freeze()  # else every child would copy what its collector looks at

    def whole(self, act: Act | Arrival) -> Whole:
        """The act, not stopped. Raises: ChildError where it does not even go well then."""
        if act.name not in self._wholes:
            old = self._play_whole(act, Way.KILL, whole=False)[1]
            by_command, new = self._play_whole(act, Way.KILL)
            by_application, _ = self._play_whole(act, Way.CTRL_C_IN_APPLICATION)
            self._wholes[act.name] = Whole({False: by_command, True: by_application}, old, new)
        return self._wholes[act.name]

    def find_problem(self, case: Case) -> str | None:
        """What is wrong after the stop; None where nothing is."""
        act = ACTS_BY_NAME[case.act]
        whole = self.whole(act)
        same = (act.name, case.event.kind == "write", case.event.changes)
        if case.way is Way.KILL and same in self._killed:
            return self._killed[same]
        problem = self._play_and_judge(act, whole, case)
        if case.way is Way.KILL:
            self._killed[same] = problem
        return problem

    def _play_and_judge(self, act: Act | Arrival, whole: Whole, case: Case) -> str | None:
        with self._copy() as stage:
            log = stage.with_suffix(".log")
            try:
                in_child(
                    lambda: _spell(play(self._server, stage, act, case.event.number, case.way)), log, may_be_killed=True
                )
                state, problem = in_child(lambda: self._judge(stage, act, whole), log)
            except ChildError as error:
                return str(error).strip().splitlines()[-1]
        return self._verdicts.setdefault(state, problem)

    def _judge(self, stage: Path, act: Act | Arrival, whole: Whole) -> tuple[str, str | None]:
        """The name of the state that a stop has left, and what is wrong with it, unless that is known already."""
        state = f"{act.name} {digest(self._server, stage, act)}"
        if state in self._verdicts:
            return state, None
        problems, _ = judge(self._server, stage, act, whole.old, whole.new)
        return state, "; ".join(problems) or None

    def _play_whole(self, act: Act | Arrival, way: Way, *, whole: bool = True) -> tuple[tuple[Event, ...], Seen]:
        with self._copy() as stage:
            log = stage.with_suffix(".log")
            events = in_child(lambda: _spell(play(self._server, stage, act, None, way, whole=whole)), log)
            if isinstance(act, Arrival) and not whole:
                return (), {}
            problems, seen = in_child(lambda: judge(self._server, stage, act), log)
        if problems:
            raise ChildError(f"{act.name}, not stopped: {'; '.join(problems)}")
        return tuple(Event(*event) for event in events), seen

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        self._copies += 1
        stage = self._folder / f"{os.getpid()}-{self._copies}"
        copy_stage(self._template, stage)
        try:
            yield stage
        finally:
            shutil.rmtree(stage)


def _spell(events: list[Event]) -> list[tuple[int, str, str, int]]:
    return [(event.number, event.kind, event.name, event.changes) for event in events]


ACTS_BY_NAME = {act.name: act for act in ACTS}
