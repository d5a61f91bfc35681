"""Whether reasons name what the decision hangs on, and whether they stand still when nothing moves.

A reason that is true can be acted upon: with the values of somebody at the cut-off in place of what
the four principal reasons name, a refusal should go away far more often than with any four others.
And two applicants who differ by less than anybody could measure should hear the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from statistics import NormalDist
from typing import NamedTuple

from ..declared.codebook import Concept
from ..declared.contract import NUMERIC, Contract
from ..values import Row

DRAWS = 5
"""How often four concepts are drawn for each applicant, so that luck does not decide."""

DONORS = 50
"""The passing applicants nearest to the cut-off from whom values are taken."""

NOISE = 0.01
"""Standard deviation of what is multiplied onto each number, less 1."""

_NORMAL = NormalDist()
# Of a generator only random() gives the same numbers in every version of Python.

Score = Callable[[Sequence[Row]], Sequence[float]]


class Fidelity(NamedTuple):
    """Over how many refused applicants; the share whom new values of concepts would let pass.

    ``named`` where those of the principal reasons are new, ``drawn`` where as many drawn by lot.
    """

    rows: int
    named: float
    drawn: float


def fidelity(
    score: Score,
    concepts: Sequence[Concept],
    refused: Sequence[Row],
    principal: Sequence[Sequence[str]],
    donors: Sequence[Row],
    passing: float,
    chance: Random,
) -> Fidelity:
    """Put values of donors in place of those that reasons name; ValueError without rows or donors.

    ``refused`` score above ``passing``, a raw score, and ``donors`` do not; ``principal`` are the
    concepts of each refused applicant's reasons, at most four. The same donor serves both trials.
    """
    if not refused or not donors:
        msg = "nobody was refused, or nobody passed"
        raise ValueError(msg)
    features = {concept.id: concept.features for concept in concepts}
    named: list[Row] = []
    drawn: list[Row] = []
    for row, reasons in zip(refused, principal, strict=True):
        donor = donors[int(chance.random() * len(donors))]
        named.append(_with_values_of(donor, row, reasons, features))
        for _ in range(DRAWS):
            lot = sorted(features, key=lambda _: chance.random())
            drawn.append(_with_values_of(donor, row, lot[: len(reasons)], features))
    return Fidelity(len(refused), _passing(score, named, passing), _passing(score, drawn, passing))


def nearest_passing(
    rows: Sequence[Row], scores: Sequence[float], passing: float, count: int = DONORS
) -> list[Row]:
    """The rows that pass, those nearest to the cut-off first."""
    found = [(-raw, place) for place, raw in enumerate(scores) if raw <= passing]
    return [rows[place] for _, place in sorted(found)[:count]]


def disturbed(rows: Iterable[Row], contract: Contract, chance: Random) -> list[Row]:
    """The same applicants with a little noise on each number, inside its range."""
    return [
        {
            **row,
            **{
                field.name: _held(
                    value * (1.0 + NOISE * _NORMAL.inv_cdf(chance.random())),
                    field.minimum,
                    field.maximum,
                )
                for field in contract.features
                if field.type in NUMERIC and isinstance(value := row[field.name], float)
            },
        }
        for row in rows
    ]


def _with_values_of(
    donor: Row, row: Row, concepts: Sequence[str], features: Mapping[str, Sequence[str]]
) -> Row:
    """An applicant with somebody else's values wherever these concepts look."""
    return {**row, **{name: donor[name] for concept in concepts for name in features[concept]}}


def _passing(score: Score, rows: Sequence[Row], passing: float) -> float:
    """The share of rows that pass."""
    scores = score(rows)
    return sum(raw <= passing for raw in scores) / len(scores)


def _held(value: float, least: float | None, most: float | None) -> float:
    """The value, or the end of its range that it went over."""
    if least is not None:
        value = max(value, least)
    return value if most is None else min(value, most)
