"""Whether the applications of late are like those of before, in words."""

from datetime import timedelta

import numpy as np

from decision_service.board import NOT_ENOUGH
from decision_service.case_columns import Array, CaseColumns, microseconds
from overrides.analysis.drift import Shift, score_shift, shift
from overrides.metrics import RELIABLE_CASES_MIN
from ui.views import BoardSection

LATE = timedelta(days=90)
BEFORE = timedelta(days=365)
LEAD = (
    f"Applications of the last {LATE.days} days beside those of the {BEFORE.days} days before "
    "them. The population stability index is 0 where nothing changed. Beside it stands what "
    "chance reaches in one of twenty pairs of groups of these sizes that did not change. Changed "
    "is not worse: whether scores still hold is told by observed over expected."
)
HEADING = ("Of", "Cases before", "Cases of late", "Stability index", "By chance below", "Finding")


def drift_section(columns: CaseColumns) -> BoardSection:
    """Scores, advice, branches and cases without a score, of late and before."""
    opened, as_of = columns["opened"], columns.as_of
    start = microseconds(as_of - LATE)
    late = (start <= opened) & (opened <= microseconds(as_of))
    before = (microseconds(as_of - LATE - BEFORE) <= opened) & (opened < start)
    scored = columns.scored()
    old, new = (columns["chance"][rows & scored].tolist() for rows in (before, late))
    kinds = (
        ("Recommendation", columns["recommendation"]),
        ("Branch", columns["branch"]),
        ("With or without a score", scored.astype(np.int64)),
    )
    rows = [_row("Score, in tenths of those before", len(old), len(new), score_shift(old, new))]
    of = int(np.count_nonzero(before)), int(np.count_nonzero(late))
    rows += [_row(name, *of, _mix(kind[before], kind[late])) for name, kind in kinds]
    return BoardSection(
        title="Drift",
        lead=LEAD,
        figures=(),
        table=(HEADING, *rows) if len(columns) else (),
        table_caption="Make-up of applications, of late beside before",
    )


def _mix(before: Array, late: Array) -> Shift | None:
    """How the shares of some kinds changed."""
    kinds = int(max(before.max(initial=0), late.max(initial=0))) + 1
    return shift(*(np.bincount(some, minlength=kinds).tolist() for some in (before, late)))


def _row(name: str, before: int, late: int, found: Shift | None) -> tuple[str, ...]:
    """One comparison; of few cases only how few they are."""
    counted = (name, f"{before:,}", f"{late:,}")
    if min(before, late) < RELIABLE_CASES_MIN:
        return (*counted, NOT_ENOUGH.lower(), "", "")
    if found is None:
        return (*counted, "0.0000", "", "All of one kind")
    finding = "Changed" if found.stands else "Not told apart"
    return (*counted, f"{found.psi:.4f}", f"{found.by_chance:.4f}", finding)
