"""What the pages are told about cases, people, the ledger and the numbers: plain, frozen values.

Texts arrive ready to show except for layout; instants are timezone-aware UTC datetimes, amounts are
already worded ("DM 3,500"), probabilities come as ``float`` for pictures and as words for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ui.audit_views import (
    BoardSection,
    BoardView,
    BundleLine,
    BundleView,
    EntryView,
    FeedbackView,
    Figure,
    LedgerRow,
    LedgerState,
    VerificationView,
)
from ui.changing_views import ConceptChoice, OfferView
from ui.reason_views import Bar, FieldFault, ReasonLine
from ui.review_date_views import ReviewDateLine
from ui.waiting_views import NOT_WAITING, Waiting

__all__ = [
    "Act",
    "ActForm",
    "Bar",
    "BoardSection",
    "BoardView",
    "BundleLine",
    "BundleView",
    "CaseView",
    "CodeChoice",
    "ConceptChoice",
    "Consequence",
    "EntryView",
    "EvidenceTyped",
    "FeedbackView",
    "Figure",
    "LedgerRow",
    "LedgerState",
    "Notice",
    "Pending",
    "PersonLine",
    "QueuePage",
    "QueueRow",
    "ReasonLine",
    "Rescore",
    "StartView",
    "VerificationView",
    "Viewer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who is looking."""

    person_ref: str
    name: str
    role: str
    role_words: str
    branch: str
    may: frozenset[str]  # names of PAGES and ACTS this role may use, see decision_service/access.py
    csrf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A line above the page: a success, a warning or something that went wrong."""

    tone: str  # "done", "note", "problem"
    text: str
    details: tuple[str, ...] = ()
    href: str = ""  # where to go on from here, under the words of ``link``
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One case in a list."""

    case_id: str
    application_id: str
    title: str  # pseudonym or application id, never a name
    amount: str
    bundle: str
    recommendation: str
    band: str  # in words: "18 of 100", or "no score"
    why: tuple[str, ...]  # why it came to a person
    waiting_since: datetime
    due: datetime | None
    overdue: bool
    holder: str  # "" when free, "you" for the viewer, else a name
    status: str
    status_words: str
    simulated: bool
    final_words: str = ""  # what was decided, for a closed case: "Approved"
    decided_by: str = ""  # who decided it
    decided_at: datetime | None = None
    side_words: str = ""  # "" unless the decision overrode the model
    proposal_words: str = ""  # what waits for a second person: "Asha Menon wants to approve"
    proposal_by_viewer: bool = False  # then the viewer may not judge it
    question_back: bool = False  # whether the second person asked something
    must_rescore: bool = False  # whether the model that scored it is suspended now
    urgency: str = ""  # law, late, soon or later while it is open
    clock_words: str = ""  # "Legal limit in 2 days", for an open case
    away_words: str = ""  # why nobody is to take it now: "Set aside until …"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """One page of a list of cases."""

    rows: tuple[QueueRow, ...]
    total: int
    next_cursor: str
    as_of: datetime
    total_or_more: bool = False  # whether there may be more than ``total``
    counts: Mapping[str, int] = field(default_factory=dict)  # per status, for the tabs
    queues: tuple[str, ...] = ()  # names the viewer may filter by
    reasons: tuple[tuple[str, str], ...] = ()  # why a case came to a person: code, words
    branches: tuple[str, ...] = ()  # for whoever sees more than their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One line of a case's history."""

    at: datetime
    title: str
    who: str
    text: str
    details: tuple[tuple[str, str], ...]
    seq: int
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """What a person typed into a form and did not send: field by field, and when."""

    place: str
    fields: tuple[tuple[str, str], ...]
    kept_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTyped:
    """One piece of evidence as an officer names it."""

    kind: str = ""
    reference: str = ""
    sha256: str = ""

    def __bool__(self) -> bool:
        """Whether anything was typed."""
        return bool(self.kind or self.reference or self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActForm:
    """What the officer typed, shown again when the act is refused."""

    decision: str = ""
    code: str = ""
    note: str = ""
    evidence: tuple[EvidenceTyped, ...] = ()
    concepts: tuple[str, ...] = ()
    verdict: str = ""
    review_on: str = ""  # as the browser writes it: 2027-11-22
    hints: tuple[str, ...] = ()  # about the note, that the page showed when it was sent
    seen_version: int = 0
    idempotency_key: str = ""
    dwell_ms: int | None = None  # how long the page was in view, when the browser could say


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChoice:
    """One justification code the officer may choose."""

    code: str
    label: str
    group: str
    description: str
    evidence_required: bool
    evidence: str
    note_min_chars: int
    second_approver: str  # in words
    evidence_kinds: tuple[str, ...] = ()  # names of the kinds that usually show it
    review_days: int = 0  # within so many days it is looked at again, 0 where it need not be


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An override that waits for a second person."""

    by: str
    by_viewer: bool
    at: datetime
    decision: str
    side_words: str
    code: str
    code_label: str
    note: str
    evidence: tuple[str, ...]
    reasons: tuple[str, ...]
    needs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescore:
    """Why a case may be scored again, or must be before anybody decides it."""

    words: str
    forced: bool  # nothing may rest on the score it has
    possible: bool  # False where its fields have been erased


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """Everything the case page shows."""

    case_id: str
    application_id: str
    version: int
    status: str
    status_words: str
    bundle: str
    bundle_title: str
    model_version: str
    policy_version: str
    codebook_version: str
    amount: str
    product: str
    branch: str
    received_at: datetime
    due: datetime | None
    overdue: bool
    simulated: bool
    recommendation: str
    recommendation_words: str  # one sentence
    probability: float | None
    odds_words: str  # "Of 100 applications scored like this, the model expects about 18 …"
    approve_up_to: float
    decline_above: float
    distance_words: str
    reliable: bool
    unreliable_words: str  # why, and what it means; "" when reliable
    adverse: tuple[ReasonLine, ...]
    favourable: tuple[ReasonLine, ...]
    bars: tuple[Bar, ...]
    base: float
    raw: float
    sum_error: str
    scale_words: str  # of pushes and score; "" where the model is not at hand
    method_words: str
    facts: tuple[tuple[str, str], ...]  # label, value: what the applicant stated, context included
    warnings: tuple[str, ...]
    routing: tuple[str, ...]
    history: tuple[Act, ...]
    decision_seq: int
    holder: str  # "" free, "you", or a name
    holder_until: datetime | None
    final: str
    final_words: str
    side_words: str
    pending: Pending | None
    may_claim: bool
    may_decide: bool
    may_approve: bool
    may_withdraw: bool
    cannot_words: str  # why the viewer cannot act, "" otherwise
    agree_decision: str  # "approve"/"decline" when agreeing is one button, "" for a referred case
    override_decision: str  # what overriding would decide, "" when there is nothing to override
    codes: tuple[CodeChoice, ...]  # for that direction
    concepts: tuple[ConceptChoice, ...]
    links: tuple[tuple[str, str], ...]  # other applications of the same party: text, case id
    links_words: str = ""  # how many of them count as re-submissions
    question: str = ""  # what the second person asked, while it stands open
    question_by: str = ""
    returned: ActForm | None = None  # the viewer's own proposal that the question is about
    may_agree: bool = True  # False when agreeing would be refused though the viewer may decide
    agree_cannot_words: str = ""  # then why
    stopped: bool = False  # whether the model that made its score is suspended now
    rescore: Rescore | None = None  # None where the viewer may not, or it would change nothing
    faults: tuple[FieldFault, ...] = ()  # fields to be checked, and whose they are
    doubts: tuple[str, ...] = ()  # what to mind of the score: unusual values, thin outcomes
    may_turn: bool = False  # whether it can be worked out what would turn the recommendation
    may_try: bool = False  # whether the policy lets other values be tried
    offer: OfferView | None = None  # other terms that lie with the applicant
    replaced_words: str = ""  # which decision this one replaced; "" for a first one
    review_date: ReviewDateLine | None = None  # when the override it rests on is looked at again
    waiting: Waiting = NOT_WAITING  # what the applicant was asked; what may be taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What an act will do, said before it is done."""

    lines: tuple[str, ...]
    needs_approval: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One person or service."""

    name: str
    role: str
    role_words: str
    branch: str
    limit: str
    state: str  # active, waiting (after too many wrong passwords), locked, left
    last_seen: datetime | None
    told_apart: str = ""  # what tells this line from another of the same name


@dataclass(frozen=True, slots=True, kw_only=True)
class StartView:
    """The first page: where each role begins, and what the numbers in this installation are."""

    viewer_role: str
    steps: tuple[tuple[str, str, str], ...]  # link, title, why
    demo: bool
    demo_words: str
    log_ins: tuple[tuple[str, str, str], ...]  # name, password, role in words: only in a demo
