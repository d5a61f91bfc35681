"""Straight-line and logistic regression with errors that allow for clusters.

Ordinary least squares and maximum likelihood by Newton's steps, solved by Gaussian elimination
with pivots: enough for some dozens of columns and any number of rows. Clustered errors are Liang
and Zeger's sandwich (1986) with the factor G/(G-1). With few clusters even these are too small, so
their number is always told.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from overrides.statistics import Interval, Z

CLUSTERS_MIN = 10
"""Fewer clusters than this give errors that nobody should rely on."""

_STEPS_MAX = 50
_STILL = 1e-10
_LOGIT_MAX = 30.0
_SEPARATED = "the columns separate yes from no"
_NO_TOP = "the likelihood has no top"
_ONE_CLUSTER = "there is a single cluster"
_DEPENDENT = "a column follows from the others"

Matrix = list[list[float]]
Row = Sequence[float]


class NoFit(ValueError):
    """The columns do not determine the coefficients."""

    def __init__(self, why: str) -> None:
        super().__init__(f"No coefficients can be worked out: {why}.")
        self.why = why


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One column's coefficient with its standard error."""

    name: str
    value: float
    error: float

    @property
    def interval(self) -> Interval:
        """The 95 % interval, from the normal distribution."""
        return self.value - Z * self.error, self.value + Z * self.error

    @property
    def p(self) -> float:
        """Two-sided p, from the normal distribution."""
        return math.erfc(abs(self.value / self.error) / math.sqrt(2)) if self.error else 0.0


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients by name, over so many rows in so many clusters (0: rows are independent)."""

    coefficients: tuple[Coefficient, ...]
    of: int
    clusters: int

    def of_column(self, name: str) -> Coefficient:
        """One coefficient; ``KeyError`` for a column that was not fitted."""
        for coefficient in self.coefficients:
            if coefficient.name == name:
                return coefficient
        raise KeyError(name)


def least_squares(names: Sequence[str], rows: Sequence[Row], answers: Sequence[float]) -> Fit:
    """Ordinary least squares with classical errors; ``names`` and ``rows`` hold the constant too.

    Raises ``NoFit`` for columns that depend on each other, or no more rows than columns.
    """
    _check_rows(names, rows)
    weights = [1.0] * len(rows)
    inverse = _inverse(_products(rows, weights, len(names)))
    found = _times(inverse, _sums(rows, answers, len(names)))
    left = math.fsum((y - _dot(row, found)) ** 2 for row, y in zip(rows, answers, strict=True))
    variance = left / (len(rows) - len(names))
    errors = [math.sqrt(variance * inverse[k][k]) for k in range(len(names))]
    return _fit(names, found, errors, len(rows), 0)


def logistic(
    names: Sequence[str],
    rows: Sequence[Row],
    answers: Sequence[bool],
    clusters: Sequence[Hashable] | None = None,
) -> Fit:
    """Logistic regression by maximum likelihood; errors are clustered where clusters are given.

    Raises ``NoFit`` for columns that depend on each other or that separate yes from no, where the
    likelihood has no top.
    """
    _check_rows(names, rows)
    found = [0.0] * len(names)
    for _ in range(_STEPS_MAX):
        chances = [_chance(_dot(row, found)) for row in rows]
        inverse = _inverse(_products(rows, [c * (1 - c) for c in chances], len(names)))
        gaps = [y - c for y, c in zip(answers, chances, strict=True)]
        step = _times(inverse, _sums(rows, gaps, len(names)))
        longest = max(abs(part) for part in step)
        shorter = min(1.0, 5.0 / longest) if longest else 1.0
        found = [at + part * shorter for at, part in zip(found, step, strict=True)]
        if max(abs(_dot(row, found)) for row in rows) > _LOGIT_MAX:
            raise NoFit(_SEPARATED)
        if longest < _STILL:
            break
    else:
        raise NoFit(_NO_TOP)
    chances = [_chance(_dot(row, found)) for row in rows]
    inverse = _inverse(_products(rows, [c * (1 - c) for c in chances], len(names)))
    if clusters is None:
        errors = [math.sqrt(inverse[k][k]) for k in range(len(names))]
        return _fit(names, found, errors, len(rows), 0)
    gaps = [y - c for y, c in zip(answers, chances, strict=True)]
    errors, count = _clustered(rows, gaps, clusters, inverse)
    return _fit(names, found, errors, len(rows), count)


def _check_rows(names: Sequence[str], rows: Sequence[Row]) -> None:
    """Refuse no more rows than columns."""
    if len(rows) <= len(names):
        why = f"{len(rows)} rows for {len(names)} columns"
        raise NoFit(why)


def _clustered(
    rows: Sequence[Row], gaps: Sequence[float], clusters: Sequence[Hashable], inverse: Matrix
) -> tuple[list[float], int]:
    """Sandwich errors over clusters, and their number."""
    width = len(inverse)
    scores: dict[Hashable, list[float]] = {}
    for row, gap, cluster in zip(rows, gaps, clusters, strict=True):
        score = scores.setdefault(cluster, [0.0] * width)
        for k, x in enumerate(row):
            score[k] += x * gap
    count = len(scores)
    if count == 1:
        raise NoFit(_ONE_CLUSTER)
    meat = _products(list(scores.values()), [1.0] * count, width)
    factor = count / (count - 1)
    bread = [_times(meat, row) for row in inverse]  # symmetric, so rows are columns
    return [math.sqrt(factor * _dot(inverse[k], bread[k])) for k in range(width)], count


def _fit(names: Sequence[str], found: Row, errors: Sequence[float], of: int, clusters: int) -> Fit:
    """The coefficients with their names."""
    parts = zip(names, found, errors, strict=True)
    return Fit(tuple(Coefficient(*part) for part in parts), of, clusters)


def _chance(logit: float) -> float:
    """Probability of log-odds, without overflow."""
    if logit < 0:
        power = math.exp(max(logit, -700.0))
        return power / (1 + power)
    return 1 / (1 + math.exp(-logit))


def _dot(one: Row, other: Row) -> float:
    """Sum of products."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def _times(matrix: Matrix, vector: Row) -> list[float]:
    """Matrix times vector."""
    return [_dot(row, vector) for row in matrix]


