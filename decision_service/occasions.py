"""When an open case may be scored again, and when it must be before anybody decides."""

from collections.abc import Iterable
from enum import StrEnum

from decision_service.registry import InUse
from decision_service.services import Services
from decision_service.standings import Standings, parts_of
from overrides.cases import OPEN_STATES
from overrides.reading import CaseRow, DecisionRow

SAME_VERSION = "the version in force is the one that scored it"
STILL_SUSPENDED = "its model is suspended, and it has no score as it is"
STILL_UNUSABLE = "its model cannot be used"


class Occasion(StrEnum):
    """Why a case may be scored again."""

    SUSPENDED = "suspended"  # it must be: nothing may rest on the score it has
    OTHER_VERSION = "other_version"  # another version than its own is in force
    NO_SCORE = "no_score"  # it has none, and the version in force can give one


def occasion(decision: DecisionRow, standings: Standings, used: InUse) -> Occasion | str:
    """Why the case of this decision may be scored again, or in words why that changes nothing.

    ``used`` is the version of its bundle that is in force.
    """
    scored = decision.probability is not None
    if scored and standings.stops(decision.bundle, parts_of(decision)):
        return Occasion.SUSPENDED
    if used.standing.suspended:
        return STILL_SUSPENDED
    if used.problem or used.loaded is None:
        return STILL_UNUSABLE
    if not scored:
        return Occasion.NO_SCORE
    same = parts_of(used.version) == parts_of(decision)
    return SAME_VERSION if same else Occasion.OTHER_VERSION


def must_rescore(services: Services, rows: Iterable[CaseRow]) -> frozenset[str]:
    """References of the open cases among these whose score's model is suspended."""
    standings = services.registry.standings()
    touched = standings.suspended | {name for name, _ in standings.stopped}
    found = set()
    for row in rows:
        if row.bundle in touched and row.status in OPEN_STATES and row.probability is not None:
            decision = services.cases.decision(row.decision_id)
            if decision is not None and standings.stops(row.bundle, parts_of(decision)):
                found.add(row.case_ref)
    return frozenset(found)
