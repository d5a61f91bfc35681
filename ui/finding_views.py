"""What the pages are told about booked loans held against decisions, and about findings."""

from dataclasses import dataclass
from datetime import date, datetime

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedForm:
    """What was declared of a file of booked loans; as it was typed."""

    dates: str = ""
    decimal: str = ""
    encoding: str = ""
    currency: str = ""
    columns: str = ""  # a line each: ours=theirs
    products: str = ""  # names separated by commas
    renewals: str = ""  # "on" where renewals need a decision too
    tolerance: str = "1"  # per cent
    days_apart: str = "90"
    unbooked_days: str = "90"
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchLine:
    """One branch of a run. ``of`` is the rate's denominator."""

    name: str
    matched: int
    without: int
    checking: int
    out_of_scope: int
    of: int
    rate: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run in a list."""

    run_id: str
    at: datetime
    by: str
    loans: int
    unread: int
    opened: int
    known: int
    branches: tuple[str, ...]  # that it was for; empty for all


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run whole."""

    line: RunLine
    seq: int | None  # its entry, where the viewer may read the ledger
    sha256: str
    scope: Pairs
    read_as: Pairs
    branches: tuple[BranchLine, ...]
    counts: Pairs
    broken: tuple[tuple[int, str], ...]
    broken_left: int = 0  # further lines that are counted and not named


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationView:
    """The page's lists."""

    branch: str  # the viewer's own, "" for all
    bytes_max: int
    runs: tuple[RunLine, ...]
    more: int  # runs that are older than those shown
    newest: RunView | None
    open: int
    late: int
    unowned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Which findings are asked for; ``state`` is one of the states of ``FindingsView.states``."""

    state: str = "open"
    kind: str = ""
    branch: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding in a list. ``state`` is ``unowned``, ``late``, ``open`` or ``closed``."""

    finding_id: str
    kind_words: str
    about: str  # branch, or the model
    case_id: str
    owner: str
    due: date | None
    state: str
    state_words: str
    age_days: int
    opened_at: datetime
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsView:
    """A page of the list."""

    lines: tuple[FindingLine, ...]
    total: int
    page: int
    pages: int
    asked: FindingFilter
    states: Pairs
    kinds: Pairs
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingStep:
    """One entry of a finding."""

    title: str
    at: datetime
    by: str
    said: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One finding whole. ``barred`` says why the viewer may do nothing about it."""

    line: FindingLine
    facts: Pairs
    steps: tuple[FindingStep, ...]
    barred: str
    owners: Pairs
    reasons: Pairs
    may_close: bool
    first_due: date
    last_due: date
    usual_due: date
    owner_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingForm:
    """What was typed: ``act`` is ``assign`` or ``close``."""

    act: str = ""
    owner: str = ""
    due: str = ""  # as the browser writes it: 2027-11-22
    reason: str = ""
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissLine:
    """Something a model misses; ``finding_id`` is "" until it is tracked."""

    clue: str
    said: str
    finding_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissesView:
    """What stands of one model."""

    bundle: str
    bundles: tuple[str, ...]
    lines: tuple[MissLine, ...]
