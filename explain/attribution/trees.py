"""Explaining trees: by the compiled kernel where numba is installed, else by the library."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..adapters import TreeModel
from ..errors import ExplainError
from ..explainers import Explainer, LibraryTreeExplainer
from ..tree import Tree
from .forest import aligned, lay_out
from .kernels import KernelExplainer, tell_without_kernel
from .oblivious import all_oblivious
from .oblivious_kernel import ObliviousKernel
from .row_blocks import WARMING_ROWS, shared_out, whole_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


METHOD = LibraryTreeExplainer.method


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


def tree_explainer(model: TreeModel) -> Explainer:
    """The fastest exact explainer of this model that is at hand."""
    try:
        trees = model.trees()
        if same := all_oblivious(trees):
            return KernelExplainer(METHOD, model.encoder, ObliviousKernel(same))
        return KernelExplainer(METHOD, model.encoder, Kernel(trees))
    except ExplainError:  # the file, or the library that reads it
        raise
    # No numba, no place to keep compiled code, nothing for this processor, a model of another kind:
    # whatever stands in the kernel's way, the library explains, and says the same.
    except Exception as failed:  # noqa: BLE001
        tell_without_kernel(failed, "the model's library explains")
        return LibraryTreeExplainer(model)
