"""What another version's routing would have meant on past cases; that they are read is recorded.

Nothing is decided and no case is changed. Each application of the past days is scored again by the
version that may come, and its policy says whether a person would have had to look.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from decision_service.comparing import challenger_of
from decision_service.decimals import decimal_text
from decision_service.errors import Overloaded
from decision_service.loading import Loaded
from decision_service.outlooks import recorded_context, recorded_row
from decision_service.party_parts import PARTY_SLOTS, Payload, whole
from decision_service.policy import ROUTING_TEXTS, Draw
from decision_service.services import Services
from explain.errors import FieldProblem
from explain.values import Explanation, Row
from overrides.analysis.workload import RoutedCase, Workload, workload
from overrides.event_kinds import DECISION_KINDS
from overrides.events import read_event
from overrides.journal import Event
from overrides.values import Actor

DAYS = 90
CASES_MAX = 20_000
SECONDS = 15.0
"""So long somebody waits: where more cases are there, the latest are looked at."""

ENTRIES_AT_ONCE = 500
WHAT = "preview of routing"  # what the record says was looked at
AUDIT = "audit_sample"
READ_KINDS = ("review_recorded", "override_recorded", "counter_offered", "input_corrected")
CODES = tuple(code for code in ROUTING_TEXTS if code != AUDIT)
UNDRAWN = Draw(1.0)

_TURN = BoundedSemaphore(1)
"""One preview at a time: applications being scored come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What was found, of which bundle's cases, and which cases could not be looked at."""

    name: str
    version: str
    sha256: str
    in_force: bool
    of: str  # the bundle whose past cases these are
    work: Workload
    erased: int
    lacking: int
    unscored: int
    whole: bool  # whether all cases of the days were looked at


@dataclass(slots=True)
class _Past:
    """What was read so far, the latest first."""

    since: datetime
    now: datetime
    cases: list[RoutedCase] = field(default_factory=list)
    dwell: dict[str, int] = field(default_factory=dict)
    erased: int = 0
    lacking: int = 0
    unscored: int = 0
    whole: bool = True

    @property
    def seen(self) -> int:
        """How many cases were looked at."""
        return len(self.cases) + self.erased + self.lacking + self.unscored


@dataclass(frozen=True, slots=True)
class RoutingPreviews:
    """Counts what another routing would have asked of the desk."""

    services: Services
    monotonic: Callable[[], float] = time.monotonic
    seconds: float = SECONDS

    def of(self, actor: Actor, name: str, over: str = "") -> Preview:
        """The newest version of a bundle on the past cases of another, or of the champion.

        Raises ``UnknownBundle``, ``BundleUnavailable``, and ``Overloaded`` while another is made.
        """
        services = self.services
        challenger = challenger_of(services, name)
        standings = services.registry.standings(fresh=True)
        standing = standings.standing(name)
        of = standings.standing(over or standings.champion or name).name
        if not _TURN.acquire(blocking=False):
            raise Overloaded
        try:
            services.viewings.record(actor, WHAT)
            past = self._past(of, challenger)
        finally:
            _TURN.release()
        work = workload(past.cases, CODES, list(past.dwell.values()), _days(past))
        return Preview(
            name=name,
            version=standing.versions[-1].model.version,
            sha256=challenger.bundle.sha256,
            in_force=standing.champion and standing.active == standing.versions[-1],
            of=of,
            work=work,
            erased=past.erased,
            lacking=past.lacking,
            unscored=past.unscored,
            whole=past.whole,
        )

    def _past(self, of: str, challenger: Loaded) -> _Past:
        """The cases of the past days, read backwards while there is time."""
        now, until = self.services.clock(), self.monotonic() + self.seconds
        past = _Past(now - timedelta(days=DAYS), now)
        kinds, before = (*sorted(DECISION_KINDS), *READ_KINDS), None
        while True:
            entries = self.services.ledger.latest(before, ENTRIES_AT_ONCE, kinds)
            events = [read_event(entry.body) for entry in entries]
            inside = [event for event in events if event.recorded_at >= past.since]
            _read(past, inside)
            first = [e for e in inside if e.type in DECISION_KINDS and e.data["attempt"] == 1]
            self._score(past, [e for e in first if e.data["bundle"] == of], challenger)
            if len(inside) < ENTRIES_AT_ONCE:
                if inside and len(inside) == len(events):
                    past.since = inside[-1].recorded_at  # nothing was decided before it
                return past
            if past.seen >= CASES_MAX or self.monotonic() > until:
                past.since, past.whole = inside[-1].recorded_at, False
                return past
            before = entries[-1].seq

    def _score(self, past: _Past, made: Sequence[Event], challenger: Loaded) -> None:
        """Route some cases again."""
        scored = [event for event in made if event.type == "decision_made"]
        past.unscored += len(made) - len(scored)
        opened = self.services.ledger.open_many(
            [event.event_id for event in scored], ("inputs", *PARTY_SLOTS)
        )
        asked: list[tuple[Event, Payload, Row]] = []
        for event in scored:
            inputs = whole(opened.get(event.event_id, {})).get("inputs")
            row = None if inputs is None else recorded_row(challenger.bundle.contract, inputs)
            past.erased += inputs is None
            past.lacking += inputs is not None and row is None
            if inputs is not None and row is not None:
                asked.append((event, inputs, row))
        model = challenger.bundle
        answers = self.services.rows_scorer.ask_all(model, [row for _, _, row in asked])
        for (event, inputs, row), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Explanation):
                past.cases.append(_routed(event, inputs, row, answer, challenger))
            else:
                past.lacking += 1


def _routed(
    event: Event, inputs: Payload, row: Row, answer: Explanation, challenger: Loaded
) -> RoutedCase:
    """One case as it was routed and as it would be."""
    contract = challenger.bundle.contract
    warnings = [FieldProblem(*one) for one in inputs["warnings"] if one[0] in contract]
    found = challenger.policy.assess(
        {**recorded_context(contract, inputs), **row},
        answer,
        decimal_text(answer.probability),
        warnings,
        UNDRAWN,
    )
    before, after = float(event.data["sampled"]["p_routed"]), float(found.p_routed)
    return RoutedCase(
        before=before,
        after=after,
        codes_before=frozenset(event.data["routing"]) if before >= 1 else frozenset(),
        codes_after=frozenset(found.routing) if after >= 1 else frozenset(),
    )


def _read(past: _Past, events: Sequence[Event]) -> None:
    """How long pages of cases were read before an act, where that is recorded."""
    for event in events:
        spent = event.data.get("dwell_ms")
        if event.type in READ_KINDS and event.case and isinstance(spent, int):
            past.dwell[event.case] = past.dwell.get(event.case, 0) + spent


def _days(past: _Past) -> float:
    """How many days the cases are of."""
    return (past.now - past.since) / timedelta(days=1)
