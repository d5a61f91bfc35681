"""What each bundle promised before it went live, and whether it came true, in words."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from decision_service.board import NOT_ENOUGH, Measure, agreed_words, interval_words
from decision_service.wording import percent
from explain.declared.bundle_schema import Kpi
from overrides.metrics import RELIABLE_CASES_MIN, Board
from overrides.statistics import Share
from ui.views import BoardSection

MET, NOT_MET, NOT_YET = "Met", "Not met", "Not yet"
UNSEEN = "Not counted on this board"
LEAD = (
    "The least improvement over the baseline that each number promised, and the day it was "
    "promised for. Met: the whole 95 % interval is that much better than the baseline. Not met: "
    "the day has come and no part of the interval is. Not yet: everything else, so that the day "
    "may still be ahead, or what was counted cannot tell. A length of time has no interval and is "
    "held against the promise as it is."
)
HEADING = ("Number", "Baseline", "Least improvement", "By", "Owner", "Value", "95 %", "Promise")
_HOUR = timedelta(hours=1)


TITLE = "What was promised"


def promises_section(board: Board, kpis: Mapping[str, Kpi]) -> BoardSection:
    """Every number that the bundle declared, measured or not."""
    rows = [_row(board, kpi) for kpi in kpis.values()]
    return BoardSection(
        title=TITLE,
        lead=LEAD,
        figures=(),
        table=(HEADING, *rows) if rows else (),
        table_caption="Promises by number",
    )


def _row(board: Board, kpi: Kpi) -> tuple[str, ...]:
    """One number."""
    least = agreed_words(kpi.minimum_improvement, kpi)
    owner = kpi.owner.replace("_", " ").capitalize()
    promised = (kpi.title, agreed_words(kpi.baseline, kpi), least, kpi.date, owner)
    counter = _COUNTED.get(kpi.id)
    if counter is None:
        return (*promised, UNSEEN, "", NOT_YET)
    measure = counter(board)
    if measure.value is None or measure.of < RELIABLE_CASES_MIN:
        return (*promised, f"{NOT_ENOUGH}: {measure.of:,} cases", "", NOT_YET)
    ends = interval_words(measure.interval, "{:.1%}" if kpi.unit == "share" else "{:.2f}")
    value = f"{measure.words} of {measure.of:,} cases"
    return (*promised, value, ends, promise(measure, kpi, board.as_of.date()))


def promise(measure: Measure, kpi: Kpi, today: date) -> str:
    """Whether a measured number is better than its baseline by what was promised, as ``LEAD`` says.

    A number to be kept within a target is better by as much as it lies nearer to it.
    """
    assert measure.value is not None, "there is a number to hold against the promise"
    least = float(kpi.minimum_improvement)
    ends = measure.interval or (measure.value, measure.value)
    gains = [_gain(kpi, end) for end in ends]
    best, worst = max(gains), min(gains)
    if kpi.better == "within" and ends[0] <= float(kpi.target) <= ends[1]:
        best = _gain(kpi, float(kpi.target))
    if worst >= least:
        return MET
    due = date.fromisoformat(kpi.date) <= today
    return NOT_MET if due and best < least else NOT_YET


def _gain(kpi: Kpi, value: float) -> float:
    """How much better a value is than the baseline, in the number's own unit."""
    baseline, target = float(kpi.baseline), float(kpi.target)
    if kpi.better == "within":
        gain = abs(baseline - target) - abs(value - target)
    else:
        gain = value - baseline if kpi.better == "higher" else baseline - value
    return round(gain, 12)  # 1.30 - 1.20 must reach 0.10


def _share(share: Share) -> Measure:
    """A share as a measure."""
    words = "" if share.value is None else percent(share.value)
    return Measure(share.value, share.interval, share.of, words)


def _quality(board: Board) -> Measure:
    """Observed over expected of the matured approvals."""
    found = board.quality.outcome
    words = "" if found.ratio is None else f"{found.ratio:.2f}"
    return Measure(found.ratio, found.interval, found.of, words)


def _median(board: Board) -> Measure:
    """Median hours to a decision."""
    taken = board.turnaround
    hours = None if taken.median is None else taken.median / _HOUR
    return Measure(hours, None, taken.cases, "" if hours is None else f"{hours:.1f} hours")


_COUNTED: Mapping[str, Callable[[Board], Measure]] = {
    "decision_quality": _quality,
    "approval_rate": lambda board: _share(board.approvals),
    "turnaround": _median,
    "low_side_override_rate": lambda board: _share(board.overrides.low_side),
    "high_side_override_rate": lambda board: _share(board.overrides.high_side),
    "reason_coverage": lambda board: _share(board.reasons),
}
