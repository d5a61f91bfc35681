"""What may be asked of the cases: plain values, read from tables the ledger can fill again.

Nothing here is personal. Names, fields, notes and evidence are in the event that a row names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal as Number
from typing import Protocol

from overrides.cases import Appeal, Case, Proposal
from overrides.first_views import StatedView
from overrides.journal import Committed, Json, VersionStamp
from overrides.labels import Ending, Observation
from overrides.surprises import Surprises
from overrides.urgency import Clocks, Urgency
from overrides.values import CaseStatus, Decision, Money, OverrideSide, Recommendation

PAGE_ROWS_MAX = 500

StatusCounts = Mapping[CaseStatus, int]
KeyedHash = Callable[[str, str], str]  # purpose and text: hex; the vault's ``lookup_hash``


def application_key(lookup: KeyedHash, bundle: str, application_id: str) -> str:
    """Keyed hash under which an application of a bundle is found again."""
    return lookup("application", f"{bundle}\0{application_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases a list holds. No statuses: every open case.

    Open cases come first, most urgent first (``overrides.urgency``), then those closed last.

    ``reason`` is a routing code. ``asleep`` keeps the cases that are set aside now or, where false,
    all others; ``referred`` in the same way those that were referred upwards. ``holder`` keeps
    cases that this person holds, ``free`` those that nobody holds, and ``open_to`` leaves out cases
    on which this person may not act: those they proposed an override of, and those they are
    excluded from. ``appealed`` keeps open cases that an applicant contests.
    """

    statuses: frozenset[CaseStatus] = frozenset()
    bundle: str | None = None
    branch: str | None = None
    queue: str | None = None
    holder: str | None = None
    free: bool = False
    open_to: str | None = None
    urgency: Urgency | None = None
    reason: str | None = None
    product: str | None = None
    asleep: bool | None = None
    referred: bool | None = None
    appealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case in a list. ``holder`` is whoever claimed it last: see ``holder_until``."""

    case_ref: str
    bundle: str
    status: CaseStatus
    version: int
    decision_id: str
    decision_event: str  # its slot ``inputs`` has the application's own id and fields
    recommendation: Recommendation
    probability: Number | None
    reliable: bool
    amount: Money
    product: str
    branch: str
    queue: str
    routing: tuple[str, ...]  # codes: why it came to a person
    subject: str
    opened_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    clocks: Clocks
    asleep_until: datetime | None
    referred: str  # why it was referred upwards, "" where it was not
    holder: str
    holder_until: datetime | None
    final: Decision | None
    side: OverrideSide | None
    by_person: bool  # whether a person decided, where there is a decision
    reviewer: str  # who decided or proposed, "" when policy did
    approver: str  # who upheld, "" when nobody had to
    closed_at: datetime | None
    proposal: Proposal | None  # while it waits for a second person
    simulated: bool
    appeal: Appeal | None = None  # the latest, which may have been decided


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """One page of a list; ``next_cursor`` is empty on the last."""

    rows: tuple[CaseRow, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision as it was made: a score with its versions, or a failure to make one.

    Numbers are the recorded decimal strings; None where no score was made. ``adverse`` and
    ``favourable`` are concepts, strongest first; by how much is in the personal part.
    """

    decision_id: str
    case_ref: str
    seq: int
    event_id: str
    made_at: datetime
    attempt: int
    supersedes: str | None
    bundle: str
    model: VersionStamp | None
    policy: VersionStamp | None
    codebook: VersionStamp | None
    recommendation: Recommendation
    probability: str | None
    raw: str | None
    base: str | None
    method: str | None
    background: str | None
    sum_error: str | None
    reliable: bool
    approve_up_to: str | None
    decline_above: str | None
    distance: str | None
    failure: str | None  # cause code when no score could be made
    routing: tuple[str, ...]
    knockouts: tuple[str, ...]
    sampled: Mapping[str, Json]
    assigned_to: str  # the officer who was drawn by chance, "" where nobody was
    eligible: tuple[str, ...]  # among whom
    p_assigned: str | None  # how likely that was
    adverse: tuple[str, ...]
    favourable: tuple[str, ...]
    queue: str
    status: CaseStatus  # that this decision gave the case
    product: str
    branch: str
    channel: str
    jurisdiction: str
    amount: Money
    received_at: datetime | None
    completed_at: datetime | None
    due_at: datetime | None
    subject: str
    parties: tuple[tuple[str, str], ...]  # slot, role
    latency_us: int | None
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """One event of a case; ``status`` and ``version`` are the case's after it."""

    seq: int
    event_id: str
    case_ref: str
    type: str
    at: datetime
    actor: str
    role: str
    data: Mapping[str, Json]  # as in the ledger; of a decision only its id and recommendation
    slots: tuple[str, ...]  # names of the personal parts that the event has
    status: CaseStatus
    version: int
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """One case whole: what a decider looks at, its row, and the decision that stands."""

    case: Case
    row: CaseRow
    decision: DecisionRow
    proposed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change of a case for the core system; ``by_person``: whether a person decided it."""

    seq: int
    at: datetime
    type: str
    case_ref: str
    bundle: str
    decision_id: str
    decision_event: str
    status: CaseStatus
    final: Decision | None
    by_person: bool
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One observation as recorded; ``corrects`` names the one it replaces."""

    seq: int
    event_id: str
    case_ref: str
    at: datetime
    kind: str
    value: str
    observed_at: datetime
    months_on_book: int | None
    source: str
    corrects: str | None
    simulated: bool
    account: int = 0  # which of the loan's accounts, in the order they were heard of; 0 for all


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFact:
    """What the shared numbers need of one case, as it stood at the cut."""

    case_ref: str
    bundle: str
    branch: str
    amount: Money
    recommendation: Recommendation
    probability: float | None
    reliable: bool
    opened_at: datetime
    received_at: datetime | None
    completed_at: datetime | None
    due_at: datetime | None
    ending: Ending
    by_person: bool
    side: OverrideSide | None
    code: str
    reviewer: str  # who decided or proposed, "" when policy did
    approver: str  # who upheld, "" when nobody had to
    observations: tuple[Observation, ...]
    simulated: bool
    countered: bool = False  # whether its decision is on other terms than those applied for
    corrected: bool = False  # whether a person corrected a value of it
    appeal: str = ""  # what its latest appeal came to (``AppealResult``), "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackFact:
    """One closed case for a feedback set: its facts, and the decision with its features."""

    fact: BoardFact
    decision: DecisionRow
    entry: Committed  # of the decision
    decided_seq: int  # ledger place of the event that closed the case
    acts: tuple[ActRow, ...]  # of the case up to the cut, in order


