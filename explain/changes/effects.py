"""What lies under one contribution: where the pinned applicants stand, and what other values do.

A field's range among the pinned applicants is cut into stretches. Each is told with how many of
them lie in it and with the contribution that this applicant would have with a value of it, all
other fields as stated: the shape of the effect at this applicant (individual conditional
expectation of the contribution; A. Goldstein et al., Peeking inside the black box, 2015).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..declared.contract import NUMERIC, Field
from ..values import Row, Scalar

STRETCHES = 8
"""A numeric range is cut into so many stretches of equal width, of which those with nobody in them
are left out; fewer values stand alone."""

Contribute = Callable[[Sequence[Row]], list[float]]
"""Contribution of the field for each of several applications."""


class Stretch(NamedTuple):
    """Values of a field from ``low`` to ``high``; both are the same where one value stands alone.

    ``pinned`` counts the pinned applicants in it. ``asked`` is the value that ``contribution`` is
    worked out for: the applicant's own in the stretch that is ``own``, otherwise the middle pinned
    one. A level that none of them has is asked too.
    """

    low: Scalar
    high: Scalar
    pinned: int
    asked: Scalar
    own: bool
    contribution: float


def effect_of(
    field: Field, row: Row, pinned: Sequence[Row], contribute: Contribute
) -> tuple[Stretch, ...]:
    """The stretches of one field at one applicant, lowest first or in the contract's order.

    A gap among the pinned applicants, or with this one, is a stretch of its own at the end.
    """
    own = row[field.name]
    values = [other[field.name] for other in pinned]
    cut = _numbers(own, values) if field.type in NUMERIC else _levels(field, own, values)
    if own is None or None in values:
        cut.append(Stretch(None, None, values.count(None), None, own is None, 0.0))
    amounts = contribute([{**row, field.name: one.asked} for one in cut])
    return tuple(
        one._replace(contribution=amount) for one, amount in zip(cut, amounts, strict=True)
    )


def _numbers(own: Scalar, values: Sequence[Scalar]) -> list[Stretch]:
    """Stretches of a number; this applicant's may lie beyond all pinned ones."""
    known = sorted(value for value in values if isinstance(value, float))
    mine = own if isinstance(own, float) else None
    every = sorted({*known, *([] if mine is None else [mine])})
    if len(every) <= STRETCHES:
        return [Stretch(one, one, known.count(one), one, one == mine, 0.0) for one in every]
    low, high = every[0], every[-1]
    edges = [low + (high - low) * place / STRETCHES for place in range(STRETCHES)] + [high]
    found = []
    for place, (begin, end) in enumerate(pairwise(edges)):
        last = place == STRETCHES - 1
        within = [one for one in known if begin <= one and (one < end or (last and one <= end))]
        holds = mine is not None and begin <= mine and (mine < end or (last and mine <= end))
        there = sorted([*within, *([mine] if holds and mine is not None else [])])
        if there:
            asked = mine if holds else within[len(within) // 2]
            found.append(Stretch(there[0], there[-1], len(within), asked, holds, 0.0))
    return found


def _levels(field: Field, own: Scalar, values: Sequence[Scalar]) -> list[Stretch]:
    """One stretch for each level."""
    levels: list[Scalar] = [*field.levels] if field.levels else [0.0, 1.0]
    return [Stretch(one, one, values.count(one), one, one == own, 0.0) for one in levels]
