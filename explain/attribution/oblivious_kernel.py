"""Explaining oblivious trees: tables filled once, then looked into by compiled code."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .forest import aligned
from .leaf_games import weights
from .oblivious import DEPTH_MAX, Oblivious, lay_out
from .row_blocks import WARMING_ROWS, shared_out, whole_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]


class ObliviousKernel:
    """Compiled look-ups for the trees of one model, path-dependent or against ``background`` rows.

    ImportError where numba is not installed; numba's own errors where it cannot compile.
    """

    def __init__(self, trees: Sequence[Oblivious], background: "Matrix | None" = None) -> None:
        import numpy as np

        from . import oblivious_tables

        self._compiled = oblivious_tables
        self._features = 1 + max((q.feature for t in trees for q in t.questions), default=-1)
        split = [tree for tree in trees if tree.questions]
        self._constant = math.fsum(tree.values[0] for tree in trees if not tree.questions)
        self.tables = lay_out(split)
        rows = None if background is None else whole_rows(background, self._features)
        self.base = self._constant + math.fsum(self._fill(split, rows))
        for count in WARMING_ROWS:
            self.split(np.zeros((count, self._features)))

    def _fill(self, trees: Sequence[Oblivious], background: "Matrix | None") -> "Matrix":
        """Fill the tables; of each tree what it is on average."""
        import numpy as np

        tables, compiled = self.tables, self._compiled
        means: Matrix = np.empty(len(trees))
        counts = np.zeros((len(trees), 2**DEPTH_MAX))
        if background is not None:
            compiled.count_leaves(tables, background, self._scratch(background.shape[1]), counts)
            counts /= len(background)
        for place, (questions, shares, values) in enumerate(trees):
            told = tables.trees[place]
            own = tables.features[told["first_feature"] :][: told["features"]].tolist()
            players = np.array([own.index(q.feature) for q in reversed(questions)], np.int64)
            size = len(values) * (len(own) + 1)
            means[place] = compiled.fill(
                tables.table[told["table"] :][:size].reshape(len(values), -1),
                players,
                np.array(shares),
                counts[place, : 0 if background is None else len(values)],
                weights(),
            )
        return means

    def _scratch(self, features: int) -> "Matrix":
        """Room to work in."""
        return aligned(self._compiled.scratch_size(self.tables, features))

    def split(self, matrix: "Matrix") -> "tuple[Matrix, Matrix]":
        """Contributions (rows by features) and raw scores, by the leaves reached.

        ValueError for rows of fewer features than the trees ask for.
        """
        import numpy as np

        rows = whole_rows(matrix, self._features)
        amounts, scores = np.empty(rows.shape), np.empty(len(rows))
        tables, compiled = self.tables, self._compiled
        scratch = self._scratch(rows.shape[1])
        in_lanes, alone = shared_out(len(rows))
        if in_lanes.stop:
            part = in_lanes
            compiled.explain_lanes(tables, rows[part], scratch, amounts[part], scores[part])
        if alone.start < len(rows):
            part = alone
            compiled.explain_alone(tables, rows[part], scratch, amounts[part], scores[part])
        scores += self._constant
        return amounts, scores
