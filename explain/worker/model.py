"""Models whose library is in a process apart, asked through it: they fill the ports of adapters.

A library that dies, hangs or takes too much memory takes only its own process with it. Before a
bundle is proven, that is the end of it; afterwards the answer fails, and the process is started
again.
"""

import contextlib
import logging
import math
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, TypeVar

from ..adapters import Encoder
from ..declared.contract import Contract
from ..errors import LibraryFailed
from ..formats import ModelFile
from ..libraries.tree_models import SINGLE_PRECISION
from ..scorecard import LinearCard
from ..tree import Tree, UnsupportedForestError
from ..values import LOG_ODDS, PROBABILITY, Row, Scale
from .messages import GarbledError, card_of, error_of, floats, receive, send, tree_of

LOGGER = logging.getLogger(__name__)
CODE = Path(__file__).parents[1]
PROGRAM = (sys.executable, "-P", "-m", "explain.worker.child")

START_SECONDS = 60.0
"""What is asked of a process for the first time may take so long: libraries are imported by it."""

ANSWER_SECONDS = 5.0
ROW_SECONDS = {"scores": 0.002, "contributions": 0.05}
"""Afterwards so long, and for each row so much longer."""

AGAIN_SECONDS = 2.0
"""A process that failed is started again no sooner."""

