"""What a person says when they act on a case, and what is wrong with it before anything is written.

Notes and evidence are personal data: they leave here only inside slots.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from overrides.errors import AdverseReasonsMissing, EvidenceMissing, NoteTooShort, UnknownConcept
from overrides.journal import Slot
from overrides.note_hints import hints_in
from overrides.values import Decision, Evidence, Justification, Rules, Verdict

ADVERSE_REASONS_MAX = 4  # more are unlikely to help the applicant
EVIDENCE_ITEMS_MAX = 20  # pieces that one act may rest on


class WithdrawalReason(StrEnum):
    """Why an application went no further."""

    APPLICANT_WITHDREW = "applicant_withdrew"
    DUPLICATE = "duplicate"
    ENTERED_IN_ERROR = "entered_in_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewForm:
    """Agreeing with the recommendation, or deciding a referred case."""

    decision: Decision
    seen_version: int
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    adverse_reasons: tuple[str, ...] = ()
    dwell_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideForm:
    """Deciding against the recommendation."""

    decision: Decision
    code: str
    seen_version: int
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    adverse_reasons: tuple[str, ...] = ()
    review_on: date | None = None  # on which day it is looked at again
    dwell_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalForm:
    """What a second person says of a proposed override."""

    verdict: Verdict
    seen_version: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalForm:
    """The application goes no further. ``seen_version`` None: whatever the case has become."""

    reason: WithdrawalReason = WithdrawalReason.APPLICANT_WITHDREW
    seen_version: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The reasons as a person was shown them: ``content`` is what stood on the page."""

    decision_id: str
    codebook: str  # version of the wording
    locale: str
    count: int
    content: dict[str, object]
    concepts: tuple[str, ...] = ()  # of the reasons that stood there


def tidy(text: str) -> str:
    """Text without the line ends that browsers add and without blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def check_note(note: str, minimum: int) -> None:
    """Raise ``NoteTooShort`` for a note of fewer characters than ``minimum``."""
    length = len(tidy(note))
    if length < minimum:
        raise NoteTooShort(minimum, length)


def check_evidence(evidence: Iterable[Evidence], code: Justification) -> None:
    """Raise ``EvidenceMissing`` when the code needs evidence and nothing says where it lies."""
    named = [item for item in evidence if item.type.strip() and item.reference.strip()]
    if code.evidence_required and not named:
        raise EvidenceMissing(code.code, code.evidence)


def check_concepts(concepts: Iterable[str], rules: Rules, *, required: bool) -> tuple[str, ...]:
    """The reasons named, each once, in the order given.

    Raises ``AdverseReasonsMissing`` for none where some are required, or for more than four, and
    ``UnknownConcept`` for one the codebook does not have.
    """
    named = tuple(dict.fromkeys(concepts))
    for concept in named:
        if concept not in rules.concepts:
            raise UnknownConcept(concept)
    if (required and not named) or len(named) > ADVERSE_REASONS_MAX:
        raise AdverseReasonsMissing
    return named


def note_slots(party: str, note: str) -> tuple[Slot, ...]:
    """The note, if there is one, for the ledger to encrypt, with what the hints found in it."""
    text = tidy(note)
    if not text:
        return ()
    hints = [hint.value for hint in hints_in(text)]
    return (Slot("note", party, {"text": text, **({"hints": hints} if hints else {})}),)


def evidence_slots(party: str, evidence: Iterable[Evidence]) -> tuple[Slot, ...]:
    """Where the evidence lies, if any was named, for the ledger to encrypt."""
    items = [
        {"type": item.type.strip(), "reference": item.reference.strip(), "sha256": item.sha256}
        for item in evidence
        if item.type.strip() and item.reference.strip()
    ]
    return (Slot("evidence", party, {"items": items}),) if items else ()
