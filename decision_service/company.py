"""Who is like an applicant: pinned ones on either side, and loans of the ledger that have matured.

Near means: no farther than the nearest tenth of the pinned applicants. What became of near loans
is counted only where there are at least ``NEAR_MIN``; fewer say nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from decision_service.board_page import outcome_definitions
from decision_service.decimals import decimal_text
from decision_service.dossier import Payload
from decision_service.observations import observations
from decision_service.outlooks import Stated, recorded_row
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.services import Services
from explain.changes.likeness import Near
from explain.values import Row, probability_of
from overrides.labels import (
    Ending,
    LabelStatus,
    OutcomeDefinition,
    add_months,
    label,
)
from overrides.reading import CaseRow, OutcomeRow
from overrides.statistics import Share
from overrides.values import Recommendation

NEAR_MIN = 20
LOOKED_AT_MAX = 400
"""So many of the latest matured loans are looked at."""

NEAR_SHARE = 0.1
EXAMPLES_MAX = 3
SEEN = {LabelStatus.OBSERVED_GOOD: False, LabelStatus.OBSERVED_BAD: True}


@dataclass(frozen=True, slots=True)
class Matured:
    """Loans that matured: how many were looked at, and how many near ones there are and went bad.

    ``near`` counts the bad ones of those that are near. With fewer than ``NEAR_MIN`` of these,
    ``enough`` is False and the count is not to be shown.
    """

    looked_at: int
    near: Share
    simulated: bool

    @property
    def enough(self) -> bool:
        """Whether there are enough near ones to say anything."""
        return self.near.of >= NEAR_MIN


@dataclass(frozen=True, slots=True)
class Company:
    """Who is like an applicant. ``examples`` are pinned applicants by the recommendation they get.

    None of these where the policy does not allow that single ones are shown.
    """

    examples: tuple[tuple[Recommendation, tuple[Near, ...]], ...]
    matured: Matured


def company(services: Services, told: Stated, now: datetime) -> Company:
    """Who is like this applicant."""
    return Company(_examples(told), _matured(services, told, now))


def _examples(told: Stated) -> tuple[tuple[Recommendation, tuple[Near, ...]], ...]:
    """The nearest pinned applicants whom policy approves, and the nearest whom it does not.

    Of pinned applicants only scored fields are known: where a knock-out rule asks for another, of
    nobody can be said that policy approves them.
    """
    bundle, policy = told.loaded.bundle, told.loaded.policy
    spec = bundle.policy_spec.changes
    if spec is None or not spec.examples:
        return ()
    sides: dict[Recommendation, list[int]] = {
        Recommendation.APPROVE: [],
        Recommendation.DECLINE: [],
    }
    pinned = bundle.likeness.rows
    if any(rule.field not in row for rule in policy.spec.knockouts for row in pinned[:1]):
        del sides[Recommendation.APPROVE]
    scores = bundle.expected_scores()[: len(pinned)]
    for place, (row, raw) in enumerate(zip(pinned, scores, strict=True)):
        probability = decimal_text(probability_of(raw, bundle.scale))
        advice, _ = policy.advice(row, probability)
        if advice in sides:
            sides[advice].append(place)
    return tuple(
        (advice, tuple(bundle.likeness.nearest(told.row, EXAMPLES_MAX, places)))
        for advice, places in sides.items()
    )


def _matured(services: Services, told: Stated, now: datetime) -> Matured:
    """What became of near loans whose whole performance window has passed."""
    name = told.decision.bundle
    definition = outcome_definitions(services)(name)
    by = add_months(now, -definition.window_months)
    known = [
        (row, bad, any(one.simulated for one in outcomes))
        for row, outcomes in services.cases.approved(name, by, limit=LOOKED_AT_MAX)
        if row.case_ref != told.decision.case_ref
        and (bad := _bad(definition, row, outcomes, now)) is not None
    ]
    rows = _rows(services, told, [row for row, _, _ in known])
    readable = [(one, row) for one, row in zip(known, rows, strict=True) if row is not None]
    near = _near(told, [row for _, row in readable])
    kept = [one for (one, _), is_near in zip(readable, near, strict=True) if is_near]
    share = Share(sum(bad for _, bad, _ in kept), len(kept))
    return Matured(len(readable), share, any(simulated for _, _, simulated in kept))


def _bad(
    definition: OutcomeDefinition, row: CaseRow, outcomes: Sequence[OutcomeRow], now: datetime
) -> bool | None:
    """Whether a loan went bad; None while its window is open or nobody knows."""
    ending = Ending(status=row.status, decision=row.final, at=row.closed_at)
    found = label(definition, ending, observations(outcomes), now)
    return SEEN.get(found.status) if found.closed(now) else None


def _rows(services: Services, told: Stated, cases: Sequence[CaseRow]) -> list[Row | None]:
    """The scored fields of each case; None where they are erased or others were scored."""
    slots = ("inputs", *PARTY_SLOTS)
    events = [case.decision_event for case in cases]
    opened = services.ledger.open_many(events, slots)
    found: list[Row | None] = []
    for event in events:
        inputs: Payload | None = whole(opened.get(event, {})).get("inputs")
        row = None if inputs is None else recorded_row(told.loaded.bundle.contract, inputs)
        found.append(row)
    return found


def _near(told: Stated, rows: Sequence[Row]) -> list[bool]:
    """Whether each is as near as the nearest tenth of the pinned applicants."""
    if not rows:
        return []
    likeness = told.loaded.bundle.likeness
    distances = sorted(float(one) for one in likeness.to_pinned(told.row))
    radius = distances[math.ceil(NEAR_SHARE * len(distances)) - 1]
    return [float(one) <= radius for one in likeness.to_others(told.row, rows)]
