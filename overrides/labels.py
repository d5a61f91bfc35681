"""What a case's outcome is as a label: good, bad, or why nobody can say yet.

An early default is final and its absence is provisional: a case is good only when its performance
window has closed and every month of it was reported. A default inside the window is never taken
back by a later cure or re-ageing; only a correction of the record itself does that.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
    account: int = 0  # which of the loan's accounts; 0 speaks of all of them


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
    ``matures_at`` is when the window closes, None for a case without a performance window; of a
    loan in several accounts the last of their windows. ``turns_at`` is the first end of a window
    that is open: until then only another observation changes the label.
    """

    status: LabelStatus
    unmanaged: LabelStatus
    matures_at: datetime | None
    source: LabelSource
    reason: str
    turns_at: datetime | None = None

    def closed(self, as_of: datetime) -> bool:
        """Whether the whole window has passed, so that good and bad can be compared."""
        return self.matures_at is not None and self.matures_at <= as_of


_NOT_APPROVED = {
    CaseStatus.WITHDRAWN: LabelStatus.UNOBSERVED_WITHDRAWN,
    CaseStatus.CLOSED_INCOMPLETE: LabelStatus.UNOBSERVED_INCOMPLETE,
    CaseStatus.EXPIRED: LabelStatus.UNOBSERVED_NOT_TAKEN,
}
_HIDES_ARREARS = frozenset({OutcomeKind.FORBORNE, OutcomeKind.RE_AGED, OutcomeKind.RESTRUCTURED})


def label(
    definition: OutcomeDefinition, decided: Ending, outcomes: Iterable[Observation], as_of: datetime
) -> Label:
    """Label of a case at ``as_of``, from what the books had said by then.

    Observations later than ``as_of`` are left out; of two of the same kind and instant the later
    entry counts. Days past due are monthly: where there are several reports, every month of the
    window must be among them for a good label. A single report, or the first where all come after
    the window, is taken as the worst since the disbursement. Of a loan in several accounts each is
    looked at alone, and the case is what the worst of them is.
    """
    if decided.status is not CaseStatus.DECIDED:
        return _unseen(_NOT_APPROVED.get(decided.status, LabelStatus.IMMATURE), decided.status)
    if decided.decision is not Decision.APPROVE or decided.at is None:
        return _unseen(LabelStatus.UNOBSERVED_DECLINED, "declined")
    found = {
        account: _of_account(definition, decided, decided.at, said, as_of)
        for account, said in _by_account(standing(outcomes, as_of)).items()
    }
    return found[0] if 0 in found else _worst(found)


def never_taken(outcomes: Iterable[Observation], as_of: datetime) -> bool:
    """Whether the applicant took no account of the loan, as the books had said by ``as_of``."""
    return all(_never_taken(seen) for seen in _by_account(standing(outcomes, as_of)).values())


def _by_account(seen: tuple[Observation, ...]) -> dict[int, tuple[Observation, ...]]:
    """What is said of each account, what speaks of all of them among it, in its order.

    A loan in one account, named or not, is whole under 0.
    """
    accounts = sorted({o.account for o in seen if o.account})
    if len(accounts) < 2:  # noqa: PLR2004 - several
        return {0: seen}
    if not any(o.account == 0 for o in seen):
        alone: dict[int, list[Observation]] = {account: [] for account in accounts}
        for observation in seen:
            alone[observation.account].append(observation)
        return {account: tuple(held) for account, held in alone.items()}
    return {account: tuple(o for o in seen if o.account in {0, account}) for account in accounts}


def _of_account(
    definition: OutcomeDefinition,
    decided: Ending,
    decided_at: datetime,
    seen: tuple[Observation, ...],
    as_of: datetime,
) -> Label:
    """Label of a loan in one account."""
    if _never_taken(seen):
        return _unseen(LabelStatus.UNOBSERVED_NOT_TAKEN, OutcomeKind.NOT_TAKEN)
    start = _start(seen, decided_at)
    matures_at = add_months(start, definition.window_months)
    window = _Window(definition, start, matures_at, as_of)
    status, reason = window.managed(seen)
    source = LabelSource.RANDOM_ACCEPT if decided.random_accept else LabelSource.OWN_BOOK
    if status is LabelStatus.IMMATURE:
        source = LabelSource.NONE
    hidden = any(o.kind in _HIDES_ARREARS and window.holds(o) for o in seen)
    unmanaged = status
    if hidden and status is LabelStatus.OBSERVED_GOOD:
        unmanaged = LabelStatus.INDETERMINATE
    turns_at = matures_at if matures_at > as_of else None
    return Label(status, unmanaged, matures_at, source, reason, turns_at)


_WORST_FIRST = (
    LabelStatus.OBSERVED_BAD,
    LabelStatus.EXCLUDED,
    LabelStatus.IMMATURE,  # whose window is open may still go bad
    LabelStatus.INDETERMINATE,
    LabelStatus.OBSERVED_GOOD,
    LabelStatus.UNOBSERVED_NOT_TAKEN,  # says nothing where another account was taken
)


def _worst(found: Mapping[int, Label]) -> Label:
    """The label of a loan in several accounts: of fraud, else the worst; closed with the last."""
    order = {status: place for place, status in enumerate(_WORST_FIRST)}
    account, worst = min(
        found.items(),
        key=lambda item: (item[1].reason != OutcomeKind.FRAUD, order[item[1].status], item[0]),
    )
    unmanaged = min((label.unmanaged for label in found.values()), key=order.__getitem__)
    if worst.reason == OutcomeKind.FRAUD:
        unmanaged = worst.unmanaged
    ends = [label.matures_at for label in found.values() if label.matures_at is not None]
    turns = [label.turns_at for label in found.values() if label.turns_at is not None]
    return replace(
        worst,
        unmanaged=unmanaged,
        matures_at=max(ends, default=None),
        turns_at=min(turns, default=None),
        reason=f"account {account}: {worst.reason}",
    )


