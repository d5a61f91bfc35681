"""What the pages are told about an applicant who contests a decision."""

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealForm:
    """What was typed into the form that records an appeal."""

    view: str = ""
    received_at: str = ""  # as the browser writes it, in UTC: 2026-11-23T09:00
    evidence_type: str = ""
    evidence_reference: str = ""
    seen_version: int = 0
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealView:
    """One decided case, and what recording an appeal will do."""

    case_id: str
    application_id: str
    version: int
    ended_words: str
    rule_words: str  # by when it is answered, and whose rule that is
    reviewers_words: str  # how many people could decide it
    earliest: str
    latest: str
    kinds: Pairs  # of evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealTold:
    """An appeal as a page tells it."""

    said: str  # the applicant's words; "" once erased
    evidence: tuple[str, ...]
    received_words: str
    answer_words: str
    result_words: str  # "" while it is open
