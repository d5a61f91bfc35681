"""What was declared of watching a model, and what each month's look saw: folded from entries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from overrides.analysis.sequential import Change, Declared, Outcome
from overrides.event_kinds import WATCH_KINDS
from overrides.journal import Event
from overrides.watching_errors import WatchUndeclarable

ALARM_MAX = 0.05
LAG_MONTHS_MAX = 24
LOANS_MIN = 30  # below, a state is told as not enough data yet


class Statistic(StrEnum):
    """What is watched."""

    CALIBRATION = "calibration"
    DISCRIMINATION = "discrimination"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is declared: ``lag_months`` are waited after a cohort's window before it counts.

    Raises ``WatchUndeclarable``.
    """

    statistics: tuple[Statistic, ...] = tuple(Statistic)
    odds: float = 1.5
    shock: float = 0.1
    alarm: float = ALARM_MAX
    lag_months: int = 2
    window_months: int = 12

    def __post_init__(self) -> None:
        """Refuse what cannot be declared."""
        if not self.statistics or len(set(self.statistics)) < len(self.statistics):
            problem = "name at least one statistic, each once"
            raise WatchUndeclarable(problem)
        if not self.alarm <= ALARM_MAX:
            problem = f"the chance of a false alarm is at most {ALARM_MAX}"
            raise WatchUndeclarable(problem)
        if not 0 <= self.lag_months <= LAG_MONTHS_MAX:
            problem = f"a lag is of 0 to {LAG_MONTHS_MAX} months"
            raise WatchUndeclarable(problem)
        try:
            self.declared  # noqa: B018 - it checks itself
        except ValueError as refused:
            raise WatchUndeclarable(str(refused)) from None

    @property
    def declared(self) -> Declared:
        """The same for the e-process."""
        return Declared(odds=self.odds, shock=self.shock, alarm=self.alarm)

    def changes(self, statistic: Statistic) -> tuple[Change, ...]:
        """The changes that a statistic looks for."""
        if statistic is Statistic.CALIBRATION:
            return self.declared.calibration
        return self.declared.discrimination

    def closes(self, month: date) -> datetime:
        """When the loans decided in a month are counted: the first instant of a later month."""
        later = month_after(month, 1 + self.window_months + self.lag_months)
        return datetime(later.year, later.month, 1, tzinfo=UTC)

    def first(self, now: datetime) -> date:
        """The first month whose loans are counted only after this instant."""
        return month_after(now.date(), -self.window_months - self.lag_months)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The loans of one month; ``left_out`` are approvals without a usable label by then."""

    month: date
    outcomes: tuple[Outcome, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One month's look as it was recorded; ``e_value`` is of all statistics together."""

    seq: int
    event_id: str
    at: datetime
    month: date
    loans: int
    bad: int
    expected: str
    left_out: int
    sums: Mapping[str, tuple[float, ...]]
    e_value: float
    fires: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Retraining as it was proposed, on the feedback set of this manifest."""

    seq: int
    at: datetime
    manifest_sha256: str
    folder: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One declaration, and what was seen under it."""

    seq: int
    event_id: str
    name: str
    sha256: str
    by: str
    at: datetime
    first: date
    plan: Plan
    looks: tuple[Look, ...] = ()
    proposal: Proposal | None = None

    @property
    def next_month(self) -> date:
        """The month whose loans are looked at next."""
        return month_after(self.looks[-1].month, 1) if self.looks else self.first

    def due(self, now: datetime) -> tuple[date, ...]:
        """Months that can be looked at by now, in order."""
        months, month = [], self.next_month
        while self.plan.closes(month) <= now:
            months.append(month)
            month = month_after(month, 1)
        return tuple(months)

    @property
    def alarm(self) -> Look | None:
        """The first look that reached the bound."""
        return next((look for look in self.looks if look.fires), None)

    @property
    def loans(self) -> int:
        """How many loans were counted so far."""
        return sum(look.loans for look in self.looks)


@dataclass(frozen=True, slots=True)
class Watches:
    """Every declaration there is, by bundle, the oldest first."""

    known: Mapping[str, tuple[Watch, ...]] = field(default_factory=dict)

    def after(self, events: Iterable[Event]) -> "Watches":
        """The same with later entries taken in; entries of other kinds change nothing."""
        found = dict(self.known)
        for event in events:
            if event.type not in WATCH_KINDS:
                continue
            name = event.data["name"]
            before = found.get(name, ())
            if event.type == "watch_declared":
                found[name] = (*before, _watch(event))
            else:
                found[name] = tuple(
                    _seen(one, event) if one.event_id == event.data["of"] else one for one in before
                )
        return Watches(found)

    def held(self, name: str) -> Watch | None:
        """The newest declaration of a bundle; None where it was never watched."""
        declared = self.known.get(name, ())
        return declared[-1] if declared else None


def month_after(day: date, months: int) -> date:
    """The first day of the month that lies so many months after that of ``day``."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, 1)


def _watch(event: Event) -> Watch:
    """What a declaration says."""
    told = event.data
    return Watch(
        seq=event.seq,
        event_id=event.event_id,
        name=told["name"],
        sha256=told["sha256"],
        by=event.actor,
        at=event.recorded_at,
        first=date.fromisoformat(f"{told['first']}-01"),
        plan=Plan(
            statistics=tuple(Statistic(one) for one in told["statistics"]),
            odds=float(told["odds"]),
            shock=float(told["shock"]),
            alarm=float(told["alarm"]),
            lag_months=told["lag_months"],
            window_months=told["window_months"],
        ),
    )


def _seen(watch: Watch, event: Event) -> Watch:
    """The watch with a look or a proposal taken in."""
    told = event.data
    if event.type == "retraining_proposed":
        proposal = Proposal(
            seq=event.seq,
            at=event.recorded_at,
            manifest_sha256=told["manifest_sha256"],
            folder=told["folder"],
            rows=told["rows"],
        )
        return replace(watch, proposal=proposal)
    look = Look(
        seq=event.seq,
        event_id=event.event_id,
        at=event.recorded_at,
        month=date.fromisoformat(f"{told['month']}-01"),
        loans=told["loans"],
        bad=told["bad"],
        expected=told["expected"],
        left_out=told["left_out"],
        sums={name: tuple(float(one) for one in each) for name, each in told["sums"].items()},
        e_value=float(told["e_value"]),
        fires=told["fires"],
    )
    return replace(watch, looks=(*watch.looks, look))
