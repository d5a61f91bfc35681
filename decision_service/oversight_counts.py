"""Override rates by the pressure people are under, counted from columns."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np

from decision_service.board_counts import names_counted
from decision_service.case_columns import (
    DECISIONS,
    NEVER,
    NO_TIME,
    RECOMMENDATIONS,
    Array,
    CaseColumns,
)
from overrides.analysis.movement import Movement, Viewed, movements
from overrides.analysis.oversight import Unvarying, unvarying
from overrides.first_views import StatedView
from overrides.statistics import Share, quantile_of_sorted
from overrides.values import Recommendation

MONTH_END_DAYS = 3
_MICROSECOND = timedelta(microseconds=1)
_LEFT = (
    (timedelta(0), "after it was due"),
    (timedelta(days=1), "on the last day"),
    (timedelta(days=3), "one to three days before"),
)
_MOST, _NO_LIMIT = "more than three days before", "without a due date"
_ENDS = [length // _MICROSECOND for length, _ in _LEFT]

Row = tuple[str, Share]  # which cases, and how many of them went against the advice


def advised_by_people(columns: CaseColumns, decided: Array) -> Array:
    """Which of the decided cases a person decided, the model having recommended one way."""
    return decided & columns["by_person"] & ~columns.advised(Recommendation.REFER)


def by_time_left(columns: CaseColumns, rows: Array) -> tuple[Row, ...]:
    """Override rates by how long before its due date a case was decided."""
    due = columns["due"][rows]
    limited = due != NEVER
    left = np.where(limited, due, 0) - np.where(limited, columns["closed"][rows], 0)
    groups = np.where(limited, np.searchsorted(_ENDS, left, side="right"), len(_LEFT) + 1)
    return _rates(columns, rows, groups, [*(words for _, words in _LEFT), _MOST, _NO_LIMIT])


def by_month_end(columns: CaseColumns, rows: Array) -> tuple[Row, ...]:
    """Override rates in the last days of a month and in the rest of it."""
    closed = columns["closed"][rows].astype("datetime64[us]")
    days = closed.astype("datetime64[D]")
    after = (closed.astype("datetime64[M]") + np.timedelta64(1, "M")).astype("datetime64[D]")
    rest = (after - days).astype(np.int64) > MONTH_END_DAYS
    words = [f"last {MONTH_END_DAYS} days of a month", "rest of the month"]
    return _rates(columns, rows, rest.astype(np.int64), words)


def by_queue(columns: CaseColumns, rows: Array) -> tuple[Row, ...]:
    """Override rates by how many cases of the branch were open at that moment, in thirds."""
    lengths = _queues(columns, rows)
    ordered = np.sort(lengths)
    short, long = (quantile_of_sorted(ordered, share) for share in (1 / 3, 2 / 3))
    if short is None or long is None:
        return ()
    words = [f"up to {short:.0f} open cases", f"more, up to {long:.0f}", f"more than {long:.0f}"]
    named = list(dict.fromkeys(words))
    places = np.array([named.index(word) for word in words])
    groups = places[(lengths > short).astype(np.int64) + (lengths > long)]
    return _rates(columns, rows, groups, named)


def _queues(columns: CaseColumns, rows: Array) -> Array:
    """How many cases of its branch were open when each of some cases was decided."""
    branch, closed = columns["branch"], columns["closed"]
    own, at = branch[rows], closed[rows]
    come = _before(branch, columns["opened"], own, at, "right")
    ended = closed != NO_TIME
    gone = _before(branch[ended], closed[ended], own, at, "left")
    lengths: Array = come - gone
    return lengths


def _before(branches: Array, times: Array, own: Array, at: Array, side: str) -> Array:
    """How many times of its own branch lie before each instant."""
    order = np.lexsort((times, branches))
    ordered = times[order]
    starts = np.searchsorted(branches[order], np.arange(int(own.max(initial=-1)) + 2))
    found = np.zeros(len(at), dtype=np.int64)
    for branch in np.unique(own).tolist():
        mine = own == branch
        inside = ordered[starts[branch] : starts[branch + 1]]
        found[mine] = np.searchsorted(inside, at[mine], side="right" if side == "right" else "left")
    return found


def _rates(
    columns: CaseColumns, rows: Array, groups: Array, names: Sequence[str]
) -> tuple[Row, ...]:
    """Override rates of numbered groups."""
    against = columns["side"][rows] > 0
    of = np.bincount(groups, minlength=len(names)).tolist()
    count = np.bincount(groups[against], minlength=len(names)).tolist()
    return tuple((name, Share(*pair)) for name, *pair in zip(names, count, of, strict=True))


def never_overriding(columns: CaseColumns, rows: Array) -> Unvarying:
    """People who never go against advice, beyond what the common rate explains."""
    named = rows & (columns["reviewer"] > 0)
    against = named & (columns["side"] > 0)
    return unvarying(*(names_counted(columns, "reviewer", some) for some in (named, against)))


def moved(columns: CaseColumns, decided: Array, views: Iterable[StatedView]) -> Movement | None:
    """How far people moved once they saw the advice; None where no case can tell.

    Cases that somebody else decided than had the view can not, nor those decided on another
    recommendation, on corrected values or on other terms than were viewed.
    """
    changed = columns["corrected"] | columns["countered"]
    told = decided & columns["by_person"] & ~changed
    found = []
    for view in views:
        row = columns.row_of(view.case_ref)
        if row is None or not told[row]:
            continue
        final = DECISIONS[columns["decision"][row]]
        advice = RECOMMENDATIONS[columns["recommendation"][row]]
        decider = columns.names["reviewer"][columns["reviewer"][row]]
        if final is not None and (advice, decider) == (view.advice, view.person):
            found.append(Viewed(bundle="", view=view.view, advice=advice, final=final))
    return movements(found).get("")
