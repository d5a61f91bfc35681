"""Going back to the champion before: rehearsed, and which open cases rest on what was left."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

from decision_service.errors import BundleUnavailable
from decision_service.governance_words import drill_words
from decision_service.services import Services
from decision_service.standings import Version, parts_of
from explain.errors import ExplainError
from overrides.journal import Decided, Draft, Slot
from overrides.reading import CaseFilter
from overrides.signing_off import NOTE_PARTY
from overrides.values import Actor
from overrides.version_record import Drill

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAgain:
    """An open case whose score is of a version that was left."""

    case_ref: str
    branch: str
    status: str
    decision_id: str
    version: str  # of the model that scored it

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "case_id": self.case_ref,
            "branch": self.branch,
            "status": self.status,
            "decision_id": self.decision_id,
            "model_version": self.version,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """How a rehearsal went."""

    version: Version  # that would be champion again
    ok: bool
    words: str


def cases_to_see_again(services: Services, name: str) -> Iterator[CaseAgain]:
    """Open cases of a bundle whose score is of a version that a rollback left, most urgent first.

    Reads the open cases, not those decided.
    """
    standings = services.registry.standings(fresh=True)
    left = [one for one in standings.versions.get(name, ()) if (name, one.sha256) in standings.left]
    yield from _resting_on(services, name, left)


def rehearse(
    services: Services, name: str, actor: Actor, clock: Callable[[], float] = monotonic
) -> Rehearsed:
    """Do all that a rollback needs but the rollback, and record how it went.

    Raises ``NothingToRollBack``.
    """
    begun = clock()
    standings = services.registry.standings(fresh=True)
    leaving, target = standings.standing(name).active, standings.before(name)
    problem = ""
    try:
        services.registry.prove_again(target)
    except (ExplainError, BundleUnavailable, OSError) as broken:
        problem = str(broken)
    cases = sum(1 for _ in _resting_on(services, name, [leaving]))
    took_ms = round((clock() - begun) * 1000)
    draft = Draft(
        event_id=services.new_id(),
        type="bundle_drilled",
        actor=actor.ref,
        role=actor.role.value,
        data={
            "name": target.name,
            "sha256": target.sha256,
            "from": leaving.sha256,
            "ok": not problem,
            "cases": cases,
            "took_ms": took_ms,
        },
        slots=(Slot("note", NOTE_PARTY, {"text": problem}),) if problem else (),
    )
    services.journal.submit(lambda _state: Decided((draft,))).result()
    done = Drill(
        seq=0, by=actor.ref, at=services.clock(), ok=not problem, cases=cases, took_ms=took_ms
    )
    words = drill_words(done) + (f". {problem}" if problem else "")
    return Rehearsed(version=target, ok=not problem, words=words)


def _resting_on(services: Services, name: str, versions: list[Version]) -> Iterator[CaseAgain]:
    """Open cases of a bundle whose decision was made by one of these versions."""
    parts = {parts_of(version) for version in versions}
    now, cursor = services.clock(), ""
    while parts:
        page = services.cases.rows(CaseFilter(bundle=name), now, cursor=cursor, limit=ROWS_AT_ONCE)
        for row in page.rows:
            decision = services.cases.decision(row.decision_id)
            if decision is None or decision.model is None or parts_of(decision) not in parts:
                continue
            yield CaseAgain(
                case_ref=row.case_ref,
                branch=row.branch,
                status=row.status.value,
                decision_id=row.decision_id,
                version=decision.model.version,
            )
        cursor = page.next_cursor
        if not cursor:
            return
