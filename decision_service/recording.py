"""What is handed to the writer of one decision, and how long each part of the way took."""

import time
from collections.abc import Callable
from typing import Any

from decision_service.decision_object import decision_object
from decision_service.decision_record import Sheet
from overrides.cases import Case
from overrides.journal import Decided, Draft, Receipt, State

MICRO = 1_000_000

Find = Callable[[State], Case | None]  # may have ``first``: entries to be written before
Then = Callable[[Case, Draft], Decided]  # what a person does with the score of a case, in one go


class Record:
    """The command: finds the case inside the transaction, and writes the decision."""

    def __init__(
        self,
        sheet: Sheet,
        new_case_ref: str,
        find: Find,
        as_it_may_be: Callable[[Sheet, State], Sheet],
    ) -> None:
        self._sheet = self._written = sheet
        self._new_case_ref = new_case_ref
        self._find = find
        self._as_it_may_be = as_it_may_be
        self.then: Then | None = None
        self.application_key = sheet.prepared.application_key  # whose case it looks for
        self._made: Draft | None = None
        self._place = 0  # of the decision among the entries

    def __call__(self, state: State) -> Decided:
        """Decide on case and model as the transaction sees them; raises what finding raises."""
        case = self._find(state)
        self._written = self._as_it_may_be(self._sheet, state)
        first: tuple[Draft, ...] = getattr(self._find, "first", ())
        drafts = self._written.drafts(case, self._new_case_ref)
        self._made, self._place = drafts[0], len(first)
        answer = {"decision_id": self._written.event_id, "case_id": drafts[0].case}
        if self.then is None:
            return Decided((*first, *drafts), answer)
        assert case is not None, "what is changed is there"
        more = self.then(case, drafts[0])
        return Decided((*first, *drafts, *more.drafts), {**answer, **more.answer})

    @property
    def sheet(self) -> Sheet:
        """The decision, as far as it is known before it has a case."""
        return self._sheet

    def opening(self) -> tuple[Draft, ...]:
        """The entries it comes to where the application has no case."""
        return self._sheet.drafts(None, self._new_case_ref)

    def told(self, receipt: Receipt) -> dict[str, Any]:
        """The decision object of what was written just now, made without reading it back."""
        sheet, made = self._written, self._made
        assert made is not None, "a receipt comes after the command ran"
        loaded = sheet.prepared.in_use.loaded
        rules = sheet.finding.assessment.knockouts
        return decision_object(
            made,
            receipt.entries[self._place],
            application_id=sheet.prepared.application.application_id,
            explanation=sheet.payloads.get("explanation"),
            rule_texts=[loaded.policy.rule_text(rule) for rule in rules] if loaded else (),
        )


class StopWatch:
    """How long each part of the path took, for ``Server-Timing`` and the record."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self.laps_us: dict[str, int] = {}

    def lap(self, name: str) -> None:
        """The part that ends now."""
        now = time.perf_counter()
        self.laps_us[name] = int((now - self._last) * MICRO)
        self._last = now

    def total_us(self) -> int:
        """Since the start."""
        return int((time.perf_counter() - self._started) * MICRO)
