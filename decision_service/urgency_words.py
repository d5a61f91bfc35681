"""How urgent a case is, in words: which clock presses, and by how much."""

from datetime import datetime

from overrides.cases import OPEN_STATES
from overrides.reading import CaseRow
from overrides.urgency import Clocks, Pressing, Urgency
from ui.words import instant_words, span_words

CLOCK_WORDS = {Pressing.LAW: "Legal limit", Pressing.TARGET: "Service target"}
REFERRED_WORDS = {
    "above_limit": "above the officer's limit",
    "policy_question": "a question of policy",
    "own_interest": "the officer has an interest of their own",
    "needs_specialist": "it needs a specialist",
    "complaint": "the applicant complained",
    "other": "see the note",
}
HANDED_WORDS = {
    "workload": "to share out work",
    "absence": "for an absence",
    "knows_customer": "the colleague knows the customer",
    "own_interest": "the officer has an interest of their own",
    "other": "see the note",
}
ASIDE_WORDS = {
    "call_back": "to call the applicant back",
    "document_promised": "a document is promised",
    "colleague_asked": "a colleague was asked",
    "other": "see the note",
}


def clock_words(clocks: Clocks, now: datetime) -> str:
    """The clock that presses: ``Legal limit in 2 days``, ``Service target passed 3 hours ago``."""
    clock, at = clocks.pressing(now)
    if at is None:
        return "No date"
    name, span = CLOCK_WORDS[clock], span_words(at - now)
    return f"{name} passed {span} ago" if at <= now else f"{name} in {span}"


def has_passed(clocks: Clocks, now: datetime) -> bool:
    """Whether the clock that presses has run out."""
    _, at = clocks.pressing(now)
    return at is not None and at <= now


def urgency_of(row: CaseRow, now: datetime) -> Urgency | None:
    """The group of an open case; None for a closed one."""
    return row.clocks.urgency(now) if row.status in OPEN_STATES else None


def away_words(row: CaseRow, now: datetime) -> str:
    """Why nobody is to take the case just now; "" where anybody may."""
    if row.referred:
        return f"Referred upwards: {REFERRED_WORDS.get(row.referred, row.referred)}"
    if row.asleep_until is not None and row.asleep_until > now:
        return f"Set aside until {instant_words(row.asleep_until)}"
    return ""
