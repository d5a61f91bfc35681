"""Exact interventional Shapley values of a sum of tables: each table is a small game of its own.

What a table is worth when some of its fields are the applicant's, and the others are those of a
background row, averaged over these rows, depends on the bins of the known fields alone. So what
each field gets is a table again, made once. A table of one field gives that field its cell less the
background's mean; a table of two shares out what both are worth together in the two orders there
are; and so on. The values of the whole model are the sums, as Shapley values of sums are (L.
Shapley, A Value for n-Person Games, 1953). Fields of a table are taken from the same background
row, never as if they were independent.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from ..additive import SumOfTables, Table, cell_at
from ..explainers import Parts
from ..values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class _Game:
    """One table with what each of its fields gets of it, cell by cell."""

    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    base: float
    amounts: tuple[tuple[int, Sequence[float]], ...]


class AdditiveExplainer:
    """Contributions of a sum of tables, measured from background rows; base is their mean score."""

    method = "additive_interventional"

    def __init__(
        self, model: SumOfTables, features: Sequence[str], background: Sequence[Row]
    ) -> None:
        import numpy as np

        self._model = model
        self._width = len(features)
        places = {name: place for place, name in enumerate(features)}
        told = np.array([model.bins(row) for row in background], np.intp)
        told = told.reshape(len(background), len(model.readings))
        self._games = [
            _game(table, [places[model.readings[axis][0]] for axis in table.axes], told)
            for table in model.tables
        ]
        self._base = math.fsum([model.intercept, *(game.base for game in self._games)])

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Gains looked up and added; scores added up afresh from the tables."""
        return [self._parts(row) for row in rows]

    def _parts(self, row: Row) -> Parts:
        """One row."""
        told = self._model.bins(row)
        amounts = [0.0] * self._width
        for game in self._games:
            place = cell_at(game.sizes, [told[axis] for axis in game.axes])
            for feature, cells in game.amounts:
                amounts[feature] += cells[place]
        return Parts(self._model.score(row), self._base, tuple(amounts))


def _game(table: Table, features: Sequence[int], told: "NDArray[np.intp]") -> _Game:
    """What a table's fields get of it; ``told`` are the background's bins."""
    import numpy as np

    size = len(table.axes)
    columns = told[:, list(table.axes)]
    worths = {known: _worth(table, known, columns) for known in _sets(range(size))}
    amounts = []
    for place, feature in enumerate(features):
        share = np.zeros(table.sizes)
        for without in _sets([other for other in range(size) if other != place]):
            orders = math.factorial(len(without)) * math.factorial(size - 1 - len(without))
            more = worths[tuple(sorted((*without, place)))] - worths[without]
            share += orders / math.factorial(size) * more
        amounts.append((feature, share.ravel().tolist()))
    return _Game(table.axes, table.sizes, float(worths[()].item()), tuple(amounts))


def _sets(places: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All sets of these places, each in order."""
    for count in range(len(places) + 1):
        yield from combinations(places, count)


def _worth(
    table: Table, known: tuple[int, ...], columns: "NDArray[np.intp]"
) -> "NDArray[np.float64]":
    """The table by its known axes, averaged over the background's bins of all others.

    Axes that are not known stay, with one bin.
    """
    import numpy as np

    cells = np.array(table.cells, np.float64).reshape(table.sizes)
    away = [axis for axis in range(len(table.sizes)) if axis not in known]
    if not away:
        return cells
    shares = np.zeros([table.sizes[axis] for axis in away])
    np.add.at(shares, tuple(columns[:, axis] for axis in away), 1.0)
    mean = np.tensordot(cells, shares / len(columns), (away, range(len(away))))
    return np.expand_dims(mean, away)
