"""Exact interventional Shapley values of a sum of terms: each term is a small game of its own.

What a term is worth when some of its fields are the applicant's, and the others are those of a
background row, averaged over these rows, depends on the bins of the known fields alone. So it is a
table, made once. A term of one field gives that field its cell less the background's mean; a term
of two shares out what both are worth together in the two orders there are; and so on. The values of
the whole model are the sums, as Shapley values of sums are (L. Shapley, A Value for n-Person Games,
1953). Fields of a term are taken from the same background row, never as if they were independent.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from explain.explainers import Parts
from explain.terms import SumOfTerms, Term, cell_at
from explain.values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a term is worth by the bins of some of its fields, whose places in it ``known`` are."""

    known: tuple[int, ...]
    sizes: tuple[int, ...]
    values: Sequence[float]

    def at(self, bins: Sequence[int]) -> float:
        """By the bins of all of the term's fields."""
        return self.values[cell_at(self.sizes, [bins[place] for place in self.known])]


@dataclass(frozen=True, slots=True)
class _Gain:
    """What knowing one field more adds to a term, and how much that counts."""

    feature: int
    weight: float
    without: _Worth
    beside: _Worth


@dataclass(frozen=True, slots=True)
class _Game:
    """One term with what it is worth to each of its fields."""

    axes: tuple[int, ...]
    base: float
    gains: tuple[_Gain, ...]


class TermsExplainer:
    """Contributions of a sum of terms, measured from background rows; base is their mean score."""

    method = "terms_interventional"

    def __init__(
        self, model: SumOfTerms, features: Sequence[str], background: Sequence[Row]
    ) -> None:
        import numpy as np

        self._model = model
        self._width = len(features)
        places = {name: place for place, name in enumerate(features)}
        told = np.array([model.bins(row) for row in background], np.intp)
        told = told.reshape(len(background), len(model.readings))
        self._games = [
            _game(term, [places[model.readings[axis][0]] for axis in term.axes], told)
            for term in model.terms
        ]
        self._base = math.fsum([model.intercept, *(game.base for game in self._games)])

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Gains looked up and added; scores added up afresh from the terms."""
        return [self._parts(row) for row in rows]

    def _parts(self, row: Row) -> Parts:
        """One row."""
        told = self._model.bins(row)
        amounts = [0.0] * self._width
        for game in self._games:
            bins = [told[axis] for axis in game.axes]
            for gain in game.gains:
                more = gain.beside.at(bins) - gain.without.at(bins)
                amounts[gain.feature] += gain.weight * more
        return Parts(self._model.score(row), self._base, tuple(amounts))


def _game(term: Term, features: Sequence[int], told: "NDArray[np.intp]") -> _Game:
    """A term's worth by every set of its fields; ``told`` are the background's bins."""
    size = len(term.axes)
    columns = told[:, list(term.axes)]
    worths = {known: _worth(term, known, columns) for known in _sets(range(size))}
    gains = []
    for place, feature in enumerate(features):
        for without in _sets([other for other in range(size) if other != place]):
            orders = math.factorial(len(without)) * math.factorial(size - 1 - len(without))
            beside = tuple(sorted((*without, place)))
            weight = orders / math.factorial(size)
            gains.append(_Gain(feature, weight, worths[without], worths[beside]))
    return _Game(term.axes, worths[()].values[0], tuple(gains))


def _sets(places: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All sets of these places, each in order."""
    for count in range(len(places) + 1):
        yield from combinations(places, count)


def _worth(term: Term, known: tuple[int, ...], columns: "NDArray[np.intp]") -> _Worth:
    """The table averaged over the background's bins of all axes that are not known."""
    import numpy as np

    if len(known) == len(term.axes):
        return _Worth(known, term.sizes, term.cells)
    table = np.array(term.cells, np.float64).reshape(term.sizes)
    away = [axis for axis in range(len(term.sizes)) if axis not in known]
    shares = np.zeros([term.sizes[axis] for axis in away])
    np.add.at(shares, tuple(columns[:, axis] for axis in away), 1.0)
    mean = np.tensordot(table, shares / len(columns), (away, range(len(away))))
    return _Worth(known, tuple(term.sizes[axis] for axis in known), np.ravel(mean).tolist())
