"""Whether two methods of explaining give applicants the same reasons."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from ..explainers import Explainer
from ..reasons import Wording
from ..values import Row

PRINCIPAL = 4
"""So many reasons are compared as a set: more than four are not likely to help anybody."""


class Similarity(NamedTuple):
    """How alike the reasons of two methods are, over so many rows, as shares of 1.

    ``jaccard`` is the mean share that the sets of concepts have in common, of all in either.
    """

    rows: int
    same_first: float
    same_four: float
    jaccard: float


def similarity(
    one: Explainer, other: Explainer, wording: Wording, rows: Sequence[Row]
) -> Similarity:
    """Compare the concepts that speak most against each applicant; ValueError without rows."""
    return in_common(principal(one, wording, rows), principal(other, wording, rows))


def in_common(ones: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> Similarity:
    """Compare concepts row by row, the strongest first; ValueError without rows."""
    if not ones:
        msg = "there are no rows to compare reasons on"
        raise ValueError(msg)
    pairs = list(zip(ones, others, strict=True))
    return Similarity(
        len(pairs),
        fmean(a[:1] == b[:1] for a, b in pairs),
        fmean(set(a) == set(b) for a, b in pairs),
        fmean(_jaccard(a, b) for a, b in pairs),
    )


def principal(explainer: Explainer, wording: Wording, rows: Sequence[Row]) -> list[list[str]]:
    """Of each row the concepts that speak most against the applicant, strongest first."""
    found = []
    for parts, row in zip(explainer.attribute(rows), rows, strict=True):
        against = [push for push in wording.reasons(parts.amounts, row).pushes if push.amount > 0]
        found.append([push.concept for push in against[:PRINCIPAL]])
    return found


def _jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """The share that two sets have in common; 1 where both are empty."""
    either = {*one, *other}
    return len({*one} & {*other}) / len(either) if either else 1.0
