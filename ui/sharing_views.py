"""What the pages are told about sharing out work: passing a case on, and who holds what."""

from dataclasses import dataclass
from datetime import datetime

from ui.views import QueueRow

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassForm:
    """What was typed; ``what`` is ``refer``, ``hand`` or ``aside``."""

    what: str = ""
    reason: str = ""
    to: str = ""
    until: str = ""  # as the browser writes it, in UTC: 2026-11-23T09:00
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassView:
    """One case, and to whom and how it may be passed on."""

    case_id: str
    application_id: str
    clock_words: str
    away_words: str
    holder: str
    may_refer: bool
    may_hand: bool
    may_aside: bool
    refer_reasons: Pairs
    hand_reasons: Pairs
    aside_reasons: Pairs
    colleagues: Pairs  # reference, name with role
    earliest: str  # as the browser writes it
    latest: str
    suggested: str  # when a hand-over ends unless another time is chosen
    latest_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMember:
    """What one person of the branch holds."""

    name: str
    role_words: str
    state: str  # active, locked or left
    held: int
    late: int
    latest_words: str  # the clock of the most urgent case they hold


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamView:
    """A branch's work: who holds what, what nobody holds, what is late."""

    branch: str
    as_of: datetime
    members: tuple[TeamMember, ...]
    held: tuple[QueueRow, ...]  # by holder, most urgent first
    held_more: bool
    upwards: tuple[QueueRow, ...]  # referred upwards, most urgent first
    upwards_count: int
    free: int
    aside: int
    near: int  # the law's limit near or passed
    late: int  # the service target passed
    proposals: int = 0  # that wait for a second person
    proposals_late: int = 0  # longer than their policy gives
