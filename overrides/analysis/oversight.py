"""Whether people look: which decisions went with or against advice, and who never goes against it.

Every number is a rate of a group of cases or a count of people, never a mark for one person. That
people agree says nothing of whether they were right to.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from overrides.analysis.shrinkage import discoveries
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.reading import BoardFact
from overrides.values import Recommendation


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


@dataclass(frozen=True, slots=True)
class Unvarying:
    """How many people decide so evenly that chance would hardly do it.

    ``never`` of ``looked_at`` people with enough cases agreed with the advice every time, where the
    rate of all makes that a finding; at most one of twenty such findings is false.
    """

    never: int
    looked_at: int


def unvarying(of: Counter[str], against: Counter[str]) -> Unvarying:
    """People who never go against advice, beyond what the common rate explains.

    By person: cases with advice that they decided, and those decided against it.
    """
    people = [person for person, cases in sorted(of.items()) if cases >= RELIABLE_CASES_MIN]
    rate = sum(against.values()) / sum(of.values()) if of else 0.0
    chances = [1.0 if against[person] else (1 - rate) ** of[person] for person in people]
    return Unvarying(sum(discoveries(chances)), len(people))
