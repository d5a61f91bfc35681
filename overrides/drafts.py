"""What a person has typed into a form about a case and not sent: kept for them, recorded nowhere.

A draft is no act and no entry of the ledger. It is encrypted under a data key of the case's party,
so an erasure takes it too, and it can be thrown away at any time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

FIELDS_MAX = 200
CHARS_MAX = 20_000  # of all fields together
KEPT_FOR = timedelta(days=30)
OF_ONE_PERSON_MAX = 100  # beyond these the oldest go

Typed = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One form of one person: ``place`` is the address it would be sent to."""

    person: str
    place: str
    case_ref: str
    fields: Typed
    saved_at: datetime

    def __post_init__(self) -> None:
        """Refuse what no form of a case has."""
        size = sum(len(name) + len(value) for name, value in self.fields)
        if len(self.fields) > FIELDS_MAX or size > CHARS_MAX:
            msg = f"a draft has at most {FIELDS_MAX} fields and {CHARS_MAX} characters"
            raise ValueError(msg)


class DraftBook(Protocol):
    """Drafts, by person and place."""

    def keep(self, draft: Draft, subject: str) -> bool:
        """Keep it in place of an earlier one; False where the party was erased.

        Raises ``LedgerUnavailable`` where nothing can be written.
        """

    def find(self, person: str, place: str, since: datetime) -> Draft | None:
        """What was kept since then and still opens."""

    def drop(self, person: str, place: str) -> None:
        """Forget one, if it is there."""

    def sweep(self, before: datetime) -> int:
        """Forget what is older, or opens no more; how many went."""