PASSED_ON = ("LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR")
"""What the process gets of the environment. Secrets of the service are not among it."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

DYING_SECONDS = 5.0

READ = "read"

Message = Mapping[str, Any]
Answer = TypeVar("Answer")


class _Process:
    """A running process and the line to it; it ends when this is forgotten, whoever forgets it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        paths = [str(CODE), os.environ.get("PYTHONPATH", "")]
        environ = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        with theirs:
            self._popen = subprocess.Popen(  # noqa: S603 # our own program
                PROGRAM,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=CODE,
                env={**environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
                start_new_session=True,  # what stops the service at a keyboard is not for it
            )
        self._line = ours
        self._end = weakref.finalize(self, _end, self._popen, ours)
        self.pid = self._popen.pid
        self.asked: set[str] = set()

    def say(self, message: Message, content: bytes = b"") -> None:
        """Send a question; OSError where nobody takes it in time."""
        self._line.settimeout(message["seconds"])
        send(self._line, message, content)

    def hear(self, seconds: float) -> Message | None:
        """The answer; None where the process is gone. Raises what ``receive`` does."""
        heard = receive(self._line, time.monotonic() + seconds)
        return heard[0] if heard else None

    def end(self) -> None:
        """Kill it, if it still runs."""
        self._end()

    def ended(self) -> str:
        """How it came to its end, which must have come."""
        try:
            status = self._popen.wait(DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return "did not answer"
        return f"died ({_signal_name(-status)})" if status < 0 else f"ended (status {status})"


def _end(popen: "subprocess.Popen[bytes]", line: socket.socket) -> None:
    """Leave neither a process nor an open line behind."""
    line.close()
    popen.kill()
    popen.wait()


def _signal_name(number: int) -> str:
    """What a signal is called."""
    with contextlib.suppress(ValueError):
        return f"signal {number}, {signal.Signals(number).name}"
    return f"signal {number}"


class Worker:
    """The process of one model file: started when it is needed, and again when it has failed."""

    def __init__(self, path: str, model_yaml: str, content: bytes) -> None:
        self._path = path
        self._model_yaml = model_yaml
        self._content = content
        self._turn = Lock()
        self._process: _Process | None = None
        self._failed: LibraryFailed | None = None
        self._again_at = math.inf
        self._proven = False
        self.questions = 0

    @property
    def pid(self) -> int | None:
        """The process's number while there is one."""
        return self._process.pid if self._process else None

    def begin(self) -> None:
        """Have the file read while others do something else."""
        with self._turn:
            self._read()

    def ask(self, what: str, understand: Callable[[Any], Answer], **told: Any) -> Answer:
        """One answer, understood; LibraryFailed where there is none.

        ``understand`` raises GarbledError for what cannot be an answer. Raises what a model file is
        refused with, and UnsupportedForestError.
        """
        with self._turn:
            self.questions += 1
            process = self._process or self._read()
            if READ not in process.asked:
                self._await_reading(process)
            doing = f"giving {what}"
            seconds = ANSWER_SECONDS + ROW_SECONDS.get(what, 0.0) * len(told.get("rows", ()))
            if what not in process.asked:
                process.asked.add(what)
                seconds += START_SECONDS
            try:
                process.say({"ask": what, "seconds": seconds, **told})
            except OSError:
                self._fail(process.ended(), doing)
            return self._heard(process, doing, understand, seconds)

    def proven(self) -> None:
        """From now on try again after a failure."""
        self._proven = True

    def rest(self) -> None:
        """End the process until it is asked again."""
        with self._turn:
            self._forget()

    def _read(self) -> _Process:
        """A process that was given the file."""
        if self._failed and time.monotonic() < self._again_at:
            raise self._failed
        self._process = process = _Process()
        told = {"ask": READ, "seconds": START_SECONDS, "path": self._path}
        # A process that ends over the file is told of when its answer is waited for.
        with contextlib.suppress(OSError):
            process.say({**told, "model.yaml": self._model_yaml}, self._content)
        return process

    def _await_reading(self, process: _Process) -> None:
        """Wait until the file is read; a process that could not is of no use."""
        try:
            self._heard(process, "reading the file", lambda _: None, START_SECONDS)
        except Exception:
            self._forget()
            raise
        process.asked.add(READ)

    def _heard(
        self, process: _Process, doing: str, understand: Callable[[Any], Answer], seconds: float
    ) -> Answer:
        """The answer, understood."""
        strange = "answered something else than was asked"
        answer: Message | None = None
        try:
            answer = process.hear(seconds)
        except TimeoutError:
            self._fail(f"gave no answer within {seconds:g} s", doing)
        except GarbledError:
            self._fail(strange, doing)
        except OSError:  # it ended with a question unread
            answer = None
        if answer is None:
            self._fail(process.ended(), doing)
        if "failed" in answer:
            raise LibraryFailed(self._path, f"raised {answer['failed']} while {doing}")
        if "unsupported" in answer:
            raise UnsupportedForestError(str(answer["unsupported"]))
        try:
            if "refused" not in answer:
                return understand(answer["told"])
            refused = error_of(answer["refused"])
        except (KeyError, TypeError, ValueError):  # garbled, or garbled in a way of its own
            self._fail(strange, doing)
        raise refused

    def _fail(self, what: str, doing: str) -> NoReturn:
        """Give the process up."""
        self._forget()
        self._failed = LibraryFailed(self._path, f"{what} while {doing}")
        self._again_at = time.monotonic() + AGAIN_SECONDS if self._proven else math.inf
        if self._proven:
            LOGGER.error("%s", self._failed)
        raise self._failed

    def _forget(self) -> None:
        """End the process, if there is one."""
        if self._process:
            self._process.end()
        self._process = None


class WorkerModel:
    """A model whose library is asked in a process apart."""

    def __init__(self, worker: Worker, told: Message, contract: Contract) -> None:
        self.worker = worker
        self.features = tuple(field.name for field in contract.features)
        self.precision: float = told["precision"]
        self.scale: Scale = told["scale"]

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Raw scores by the library."""
        return self.worker.ask("scores", lambda told: floats(told, len(rows)), **self._sent(rows))

    def _sent(self, rows: Sequence[Row]) -> Message:
        """Rows as they are sent: the features' names once, then values alone."""
        names = self.features
        return {"names": names, "rows": [[row[name] for name in names] for row in rows]}


class WorkerTrees(WorkerModel):
    """Trees whose library is asked in a process apart.

    Where the ``kernel`` is at hand, the process rests when it has told the trees: they are all that
    is needed, and its memory is free before the kernel's is taken.
    """

    def __init__(self, worker: Worker, told: Message, contract: Contract, *, kernel: bool) -> None:
        super().__init__(worker, told, contract)
        self.encoder = Encoder(contract, single=told["single"])
        self._kernel = kernel

    def trees(self) -> tuple[Tree, ...]:
        """The trees, one by one."""
        trees = self.worker.ask("trees", lambda told: tuple(tree_of(tree) for tree in told))
        if self._kernel:
            self.worker.rest()
        return trees

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """By the library."""

        def understand(told: Any) -> list[list[float]]:
            if len(told) != len(rows):
                raise GarbledError
            return [floats(line, len(self.features) + 1) for line in told]

        return self.worker.ask("contributions", understand, **self._sent(rows))


class WorkerScorecard(WorkerModel):
    """A scorecard whose library is asked in a process apart."""

    @cached_property
    def card(self) -> LinearCard:
        """What each field's values count."""
        return self.worker.ask("the card", lambda told: card_of(told, self.features))


def read_apart(file: ModelFile, model_yaml: str) -> WorkerModel:
    """The model in this file, whose library reads it in a process apart.

    LibraryFailed where that process does not survive it, and what ``formats.read_model`` raises.
    """
    worker = Worker(file.path, model_yaml, file.content)
    worker.begin()
    kernel = False
    if file.spec.explainer.startswith("tree_"):
        with contextlib.suppress(Exception):  # what can stand in its way is not only that it lacks
            from ..attribution import treeshap  # noqa: F401 # takes as long as reading the file, so meanwhile

            kernel = True
    return worker.ask("what it is", lambda told: _model(worker, told, file.contract, kernel=kernel))


def _model(worker: Worker, told: Message, contract: Contract, *, kernel: bool) -> WorkerModel:
    """A model as it says it is; GarbledError where it cannot be."""
    if told["features"] != [field.name for field in contract.features]:
        raise GarbledError
    if not 0 < told["precision"] <= SINGLE_PRECISION:
        raise GarbledError
    if told["scale"] not in {LOG_ODDS, PROBABILITY}:
        raise GarbledError
    if told["trees"]:
        return WorkerTrees(worker, told, contract, kernel=kernel)
    return (WorkerScorecard if told["card"] else WorkerModel)(worker, told, contract)
