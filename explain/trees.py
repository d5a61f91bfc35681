"""Explaining trees: by the compiled kernel where numba is installed, else by the library."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .adapters import Encoder, TreeModel
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


class Kernel:
    """The compiled kernel on the trees of one model.

    UnsupportedForestError for paths of too many features; ImportError where numba is not installed;
    numba's own errors where it cannot compile.
    """

    def __init__(self, trees: Iterable[Tree]) -> None:
        import numpy as np

        from . import treeshap

        self._read = read = lay_out(trees)
        self._compiled = treeshap
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

        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        count, features = rows.shape
        if features < self._read.features:
            msg = f"rows have {features} features, the trees ask for {self._read.features}"
            raise ValueError(msg)
        amounts, scores = np.empty(rows.shape), np.full(count, self._read.constant)
        forest, compiled = self._read.forest, self._compiled
        scratch = aligned(compiled.scratch_size(forest, features))
        left_over = count % LANES
        in_lanes = count - left_over if left_over <= ALONE_MAX else count
        if in_lanes:
            part = slice(in_lanes)
            compiled.explain_lanes(forest, rows[part], scratch, amounts[part], scores[part])
        if in_lanes < count:
            part = slice(in_lanes, None)
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
    # No numba, no place to keep compiled code, nothing for this processor, a model of another kind:
    # whatever stands in the kernel's way, the library explains, and says the same.
    except Exception:  # noqa: BLE001
        return LibraryTreeExplainer(model)
