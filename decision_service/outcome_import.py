"""Taking in what became of the loans: from a file or a request, each record once, each fault named.

Records are written in batches, one command each. A record that is refused spoils no other, and
the same file again changes nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from decision_service.services import Services
from overrides.cases import Case
from overrides.errors import LedgerUnavailable, OutcomeRefused
from overrides.journal import (
    About,
    Command,
    Decided,
    Draft,
    Event,
    Json,
    OnceOnly,
    Receipt,
    State,
    Told,
)
from overrides.letter_rows import LetterRow
from overrides.outcome_lines import OutcomeLine, OutcomeRecord, read_lines
from overrides.outcomes import SOURCE_API, account_key, decide_outcome
from overrides.reading import application_key
from overrides.values import Actor

BATCH_RECORDS = 200
BLOCK_BYTES = 1 << 20

STOPPED = (
    "After line {line} nothing was recorded: the ledger cannot be written ({cause}). What is "
    "recorded stays. When the ledger can be written, import the same file again: only what is "
    "missing goes in."
)
REFUSED = "refused"
CORRECTED = "corrected"
RESULTS = ("recorded", CORRECTED, "unchanged", REFUSED)


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one record. ``number`` is its line in a file, or its place in a list."""

    number: int
    result: str  # one of RESULTS
    problem: str = ""
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How a file went in: counts by result, and every line that was refused.

    ``corrected`` are the lines that contradict what was recorded before, in this file or another,
    and replace it. ``stopped`` says from which line on nothing was recorded, and why; "" where all
    of it was read.
    """

    counts: Mapping[str, int]
    refused: tuple[RecordResult, ...]
    stopped: str = ""
    corrected: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """How many records the file had."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class OutcomeImport:
    """Writes outcome records through the journal."""

    services: Services

    def file(
        self,
        path: Path,
        actor: Actor,
        *,
        form: Literal["csv", "jsonl"] | None = None,
        simulated: bool = False,
    ) -> ImportReport:
        """Import a CSV or JSON-lines file.

        Raises OSError when it cannot be read, and LedgerUnavailable when nothing of it was
        recorded. Where the ledger fails further on, the report says so: what is recorded stays.
        """
        source = sha256_of(path)
        counts: Counter[str] = Counter(dict.fromkeys(RESULTS, 0))
        refused: list[RecordResult] = []
        corrected: list[int] = []
        last, stopped = 0, ""
        with path.open("rb") as lines:
            results = self._lines(read_lines(lines, form), actor, source, simulated=simulated)
            try:
                for result in results:
                    last = result.number
                    counts[result.result] += 1
                    if result.result == REFUSED:
                        refused.append(result)
                    elif result.result == CORRECTED:
                        corrected.append(result.number)
            except LedgerUnavailable as failed:
                if not last:
                    raise
                stopped = STOPPED.format(line=last, cause=failed.cause)
        return ImportReport(counts, tuple(refused), stopped, tuple(corrected))

    def records(
        self,
        records: Sequence[OutcomeLine],
        actor: Actor,
        *,
        once: OnceOnly | None = None,
        source: str = SOURCE_API,
    ) -> Receipt:
        """Write a list in one command; the answer's ``results`` has one entry for each."""
        command = self._command(records, actor, source, simulated=False)
        return self.services.journal.submit(command, once=once).result()

    def _lines(
        self, lines: Iterator[OutcomeLine], actor: Actor, source: str, *, simulated: bool
    ) -> Iterator[RecordResult]:
        """Results of a file's lines, batch by batch."""
        while batch := list(islice(lines, BATCH_RECORDS)):
            command = self._command(batch, actor, source, simulated=simulated)
            receipt = self.services.journal.submit(command).result()
            for line, answer in zip(batch, receipt.answer["results"], strict=True):
                yield RecordResult(
                    line.number, answer["result"], answer["problem"], answer["case_id"]
                )

    def _command(
        self, lines: Sequence[OutcomeLine], actor: Actor, source: str, *, simulated: bool
    ) -> Command:
        """One command for several records, each decided on its own."""
        new_id = self.services.new_id
        bundles = tuple(sorted(self.services.registry.standings().versions))

        def command(state: State) -> Decided:
            ahead = _Ahead(state)
            results: list[dict[str, Json]] = []
            for line in lines:
                try:
                    if line.record is None:
                        raise OutcomeRefused(problem=line.problem)  # noqa: TRY301
                    case = self._case(state, line.record, bundles)
                    account = self._account_key(case, line.record)
                    decided = decide_outcome(
                        case,
                        line.record,
                        actor,
                        ahead,
                        new_id,
                        source=source,
                        account=account,
                        simulated=simulated,
                    )
                except OutcomeRefused as refused:
                    results.append({"result": REFUSED, "problem": refused.problem, "case_id": ""})
                    continue
                ahead.take(decided.drafts, account)
                answer = decided.answer
                results.append(
                    {"result": answer["result"], "problem": "", "case_id": answer["case_id"]}
                )
            return Decided(tuple(ahead.drafts), {"results": results})

        return command

    def _account_key(self, case: Case | None, record: OutcomeRecord) -> str:
        """Keyed hash of the record's account, "" where it names none."""
        if case is None or not record.account:
            return ""
        return account_key(self.services.vault.lookup_hash, case.case_ref, record.account)

    def _case(self, state: State, record: OutcomeRecord, bundles: Iterable[str]) -> Case | None:
        """The record's case, found by the application's id, and by its bundle where one is named.

        Raises OutcomeRefused when the id belongs to applications of several bundles.
        """
        found = []
        for bundle in (record.bundle,) if record.bundle else bundles:
            key = application_key(self.services.vault.lookup_hash, bundle, record.application_id)
            case = state.case_of_application(bundle, key)
            if case is not None:
                found.append(case)
        if len(found) > 1:
            names = ", ".join(case.bundle for case in found)
            raise OutcomeRefused(
                problem=f"application_id is used with several bundles ({names}): name one"
            )
        return found[0] if found else None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


