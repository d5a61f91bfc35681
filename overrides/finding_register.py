"""The register of findings: what is to be looked into, who does, until when, how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from overrides.event_kinds import FINDING_KINDS
from overrides.finding_errors import FindingUnknown
from overrides.journal import Event, Json
from overrides.reconciling import FindingKind

MODEL_MISS = "model_miss"


class Closing(StrEnum):
    """How a finding ended."""

    NO_BREACH = "no_breach"  # nothing was wrong: the policy allows it
    SOURCE_CORRECTED = "source_corrected"  # the file or the core system was wrong
    DECIDED_SINCE = "decided_since"  # a decision was recorded since
    BREACH = "breach"  # it was one, and the note says what was done
    FEATURE_ADDED = "feature_added"
    RULE_CHANGED = "rule_changed"
    DATA_COLLECTED = "data_collected"
    NOT_FOLLOWED = "not_followed"  # looked into, and left


OF_BOOKINGS = (
    Closing.NO_BREACH,
    Closing.SOURCE_CORRECTED,
    Closing.DECIDED_SINCE,
    Closing.BREACH,
)
OF_MISSES = (
    Closing.FEATURE_ADDED,
    Closing.RULE_CHANGED,
    Closing.DATA_COLLECTED,
    Closing.NOT_FOLLOWED,
)
KINDS_FOUND = (*(kind.value for kind in FindingKind), MODEL_MISS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """One finding as it stands. ``about`` has the references of who decided its case."""

    finding_id: str
    kind: str
    key: str
    branch: str
    case_ref: str
    bundle: str
    about: frozenset[str]
    run: str
    opened_at: datetime
    owner: str = ""
    due: date | None = None
    closed_at: datetime | None = None
    closed_by: str = ""
    reason: str = ""
    entries: tuple[str, ...] = ()  # its own and what followed, oldest first

    @property
    def open(self) -> bool:
        """Whether it is still to be looked into."""
        return self.closed_at is None

    @property
    def reasons(self) -> tuple[Closing, ...]:
        """For which reasons it may be closed."""
        return OF_MISSES if self.kind == MODEL_MISS else OF_BOOKINGS

    def late(self, today: date) -> bool:
        """Whether its day has passed and it is still open."""
        return self.open and self.due is not None and self.due < today

    def age(self, today: date) -> int:
        """Days from being opened until it was closed, or until today."""
        end = self.closed_at.date() if self.closed_at else today
        return (end - self.opened_at.date()).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One file that was held against the decisions, in numbers."""

    run_id: str
    seq: int
    at: datetime
    by: str
    told: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class FindingRegister:
    """Every finding and every run, in the order in which they were recorded."""

    findings: Mapping[str, Tracked] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()

    def after(self, events: Iterable[Event]) -> "FindingRegister":
        """The same with later entries taken in; entries of other kinds change nothing."""
        wanted = [event for event in events if event.type in FINDING_KINDS]
        if not wanted:
            return self
        findings, keys, runs = dict(self.findings), dict(self.keys), list(self.runs)
        for event in wanted:
            if event.type == "reconciliation_run":
                runs.append(_run(event))
            elif event.type == "finding_opened":
                findings[event.event_id] = _opened(event)
                keys[event.data["key"]] = event.event_id
            else:
                findings[event.data["of"]] = _moved(findings[event.data["of"]], event)
        return FindingRegister(findings, keys, tuple(runs))

    def finding(self, finding_id: str) -> Tracked:
        """One of them. Raises ``FindingUnknown``."""
        found = self.findings.get(finding_id)
        if found is None:
            raise FindingUnknown(finding_id[:64])
        return found


def _run(event: Event) -> Run:
    """A run as its entry says it."""
    return Run(
        run_id=event.event_id,
        seq=event.seq,
        at=event.recorded_at,
        by=event.actor,
        told=event.data,
    )


def _opened(event: Event) -> Tracked:
    """A finding as its first entry says it."""
    told = event.data
    return Tracked(
        finding_id=event.event_id,
        kind=told["kind"],
        key=told["key"],
        branch=told["branch"],
        case_ref=event.case or "",
        bundle=told.get("bundle", ""),
        about=frozenset(told["about"]),
        run=told["run"],
        opened_at=event.recorded_at,
        entries=(event.event_id,),
    )


def _moved(found: Tracked, event: Event) -> Tracked:
    """A finding after an entry that follows it."""
    entries, told = (*found.entries, event.event_id), event.data
    if event.type == "finding_assigned":
        due = date.fromisoformat(told["due"])
        return replace(found, owner=told["owner"], due=due, entries=entries)
    at, by = event.recorded_at, event.actor
    return replace(found, closed_at=at, closed_by=by, reason=told["reason"], entries=entries)
