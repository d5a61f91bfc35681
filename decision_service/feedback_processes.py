"""Rows of a large feedback set, made by several processes.

What becomes of some cases depends on no others, so each process is given some at a time, and what
it makes is put together in the order of closing. It reads the database for itself. The keys come to
it through a pipe, and it ends when the process that started it does. What it cannot make, for want
of a newer key or of a contract, or because it was killed, is made here.
"""

import gc
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context, parent_process
from secrets import token_bytes
from threading import Thread
from typing import NoReturn

from decision_service.feedback_features import OwnColumns
from decision_service.feedback_files import FileFormat, Packing
from overrides.feedback import Batch, Cut, feedback_batches
from overrides.feedback_book import Place
from overrides.feedback_columns import AT_ONCE, Column
from overrides.feedback_design import Design
from overrides.labels import OutcomeDefinition
from overrides.stores.case_book import SqlCaseBook
from overrides.stores.engine import open_engine
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.vault import Vault

LOGGER = logging.getLogger(__name__)
APART_FROM = 20_000  # cases; for fewer it takes longer to start a process than to make their rows
PROCESSES_MAX = 4
BATCH_SECONDS = 600.0  # of AT_ONCE cases

Make = Callable[[Sequence[Place]], Iterator[Batch]]


class NotHere(Exception):
    """A process that makes rows lacks something: a newer key, or what a bundle says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """All that a process needs to make rows of a cut."""

    url: str = field(repr=False)
    log: str
    keks: Mapping[int, bytes] = field(repr=False)
    lookup_key: bytes = field(repr=False)
    as_of: datetime
    design: Design
    definitions: Mapping[str, OutcomeDefinition]
    columns: Mapping[tuple[str, str | None], Sequence[Column]]
    form: FileFormat


def batches_apart(setting: Setting, places: Sequence[Place], make_here: Make) -> Iterator[Batch]:
    """The rows of the cases at these places, in order, made by several processes."""
    parts = iter([places[start : start + AT_ONCE] for start in range(0, len(places), AT_ONCE)])
    count = max(2, min(PROCESSES_MAX, os.cpu_count() or 1))
    pool = ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=_begin, initargs=(setting,)
    )
    asked: deque[tuple[Sequence[Place], Future[list[Batch]] | None]] = deque()
    try:
        for part in parts:
            asked.append((part, _asked(pool, part)))
            if len(asked) > 2 * count:
                yield from _made(*asked.popleft(), make_here)
        while asked:
            yield from _made(*asked.popleft(), make_here)
    finally:
        pool.shutdown(cancel_futures=True)


def _asked(pool: ProcessPoolExecutor, part: Sequence[Place]) -> Future[list[Batch]] | None:
    """A process asked for some rows; none where they are all gone."""
    try:
        return pool.submit(_make, part)
    except BrokenExecutor:
        return None


def _made(
    part: Sequence[Place], future: Future[list[Batch]] | None, make_here: Make
) -> Iterator[Batch]:
    """What a process made; or what is made here, where it could not."""
    try:
        if future is not None:
            yield from future.result(BATCH_SECONDS)
            return
    except (BrokenExecutor, NotHere, TimeoutError) as failed:
        LOGGER.warning("rows of a feedback set are made here instead: %r", failed)
    yield from make_here(part)


_makers: list[Make] = []  # of this process: one, once it has begun


def _begin(setting: Setting) -> None:
    """Make ready, in a process of its own."""
    Thread(target=_end_with_parent, daemon=True).start()
    engine = open_engine(setting.url, confined=True)
    vault = Vault(setting.keks, setting.lookup_key, token_bytes, source=_no_newer_keys)
    cases = SqlCaseBook(engine, log=setting.log)

    def columns(bundle: str, model: str | None) -> Sequence[Column]:
        """A version's own columns."""
        if (bundle, model) not in setting.columns:
            raise NotHere(bundle)
        return setting.columns[bundle, model]

    def definition(bundle: str) -> OutcomeDefinition:
        """A bundle's definition of good and bad."""
        if bundle not in setting.definitions:
            raise NotHere(bundle)
        return setting.definitions[bundle]

    own = OwnColumns(SqlLedgerBook(engine, log=setting.log, vault=vault), columns)
    cut = Cut(
        as_of=setting.as_of,
        definitions=definition,
        features=own.read,
        pseudonym=vault.lookup_hash,
        design=setting.design,
    )
    packing = Packing(columns, setting.form)
    _makers.append(
        lambda part: feedback_batches(
            cases.feedback_facts(setting.as_of, places=part), cut, packing
        )
    )
    gc.freeze()
    gc.disable()


def _make(part: Sequence[Place]) -> list[Batch]:
    """Make rows, in a process of its own."""
    (make,) = _makers
    made = list(make(part))
    gc.collect()  # once for many rows; while they are made, it would look at all of them again
    return made


def _no_newer_keys(seen: object) -> NoReturn:  # noqa: ARG001 - as a ``KeySource`` is called
    """A key of this process does not open: whoever has newer ones makes the rows."""
    raise NotHere("keys")  # noqa: EM101 - it names what is missing


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however it went."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