@dataclass(slots=True)
class _Ahead:
    """The state as it will be once the records decided before in the same command are written."""

    state: State
    drafts: list[Draft] = field(default_factory=list)
    _taken: dict[About, tuple[str, str]] = field(default_factory=dict)
    _accounts: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, drafts: Iterable[Draft], account: str) -> None:
        """Count these as written, of the account with this keyed hash."""
        for draft in drafts:
            data, ref, number = draft.data, str(draft.case), int(draft.data.get("account", 0))
            about = About(ref, str(data["kind"]), str(data["observed_at"]), number)
            self._taken[about] = draft.event_id, str(data["value"])
            self.drafts.append(draft)
            if number:
                self._accounts.setdefault(ref, {})[account] = number

    @property
    def now(self) -> datetime:
        """The time the events will carry at the earliest."""
        return self.state.now

    def case(self, case_ref: str) -> Case | None:
        """The case as it stands."""
        return self.state.case(case_ref)

    def case_of_application(self, bundle: str, application_key: str) -> Case | None:
        """The case that an application opened."""
        return self.state.case_of_application(bundle, application_key)

    def outcome_told(self, about: About, told: Told) -> bool:
        """Whether this source reported this value before; what this command decides is new."""
        return about not in self._taken and self.state.outcome_told(about, told)

    def outcome_at(self, about: About) -> tuple[str, str] | None:
        """Event id and value of the latest observation, decided in this command or before."""
        return self._taken.get(about) or self.state.outcome_at(about)

    def outcome_accounts(self, case_ref: str) -> Mapping[str, int]:
        """The accounts that were heard of, in this command or before."""
        return {**self.state.outcome_accounts(case_ref), **self._accounts.get(case_ref, {})}

    def shown_before(self, case_ref: str, person: str, decision_id: str) -> bool:
        """Whether this person was already shown the reasons of this decision."""
        return self.state.shown_before(case_ref, person, decision_id)

    def tried_before(self, case_ref: str, person: str, decision_id: str) -> int:
        """How many sets of other values this person has tried on this decision."""
        return self.state.tried_before(case_ref, person, decision_id)

    def letter(self, case_ref: str) -> LetterRow | None:
        """The letter of a case as it stands."""
        return self.state.letter(case_ref)

    def rare_events(self, about: str, after: int) -> Sequence[Event]:
        """What was recorded of it after a place in the ledger."""
        return self.state.rare_events(about, after)
