"""Faults put into the product on purpose: a harness that does not find them shows nothing."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import ModuleType
from typing import Any
from unittest.mock import patch

from overrides import acts, countermand_verify, desk, overriding
from overrides.cases import Case
from overrides.journal import Receipt
from overrides.stores import writer
from overrides.stores.append import Tail
from overrides.stores.hot_path import HotPath
from overrides.stores.ledger_book import SqlLedgerBook
from overrides.stores.writer import SqlJournal
from overrides.values import CaseStatus
from overrides.vault import Vault

STALE_EVERY = 10

ACKNOWLEDGED_EARLY = "acknowledged before the commit"
FORGETFUL = "requests are forgotten"
SPOILED_WHOLE = "a spoiled group is refused whole"
ROWS_UNSEEN = "rows kept back are not seen"
CLOCK_TRUSTED = "the clock is believed"
CLOSED_DECIDED = "closed cases are decided again"
WORDS_LOST = "a refused form comes back empty"
FILES_UNLISTED = "files are not held against the list"
SIGNATURES_UNCHECKED = "any signature is good"
MEMORY_UNCHECKED = "what the auditor remembers is not looked at"
STALE_LOOKS = "readers see what stood there a moment ago"
FOUR_EYES_SHUT = "anybody approves"
STALE_PAGES_DECIDE = "stale pages decide"
LEASES_IGNORED = "leases are ignored"
SEALED_LOGGED = "what is sealed is logged"


def sabotaged(name: str) -> AbstractContextManager[None]:
    """The product with one fault, if ``name`` is one that lies in the product."""
    faults: dict[str, Callable[[], AbstractContextManager[None]]] = {
        ACKNOWLEDGED_EARLY: _acknowledged_early,
        FORGETFUL: _forgetful,
        SPOILED_WHOLE: _spoiled_whole,
        ROWS_UNSEEN: _rows_unseen,
        STALE_LOOKS: _stale_looks,
        CLOCK_TRUSTED: _clock_trusted,
        CLOSED_DECIDED: _closed_decided,
        WORDS_LOST: _words_lost,
        FILES_UNLISTED: _files_unlisted,
        SIGNATURES_UNCHECKED: _signatures_unchecked,
        MEMORY_UNCHECKED: _memory_unchecked,
        SEALED_LOGGED: _sealed_logged,
        FOUR_EYES_SHUT: lambda: _skipped("check_approver", overriding),
        STALE_PAGES_DECIDE: lambda: _skipped("check_version", desk, overriding),
        LEASES_IGNORED: lambda: _skipped("check_claim", acts, desk, overriding),
    }
    return faults.get(name, nullcontext)()


@contextmanager
def _skipped(check: str, *modules: ModuleType) -> Iterator[None]:
    """A check that everything passes."""
    with ExitStack() as skipped:
        for module in modules:
            skipped.enter_context(patch.object(module, check, lambda *_: None))
        yield


@contextmanager
def _acknowledged_early() -> Iterator[None]:
    """Whoever waits is told as soon as the entry is put, before the transaction commits."""
    run_one = SqlJournal._run_one

    def run_and_tell(self: SqlJournal, path: Any, tail: Any, job: Any, *more: Any) -> Any:
        outcome = run_one(self, path, tail, job, *more)
        if isinstance(outcome, Receipt):
            waited_for, job.future = job.future, Future()
            job.future.set_running_or_notify_cancel()
            waited_for.set_result(outcome)
        return outcome

    with patch.object(SqlJournal, "_run_one", run_and_tell):
        yield


@contextmanager
def _forgetful() -> Iterator[None]:
    """What a request was answered is not kept."""
    later = HotPath.later

    def all_but_answers(self: HotPath, statement: Any, row: Any) -> None:
        if statement is not writer._INSERT_ONCE:
            later(self, statement, row)

    with patch.object(HotPath, "later", all_but_answers):
        yield


@contextmanager
def _spoiled_whole() -> Iterator[None]:
    """One command that fails takes the others of its group with it."""

    def outcomes(self: SqlJournal, jobs: Sequence[Any]) -> list[Any]:
        try:
            return self._write(jobs)
        except writer._Spoiled as spoiled:
            return [self._told(spoiled.failure)] * len(jobs)

    with patch.object(SqlJournal, "_outcomes", outcomes):
        yield


@contextmanager
def _rows_unseen() -> Iterator[None]:
    """A question does not see what its own transaction keeps back."""
    with patch.object(HotPath, "first", HotPath.peek):
        yield


@contextmanager
def _stale_looks() -> Iterator[None]:
    """Where the ledger stands is asked for only now and then."""
    head = SqlLedgerBook.head
    known: list[Any] = []

    def sometimes(self: SqlLedgerBook) -> Any:
        if len(known) % STALE_EVERY:
            known.append(known[-1])
        else:
            known.append(head(self))
        return known[-1]

    with patch.object(SqlLedgerBook, "head", sometimes):
        yield


@contextmanager
def _clock_trusted() -> Iterator[None]:
    """An entry has the clock's time, whatever the last one had."""
    with patch.object(Tail, "not_before", lambda _, now, __: (now, "ok")):
        yield


@contextmanager
def _closed_decided() -> Iterator[None]:
    """A case may be decided in any state and from any page."""
    with (
        _skipped("check_version", desk, overriding),
        patch.object(Case, "after", lambda *_: CaseStatus.DECIDED),
    ):
        yield


@contextmanager
def _words_lost() -> Iterator[None]:
    """Whoever is refused is told so, and what they wrote is gone."""
    from ui import case_forms  # noqa: PLC0415 - most harnesses need no pages

    with patch.object(case_forms, "FORM_AGAIN", frozenset()):
        yield


class _Anything:
    """Equal to whatever it is compared with, in all its parts."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __getitem__(self, _: object) -> "_Anything":
        return self


@contextmanager
def _files_unlisted() -> Iterator[None]:
    """Files are taken as they are."""
    with (
        patch.object(countermand_verify, "is_listed", lambda *_: True),
        patch.object(countermand_verify.Lines, "listed", _Anything()),
    ):
        yield


@contextmanager
def _signatures_unchecked() -> Iterator[None]:
    """A signature is taken to be good when there is one."""
    with patch.object(countermand_verify, "_ed25519", lambda: lambda *_: True):
        yield


@contextmanager
def _memory_unchecked() -> Iterator[None]:
    """Checkpoints from outside are not compared."""
    with patch.object(countermand_verify.Memory, "claims", lambda *_: iter(())):
        yield


@contextmanager
def _sealed_logged() -> Iterator[None]:
    """Whoever seals a personal part logs it."""
    seal = Vault.seal

    def seal_and_tell(self: Vault, key: Any, event_id: str, slot: str, text: bytes) -> Any:
        logging.getLogger(__name__).debug("%s: %s", slot, text.decode())
        return seal(self, key, event_id, slot, text)

    with patch.object(Vault, "seal", seal_and_tell):
        yield