class CaseBook(Protocol):
    """Reading cases. Every list has a limit, every cursor comes from the page before."""

    def case(self, case_ref: str) -> CaseFile | None:
        """One case whole."""

    def rows(
        self, wanted: CaseFilter, now: datetime, *, cursor: str = "", limit: int = 50
    ) -> RowPage:
        """A page of cases; ``ValueError`` for a cursor that no page gave."""

    def count(self, wanted: CaseFilter, now: datetime, *, at_most: int | None = None) -> int:
        """How many cases the filter keeps; rows looked at one by one only up to ``at_most``."""

    def counts(self, *, branch: str | None = None, bundle: str | None = None) -> StatusCounts:
        """How many cases stand in each state, every state named."""

    def search(
        self, prefix: str, *, branch: str | None = None, cursor: str = "", limit: int = 50
    ) -> RowPage:
        """Cases whose reference or branch begins so, newest first."""

    def branches(self) -> tuple[str, ...]:
        """Names of the branches that have cases, in order."""

    def applications(self, keys: Sequence[str]) -> tuple[CaseRow, ...]:
        """Cases of these application keys (one per bundle), at most 500 at once."""

    def by_application(self, keys: Sequence[str]) -> Mapping[str, CaseRow]:
        """The same by key; a key without a case is absent."""

    def acts(self, case_ref: str) -> tuple[ActRow, ...]:
        """Every event of a case in ledger order, outcomes left out."""

    def decisions(self, case_ref: str) -> tuple[DecisionRow, ...]:
        """Every decision made on a case, the first first."""

    def decision(self, decision_id: str) -> DecisionRow | None:
        """One decision."""

    def linked(self, case_ref: str, *, limit: int = 20) -> tuple[CaseRow, ...]:
        """Other cases of the same applicant, newest first."""

    def outcomes(self, case_ref: str) -> tuple[OutcomeRow, ...]:
        """Every observation of a case in ledger order, corrected ones too."""

    def approved(
        self, bundle: str, by: datetime, *, limit: int = 100
    ) -> tuple[tuple[CaseRow, tuple[OutcomeRow, ...]], ...]:
        """Cases of a bundle approved by then, the latest first, each with its observations."""

    def held(
        self, now: datetime, *, branch: str | None = None, limit: int = 200
    ) -> tuple[CaseRow, ...]:
        """Cases with a running lease, those of one holder together, most urgent target first."""

    def claims_of(self, person: str) -> tuple[str, ...]:
        """References of the cases whose last claim is this person's and was not given back."""

    def changes(self, after: int, *, limit: int = 100) -> tuple[ChangeRow, ...]:
        """What changed in the ledger after this place, in order."""

    def board_facts(
        self, as_of: datetime, *, bundle: str | None = None, since: datetime | None = None
    ) -> Iterator[BoardFact]:
        """Every case opened by ``as_of`` (and from ``since`` on), as it stood then."""

    def facts_of(self, cases: Sequence[str], as_of: datetime, bundle: str) -> Iterator[BoardFact]:
        """The same of those of these cases that are of a bundle."""

    def touched(self, after: int, to: int) -> frozenset[str]:
        """Cases that entries from the place ``after`` up to and without ``to`` are about."""

    def surprises(self, bundle: str, *, limit: int = 2000) -> Surprises:
        """How often each reason surprised people, of the latest times reasons were shown."""

    def first_views(
        self, bundle: str, as_of: datetime, *, limit: int = 2000
    ) -> tuple[StatedView, ...]:
        """The latest first views on cases of a bundle by then, the newest first."""
