"""The numbers of the board counted from columns, as ``overrides.metrics.board`` counts facts."""

import math
from collections import Counter
from datetime import timedelta
from typing import TypeVar

import numpy as np

from decision_service.case_columns import (
    APPEALS,
    LABELS,
    NEVER,
    NO_TIME,
    RECOMMENDATIONS,
    SIDES,
    STATUSES,
    Array,
    CaseColumns,
    microseconds,
)
from overrides.appeals import AppealResult
from overrides.labels import LabelStatus
from overrides.metrics import Board, OverrideRates, Quality, Turnaround
from overrides.statistics import Share, quantile_of_sorted, seen_beside
from overrides.values import CaseStatus, OverrideSide, Recommendation

SECOND = 1_000_000  # microseconds

_Kind = TypeVar("_Kind")


def board_of(columns: CaseColumns) -> Board:
    """The shared numbers of the cases of one bundle."""
    decided, approved, scored = columns["decision"] > 0, columns.approved(), columns.scored()
    against = decided & (columns["side"] > 0)
    matured = columns.matured()
    referred = columns.advised(Recommendation.REFER)
    chances = columns["chance"][approved & scored].tolist()
    contested, changed_on_appeal = appeal_rates(columns, np.ones(len(columns), dtype=bool))
    return Board(
        as_of=columns.as_of,
        cases=len(columns),
        by_status=_counted(columns["status"], STATUSES),
        labels=labels_of(columns),
        approvals=_share(approved, decided),
        expected_risk=math.fsum(chances) / len(chances) if chances else None,
        quality=_quality("all matured approvals", columns, matured),
        qualities=(
            _quality("agreed with the model", columns, matured & ~against & ~referred),
            _quality("approved against the model", columns, matured & against),
            _quality("decided by a person without advice", columns, matured & referred),
        ),
        overrides=override_rates(columns, decided),
        codes=names_counted(columns, "code", against),
        second_person=_share(columns["approver"] > 0, against),
        turnaround=turnaround(columns, np.ones(len(columns), dtype=bool)),
        reasons=_share(columns["reliable"], scored),
        scored=Share(_count(scored), len(columns)),
        simulated=Share(_count(columns["simulated"]), len(columns)),
        by_person=names_counted(columns, "reviewer", decided & (columns["reviewer"] > 0)),
        other_terms=_share(columns["countered"] & (columns["side"] == 0), approved),
        corrected=Share(_count(columns["corrected"]), len(columns)),
        contested=contested,
        changed_on_appeal=changed_on_appeal,
    )


def labels_of(columns: CaseColumns) -> Counter[LabelStatus]:
    """How many closed cases have each label."""
    return _counted(columns["label"][columns["closed"] != NO_TIME], LABELS)


def override_rates(columns: CaseColumns, decided: Array) -> OverrideRates:
    """``overrides.metrics.override_rates`` of the decided rows that are given."""
    pairs = columns["recommendation"][decided].astype(np.int64) * len(SIDES)
    counts = np.bincount(
        pairs + columns["side"][decided], minlength=len(RECOMMENDATIONS) * len(SIDES)
    ).reshape(len(RECOMMENDATIONS), len(SIDES))

    def of(advice: Recommendation, side: OverrideSide | None) -> int:
        return int(counts[RECOMMENDATIONS.index(advice), SIDES.index(side)])

    turned_away = of(Recommendation.APPROVE, OverrideSide.DECLINED_AGAINST_MODEL)
    let_in = of(Recommendation.DECLINE, OverrideSide.APPROVED_AGAINST_MODEL)
    return OverrideRates.of(
        (of(Recommendation.APPROVE, None) + turned_away, turned_away),
        (of(Recommendation.DECLINE, None) + let_in, let_in),
        of(Recommendation.REFER, None),
    )


def appeal_rates(columns: CaseColumns, rows: Array) -> tuple[Share, Share]:
    """``overrides.metrics.appeal_rates`` of the rows of a mask."""
    appeal = columns["appeal"]
    contested, changed = appeal > 0, appeal == APPEALS.index(AppealResult.CHANGED)
    decided = changed | (appeal == APPEALS.index(AppealResult.UPHELD))
    once = contested | (columns["decision"] > 0)
    return _share(rows & contested, rows & once), _share(rows & changed, rows & decided)


def turnaround(columns: CaseColumns, rows: Array) -> Turnaround:
    """``overrides.metrics.turnaround`` of the rows of a mask."""
    closed, due = columns["closed"], columns["due"]
    is_open = rows & (closed == NO_TIME)
    waits = columns["status"] == STATUSES.index(CaseStatus.COUNTERED)
    overdue = is_open & ~waits & (due < microseconds(columns.as_of))
    timed = rows & (closed != NO_TIME) & (columns["decision"] > 0)
    timed &= columns["by_person"] & ~columns["countered"]
    taken = np.sort(closed[timed] - columns["start"][timed]) / SECOND
    late = _count(due[timed] < closed[timed])
    median, p90 = (quantile_of_sorted(taken, share) for share in (0.5, 0.9))
    return Turnaround(
        cases=len(taken),
        median=None if median is None else timedelta(seconds=float(median)),
        p90=None if p90 is None else timedelta(seconds=float(p90)),
        late=Share(late, len(taken)),
        overdue_now=_count(overdue & (due != NEVER)),
    )


def names_counted(columns: CaseColumns, name: str, rows: Array) -> Counter[str]:
    """How often each name of a column stands in some rows."""
    return Counter(
        {
            columns.names[name][number]: int(count)
            for number, count in enumerate(np.bincount(columns[name][rows]))
            if count
        }
    )


def _quality(name: str, columns: CaseColumns, rows: Array) -> Quality:
    """Observed over expected bads of some rows."""
    pool = columns.pool(rows)
    return Quality(name, seen_beside(pool.observed, pool.scores), Share(pool.observed, len(pool)))


def _counted(kinds: Array, of: tuple[_Kind, ...]) -> Counter[_Kind]:
    """How often each kind stands there."""
    counts = np.bincount(kinds, minlength=len(of))
    return Counter({kind: int(n) for kind, n in zip(of, counts, strict=True) if n})


def _share(part: Array, whole: Array) -> Share:
    """How many of the rows of one mask are in another."""
    return Share(_count(part & whole), _count(whole))


def _count(mask: Array) -> int:
    """How many rows a mask has."""
    return int(np.count_nonzero(mask))