def _sums(rows: Sequence[Row], values: Sequence[float], width: int) -> list[float]:
    """Each column times the values."""
    found = [0.0] * width
    for row, value in zip(rows, values, strict=True):
        if value:
            for k, x in enumerate(row):
                found[k] += x * value
    return found


def _products(rows: Sequence[Row], weights: Sequence[float], width: int) -> Matrix:
    """Weighted products of all pairs of columns."""
    found = [[0.0] * width for _ in range(width)]
    for row, weight in zip(rows, weights, strict=True):
        for i, x in enumerate(row):
            if x:
                line, scaled = found[i], x * weight
                for j in range(i + 1):
                    line[j] += scaled * row[j]
    for i in range(width):
        for j in range(i):
            found[j][i] = found[i][j]
    return found


def _inverse(matrix: Matrix) -> Matrix:
    """Inverse by Gauss and Jordan with pivots; raises ``NoFit`` for a singular matrix."""
    width = len(matrix)
    work = [[*row, *(float(i == k) for k in range(width))] for i, row in enumerate(matrix)]
    scale = max((abs(matrix[k][k]) for k in range(width)), default=0.0)
    for k in range(width):
        best = max(range(k, width), key=lambda i: abs(work[i][k]))
        if abs(work[best][k]) <= scale * 1e-13:
            raise NoFit(_DEPENDENT)
        work[k], work[best] = work[best], work[k]
        pivot = work[k][k]
        work[k] = [x / pivot for x in work[k]]
        for i in range(width):
            if i != k and (factor := work[i][k]):
                work[i] = [x - factor * y for x, y in zip(work[i], work[k], strict=True)]
    return [row[width:] for row in work]
