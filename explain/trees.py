"""Explaining trees: by the compiled kernel where numba is installed, else by the library."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .adapters import Encoder, TreeModel
from .errors import ExplainError
from .explainers import Explainer, LibraryTreeExplainer, Parts
from .forest import LANES, aligned, lay_out
from .tree import Tree
from .values import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALONE_MAX = 3
"""So many rows cost less one after another than side by side in lanes that stay half empty."""

WARMING_ROWS = (1, LANES)
"""Numbers of rows that between them reach all compiled code."""


def shared_out(rows: int) -> tuple[slice, slice]:
    """Which of so many rows go side by side in lanes, and which are left to go one by one."""
    left_over = rows % LANES
    in_lanes = rows - left_over if left_over <= ALONE_MAX else rows
    return slice(in_lanes), slice(in_lanes, None)


def whole_rows(matrix: "NDArray[np.float64]", features: int) -> "NDArray[np.float64]":
    """Encoded rows as compiled code reads them; ValueError for fewer features than are asked for.

    What is compiled does not look at how long a row is.
    """
    import numpy as np

    rows = np.ascontiguousarray(matrix, dtype=np.float64)
    if rows.shape[1] < features:
        msg = f"rows have {rows.shape[1]} features, the trees ask for {features}"
        raise ValueError(msg)
    return rows


class Kernel:
    """The compiled kernel on the trees of one model.

    UnsupportedForestError for paths of too many features; ImportError where numba is not installed;
    numba's own errors where it cannot compile.
    """

    def __init__(self, trees: Iterable[Tree]) -> None:
        import numpy as np

        from . import treeshap, turns

        self._read = read = lay_out(trees)
        self._compiled = treeshap
        self._scratch_size = turns.scratch_size
        for rows in WARMING_ROWS:
            self.split(np.zeros((rows, read.features)))

    @property
    def base(self) -> float:
        """The mean raw score of the training rows."""
        return self._read.base

    def split(
        self, matrix: "NDArray[np.float64]"
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """Contributions (rows by features) and raw scores of encoded rows.

        ValueError for rows of fewer features than the trees ask for.
        """
        import numpy as np

        rows = whole_rows(matrix, self._read.features)
        amounts, scores = np.empty(rows.shape), np.full(len(rows), self._read.constant)
        forest, compiled = self._read.forest, self._compiled
        scratch = aligned(self._scratch_size(forest, rows.shape[1]))
        in_lanes, alone = shared_out(len(rows))
        if in_lanes.stop:
            part = in_lanes
            compiled.explain_lanes(forest, rows[part], scratch, amounts[part], scores[part])
        if alone.start < len(rows):
            part = alone
            compiled.explain_alone(forest, rows[part], scratch, amounts[part], scores[part])
        return amounts, scores


class KernelTreeExplainer:
    """Exact path-dependent TreeSHAP on the log-odds by our own kernel."""

    method = "tree_path_dependent"

    def __init__(self, encoder: Encoder, kernel: Kernel) -> None:
        self._encoder = encoder
        self._kernel = kernel

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Contributions by quadrature, scores by the leaves reached."""
        amounts, scores = self._kernel.split(self._encoder.encode(rows))
        base = self._kernel.base
        return [
            Parts(score, base, tuple(line))
            for score, line in zip(scores.tolist(), amounts.tolist(), strict=True)
        ]


def tree_explainer(model: TreeModel) -> Explainer:
    """The fastest exact explainer of this model that is at hand."""
    try:
        return KernelTreeExplainer(model.encoder, Kernel(model.trees()))
    except ExplainError:  # the file, or the library that reads it
        raise
    # No numba, no place to keep compiled code, nothing for this processor, a model of another kind:
    # whatever stands in the kernel's way, the library explains, and says the same.
    except Exception:  # noqa: BLE001
        return LibraryTreeExplainer(model)
