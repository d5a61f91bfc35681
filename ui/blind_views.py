"""What a page shows of a case whose score is hidden from the viewer: nothing of the score."""

from dataclasses import dataclass
from datetime import datetime

from ui.appeal_views import AppealTold


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstViewForm:
    """What was typed, shown again when it is refused."""

    view: str = ""
    confidence: str = ""
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindView:
    """A case as the application itself states it."""

    case_id: str
    application_id: str
    status: str
    status_words: str
    bundle: str
    bundle_title: str
    model_version: str
    amount: str
    product: str
    branch: str
    received_at: datetime
    due: datetime | None
    overdue: bool
    simulated: bool
    facts: tuple[tuple[str, str], ...]  # label, value: what the applicant stated
    checks: tuple[str, ...]  # what to check of the data that was sent
    holder: str  # "" free, "you", or a name
    holder_until: datetime | None
    may_claim: bool
    may_record: bool
    cannot_words: str  # why no view can be recorded now, "" where it can
    views: tuple[tuple[str, str], ...]  # what may be chosen: value, words
    confidences: tuple[tuple[str, str], ...]
    appeal: AppealTold | None = None  # where an earlier decision is contested, and hidden
