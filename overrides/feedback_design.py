"""What a set says of how its labels came to be: chances of approval, weights, a split by time.

Only approved loans have outcomes. How likely an approval was is estimated from the cases alike at
the same cut, and where there are too few the estimate is missing and says so. Nothing here makes a
label: what the declined would have done is offered as a band of assumptions, beside the data.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from overrides.instants import instant_text
from overrides.journal import Json
from overrides.labels import OutcomeDefinition, add_months
from overrides.statistics import Share

BANDS = 20  # of the probability, each 0.05 wide
ALIKE_MIN = 30
LABELLED_MIN, BADS_MIN = 30, 5  # DOMAIN: cells below say "not enough data"
TIMES = (2, 4, 8)
PARTS = (("train", 0.70), ("validation", 0.85))  # by share of the loans whose window has closed
LAST_PART = "test"
APPROVE_METHOD = "share_approved_of_decided/1: bundle, recommendation, band of 0.05 of probability"
WEIGHT_METHOD = "inverse of p_approve_est"
RANDOM_METHOD = "inverse of p_random_accept"
DIGITS = 6


@dataclass(frozen=True, slots=True)
class ScoredCase:
    """What the design of a feedback set needs of a closed case."""

    bundle: str
    recommendation: str
    probability: str | None
    approved: bool | None  # None where nothing was decided
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely an approval was: with its method, or with the reason why nobody can say."""

    value: str | None
    method: str | None = None
    reason: str | None = None


Cell = tuple[str, str, int]  # bundle, recommendation, band


def cell_of(bundle: str, recommendation: str, probability: str) -> Cell:
    """The cases that count as alike."""
    return bundle, recommendation, min(BANDS - 1, int(float(probability) * BANDS))


@dataclass(slots=True)
class Design:
    """What a first look over all closed cases of a cut found."""

    as_of: datetime
    decided: Counter[Cell] = field(default_factory=Counter)
    approved: Counter[Cell] = field(default_factory=Counter)
    bounds: tuple[datetime, ...] = ()
    approvals: int = 0
    declines: int = 0

    def chance(self, bundle: str, recommendation: str, probability: str | None) -> Chance:
        """Share approved among the decided cases alike."""
        if probability is None:
            return Chance(None, reason="no score was made")
        cell = cell_of(bundle, recommendation, probability)
        if self.decided[cell] < ALIKE_MIN:
            return Chance(None, reason=f"fewer than {ALIKE_MIN} decided cases alike")
        share = round(self.approved[cell] / self.decided[cell], DIGITS)
        return Chance(repr(share), method=APPROVE_METHOD)

    def part(self, closed_at: datetime) -> str | None:
        """The suggested part of a row; None where there is nothing to train on yet."""
        if not self.bounds:
            return None
        for (name, _), bound in zip(PARTS, self.bounds, strict=True):
            if closed_at < bound:
                return name
        return LAST_PART

    def as_json(self) -> dict[str, Json]:
        """What the manifest says of it."""
        return {
            "p_approve_est": {"method": APPROVE_METHOD, "alike_min": ALIKE_MIN},
            "weight": {"method": [WEIGHT_METHOD, RANDOM_METHOD]},
            "split": {
                "by": "closed_at",
                "bounds": {
                    name: instant_text(bound)
                    for (name, _), bound in zip(PARTS, self.bounds, strict=False)
                },
            },
        }


def design(
    cases: Iterable[ScoredCase],
    definitions: Callable[[str], OutcomeDefinition],
    as_of: datetime,
) -> Design:
    """Look over the closed cases of a cut once."""
    found = Design(as_of)
    matured, young = array("q"), array("q")  # days since 1970 on which approved cases were closed

    @cache
    def end(bundle: str) -> datetime:
        """Until when approved loans have had their whole window."""
        return add_months(as_of, -definitions(bundle).window_months)

    for case in cases:
        if case.approved is None:
            continue
        found.approvals += case.approved
        found.declines += not case.approved
        if case.probability is not None:
            cell = cell_of(case.bundle, case.recommendation, case.probability)
            found.decided[cell] += 1
            found.approved[cell] += case.approved
        if case.approved:
            chosen = matured if case.closed_at <= end(case.bundle) else young
            chosen.append(int(case.closed_at.timestamp() // 86_400))
    found.bounds = _bounds(sorted(matured or young))
    return found


def _bounds(days: list[int]) -> tuple[datetime, ...]:
    """Midnights at which the parts end, so that no day is in two of them."""
    if not days:
        return ()
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return tuple(start + timedelta(days=days[int(share * len(days))]) for _, share in PARTS)


def sensitivity(bad: int, labelled: int, declined: int) -> dict[str, Json]:
    """Bad rate of all applicants if the declined had been so many times as bad: assumptions.

    ``bad`` of ``labelled`` loans were bad; ``declined`` have no outcome. With too few of either
    there is no band, and it says so.
    """
    seen = Share(bad, labelled)
    told: dict[str, Json] = {"bad": bad, "labelled": labelled, "declined": declined}
    if labelled < LABELLED_MIN or bad < BADS_MIN or seen.value is None or seen.interval is None:
        needs = f"{LABELLED_MIN} labelled loans and {BADS_MIN} bad ones"
        return {**told, "bands": [], "result": f"not enough data yet: a band needs {needs}"}
    rate = seen.value
    return {
        **told,
        "bad_rate": repr(round(rate, DIGITS)),
        "interval": [repr(round(end, DIGITS)) for end in seen.interval],
        "bands": [
            {
                "times": times,
                "bad_rate_of_declined": repr(round(min(1.0, times * rate), DIGITS)),
                "bad_rate_of_all": repr(
                    round(
                        (labelled * rate + declined * min(1.0, times * rate))
                        / (labelled + declined),
                        DIGITS,
                    )
                ),
            }
            for times in TIMES
        ],
        "result": "assumptions, not information: no label is made of them",
    }
