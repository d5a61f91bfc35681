"""How good a method is over many worlds: each promise as a share of worlds, with its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from benchmarks.override_world.methods import ALARM, Findings, Method, names_missing
from benchmarks.override_world.world import Case, Planted, World, draw
from overrides.analysis.verdicts import shift_to
from overrides.statistics import Interval, logit, wilson


@dataclass(slots=True)
class Tally:
    """How often something held, of how many times it could."""

    held: int = 0
    of: int = 0

    def count(self, held: bool) -> None:  # noqa: FBT001 - what is counted
        """One more."""
        self.held, self.of = self.held + held, self.of + 1

    @property
    def interval(self) -> Interval | None:
        """Of the share, 95 %."""
        return wilson(self.held, self.of) if self.of else None

    def __str__(self) -> str:
        """The share with its interval and denominator."""
        if self.interval is None:
            return "not said"
        low, high = self.interval
        return f"{self.held / self.of:6.1%} ({low:.1%} to {high:.1%}; {self.of:,})"


@dataclass(slots=True)
class Score:
    """A method's score over worlds."""

    ratio: Tally = field(default_factory=Tally)
    odds: Tally = field(default_factory=Tally)
    officers: Tally = field(default_factory=Tally)
    skilled: Tally = field(default_factory=Tally)
    alarms: Tally = field(default_factory=Tally)
    first: Tally = field(default_factory=Tally)
    bypassed: Tally = field(default_factory=Tally)
    accused: int = 0
    promised: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)

    def add(self, world: World, found: Findings) -> None:
        """Hold what a method found against what was planted."""
        low, truth = world.low_side, world.truth
        ratio = _ratio(world, low)
        _held(self.ratio, found.ratio, ratio)
        if found.ratio is not None:
            self.widths.append(found.ratio[1] - found.ratio[0])
        agreed = [case for case in world.cases if case.approved and not case.override]
        _held(self.odds, found.odds, math.exp(_shift(world, low) - _shift(world, agreed)))
        for name, interval in found.officers.items():
            own = [case for case in low if case.officer == name]
            _held(self.officers, interval, _ratio(world, own))
        for name in truth.skilled:
            self.skilled.count(name in found.better)
            self.promised.append(promised_power(world, name))
        if truth.skilled:
            self.first.count(bool(found.missing) and names_missing(found.missing[0]))
        else:
            self.alarms.count(bool(found.differing))
        named = found.bypassed | found.to_check
        for loan in truth.bypassed:
            self.bypassed.count(loan in named)
        self.accused += len(found.bypassed - truth.bypassed)

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Each number with what it is."""
        return (
            ("interval of observed over expected holds the truth", str(self.ratio)),
            ("its mean width", _mean(self.widths, "6.3f")),
            ("interval of the odds at equal score holds the truth", str(self.odds)),
            ("interval of an officer's ratio holds the truth", str(self.officers)),
            ("skilled officers told apart", str(self.skilled)),
            ("as often as the power formula promises", _mean(self.promised, "6.1%")),
            ("worlds of equal officers with a false alarm", str(self.alarms)),
            ("what the model misses ranked first", str(self.first)),
            ("bypassed loans found", str(self.bypassed)),
            ("loans accused falsely", f"{self.accused:,}"),
        )


def _mean(values: Sequence[float], form: str) -> str:
    """A mean in words."""
    return format(sum(values) / len(values), form) if values else "not said"


def _held(tally: Tally, interval: Interval | None, truth: float) -> None:
    """Count an interval that was given."""
    if interval is not None:
        tally.count(interval[0] <= truth <= interval[1])


def _ratio(world: World, cases: Sequence[Case]) -> float:
    """True bad loans over those that the scores expect."""
    true = math.fsum(world.truth.chances[case.application_id] for case in cases)
    return true / math.fsum(case.chance for case in cases)


def _shift(world: World, cases: Sequence[Case]) -> float:
    """By how much log-odds must move to expect the true bad loans."""
    true = math.fsum(world.truth.chances[case.application_id] for case in cases)
    return shift_to([logit(case.chance) for case in cases], true)


def score(methods: Sequence[Method], planted: Planted, worlds: int, seed: int) -> dict[str, Score]:
    """Each method over the same worlds."""
    scores = {method.name: Score() for method in methods}
    for k in range(worlds):
        world = draw(planted, seed * 1_000_000 + k)
        for method in methods:
            scores[method.name].add(world, method(world.cases, world.booked))
    return scores


def promised_power(world: World, name: str) -> float:
    """How often a skilled officer's overrides should be told from the others' (normal formula).

    Two-sided at 5 % shared by all officers, with the weights of the true chances.
    """
    low = world.low_side
    own = [case for case in low if case.officer == name]
    others = [case for case in low if case.officer != name]
    effect = abs(_shift(world, own) - _shift(world, others))
    error = math.sqrt(1 / _weight(world, own) + 1 / _weight(world, others))
    limit = NormalDist().inv_cdf(1 - ALARM / 2 / len({case.officer for case in low}))
    return NormalDist().cdf(effect / error - limit)


def _weight(world: World, cases: Sequence[Case]) -> float:
    """What some loans tell about a shift of their log-odds."""
    chances = (world.truth.chances[case.application_id] for case in cases)
    return math.fsum(chance * (1 - chance) for chance in chances)
