"""The one way to write: commands in groups by one thread, or one at a time in the caller's.

With ``grouped`` one thread takes up to 64 waiting commands into one transaction, so the disk is
waited for once; without it each command is its own transaction in the caller's thread. Both take
their turn on the head row, so both can work on one database at the same time.
"""

import json
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from sqlalchemy import Connection, Engine, bindparam, delete, insert
from sqlalchemy.exc import DBAPIError

from overrides.canonical import canonical, parse_own
from overrides.errors import KeyReused, LedgerUnavailable
from overrides.instants import instant_text
from overrides.journal import Command, Draft, OnceOnly, Projector, Receipt, StateReader
from overrides.journal import request_words as words_of
from overrides.stores.append import Tail, ensure_head
from overrides.stores.engine import writing
from overrides.stores.hot_path import HotPath, Lookup
from overrides.stores.ledger_tables import Idempotency
from overrides.stores.reading import entries_between
from overrides.values import Clock, NewId
from overrides.vault import Vault

GROUP_MAX = 64
QUEUE_MAX = 1024
CLOCK_TOLERANCE = timedelta(seconds=2)
ANSWERS_KEPT = timedelta(days=30)
FORGET_EVERY = timedelta(hours=1)
SYSTEM = "system"  # the actor of entries the journal writes by itself

_ONCE = Idempotency.__table__  # type: ignore[attr-defined]
_KEPT = Lookup(
    (_ONCE.c.fingerprint, _ONCE.c.answer, _ONCE.c.log, _ONCE.c.first_seq, _ONCE.c.entries),
    _ONCE.c.key_hash,
    _ONCE.c.actor,
    _ONCE.c.route,
)
_INSERT_ONCE = insert(_ONCE)
_FORGET = delete(_ONCE).where(_ONCE.c.recorded_at < bindparam("before"))


_Request = dict[str, str]  # actor, route and hash of the key


@dataclass(slots=True)
class _Job:
    """A command on its way, and where its outcome goes."""

    command: Command
    once: OnceOnly | None
    future: Future[Receipt] = field(default_factory=Future)


@dataclass
class _Spoiled(Exception):
    """A command failed when part of it was written, so nothing of its transaction may stay."""

    failure: Exception


