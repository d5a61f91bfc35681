"""What the four owners did about the shared numbers, folded from the ledger's entries.

Each month the numbers of a bundle are laid before its owners, who sign that they have read them and
give actions to one another. On the day a number was promised for, each says whether to scale, to
extend or to stop; it is agreed when all four say the same. Costs are entered by month, since no
record of a decision knows them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from overrides.journal import Event
from overrides.values import Role
from overrides.version_record import OWNERS

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Word(StrEnum):
    """What is to become of a bundle, on the day it promised something for."""

    SCALE = "scale"
    EXTEND = "extend"
    STOP = "stop"


class CostKind(StrEnum):
    """What money is spent on beside the loans themselves."""

    INFRASTRUCTURE = "infrastructure"
    MAINTENANCE = "maintenance"
    RETRAINING = "retraining"
    OFFICER_HOUR = "officer_hour"  # the price of one hour of an officer, not a sum


def is_month(text: str) -> bool:
    """Whether a text names a calendar month, as ``2026-11``."""
    return _MONTH.fullmatch(text) is not None


def month_end(month: str) -> datetime:
    """The first instant (UTC) after a month."""
    year, number = int(month[:4]), int(month[5:])
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """That one owner has read the numbers."""

    owner: Role
    by: str
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReview:
    """The numbers of one month as they were laid before the owners; the numbers are encrypted."""

    event_id: str
    seq: int
    month: str
    by: str
    at: datetime
    figures: int
    signatures: tuple[Signature, ...] = ()

    @property
    def signed_by(self) -> Mapping[Role, Signature]:
        """Who signed for which owner."""
        return {one.owner: one for one in self.signatures}

    @property
    def complete(self) -> bool:
        """Whether all four have signed."""
        return all(owner in self.signed_by for owner in OWNERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something one owner is to do; its text is encrypted."""

    event_id: str
    seq: int
    bundle: str
    month: str
    owner: Role
    due: date
    by: str
    at: datetime
    closed: Signature | None = None
    done: bool = False  # or dropped; of a closed one

    def overdue(self, today: date) -> bool:
        """Whether its day has passed and it is open."""
        return self.closed is None and self.due < today


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one owner says of one promised number in one round. ``until`` goes with extending."""

    owner: Role
    by: str
    at: datetime
    seq: int
    due: date
    standing: str
    says: Word
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """Rounds about one promised number: the first on the promised day, later ones on extensions."""

    judgements: tuple[Judgement, ...] = ()

    def round_due(self, promised: date) -> date:
        """The day that is judged now: the promised one, or the one last extended to."""
        due = promised
        while (agreed := self.agreed(due)) is not None and agreed.until is not None:
            due = agreed.until
        return due

    def words(self, due: date) -> Mapping[Role, Judgement]:
        """The newest word of each owner in the round about a day."""
        return {one.owner: one for one in self.judgements if one.due == due}

    def agreed(self, due: date) -> Judgement | None:
        """What all four said of a day; None while they have not, or differ."""
        said = self.words(due)
        if set(said) != set(OWNERS):
            return None
        if len({(one.says, one.until) for one in said.values()}) > 1:
            return None
        return max(said.values(), key=lambda one: one.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was entered for a month, the newest entry of its kind."""

    event_id: str
    seq: int
    month: str
    kind: CostKind
    amount_minor: int
    currency: str
    by: str
    at: datetime
    corrected: bool  # whether it took the place of an earlier one


