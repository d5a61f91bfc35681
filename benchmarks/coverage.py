"""How often the intervals of override verdicts hold the truth: ``python -m benchmarks.coverage``.

The truth is planted: every loan has a recorded and a true probability. Scores are miscalibrated,
a year has a shock that all loans share, officers differ. An interval is held against the truth of
the loans, officers and year that were drawn, which is what it claims to be about. The mean width
stands beside each coverage, for a wide enough interval covers anything.
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from overrides.analysis.disparity import FourFold, mantel_haenszel
from overrides.analysis.groups import group_verdicts
from overrides.analysis.verdicts import (
    Loan,
    compared,
    effective_cutoff,
    expected_of,
    shift_to,
)
from overrides.statistics import Interval, chance_of, logit, wilson

REPLICATIONS = 5_000
COVERAGE_MIN = 0.94
FALSE_ALARMS_MAX = 0.05
OFFICERS = 10

Tried = tuple[float, Interval]  # the truth of a replication, and what was said of it
Trial = Callable[[Random], Iterator[Tried]]


@dataclass(frozen=True, slots=True)
class Book:
    """Loans drawn with a planted truth: each with its true probability of going bad."""

    loans: tuple[Loan, ...]
    truths: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """True bads over those that the recorded scores expect."""
        return sum(self.truths) / sum(loan.chance for loan in self.loans)

    @property
    def shift(self) -> float:
        """By how much log-odds must move to expect the true bads."""
        logits = [logit(loan.chance) for loan in self.loans]
        return shift_to(logits, sum(self.truths))


def book(
    chance: Random, of: int, middle: float, *, shift: float = 0.0, spread: float = 0.0
) -> Book:
    """Loans around a score; ``shift`` moves all of them, ``spread`` is how much officers differ."""
    officers = [chance.gauss(0, spread) for _ in range(OFFICERS)]
    loans, truths = [], []
    for k in range(of):
        score = chance_of(chance.gauss(logit(middle), 0.5))
        truth = chance_of(logit(score) + shift + officers[k % OFFICERS])
        loans.append(Loan(score, chance.random() < truth))
        truths.append(truth)
    return Book(tuple(loans), tuple(truths))


def observed(chance: Random, *, of: int, middle: float, spread: float) -> Iterator[Tried]:
    """Observed over expected, with miscalibration, a shared shock and officers who differ."""
    drawn = book(chance, of, middle, shift=0.3 + chance.gauss(0, 0.3), spread=spread)
    interval = expected_of(drawn.loans).interval
    if interval is not None:
        yield drawn.ratio, interval


def equal_score(chance: Random) -> Iterator[Tried]:
    """Odds ratio over loans approved as recommended, all under the same shock."""
    shock = 0.3 + chance.gauss(0, 0.3)
    mine = book(chance, 150, 0.3, shift=shock - 0.4)
    others = book(chance, 400, 0.1, shift=shock)
    found = compared(mine.loans, others.loans)
    if found is not None:
        yield math.exp(mine.shift - others.shift), found.interval


def share(chance: Random) -> Iterator[Tried]:
    """Wilson's interval of an override rate."""
    yield 0.08, wilson(sum(chance.random() < 0.08 for _ in range(200)), 200)  # noqa: PLR2004 - the planted share


def stratified(chance: Random) -> Iterator[Tried]:
    """Common odds ratio over five bands of the score."""
    tables = []
    for band in range(5):
        rate = chance_of(-2 + 0.4 * band)
        other = chance_of(logit(rate) + math.log(2))
        with_it = sum(chance.random() < other for _ in range(50))
        other_with = sum(chance.random() < rate for _ in range(80))
        tables.append(FourFold(with_it, 50 - with_it, other_with, 80 - other_with))
    found = mantel_haenszel(tables)
    if found is not None:
        yield 2.0, found.interval


def cutoff(chance: Random) -> Iterator[Tried]:
    """Effective cut-off."""
    scores = [chance_of(chance.gauss(-1.2, 1)) for _ in range(400)]
    asked = [(s, chance.random() < chance_of(-3 * (logit(s) - logit(0.3)))) for s in scores]
    found = effective_cutoff(asked)
    if found is not None:
        yield 0.3, found.interval


def officers(chance: Random) -> Iterator[Tried]:
    """Shrunk ratios of officers who differ, each against its own truth."""
    spread = 0.4
    books = {f"{k}": book(chance, 40, 0.25, shift=chance.gauss(0, spread)) for k in range(12)}
    for group in group_verdicts({name: drawn.loans for name, drawn in books.items()}):
        yield books[group.name].ratio, group.shrunk.interval


TRIALS: dict[str, Trial] = {
    "observed over expected, 60 loans at 10 %": partial(observed, of=60, middle=0.1, spread=0.0),
    "observed over expected, 150 loans at 25 %": partial(observed, of=150, middle=0.25, spread=0.0),
    "the same, officers differ": partial(observed, of=150, middle=0.25, spread=0.6),
    "odds ratio at equal score": equal_score,
    "share (Wilson)": share,
    "common odds ratio (Mantel-Haenszel)": stratified,
    "effective cut-off": cutoff,
    "shrunk ratios of 12 officers": officers,
}


def coverage(trial: Trial, replications: int, seed: int) -> tuple[float, float, int]:
    """Share of intervals that hold the truth, their mean width, and how many there were."""
    held, width, of = 0, 0.0, 0
    for k in range(replications):
        for truth, (low, high) in trial(Random(f"{seed}/{k}")):
            held += low <= truth <= high
            width += high - low
            of += 1
    return held / of, width / of, of


def alarms(replications: int, seed: int) -> tuple[float, float]:
    """How often twelve equal officers give any finding, and how often a skilled one is found.

    The skilled one has half the odds of all others, and 253 loans at 10 %; the others 40 each.
    """
    false = found = 0
    for k in range(replications):
        chance = Random(f"{seed}/officers/{k}")
        shock = chance.gauss(0, 0.3)
        alike = {f"{n:02}": book(chance, 40, 0.1, shift=shock).loans for n in range(12)}
        false += any(group.differs for group in group_verdicts(alike))
        skilled = book(chance, 253, 0.1, shift=shock - math.log(2)).loans
        told = group_verdicts({**alike, "skilled": skilled})
        found += next(group.differs for group in told if group.name == "skilled")
    return false / replications, found / replications


def main(words: Sequence[str] | None = None) -> int:
    """Print coverage and mean width of every interval; 1 where one falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args(words)
    short = False
    print(f"{'interval of 95 %':44}{'held':>8}{'width':>9}{'intervals':>11}")
    for name, trial in TRIALS.items():
        held, width, of = coverage(trial, asked.replications, asked.seed)
        margin = 2 * math.sqrt(COVERAGE_MIN * (1 - COVERAGE_MIN) / asked.replications)
        low = held < COVERAGE_MIN - margin
        short |= low
        print(f"{name:44}{held:8.2%}{width:9.3f}{of:11,}{'  short' if low else ''}", flush=True)
    false, found = alarms(max(1, asked.replications // 10), asked.seed)
    short |= false > FALSE_ALARMS_MAX + 2 * math.sqrt(0.05 * 0.95 * 10 / asked.replications)
    print(f"false alarms among twelve equal officers: {false:.2%} of runs")
    print(f"an officer with half the odds and 253 loans is found in {found:.2%} of runs")
    return int(short)


if __name__ == "__main__":
    raise SystemExit(main())
