"""One small port for models, and the adapters that fill it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from .declared.contract import Contract
from .tree import Tree
from .values import Row, Scale

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ONE_THREAD_ROWS_MAX = 64
"""Up to this many rows a second thread costs more than it gives."""


class ModelAdapter(Protocol):
    """Anything that turns checked rows into scores of how likely they go bad."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the model's order."""

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Raw scores by the model's own library; the same row always gives the same score."""

    @property
    def precision(self) -> float:
        """How near its library's numbers are to exact ones, relative to max(1, |score|)."""

    @property
    def scale(self) -> Scale:
        """What its raw scores, and so all contributions, are numbers of."""


class TreeModel(ModelAdapter, Protocol):
    """A model made of trees."""

    @property
    def encoder(self) -> "Encoder":
        """How rows become what the trees compare."""

    def trees(self) -> tuple[Tree, ...]:
        """All that add up to the score; UnsupportedForestError where it is not of plain trees."""

    def contributions(self, rows: Sequence[Row]) -> list[list[float]]:
        """By the library, path-dependent: of each row one number per feature, then the base.

        BundleInvalid where no library can.
        """


class Encoder:
    """Rows as a matrix of floats: category levels as codes in contract order, missing as NaN.

    With ``single`` the numbers are those a library sees that works in single precision.
    """

    def __init__(self, contract: Contract, *, single: bool = False) -> None:
        self.features = tuple(f.name for f in contract.features)
        self.levels = tuple(len(f.levels) for f in contract.features)
        self.single = single
        self._codes: tuple[tuple[str, Mapping[str, float] | None], ...] = tuple(
            (f.name, {level: float(code) for code, level in enumerate(f.levels)} or None)
            for f in contract.features
        )

    def encode(self, rows: Sequence[Row]) -> "NDArray[np.float64]":
        """One line per row, one column per feature; KeyError for an unknown level."""
        import numpy as np

        matrix = np.empty((len(rows), len(self._codes)), dtype=np.float64)
        for place, row in enumerate(rows):
            matrix[place] = [
                row[name] if codes is None or row[name] is None else codes[row[name]]  # type: ignore[index] # a category level is text
                for name, codes in self._codes
            ]
        return matrix.astype(np.float32).astype(np.float64) if self.single else matrix


def threads_for(rows: int) -> int:
    """How many threads LightGBM may use: one for a request, its own choice (0) for a file."""
    return 1 if rows <= ONE_THREAD_ROWS_MAX else 0
