"""How far people move towards a model's advice once they have seen it, by bundle.

Only cases with a first view count: what somebody thought before the score, and what they decided
after it. A view that agreed with the advice cannot move towards it, and one that did not cannot
move away, so each share has its own denominator. Switching is the fraction of initial disagreements
that end in agreement (Zhang, Liao, Bellamy, FAT* 2020, "switch percentage"); as a measure of
reliance it says nothing of who was right.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from overrides.first_views import View
from overrides.statistics import Interval, wilson
from overrides.values import Decision, Recommendation

PAIRS_MIN = 30  # fewer of a denominator: not enough data yet
ADVISING = frozenset({Recommendation.APPROVE, Recommendation.DECLINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """One case: the first view, what the model advised, and what the same person decided."""

    bundle: str
    view: View
    advice: Recommendation
    final: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``count`` of ``of``, with a 95 % interval; ``share`` and interval None under the minimum."""

    count: int
    of: int
    minimum: int

    @property
    def enough(self) -> bool:
        """Whether there is enough to say anything."""
        return self.of >= self.minimum

    @property
    def share(self) -> float | None:
        """The share; None where there is not enough data yet."""
        return self.count / self.of if self.enough else None

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval of the share; None where there is not enough data yet."""
        return wilson(self.count, self.of) if self.enough else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What people of one bundle did. ``viewed`` is all their first views, of any kind."""

    viewed: int
    undecided: int  # could not tell at first
    unadvised: int  # where the model recommends neither: there is nothing to move towards
    towards: Part  # of those who differed from the advice at first
    away: Part  # of those who agreed with it at first
    unmoved: Part  # of both together


def movements(cases: Iterable[Viewed], minimum: int = PAIRS_MIN) -> Mapping[str, Movement]:
    """Per bundle, in the order of their names; ``minimum`` is of each denominator, at least 1."""
    if minimum < 1:
        msg = f"a minimum is at least 1, not {minimum}"
        raise ValueError(msg)
    by_bundle: dict[str, list[Viewed]] = {}
    for case in cases:
        by_bundle.setdefault(case.bundle, []).append(case)
    return {name: _movement(by_bundle[name], minimum) for name in sorted(by_bundle)}


def _movement(cases: list[Viewed], minimum: int) -> Movement:
    """Of one bundle."""
    advised = [case for case in cases if case.advice in ADVISING]
    told = [case for case in advised if case.view is not View.CANNOT_TELL]
    differed = [case for case in told if case.view.value != case.advice.value]
    agreed = [case for case in told if case.view.value == case.advice.value]
    towards = sum(case.final.value == case.advice.value for case in differed)
    away = sum(case.final.value != case.advice.value for case in agreed)
    return Movement(
        viewed=len(cases),
        undecided=len(advised) - len(told),
        unadvised=len(cases) - len(advised),
        towards=Part(count=towards, of=len(differed), minimum=minimum),
        away=Part(count=away, of=len(agreed), minimum=minimum),
        unmoved=Part(count=len(told) - towards - away, of=len(told), minimum=minimum),
    )
