"""What the pages are told about proposals that wait for a second person."""

from dataclasses import dataclass
from datetime import datetime

from ui.views import QueueRow


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """One proposed override."""

    row: QueueRow
    since: datetime | None
    waits_words: str  # "for 3 hours"
    late_words: str  # that it waits longer than the policy gives, "" otherwise
    may_judge: bool
    cannot_words: str  # why the viewer may not judge it
    judges: tuple[str, ...]  # who may, just now


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxView:
    """One page of proposals."""

    rows: tuple[InboxRow, ...]
    total: int
    late: int | None  # how many are late, for whoever leads the team
    next_cursor: str
    as_of: datetime
    leads: bool
