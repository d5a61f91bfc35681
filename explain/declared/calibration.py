"""A pinned calibration sample: what was predicted of applicants, and what became of their loans."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

ROWS_MIN = 100
"""With fewer rows an interval says more about which rows they happen to be than about the model."""

ROWS_MAX = 10_000
"""More make each question slower and no answer better."""

COLUMNS = ("probability", "bad")


class Matured(NamedTuple):
    """One loan whose outcome is known: the probability of bad predicted for it, and whether it was.

    The probability is one that the loan's own outcome had no part in.
    """

    probability: float
    bad: bool


def read_calibration(
    file: str, table: Sequence[Mapping[str, str | None]]
) -> tuple[tuple[Matured, ...], tuple[str, ...]]:
    """The rows in order, and what is wrong with them: then the bundle is refused."""
    if not table or set(table[0]) != set(COLUMNS):
        return (), (f"{file}: its columns must be {' and '.join(COLUMNS)}",)
    rows, problems = [], []
    for place, cells in enumerate(table):
        try:
            probability = float(cells["probability"] or "")
        except (TypeError, ValueError):
            probability = math.nan
        if not 0.0 <= probability <= 1.0:
            problems.append(f"{file}: row {place}: probability: give a number from 0 to 1")
        elif cells["bad"] not in ("0", "1"):
            problems.append(f"{file}: row {place}: bad: give 1 for a bad loan and 0 for a good one")
        else:
            rows.append(Matured(probability, cells["bad"] == "1"))
    if not problems and not ROWS_MIN <= len(rows) <= ROWS_MAX:
        problems.append(
            f"{file} has {len(rows)} rows: give {ROWS_MIN} to {ROWS_MAX}, or no file at all"
        )
    if not problems and len({row.bad for row in rows}) == 1:
        problems.append(f"{file}: good and bad loans are both needed")
    return tuple(rows), tuple(problems[:1])