@dataclass(frozen=True, slots=True)
class Reviews:
    """Everything of that kind of every bundle."""

    months: Mapping[tuple[str, str], MonthReview] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    promises: Mapping[tuple[str, str, str], Promise] = field(default_factory=dict)
    costs: Mapping[tuple[str, str, CostKind], Cost] = field(default_factory=dict)

    def after(self, events: Iterable[Event]) -> "Reviews":
        """The same with later entries taken in; other kinds change nothing."""
        known = self
        for event in events:
            take = _TAKEN.get(event.type)
            known = take(known, event) if take else known
        return known

    def month(self, bundle: str, month: str) -> MonthReview | None:
        """The numbers of a month that were laid before the owners."""
        return self.months.get((bundle, month))

    def promise(self, bundle: str, sha256: str, kpi: str) -> Promise:
        """What was said of a number that one version promised."""
        return self.promises.get((bundle, sha256, kpi), Promise())

    def actions_of(self, bundle: str) -> tuple[Action, ...]:
        """Every action of a bundle, open ones first, then by their day."""
        found = (one for one in self.actions.values() if one.bundle == bundle)
        return tuple(sorted(found, key=lambda one: (one.closed is not None, one.due, one.seq)))

    def costs_of(self, bundle: str) -> tuple[Cost, ...]:
        """What was entered for a bundle, the newest month first."""
        found = [cost for key, cost in self.costs.items() if key[0] == bundle]
        found.sort(key=lambda cost: cost.kind)
        return tuple(sorted(found, key=lambda cost: cost.month, reverse=True))


def _reviewed(known: Reviews, event: Event) -> Reviews:
    """Numbers laid before the owners."""
    told = event.data
    review = MonthReview(
        event_id=event.event_id,
        seq=event.seq,
        month=told["month"],
        by=event.actor,
        at=event.recorded_at,
        figures=told["figures"],
    )
    return replace(known, months={**known.months, (told["name"], told["month"]): review})


def _signed(known: Reviews, event: Event) -> Reviews:
    """One more signature."""
    told = event.data
    key = (told["name"], told["month"])
    review = known.months[key]
    signatures = (*review.signatures, _signature(event))
    return replace(known, months={**known.months, key: replace(review, signatures=signatures)})


def _signature(event: Event) -> Signature:
    """Who did it, for which owner."""
    return Signature(
        owner=Role(event.data["owner"]), by=event.actor, at=event.recorded_at, seq=event.seq
    )


def _opened(known: Reviews, event: Event) -> Reviews:
    """One more action."""
    told = event.data
    action = Action(
        event_id=event.event_id,
        seq=event.seq,
        bundle=told["name"],
        month=told["month"],
        owner=Role(told["owner"]),
        due=date.fromisoformat(told["due"]),
        by=event.actor,
        at=event.recorded_at,
    )
    return replace(known, actions={**known.actions, event.event_id: action})


def _closed(known: Reviews, event: Event) -> Reviews:
    """An action is done, or dropped."""
    told = event.data
    action = replace(known.actions[told["of"]], closed=_signature(event), done=told["done"])
    return replace(known, actions={**known.actions, told["of"]: action})


def _judged(known: Reviews, event: Event) -> Reviews:
    """One owner's word on a promise."""
    told = event.data
    key = (told["name"], told["sha256"], told["kpi"])
    judgement = Judgement(
        owner=Role(told["owner"]),
        by=event.actor,
        at=event.recorded_at,
        seq=event.seq,
        due=date.fromisoformat(told["due"]),
        standing=told["standing"],
        says=Word(told["says"]),
        until=date.fromisoformat(told["until"]) if told["until"] else None,
    )
    kept = known.promises.get(key, Promise())
    promise = Promise((*kept.judgements, judgement))
    return replace(known, promises={**known.promises, key: promise})


def _entered(known: Reviews, event: Event) -> Reviews:
    """A cost, in place of an earlier entry of the same month and kind."""
    told = event.data
    kind = CostKind(told["cost"])
    key = (told["name"], told["month"], kind)
    cost = Cost(
        event_id=event.event_id,
        seq=event.seq,
        month=told["month"],
        kind=kind,
        amount_minor=told["amount_minor"],
        currency=told["currency"],
        by=event.actor,
        at=event.recorded_at,
        corrected=key in known.costs,
    )
    return replace(known, costs={**known.costs, key: cost})


_TAKEN = {
    "month_reviewed": _reviewed,
    "month_signed": _signed,
    "action_opened": _opened,
    "action_closed": _closed,
    "promise_judged": _judged,
    "cost_entered": _entered,
}