class SqlJournal:
    """A ``Journal`` over one log of a database. Close it to let waiting commands finish."""

    def __init__(  # noqa: PLR0913 - a journal is put together from this many parts
        self,
        engine: Engine,
        *,
        log: str,
        vault: Vault,
        clock: Clock,
        new_id: NewId,
        projectors: Sequence[Projector],
        states: StateReader,
        grouped: bool,
        clock_word: str = "ok",
    ) -> None:
        self._engine = engine
        self._clock_word = clock_word
        self._log = log
        self._vault = vault
        self._clock = clock
        self._new_id = new_id
        self._projectors = projectors
        self._states = states
        self._clock_behind = False
        self._forgot_at: datetime | None = None
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._one_command_errors: tuple[type[Exception], ...] = tuple(
            getattr(engine.dialect.loaded_dbapi, name)
            for name in ("IntegrityError", "DataError", "ProgrammingError", "NotSupportedError")
        )
        with writing(engine) as connection:
            ensure_head(connection, log)
        self._door = Lock()
        self._closed = False
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: Thread | None = None
        if grouped:
            self._thread = Thread(target=self._work, name="ledger writer", daemon=True)
            self._thread.start()

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """Run ``command`` in the writer's transaction; resolves when its events are on disk."""
        job = _Job(command, once)
        with self._door:
            if self._closed:
                job.future.set_exception(LedgerUnavailable(cause="the ledger is closed"))
                return job.future
            if self._thread is not None:
                if self._waiting.qsize() >= QUEUE_MAX:
                    job.future.set_exception(LedgerUnavailable(cause="too many requests wait"))
                else:
                    self._waiting.put(job)
                return job.future
        self._run([job])
        return job.future

    def submit_group(
        self, asked: Sequence[tuple[Command, OnceOnly | None]]
    ) -> list[Receipt | Exception]:
        """Run them in one transaction, in the caller's thread; what became of each, in order."""
        nobody: Future[Receipt] = Future()  # the outcomes are told at once
        return self._outcomes([_Job(command, once, nobody) for command, once in asked])

    def close(self) -> None:
        """Take no more commands, and finish those that wait."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        """The writer's thread: take what waits, write it, again."""
        while (job := self._waiting.get()) is not None:
            jobs = [job]
            last = False
            while len(jobs) < GROUP_MAX and not last:
                try:
                    following = self._waiting.get_nowait()
                except Empty:
                    break
                if following is None:
                    last = True
                else:
                    jobs.append(following)
            self._run(jobs)
            if last:
                return

    def _run(self, jobs: Sequence[_Job]) -> None:
        """Write a group in one transaction; outcomes are told when it is on disk."""
        jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        if not jobs:
            return
        for job, outcome in zip(jobs, self._outcomes(jobs), strict=True):
            if isinstance(outcome, Receipt):
                job.future.set_result(outcome)
            else:
                job.future.set_exception(outcome)

    def _outcomes(self, jobs: Sequence[_Job]) -> list[Receipt | Exception]:
        """What became of each command of a group.

        A command that fails while it is written takes the transaction with it; then each command
        of the group gets a transaction of its own, so that it harms no other.
        """
        try:
            return self._write(jobs)
        except _Spoiled as spoiled:
            if len(jobs) == 1:
                return [self._told(spoiled.failure)]
        except Exception as failure:  # noqa: BLE001 - whatever failed, nobody may wait for ever
            return [_unavailable(failure)] * len(jobs)
        return [outcome for job in jobs for outcome in self._outcomes([job])]

    def _write(self, jobs: Sequence[_Job]) -> list[Receipt | Exception]:
        """One transaction over a group of commands."""
        with writing(self._engine) as connection, HotPath(connection) as path:
            tail = Tail(path, self._log, self._vault, self._projectors)
            behind, forgot_at = self._watch_clock(tail), self._forget(path)
            try:
                asked: set[str] = set()
                requests = self._look_ahead(path, jobs)
                outcomes = [
                    self._run_one(path, tail, job, request, asked)
                    for job, request in zip(jobs, requests, strict=True)
                ]
                tail.finish()
                path.settle()
            except Exception as failure:
                if self._is_the_databases(failure):
                    raise
                raise _Spoiled(failure) from failure
        self._clock_behind, self._forgot_at = behind, forgot_at
        return outcomes

    def _look_ahead(self, path: HotPath, jobs: Sequence[_Job]) -> list[_Request]:
        """Which requests these are; what all of them will look for is looked for at once."""
        requests = [self._request(job.once) for job in jobs]
        keys: dict[tuple[str, str], list[str]] = {}
        for request in filter(None, requests):
            of = keys.setdefault((request["actor"], request["route"]), [])
            of.append(request["key_hash"])
        for (actor, route), hashes in keys.items():
            path.ahead(_KEPT, hashes, {"actor": actor, "route": route})
        self._states.ahead(path, [job.command for job in jobs])
        return requests

    def _request(self, once: OnceOnly | None) -> _Request:
        """What a request is known by; nothing where it may be carried out again."""
        if once is None:
            return {}
        key_hash = self._vault.lookup_hash("request", words_of(once))
        return {"actor": once.actor, "route": once.route, "key_hash": key_hash}

    def _run_one(
        self, path: HotPath, tail: Tail, job: _Job, request: _Request, asked: set[str]
    ) -> Receipt | Exception:
        """Decide on the state as it is, and write what was decided.

        A command that refuses has written nothing, so its refusal is its outcome. ``asked`` has
        the requests of this transaction, whose answers may be kept back still.
        """
        once = job.once
        if once is not None:
            look = path.first if request["key_hash"] in asked else path.peek
            before = look(_KEPT.one, request)
            if before is not None:
                return _again(path.connection, before, once)
        now, clock = tail.not_before(self._clock(), self._clock_word)
        try:
            decided = job.command(self._states.state(path, now))
        except (DBAPIError, self._driver_error):
            raise
        except Exception as refusal:  # noqa: BLE001 - whatever it is, it goes to who asked
            return refusal
        req = request.get("key_hash")
        entries = tail.place(decided.unplaced, now=now, clock=clock, req=req)
        entries += tail.append(decided.drafts, now=now, clock=clock, req=req)
        for write in decided.also:
            write(path.connection)
            tail.forget_keys()
        answer = canonical(decided.answer)
        if once is not None:
            asked.add(request["key_hash"])
            path.later(
                _INSERT_ONCE,
                {
                    **request,
                    "fingerprint": once.fingerprint,
                    "answer": answer.decode(),
                    "log": self._log,
                    "first_seq": entries[0].seq if entries else 0,
                    "entries": len(entries),
                    "recorded_at": instant_text(now),
                },
            )
        return Receipt(tuple(entries), parse_own(answer), replayed=False)

    def _watch_clock(self, tail: Tail) -> bool:
        """Record once that the clock fell behind the ledger, so that an auditor sees it.

        Whether it is behind.
        """
        now = self._clock()
        behind = tail.behind(now)
        if behind <= CLOCK_TOLERANCE:
            return False
        if self._clock_behind:
            return True
        draft = Draft(
            event_id=self._new_id(),
            type="clock_adjusted",
            actor=SYSTEM,
            role="service",
            data={"behind_us": behind // timedelta(microseconds=1), "clock": instant_text(now)},
        )
        held, clock = tail.not_before(now, self._clock_word)
        tail.append([draft], now=held, clock=clock, req=None)
        return True

    def _forget(self, path: HotPath) -> datetime:
        """Let go of answers that nobody may ask for again, once an hour; when it was last done."""
        now = self._clock()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY:
            return self._forgot_at
        path.run(_FORGET, {"before": instant_text(now - ANSWERS_KEPT)})
        return now

    def _told(self, failure: Exception) -> Exception:
        """What the sender of a command that failed is told."""
        of_the_database = isinstance(failure, DBAPIError | self._driver_error)
        return _unavailable(failure) if of_the_database else failure

    def _is_the_databases(self, failure: Exception) -> bool:
        """Whether the database itself failed, rather than one command."""
        cause = failure.orig if isinstance(failure, DBAPIError) else failure
        return isinstance(cause, self._driver_error) and not isinstance(
            cause, self._one_command_errors
        )


def _again(
    connection: Connection, before: tuple[str, str, str, int, int], once: OnceOnly
) -> Receipt | KeyReused:
    """What the same request was answered before; a refusal where it was another request."""
    fingerprint, answer, log, first, count = before
    if fingerprint != once.fingerprint:
        return KeyReused()
    entries = entries_between(connection, log, first, first + count) if count else []
    return Receipt(tuple(entries), json.loads(answer), replayed=True)


def _unavailable(failure: Exception) -> LedgerUnavailable:
    """What the sender is told of a failure that is not the command's own."""
    unavailable = LedgerUnavailable(cause=_cause(failure))
    unavailable.__cause__ = failure
    return unavailable


def _cause(failure: Exception) -> str:
    """A database failure in words for the person whose request it was."""
    if isinstance(failure, LedgerUnavailable):
        return failure.cause
    words = str(failure.orig if isinstance(failure, DBAPIError) else failure).strip()
    known = {
        "locked": "another program is writing and does not finish",
        "lock timeout": "another program is writing and does not finish",
        "full": "the disk is full",
        "No space left": "the disk is full",
        "readonly": "the database file may only be read",
    }
    for sign, meaning in known.items():
        if sign in words:
            return meaning
    return words.splitlines()[0] if words else type(failure).__name__
