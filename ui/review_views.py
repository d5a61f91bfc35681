"""What the pages are told about the owners' monthly review of the board. Read as ``ui.views``."""

from dataclasses import dataclass
from datetime import date, datetime

from ui.governance_views import OwnerLine

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewForm:
    """What was typed into one of the page's forms; ``act`` says which."""

    act: str = ""  # open, sign, action, close, judge or cost
    month: str = ""
    seen: str = ""
    owner: str = ""
    due: str = ""
    action: str = ""
    done: str = ""  # yes or no
    kpi: str = ""
    says: str = ""
    until: str = ""
    cost: str = ""
    amount: str = ""
    currency: str = ""
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLine:
    """Something one owner is to do."""

    action_id: str
    text: str  # "" where it cannot be read any more
    month: str
    owner: str
    due: date
    state: str  # open, overdue, done or dropped
    by: str
    closed_by: str = ""
    closed_at: datetime | None = None
    yours: bool = False  # the viewer may close it


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseLine:
    """One promised number and what the owners say is to become of it."""

    kpi: str
    title: str
    due: date  # what is judged now: the promised day, or the one last extended to
    standing: str  # "" while the day is ahead
    words: Pairs  # owner, what they said
    agreed: str  # "" while the four have not agreed
    open: bool  # it can be judged now


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """The review of one bundle's month, with what runs on from month to month."""

    bundle: str
    title: str
    month: str
    month_words: str
    months: Pairs  # month, words with its state; newest first
    today: date
    review_id: str  # "" where its numbers were not laid before the owners yet
    opened: str  # by whom, when
    numbers: tuple[tuple[str, ...], ...]  # a heading and rows; () where none or unreadable
    may_open: bool
    owners: tuple[OwnerLine, ...]
    sign_for: str  # "" where the viewer cannot sign just now
    cannot: str
    may_act: bool
    roles: Pairs
    actions: tuple[ActionLine, ...]
    promises: tuple[PromiseLine, ...]
    costs: tuple[tuple[str, ...], ...]  # a heading and rows
    kinds: Pairs
    currency: str
