"""What a feedback set is made from, beside all else that may be asked of the cases."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from overrides.feedback_design import ScoredCase
from overrides.feedback_made import FeedbackExportRow
from overrides.reading import CaseBook, FeedbackFact

Place = tuple[int, int]
"""Of a closed case: where it was closed in the ledger, and its last act by the cut."""


class FeedbackBook(CaseBook, Protocol):
    """Reading cases, and closed ones with all that a feedback set tells of them."""

    def closed_places(self, as_of: datetime, *, bundle: str | None = None) -> Sequence[Place]:
        """Every case closed by ``as_of``, in the order of closing; the same cut, the same cases."""

    def feedback_facts(
        self, as_of: datetime, *, bundle: str | None = None, places: Sequence[Place] | None = None
    ) -> Iterator[FeedbackFact]:
        """What is known of them by then, in that order; of those at some places where given."""

    def scored_cases(self, as_of: datetime, *, bundle: str | None = None) -> Iterator[ScoredCase]:
        """The same cases in any order, with what is needed of all of them at once."""

    def feedback_exports(
        self, *, bundle: str | None = None, limit: int = 50
    ) -> tuple[FeedbackExportRow, ...]:
        """Feedback sets made so far, newest first."""
