"""Explaining trees: by the compiled kernel where numba is installed, else by the library."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .adapters import LightGbmModel
from .explainers import Explainer, LibraryTreeExplainer, Parts
from .forest import ReadForest, read_lightgbm
from .values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK_ROWS_MIN = 12
"""From this many rows on, a block of lanes is faster than row after row."""

WARMING_ROWS = (1, BLOCK_ROWS_MIN)
"""Numbers of rows that between them reach all compiled code."""


class KernelTreeExplainer:
    """Exact path-dependent TreeSHAP on the log-odds by our own kernel."""

    method = "tree_path_dependent"

    def __init__(self, model: LightGbmModel, read: ReadForest, kernel: Any) -> None:
        self._encoder = model.encoder
        self._read = read
        self._kernel = kernel

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Contributions by quadrature, scores by the leaves reached."""
        amounts, scores = self.split(self._encoder.encode(rows))
        base = self._read.base
        return [
            Parts(score, base, tuple(line))
            for score, line in zip(scores.tolist(), amounts.tolist(), strict=True)
        ]

    def split(
        self, matrix: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Contributions (rows by features) and raw scores of encoded rows."""
        import numpy as np

        amounts, scores = np.zeros(matrix.shape), np.zeros(len(matrix))
        forest, leaves = self._read.forest, self._read.leaves_max
        if len(matrix) >= BLOCK_ROWS_MIN:
            self._kernel.explain_block(forest, matrix, leaves, amounts, scores)
        else:
            for place, row in enumerate(matrix):
                scores[place] = self._kernel.explain_row(forest, row, leaves, amounts[place])
        return amounts, scores


def tree_explainer(model: LightGbmModel) -> Explainer:
    """The fastest exact explainer of this model that is at hand."""
    try:
        from . import treeshap

        return KernelTreeExplainer(model, read_lightgbm(model.text), treeshap)
    # RuntimeError: numba found no place to keep compiled code, and compiling each time is too slow.
    except (ImportError, RuntimeError, LookupError, ArithmeticError, ValueError):
        return LibraryTreeExplainer(model)
