"""How far applicants are apart, and who of some is nearest to one.

The distance is J. C. Gower's (A general coefficient of similarity, Biometrics 27, 1971): the mean
over the scored fields of the difference as a share of the range that the pinned applicants have,
and of levels 0 where they are the same and 1 where not. A value that one has and the other has not
counts 1. A number outside that range can count more than 1.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..declared.contract import NUMERIC, Contract
from ..values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Near(NamedTuple):
    """One of the rows looked at: its place among them, and how far it is."""

    place: int
    distance: float


class Likeness:
    """Distances as one pinned sample measures them; ``rows`` are its own."""

    def __init__(self, contract: Contract, rows: Sequence[Row]) -> None:
        fields = contract.features
        self.rows = tuple(rows)
        self._numbers = [field.name for field in fields if field.type in NUMERIC]
        self._levels = [field.name for field in fields if field.type not in NUMERIC]
        self._spreads = [_spread(rows, name) for name in self._numbers]
        self._codes: dict[object, float] = {}
        self._pinned = self._table(rows)

    @cached_property
    def apart(self) -> "NDArray[np.float64]":
        """Of each pinned row how far it is from the nearest other one."""
        import numpy as np

        nearest = []
        for place in range(len(self.rows)):
            distances = self._distances(self._pinned, self._pinned[place])
            distances[place] = np.inf
            nearest.append(distances.min())
        return np.array(nearest)

    def to_pinned(self, row: Row) -> "NDArray[np.float64]":
        """How far each pinned row is from this one."""
        return self._distances(self._pinned, self._table([row])[0])

    def to_others(self, row: Row, others: Sequence[Row]) -> "NDArray[np.float64]":
        """How far each of other rows is from this one."""
        return self._distances(self._table(others), self._table([row])[0])

    def nearest(self, row: Row, count: int, among: Sequence[int]) -> list[Near]:
        """The nearest of some pinned rows, equals in the order in which they are pinned."""
        distances = self.to_pinned(row)
        found = sorted(Near(place, float(distances[place])) for place in among)
        return sorted(found, key=lambda near: near.distance)[:count]

    def _table(self, rows: Sequence[Row]) -> "NDArray[np.float64]":
        """Numbers as shares of the range, then levels as codes; NaN where there is no value."""
        import numpy as np

        table = np.empty((len(rows), len(self._numbers) + len(self._levels)))
        for place, row in enumerate(rows):
            numbers = [
                np.nan if row[name] is None else float(row[name] or 0.0) / spread
                for name, spread in zip(self._numbers, self._spreads, strict=True)
            ]
            levels = [
                np.nan
                if row[name] is None
                else self._codes.setdefault((name, row[name]), float(len(self._codes)))
                for name in self._levels
            ]
            table[place] = [*numbers, *levels]
        return table

    def _distances(
        self, table: "NDArray[np.float64]", one: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        """From one line to every line of a table."""
        import numpy as np

        differ = np.abs(table - one)
        count = len(self._numbers)
        differ[:, count:] = differ[:, count:] > 0
        gaps, gap = np.isnan(table), np.isnan(one)
        differ = np.where(gaps & gap, 0.0, np.where(gaps | gap, 1.0, differ))
        return np.asarray(differ.mean(axis=1))


def _spread(rows: Sequence[Row], name: str) -> float:
    """The range of a number among the pinned; 1 where it has none."""
    known = [value for row in rows if isinstance(value := row[name], float)]
    return (max(known) - min(known) if known else 0.0) or 1.0
