"""Blocks of rows as compiled code takes them: in lanes side by side, what is left over alone."""

from typing import TYPE_CHECKING

from .forest import LANES

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
