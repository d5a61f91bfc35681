"""What a case's outcome is as a label: good, bad, or why nobody can say yet.

An early default is final and its absence is provisional: a case is good only when its performance
window has closed and every month of it was reported. A default inside the window is never taken
back by a later cure or re-ageing; only a correction of the record itself does that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from overrides.values import CaseStatus, Decision, OutcomeKind


class LabelStatus(StrEnum):
    """Whether an outcome is seen, and why not where it is not."""

    OBSERVED_GOOD = "OBSERVED_GOOD"
    OBSERVED_BAD = "OBSERVED_BAD"
    INDETERMINATE = "INDETERMINATE"
    IMMATURE = "IMMATURE"
    UNOBSERVED_DECLINED = "UNOBSERVED_DECLINED"
    UNOBSERVED_NOT_TAKEN = "UNOBSERVED_NOT_TAKEN"
    UNOBSERVED_WITHDRAWN = "UNOBSERVED_WITHDRAWN"
    UNOBSERVED_INCOMPLETE = "UNOBSERVED_INCOMPLETE"
    EXCLUDED = "EXCLUDED"


class LabelSource(StrEnum):
    """Where an observed label comes from."""

    OWN_BOOK = "OWN_BOOK"
    RANDOM_ACCEPT = "RANDOM_ACCEPT"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDefinition:
    """When a loan counts as good or bad, as its bundle says.

    ``bad_days`` and ``indeterminate_days`` are days past due, both inclusive; the window is in
    months from the disbursement. Any of ``bad_kinds`` inside the window is bad at once.
    """

    id: str
    window_months: int = 12
    bad_days: int = 90
    indeterminate_days: int = 30
    bad_kinds: frozenset[str] = frozenset({"written_off", "bankrupt", "restructured"})
    excluded_kinds: frozenset[str] = frozenset({"fraud", "deceased", "sold"})

    def __post_init__(self) -> None:
        """Refuse a definition that no loan could meet, or kinds nobody reports."""
        if not (self.window_months > 0 and 0 < self.indeterminate_days <= self.bad_days):
            msg = f"an outcome definition out of order: {self.id}"
            raise ValueError(msg)
        unknown = (self.bad_kinds | self.excluded_kinds) - set(OutcomeKind)
        if unknown or self.bad_kinds & self.excluded_kinds:
            msg = f"kinds that cannot be used so in {self.id}: {sorted(unknown)}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing the books said of a loan, the latest correction of it.

    ``value`` is days past due, an amount in minor units, or empty for a mere event.
    """

    kind: OutcomeKind
    value: str
    observed_at: datetime
    months_on_book: int | None
    seq: int  # where it stands in the ledger: later beats earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a case stood at the cut: what its label starts from."""

    status: CaseStatus
    decision: Decision | None = None
    at: datetime | None = None
    random_accept: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A case's label at one instant.

    ``status`` takes forbearance as the books report it (managed). ``unmanaged`` is what is left
    when forbearance, re-ageing and restructuring are not allowed to hide arrears: never good.
    ``matures_at`` is when the window closes, None for a case without a performance window.
    """

    status: LabelStatus
    unmanaged: LabelStatus
    matures_at: datetime | None
    source: LabelSource
    reason: str

    def closed(self, as_of: datetime) -> bool:
        """Whether the whole window has passed, so that good and bad can be compared."""
        return self.matures_at is not None and self.matures_at <= as_of