def add_months(start: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day of a shorter month."""
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def _unseen(status: LabelStatus, reason: str) -> Label:
    """A label of a case that has no performance window."""
    return Label(status, status, None, LabelSource.NONE, reason)


def standing(outcomes: Iterable[Observation], as_of: datetime) -> tuple[Observation, ...]:
    """What the books say at ``as_of``, corrections applied, in the order it was observed."""
    latest: dict[tuple[OutcomeKind, datetime, int], Observation] = {}
    for observation in sorted(outcomes, key=lambda o: o.seq):
        if observation.observed_at <= as_of:
            latest[observation.kind, observation.observed_at, observation.account] = observation
    return tuple(sorted(latest.values(), key=lambda o: (o.observed_at, o.seq)))


def _never_taken(seen: tuple[Observation, ...]) -> bool:
    """Whether the applicant did not take the loan, and nothing says it was paid out after all."""
    refused = [o.observed_at for o in seen if o.kind is OutcomeKind.NOT_TAKEN]
    paid_out = [o.observed_at for o in seen if o.kind is OutcomeKind.DISBURSED]
    return bool(refused) and not any(at >= refused[-1] for at in paid_out)


def _start(seen: tuple[Observation, ...], decided_at: datetime) -> datetime:
    """When the loan began: its first disbursement, else counted back from months on book."""
    for observation in seen:
        if observation.kind is OutcomeKind.DISBURSED:
            return observation.observed_at
    for observation in reversed(seen):
        if observation.months_on_book is not None:
            return add_months(observation.observed_at, -observation.months_on_book)
    return decided_at


@dataclass(frozen=True, slots=True)
class _Window:
    """The performance window of one loan, looked at from ``as_of``."""

    definition: OutcomeDefinition
    start: datetime
    matures_at: datetime
    as_of: datetime

    def month(self, observation: Observation) -> int:
        """Months on book of an observation; counted by calendar months where not told."""
        if observation.months_on_book is not None:
            return observation.months_on_book
        at, start = observation.observed_at, self.start
        return max(0, (at.year - start.year) * 12 + at.month - start.month)

    def holds(self, observation: Observation) -> bool:
        """Whether the observation speaks of the time inside the window."""
        if observation.months_on_book is not None:
            return observation.months_on_book <= self.definition.window_months
        return observation.observed_at <= self.matures_at

    def managed(self, seen: tuple[Observation, ...]) -> tuple[LabelStatus, str]:
        """Status with forbearance taken as reported, and why."""
        excluded = {o.kind for o in seen if o.kind in self.definition.excluded_kinds}
        if OutcomeKind.FRAUD in excluded:
            return LabelStatus.EXCLUDED, OutcomeKind.FRAUD
        arrears = [o for o in seen if o.kind is OutcomeKind.MAX_DAYS_PAST_DUE]
        counted = [o for o in arrears if self.holds(o)] or arrears[:1]
        worst = max((int(o.value) for o in counted), default=0)
        if worst >= self.definition.bad_days:
            return LabelStatus.OBSERVED_BAD, f"{worst} days past due"
        inside = [o for o in seen if self.holds(o)]
        bad = [o.kind for o in inside if o.kind in self.definition.bad_kinds]
        if bad:
            return LabelStatus.OBSERVED_BAD, bad[0]
        out = [o.kind for o in inside if o.kind in self.definition.excluded_kinds]
        if out:
            return LabelStatus.EXCLUDED, out[0]
        if any(o.kind is OutcomeKind.CLOSED_EARLY for o in inside):
            return LabelStatus.INDETERMINATE, OutcomeKind.CLOSED_EARLY
        return self._without_default(inside, arrears, worst)

    def _without_default(
        self, inside: list[Observation], arrears: list[Observation], worst: int
    ) -> tuple[LabelStatus, str]:
        """Status of a loan that has not defaulted so far: good only when all of it was seen."""
        if self.as_of < self.matures_at:
            return LabelStatus.IMMATURE, "window open"
        if worst >= self.definition.indeterminate_days:
            return LabelStatus.INDETERMINATE, f"{worst} days past due"
        return self._reported(inside, arrears)

    def _reported(
        self, inside: list[Observation], arrears: list[Observation]
    ) -> tuple[LabelStatus, str]:
        """Status of a loan whose window closed without arrears, by how much of it was reported."""
        if not arrears:
            reported = any(o.kind is not OutcomeKind.DISBURSED for o in inside)
            if reported:
                return LabelStatus.INDETERMINATE, "days past due never reported"
            return LabelStatus.IMMATURE, "no outcome yet"
        repaid = [self.month(o) for o in inside if o.kind is OutcomeKind.PAID_OFF]
        needed = min([self.definition.window_months, *repaid])
        months = {self.month(o) for o in arrears}
        if max(months) < needed:
            return LabelStatus.IMMATURE, "last months not reported"
        if len(arrears) > 1 and not months.issuperset(range(1, needed + 1)):
            return LabelStatus.INDETERMINATE, "gap in the months"
        return LabelStatus.OBSERVED_GOOD, "no default in the window"
