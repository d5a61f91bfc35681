"""Scores asked for one by one, answered in small batches, each within its deadline.

Every model has its own lane: a queue and one thread that explains whatever waits, up to a limit,
in one call. A watchman answers for a model that hangs: the applications get ModelUnavailable, the
thread is left behind and another takes its place, and the lane stays shut for a while, so that a
broken model costs the next applications nothing. Nothing a model does can stop an application.

A model that is explained by our own code in microseconds needs no lane: it is asked where the
application is, on the event loop for all that arrived together. There nothing can hang, and going
to another thread and back would take longer than the answer.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from weakref import WeakKeyDictionary

from decision_service.errors import Overloaded
from explain.errors import ExplainError, ModelUnavailable
from explain.values import Explanation, Row

LATE = "no answer in time"
LEFT_ALONE = "no answer in time to an application before this one"

Monotonic = Callable[[], float]

WAITING_MAX = 4096  # applications in one lane's queue
LEFT_BEHIND_MAX = 16  # hung threads of one lane, after which it stays shut


class Model(Protocol):
    """What the lanes ask of a model."""

    @property
    def name(self) -> str:
        """The bundle's name."""

    def explain(self, rows: Sequence[Row]) -> list[Explanation | ExplainError]:
        """One answer per row, in order."""

    # One that has ``at_once``, and it is true, is asked without a lane.


@dataclass(slots=True, eq=False)
class _Job:
    """One application waiting for its score since ``at``."""

    row: Row
    at: float
    future: "Future[Explanation]" = field(default_factory=Future)

    def settle(self, answer: Explanation | ExplainError) -> None:
        """Hand over the answer, unless someone answered or gave up before."""
        try:
            if isinstance(answer, ExplainError):
                self.future.set_exception(answer)
            else:
                self.future.set_result(answer)
        except InvalidStateError:
            pass


def _asked(model: Model, rows: list[Row]) -> Sequence[Explanation | ExplainError]:
    """A model's answers, or as many times that it gave none."""
    cause = "another number of answers"
    try:
        answers = model.explain(rows)
        if len(answers) == len(rows):
            return [_sound(model, answer) for answer in answers]
    except BaseException as failed:  # noqa: BLE001 # a model may raise anything, even SystemExit
        cause = type(failed).__name__
    return [ModelUnavailable(model.name, cause)] * len(rows)


def _settled(asked: "Future[Explanation]") -> "Explanation | BaseException":
    """What a model answered one row, or what kept it from that."""
    try:
        return asked.result()
    except BaseException as failed:  # noqa: BLE001 # also a future that was given up
        return failed


def _sound(model: Model, answer: object) -> Explanation | ExplainError:
    """The answer, if it is one at all."""
    if isinstance(answer, Explanation | ExplainError):
        return answer
    return ModelUnavailable(model.name, f"it answered a {type(answer).__name__}")


class _Gathering:
    """Applications that arrived together on one event loop, explained there in one call."""

    def __init__(self, model: Model, rows_max: int, forget: Callable[[], object]) -> None:
        self._model = model
        self._rows_max = rows_max
        self._forget = forget
        self._waiting: list[_Job] = []

    def submit(self, row: Row) -> "Future[Explanation]":
        """Have one row explained once the loop has taken in what else is there."""
        job = _Job(row, 0.0)
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._explain)
        self._waiting.append(job)
        return job.future

    def _explain(self) -> None:
        """Answer the first of those that wait, and let the loop go on between."""
        jobs, self._waiting = self._waiting[: self._rows_max], self._waiting[self._rows_max :]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._explain)
        else:
            self._forget()  # a model that is in use no more is not kept by who asked it
        for job, answer in zip(jobs, _asked(self._model, [job.row for job in jobs]), strict=True):
            job.settle(answer)


