"""Whether people look: how often they go against advice, by how much time and how long a queue.

Every number is a rate of a group of cases or a count of people, never a mark for one person. That
people agree says nothing of whether they were right to.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from overrides.analysis.shrinkage import discoveries
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.reading import BoardFact
from overrides.statistics import Share, quantile
from overrides.values import Recommendation

MONTH_END_DAYS = 3
_LEFT = (
    (timedelta(0), "after it was due"),
    (timedelta(days=1), "on the last day"),
    (timedelta(days=3), "one to three days before"),
    (timedelta.max, "more than three days before"),
)
_NO_LIMIT = "without a due date"

Row = tuple[str, Share]  # which cases, and how many of them went against the advice


def advised(facts: Iterable[BoardFact]) -> tuple[BoardFact, ...]:
    """Cases that a person decided and of which the model recommended one way."""
    return tuple(
        fact
        for fact in facts
        if fact.by_person
        and fact.ending.decision is not None
        and fact.ending.at is not None
        and fact.recommendation is not Recommendation.REFER
    )


def by_time_left(facts: Sequence[BoardFact]) -> tuple[Row, ...]:
    """Override rates by how long before its due date a case was decided."""
    return _rates([(_time_left(fact), fact) for fact in facts], [*(w for _, w in _LEFT), _NO_LIMIT])


def _time_left(fact: BoardFact) -> str:
    """Which stretch before the due date a decision fell in."""
    if fact.due_at is None or fact.ending.at is None:
        return _NO_LIMIT
    left = fact.due_at - fact.ending.at
    return next(words for most, words in _LEFT if left < most or most == timedelta.max)


def by_month_end(facts: Sequence[BoardFact]) -> tuple[Row, ...]:
    """Override rates in the last days of a month and in the rest of it."""
    last, rest = f"last {MONTH_END_DAYS} days of a month", "rest of the month"
    named = []
    for fact in facts:
        at = fact.ending.at
        if at is not None:
            ends = monthrange(at.year, at.month)[1]
            named.append((last if at.day > ends - MONTH_END_DAYS else rest, fact))
    return _rates(named, [last, rest])


def by_queue(facts: Sequence[BoardFact], every: Iterable[BoardFact]) -> tuple[Row, ...]:
    """Override rates by how many cases of the branch were open at that moment, in thirds.

    ``every`` are all cases, open ones too.
    """
    opened: dict[str, list[float]] = {}
    closed: dict[str, list[float]] = {}
    for fact in every:
        opened.setdefault(fact.branch, []).append(fact.opened_at.timestamp())
        if fact.ending.at is not None:
            closed.setdefault(fact.branch, []).append(fact.ending.at.timestamp())
    for times in (*opened.values(), *closed.values()):
        times.sort()
    lengths = []
    for fact in facts:
        assert fact.ending.at is not None, "advised cases are decided"
        at = fact.ending.at.timestamp()
        come = bisect_right(opened.get(fact.branch, []), at)
        lengths.append(come - bisect_left(closed.get(fact.branch, []), at))
    short, long = quantile(lengths, 1 / 3), quantile(lengths, 2 / 3)
    if short is None or long is None:
        return ()
    words = [
        f"up to {short:.0f} open cases",
        f"more, up to {long:.0f}",
        f"more than {long:.0f}",
    ]
    named = [
        (words[(length > short) + (length > long)], fact)
        for length, fact in zip(lengths, facts, strict=True)
    ]
    return _rates(named, list(dict.fromkeys(words)))


def _rates(named: Iterable[tuple[str, BoardFact]], order: Sequence[str]) -> tuple[Row, ...]:
    """Override rates of named groups."""
    of: Counter[str] = Counter()
    against: Counter[str] = Counter()
    for name, fact in named:
        of[name] += 1
        against[name] += fact.side is not None
    return tuple((name, Share(against[name], of[name])) for name in order)


@dataclass(frozen=True, slots=True)
class Unvarying:
    """How many people decide so evenly that chance would hardly do it.

    ``never`` of ``looked_at`` people with enough cases agreed with the advice every time, where the
    rate of all makes that a finding; at most one of twenty such findings is false.
    """

    never: int
    looked_at: int


def unvarying(facts: Sequence[BoardFact]) -> Unvarying:
    """People who never go against advice, beyond what the common rate explains."""
    of = Counter(fact.reviewer for fact in facts if fact.reviewer)
    against = Counter(fact.reviewer for fact in facts if fact.reviewer and fact.side is not None)
    people = [person for person, cases in sorted(of.items()) if cases >= RELIABLE_CASES_MIN]
    rate = sum(against.values()) / sum(of.values()) if of else 0.0
    chances = [1.0 if against[person] else (1 - rate) ** of[person] for person in people]
    return Unvarying(sum(discoveries(chances)), len(people))
