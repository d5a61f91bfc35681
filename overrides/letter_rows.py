"""Letters as lists and acts see them: which one a case calls for, and how far it has come.

Nothing here is personal data: what a letter says lies encrypted in the entry that drafted it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class LetterState(StrEnum):
    """How far a letter has come."""

    DUE = "due"  # called for, and not drafted
    DRAFTED = "drafted"
    CHECKED = "checked"  # a person read it and let it pass
    ISSUED = "issued"  # every sentence was held against the record; it may go out
    SENT = "sent"
    RETURNED = "returned"  # it did not arrive


OPEN_LETTERS = (
    LetterState.DUE,
    LetterState.DRAFTED,
    LetterState.CHECKED,
    LetterState.ISSUED,
    LetterState.RETURNED,
)
BEFORE_ISSUE = frozenset({LetterState.DUE, LetterState.DRAFTED, LetterState.CHECKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """The letter of one case. ``letter_id`` is the entry that drafted it, "" while it is due."""

    case_ref: str
    kind: str  # see ``letters.LetterKind``
    called_by: str  # the act that calls for it
    state: LetterState
    due_at: datetime
    branch: str
    by_person: bool  # whether a person took the decision
    letter_id: str = ""
    replaces: str = ""  # an earlier letter of the case that had gone out
    locale: str = ""
    holds: tuple[str, ...] = ()
    drafter: str = ""
    moved_at: datetime
    simulated: bool = False

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state is not LetterState.SENT


@dataclass(frozen=True, slots=True)
class LetterPage:
    """One page of letters; ``next_cursor`` is empty on the last."""

    rows: tuple[LetterRow, ...]
    next_cursor: str


class LetterBook(Protocol):
    """Reading letters, the one that is due first, first."""

    def letter(self, case_ref: str) -> LetterRow | None:
        """The letter of one case."""

    def letters(
        self, state: LetterState, *, branch: str | None = None, cursor: str = "", limit: int = 50
    ) -> LetterPage:
        """A page of the letters in one state; ``ValueError`` for a cursor that no page gave."""

    def letter_counts(self, *, branch: str | None = None) -> dict[LetterState, int]:
        """How many letters are in each state."""
