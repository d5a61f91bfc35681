"""How far several people who judged the same cases agree, beyond chance.

Two raters: ``agreement`` (Cohen's kappa, Gwet's AC1, PABAK); any number of raters: Fleiss' kappa
and Krippendorff's alpha. Ratings are of nominal categories, in no order.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

RELIABLE_ALPHA, TENTATIVE_ALPHA = 0.80, 0.667
"""Krippendorff, Content Analysis: reliable from the first on, tentative from the second on."""

_PAIR = 2

Rating = Hashable | None  # None: this rater did not judge this case


def krippendorff_alpha(raters: Sequence[Sequence[Rating]]) -> float | None:
    """Krippendorff's alpha for nominal ratings; ``raters`` are rows, cases are columns.

    1 - observed over expected disagreement, from the coincidences of pairs within each case
    (Hayes and Krippendorff 2007). Missing ratings are allowed; a case with one rating says nothing.
    None where nothing can be compared or only one category was ever used.
    """
    weights: dict[tuple[Hashable, Hashable], float] = {}
    for case in zip(*raters, strict=True):
        given = Counter(rating for rating in case if rating is not None)
        of = sum(given.values())
        if of < _PAIR:
            continue
        for one, times in given.items():
            for other, again in given.items():
                pairs = times * (again - (one == other))
                weights[one, other] = weights.get((one, other), 0.0) + pairs / (of - 1)
    if not weights:
        return None
    margins: dict[Hashable, float] = {}
    for (one, _), weight in weights.items():
        margins[one] = margins.get(one, 0.0) + weight
    total = sum(margins.values())
    differing = sum(weight for (a, b), weight in weights.items() if a != b)
    expected = (total * total - sum(m * m for m in margins.values())) / (total - 1)
    return None if expected <= 0 else 1 - differing / expected


def fleiss_kappa(raters: Sequence[Sequence[Hashable]]) -> float | None:
    """Fleiss' kappa of complete ratings (Fleiss 1971); rows are raters, columns are cases.

    None for fewer than two raters, for no cases, or where one category was given throughout.
    """
    of = len(raters)
    cases = [Counter(case) for case in zip(*raters, strict=True)]
    if of < _PAIR or not cases:
        return None
    within = sum(sum(n * (n - 1) for n in case.values()) for case in cases)
    observed = within / (len(cases) * of * (of - 1))
    everything: Counter[Hashable] = Counter()
    for case in cases:
        everything.update(case)
    by_chance = sum((n / (len(cases) * of)) ** 2 for n in everything.values())
    return None if by_chance >= 1 else (observed - by_chance) / (1 - by_chance)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two raters of the same cases agree, beyond what chance would give.

    ``kappa`` is Cohen's, ``ac1`` Gwet's, ``pabak`` the prevalence- and bias-adjusted one.
    """

    of: int
    kappa: float | None
    ac1: float
    pabak: float


def agreement(first: Sequence[bool], second: Sequence[bool]) -> Agreement | None:
    """Agreement of two raters on yes or no; None for no cases."""
    of = len(first)
    if not of:
        return None
    same = sum(a == b for a, b in zip(first, second, strict=True)) / of
    yes_first, yes_second = sum(first) / of, sum(second) / of
    by_chance = yes_first * yes_second + (1 - yes_first) * (1 - yes_second)
    yes = (yes_first + yes_second) / 2
    spread = 2 * yes * (1 - yes)
    kappa = None if by_chance >= 1 else (same - by_chance) / (1 - by_chance)
    return Agreement(of, kappa, (same - spread) / (1 - spread), 2 * same - 1)
