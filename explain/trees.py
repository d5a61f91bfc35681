"""Explaining trees: by the compiled kernel where numba is installed, else by the library."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .adapters import LightGbmModel
from .explainers import Explainer, LibraryTreeExplainer, Parts
from .forest import LANES, ReadForest, aligned
from .lightgbm_text import read_lightgbm
from .values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALONE_MAX = 3
"""So many rows cost less one after another than side by side in lanes that stay half empty."""

WARMING_ROWS = (1, LANES)
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
        """Contributions (rows by features) and raw scores of encoded rows.

        ValueError for rows of fewer features than the trees ask for.
        """
        import numpy as np

        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        count, features = rows.shape
        if features < self._read.features:
            msg = f"rows have {features} features, the trees ask for {self._read.features}"
            raise ValueError(msg)
        amounts, scores = np.empty(rows.shape), np.full(count, self._read.constant)
        forest, kernel = self._read.forest, self._kernel
        scratch = aligned(kernel.scratch_size(forest, features))
        left_over = count % LANES
        in_lanes = count - left_over if left_over <= ALONE_MAX else count
        if in_lanes:
            kernel.explain_lanes(
                forest, rows[:in_lanes], scratch, amounts[:in_lanes], scores[:in_lanes]
            )
        if in_lanes < count:
            kernel.explain_alone(
                forest, rows[in_lanes:], scratch, amounts[in_lanes:], scores[in_lanes:]
            )
        return amounts, scores


def tree_explainer(model: LightGbmModel) -> Explainer:
    """The fastest exact explainer of this model that is at hand."""
    try:
        from . import treeshap

        return KernelTreeExplainer(model, read_lightgbm(model.text), treeshap)
    # RuntimeError: numba found no place to keep compiled code, and compiling each time is too slow.
    except (ImportError, RuntimeError, LookupError, ArithmeticError, ValueError):
        return LibraryTreeExplainer(model)
