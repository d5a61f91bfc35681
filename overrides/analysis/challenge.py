"""What another model would have advised on past cases, and what became of those it swaps.

The swap set are the cases that one model would let in and the other not. Of applications that were
declined nobody knows how they would have gone: they are counted as unknown and never as good. The
cases whose outcome is known were let in by somebody, so a difference on them is one on approvals.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from overrides.analysis.verdicts import Terms, Value, value_of
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.statistics import Interval, Share
from overrides.values import Decision, OverrideSide, Recommendation

Z = 1.959963984540054
APPROVE, DECLINE = Recommendation.APPROVE, Recommendation.DECLINE
EDGE = 1e-6  # a score of 0 or 1 counts as this far from it in the log loss


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """One decided case. ``bad`` is None where its outcome was never seen, or is not known yet.

    ``was`` and ``now`` are both models' advice, ``before`` and ``after`` their probabilities.
    """

    was: Recommendation
    now: Recommendation
    before: float
    after: float
    decision: Decision
    side: OverrideSide | None
    bad: bool | None
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the cases: how many went bad of those whose outcome is known, and their worth."""

    of: int
    bad: Share
    values: tuple[Value, ...]

    @property
    def unknown(self) -> int:
        """How many have no known outcome."""
        return self.of - self.bad.of


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of something after less before, over ``of`` cases, with a 95 % interval."""

    mean: float | None
    interval: Interval | None
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Two models held against each other on the same past cases."""

    agreement: Share
    vanish: Group  # overrides of the model that the challenger would have advised
    softened: Group  # overrides of cases that the challenger would have left to people
    remain: Group  # overrides of both
    appear: Group  # decisions as advised, or on a referred case, that would go against it
    swap_in: Group  # it alone would approve
    swap_out: Group  # the model alone would approve
    brier: Difference  # below 0: the challenger's probabilities are nearer to what happened
    log_loss: Difference


def challenged(cases: Sequence[PastCase], terms: Terms | None) -> Challenge:
    """Both models on these cases; without ``terms`` nothing is said of money."""

    def group(holds: Callable[[PastCase], bool]) -> Group:
        return _group([case for case in cases if holds(case)], terms)

    known = [(case, case.bad) for case in cases if case.bad is not None]
    return Challenge(
        agreement=Share(sum(case.was is case.now for case in cases), len(cases)),
        vanish=group(lambda c: c.side is not None and _advised(c)),
        softened=group(lambda c: c.side is not None and c.now is Recommendation.REFER),
        remain=group(lambda c: c.side is not None and _against(c)),
        appear=group(lambda c: c.side is None and _against(c)),
        swap_in=group(lambda c: c.was is not APPROVE and c.now is APPROVE),
        swap_out=group(lambda c: c.was is APPROVE and c.now is not APPROVE),
        brier=_difference([(c.after - bad) ** 2 - (c.before - bad) ** 2 for c, bad in known]),
        log_loss=_difference(
            [_loss(c.after, bad=bad) - _loss(c.before, bad=bad) for c, bad in known]
        ),
    )


def _advised(case: PastCase) -> bool:
    """Whether the challenger would have advised what was decided."""
    return (case.now, case.decision) in {(APPROVE, Decision.APPROVE), (DECLINE, Decision.DECLINE)}


def _against(case: PastCase) -> bool:
    """Whether it would have advised the opposite."""
    return (case.now, case.decision) in {(APPROVE, Decision.DECLINE), (DECLINE, Decision.APPROVE)}


def _group(cases: Sequence[PastCase], terms: Terms | None) -> Group:
    """What is known of some of the cases."""
    known = [(case.bad, case.amount_minor, case.currency) for case in cases if case.bad is not None]
    bad = Share(sum(one for one, _, _ in known), len(known))
    return Group(len(cases), bad, value_of(known, terms) if terms else ())


def _difference(each: Sequence[float]) -> Difference:
    """Their mean with a normal interval of paired differences; too few give no number."""
    of = len(each)
    if of < RELIABLE_CASES_MIN:
        return Difference(None, None, of)
    mean = math.fsum(each) / of
    spread = math.fsum((one - mean) ** 2 for one in each) / (of - 1)
    half = Z * math.sqrt(spread / of)
    return Difference(mean, (mean - half, mean + half), of)


def _loss(chance: float, *, bad: bool) -> float:
    """The log loss of one loan."""
    held = min(max(chance, EDGE), 1 - EDGE)
    return -math.log(held if bad else 1 - held)
