"""A score that is a sum of tables, each over the bins of one field or of a few."""

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .values import Row, Scalar


class Binning(Protocol):
    """Which bin a value of one field lies in."""

    @property
    def count(self) -> int:
        """How many bins there are, those of gaps and of unknown values included."""

    def bin(self, value: Scalar) -> int:
        """From 0, which is the bin of gaps, to ``count - 1``, that of what was never met."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Bins of a number; a bound belongs to the bin above it."""

    bounds: tuple[float, ...]

    @property
    def count(self) -> int:
        """One bin more than bounds, and the two at the ends."""
        return len(self.bounds) + 3

    def bin(self, value: Scalar) -> int:
        """The number's bin; TypeError for text."""
        return 0 if value is None else 1 + bisect.bisect_right(self.bounds, value)


@dataclass(frozen=True, slots=True)
class Groups:
    """Bins of values told one by one: levels of a category, or numbers that were read as such."""

    bins: Mapping[Scalar, int]
    count: int

    def bin(self, value: Scalar) -> int:
        """The value's bin, the last one where it has none."""
        return 0 if value is None else self.bins.get(value, self.count - 1)


@dataclass(frozen=True, slots=True)
class Table:
    """A table over the bins of its ``axes``, which count in the model's readings.

    ``cells`` are in order, the last axis running fastest.
    """

    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    cells: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a table of another size than its axes span."""
        if len(self.axes) != len(self.sizes) or math.prod(self.sizes) != len(self.cells):
            msg = "a table's cells and its axes do not belong together"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class SumOfTables:
    """A score as an intercept and tables. ``readings`` are fields with ways to bin them.

    A field may be read in several ways: finely where it stands alone, coarsely beside others.
    """

    intercept: float
    readings: tuple[tuple[str, Binning], ...]
    tables: tuple[Table, ...]

    def bins(self, row: Row) -> list[int]:
        """Where the row lies, reading by reading."""
        return [binning.bin(row[name]) for name, binning in self.readings]

    def score(self, row: Row) -> float:
        """The intercept and one cell of each table."""
        told = self.bins(row)
        return math.fsum(
            [
                self.intercept,
                *(
                    table.cells[cell_at(table.sizes, [told[a] for a in table.axes])]
                    for table in self.tables
                ),
            ]
        )


def cell_at(sizes: Sequence[int], bins: Sequence[int]) -> int:
    """The place of a cell in a table whose last axis runs fastest."""
    place = 0
    for size, one in zip(sizes, bins, strict=True):
        place = place * size + one
    return place