class _Lane:
    """One model's queue and its thread."""

    def __init__(self, model: Model, *, deadline_s: float, rows_max: int, clock: Monotonic) -> None:
        self._model = model
        self._deadline_s = deadline_s
        self._rows_max = rows_max
        self._clock = clock
        self._waiting: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._shift = 0  # counts the threads this lane has had
        self._batch: list[_Job] = []
        self._batch_at = 0.0
        self._shut_until = 0.0
        self._closed = False
        self._start()

    def submit(self, row: Row) -> "Future[Explanation]":
        """Put one row in the queue."""
        job = _Job(row, self._clock())
        with self._wake:
            if self._closed or job.at < self._shut_until:
                job.settle(ModelUnavailable(self._model.name, LEFT_ALONE))
                return job.future
            if len(self._waiting) >= WAITING_MAX:
                raise Overloaded
            self._waiting.append(job)
            self._wake.notify()
        return job.future

    def watch(self) -> None:
        """Answer what has waited too long; leave a hung thread behind."""
        now = self._clock()
        with self._wake:
            late = [job for job in self._waiting if now - job.at > self._deadline_s]
            if late:
                self._waiting = deque(job for job in self._waiting if job not in late)
            late += [job for job in self._batch if now - job.at > self._deadline_s]
            if self._batch and now - self._batch_at > self._deadline_s:
                self._leave_behind(now)
        for job in late:
            job.settle(self._late())

    def close(self) -> None:
        """Take nothing more; what waits is answered as unavailable."""
        with self._wake:
            self._closed = True
            left = [*self._waiting, *self._batch]
            self._waiting.clear()
            self._wake.notify_all()
        for job in left:
            job.settle(ModelUnavailable(self._model.name, "the service is stopping"))

    def _start(self) -> None:
        """A new thread for this lane."""
        self._shift += 1
        name = f"score-{self._model.name}-{self._shift}"
        threading.Thread(target=self._work, args=(self._shift,), name=name, daemon=True).start()

    def _leave_behind(self, now: float) -> None:
        """Give up on the thread at work, with the lock held."""
        for job in self._batch:
            job.settle(self._late())
        self._batch = []
        rest = self._deadline_s * 2 if self._shift < LEFT_BEHIND_MAX else float("inf")
        self._shut_until = now + rest
        self._start()

    def _late(self) -> ModelUnavailable:
        """What an application is told that waited too long."""
        return ModelUnavailable(self._model.name, LATE)

    def _work(self, shift: int) -> None:
        """Take what waits and explain it, until closed or left behind."""
        while jobs := self._next(shift):
            answers = _asked(self._model, [job.row for job in jobs])
            with self._wake:
                if self._shift != shift:
                    return
                self._batch = []
            for job, answer in zip(jobs, answers, strict=True):
                job.settle(answer)

    def _next(self, shift: int) -> list[_Job]:
        """The next batch; empty when this thread's work is over."""
        with self._wake:
            while not self._waiting and not self._closed and self._shift == shift:
                self._wake.wait()
            if self._closed or self._shift != shift:
                return []
            count = min(len(self._waiting), self._rows_max)
            self._batch = [self._waiting.popleft() for _ in range(count)]
            self._batch_at = self._clock()
            return self._batch


_Gatherings = WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, _Gathering]]


class Scorer:
    """All lanes of this process and their watchman."""

    def __init__(
        self, *, deadline_s: float = 2.0, rows_max: int = 64, clock: Monotonic = time.monotonic
    ) -> None:
        self._deadline_s = deadline_s
        self._rows_max = rows_max
        self._clock = clock
        self._lanes: dict[int, _Lane] = {}
        self._models: dict[int, Model] = {}  # keeps each model alive, so that its id stays its own
        # Each gathering keeps its model alive while it is there, so that its id stays its own.
        self._gatherings: _Gatherings = WeakKeyDictionary()
        self._opening = threading.Lock()
        self._stop = threading.Event()
        threading.Thread(target=self._watch, name="score-watchman", daemon=True).start()

    def submit(self, model: Model, row: Row) -> "Future[Explanation]":
        """Ask for one score; the future holds an Explanation or raises an ExplainError.

        It is settled within the deadline and a tenth of it. Raises Overloaded when too many wait.
        """
        if getattr(model, "at_once", False):
            return self._at_once(model, row)
        lane = self._lanes.get(id(model))
        return (lane or self._open(model)).submit(row)

    def ask_all(self, model: Model, rows: Sequence[Row]) -> "list[Explanation | BaseException]":
        """Scores of many rows or what kept each from one, waiting in the caller's thread.

        In the place of one that the model's lane did not take is why, whatever it is: it is that
        row's answer and no other's.
        """
        if getattr(model, "at_once", False):
            starts = range(0, len(rows), self._rows_max)
            parts = (_asked(model, list(rows[at : at + self._rows_max])) for at in starts)
            return [answer for part in parts for answer in part]
        asked: list[Future[Explanation] | Exception] = []
        for row in rows:
            try:
                asked.append(self.submit(model, row))
            except Exception as refused:  # noqa: BLE001 # Overloaded, or no thread to be had
                asked.append(refused)
        return [one if isinstance(one, Exception) else _settled(one) for one in asked]

    def close(self) -> None:
        """Stop; whoever still waits is told that the model is unavailable."""
        self._stop.set()
        with self._opening:
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.close()

    def _at_once(self, model: Model, row: Row) -> "Future[Explanation]":
        """Ask on the loop that this is called on, with what else arrived; else here and now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            job = _Job(row, 0.0)
            job.settle(_asked(model, [row])[0])
            return job.future
        here = self._gatherings.setdefault(loop, {})
        gathering = here.get(id(model))
        if gathering is None:
            forget = partial(here.pop, id(model))
            gathering = here[id(model)] = _Gathering(model, self._rows_max, forget)
        return gathering.submit(row)

    def _open(self, model: Model) -> _Lane:
        """The lane of a model that has none yet."""
        with self._opening:
            lane = self._lanes.get(id(model))
            if lane is None:
                lane = _Lane(
                    model,
                    deadline_s=self._deadline_s,
                    rows_max=1 if getattr(model, "one_by_one", False) else self._rows_max,
                    clock=self._clock,
                )
                self._models[id(model)] = model
                self._lanes[id(model)] = lane
            return lane

    def _watch(self) -> None:
        """Go round the lanes ten times per deadline."""
        while not self._stop.wait(self._deadline_s / 10):
            with self._opening:
                lanes = list(self._lanes.values())
            for lane in lanes:
                lane.watch()
