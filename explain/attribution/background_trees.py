"""Explaining trees against a pinned background: exactly, at a cost that does not grow with it."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..adapters import TreeModel
from ..errors import BundleInvalid, ExplainError
from ..explainers import Explainer, Parts, as_near_as_the_library
from ..tree import Tree, UnsupportedForestError
from ..values import Row
from .forest import aligned, lay_out
from .kernels import KernelExplainer, tell_without_kernel
from .leaf_cells import cut
from .leaf_games import Answers, directly, games_of
from .leaf_tables import tabulate
from .oblivious import all_oblivious
from .oblivious_kernel import ObliviousKernel
from .row_blocks import WARMING_ROWS, shared_out, whole_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]


METHOD = "tree_interventional"


class BackgroundKernel:
    """The compiled kernel on the trees of one model and encoded background rows.

    UnsupportedForestError for trees that cannot be cut into cells; ImportError where numba is not
    installed; numba's own errors where it cannot compile.
    """

    def __init__(self, trees: Sequence[Tree], background: "Matrix") -> None:
        import numpy as np

        from . import interventional, turns

        self._read = read = lay_out(trees)
        self._compiled, self._turns = interventional, turns
        rows = whole_rows(background, read.features)
        self.tables = tabulate(trees, rows, interventional)
        self.base = float(self.scores(rows).mean())
        for count in WARMING_ROWS:
            self.split(np.zeros((count, read.features)))

    def scores(self, matrix: "Matrix") -> "Matrix":
        """Raw scores of encoded rows: what the leaves they come to add up to."""
        import numpy as np

        rows = whole_rows(matrix, self._read.features)
        scores = np.full(len(rows), self._read.constant)
        forest, turns = self._read.forest, self._turns
        scratch = aligned(turns.scratch_size(forest, rows.shape[1]))
        in_lanes, alone = shared_out(len(rows))
        if in_lanes.stop:
            turns.score_lanes(forest, rows[in_lanes], scratch, scores[in_lanes])
        if alone.start < len(rows):
            turns.score_alone(forest, rows[alone], scratch, scores[alone])
        return scores

    def split(self, matrix: "Matrix") -> "tuple[Matrix, Matrix]":
        """Contributions (rows by features), looked up, and raw scores, by the leaves reached.

        ValueError for rows of fewer features than the trees ask for.
        """
        import numpy as np

        rows = whole_rows(matrix, self._read.features)
        amounts = np.empty(rows.shape)
        tables, compiled = self.tables, self._compiled
        scratch = aligned(compiled.scratch_size(tables))
        in_lanes, alone = shared_out(len(rows))
        if in_lanes.stop:
            compiled.explain_lanes(tables, rows[in_lanes], scratch, amounts[in_lanes])
        if alone.start < len(rows):
            compiled.explain_alone(tables, rows[alone], scratch, amounts[alone])
        return amounts, self.scores(rows)


class PlainBackgroundExplainer:
    """The same values without compiled code, leaf by leaf; scores are the library's own."""

    method = METHOD

    def __init__(self, model: TreeModel, background: "Matrix") -> None:
        self._model = model
        cuts = [cut(tree) for tree in model.trees()]
        told = Answers(background)
        self._games = [game for tree in cuts for game in games_of(tree, told)]
        self._base = math.fsum(share for g in self._games for share in g.worth[g.away == 0])

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Contributions leaf by leaf, scores by the library."""
        import numpy as np

        matrix = self._model.encoder.encode(rows)
        told = Answers(matrix)
        amounts: Matrix = np.zeros(matrix.shape)
        for game in self._games:
            amounts[:, list(game.features)] += directly(game, told.keys(game.key))
        base, near = self._base, self._model.precision
        return [
            Parts(as_near_as_the_library(score, [base, *line], near), base, tuple(line))
            for score, line in zip(self._model.score(rows), amounts.tolist(), strict=True)
        ]


def background_explainer(model: TreeModel, background: Sequence[Row], path: str) -> Explainer:
    """The fastest exact explainer of this model against these rows that is at hand.

    BundleInvalid where the trees are such that there is none.
    """
    rows = model.encoder.encode(background)
    try:
        try:
            trees = tuple(model.trees())
            if same := all_oblivious(trees):
                kernel = ObliviousKernel(same, rows)
                return KernelExplainer(METHOD, model.encoder, kernel)
            return KernelExplainer(METHOD, model.encoder, BackgroundKernel(trees, rows))
        except (ExplainError, UnsupportedForestError):
            raise
        except Exception as failed:  # noqa: BLE001
            tell_without_kernel(failed, "every leaf is played out")
            return PlainBackgroundExplainer(model, rows)
    except UnsupportedForestError as refused:
        cure = f"{refused}: train fewer or shallower trees"
        raise BundleInvalid(path, (cure,)) from None
