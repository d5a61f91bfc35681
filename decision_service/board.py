"""The shared numbers in words, each with its interval, what it counts, and who answers for it.

A number over fewer than thirty cases is told as not enough data yet, which is a result and no
failure. A state is good or bad only where the whole interval lies on that side of the target.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from decision_service.wording import percent
from explain.declared.bundle_schema import Kpi
from overrides.labels import LabelStatus
from overrides.metrics import RELIABLE_CASES_MIN, Board, Quality
from overrides.statistics import Interval, Share
from ui.views import BoardSection, Figure
from ui.words import score_words

NOT_ENOUGH = "Not enough data yet"
STATE_RULE = (
    "A number is on target when its whole interval is, off target when none of it is, and "
    "otherwise one to watch. A target that leaves no room for exceptions is met as long as there "
    "is none. One without an interval is off target when it is also worse than the baseline."
)
OTHER_CODE = "X03"
OTHER_WATCH, OTHER_BAD = 0.02, 0.05
NO_EXCEPTIONS = {"higher": 1.0, "lower": 0.0}
"""Targets of a share that no interval of a finite count ever reaches: the count itself decides."""
HOUR = timedelta(hours=1)

LABEL_WORDS = {
    LabelStatus.OBSERVED_GOOD: "The window has closed and the loan did not go bad",
    LabelStatus.OBSERVED_BAD: "The loan went bad, also where its window is still open",
    LabelStatus.INDETERMINATE: "In between, or not every month was reported",
    LabelStatus.IMMATURE: "The window is still open; never counted as good",
    LabelStatus.UNOBSERVED_DECLINED: "Declined, so nobody knows how it would have gone",
    LabelStatus.UNOBSERVED_NOT_TAKEN: "Approved but never taken",
    LabelStatus.UNOBSERVED_WITHDRAWN: "The applicant withdrew",
    LabelStatus.UNOBSERVED_INCOMPLETE: "Never completed",
    LabelStatus.EXCLUDED: "Fraud, death or sale: left out of good and bad",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with what it rests on. ``of`` is how many cases it counts."""

    value: float | None
    interval: Interval | None
    of: int
    words: str  # the value as text


def board_sections(
    board: Board, kpis: Mapping[str, Kpi], code_labels: Mapping[str, str]
) -> tuple[BoardSection, ...]:
    """The four groups of numbers. ``kpis`` by id and ``code_labels`` are the bundle's."""
    return (
        _quality(board, kpis),
        _turnaround(board, kpis),
        _overrides(board, kpis, code_labels),
        _records(board, kpis),
    )


def _quality(board: Board, kpis: Mapping[str, Kpi]) -> BoardSection:
    """Were the approvals right, and how many were there at that risk."""
    outcome = board.quality.outcome
    counted = f"{outcome.of:,} matured approvals: {outcome.observed} went bad, "
    counted += f"{outcome.expected:.1f} were expected"
    ratio = outcome.ratio
    risk = board.expected_risk
    at_risk = f" Mean score of the approvals: {score_words(risk)}." if risk is not None else ""
    rows = [_quality_row(quality) for quality in board.qualities]
    return BoardSection(
        title="Decision quality",
        lead=(
            "Bad loans beside what the scores expected when the decisions were made, counted only "
            "among approvals whose whole window has closed. A loan that went bad earlier is known "
            "to be bad at once, but counts here only then, together with the good ones of its "
            f"time. {STATE_RULE}"
        ),
        figures=(
            figure_of(
                "Observed over expected bad loans",
                Measure(
                    ratio, outcome.interval, outcome.of, "" if ratio is None else f"{ratio:.2f}"
                ),
                counted,
                "1 is as many as the scores expected; above 1 is worse.",
                kpis.get("decision_quality"),
            ),
            share_figure(
                "Approval rate",
                board.approvals,
                "decided applications were approved",
                f"How many got a loan at that risk.{at_risk}",
                kpis.get("approval_rate"),
            ),
        ),
        table=(
            ("Approvals", "Matured", "Went bad", "Expected", "Observed over expected", "95 %"),
            *rows,
        ),
        table_caption="Matured approvals by how they came about",
    )


def _quality_row(quality: Quality) -> tuple[str, ...]:
    """One group of matured approvals."""
    outcome = quality.outcome
    counted = (f"{outcome.of:,}", f"{outcome.observed:,}", f"{outcome.expected:.1f}")
    if outcome.of < RELIABLE_CASES_MIN or outcome.ratio is None:
        return (quality.name.capitalize(), *counted, NOT_ENOUGH.lower(), "")
    interval = interval_words(outcome.interval, "{:.2f}")
    return (quality.name.capitalize(), *counted, f"{outcome.ratio:.2f}", interval)


def _turnaround(board: Board, kpis: Mapping[str, Kpi]) -> BoardSection:
    """How long applicants wait."""
    taken = board.turnaround
    counted = f"{taken.cases:,} applications decided by people"
    return BoardSection(
        title="Turnaround",
        lead="From the complete application to the decision, where a person decided.",
        figures=(
            _hours("Median time to decision", taken.median, taken.cases, counted, kpis),
            _hours("Nine of ten are decided within", taken.p90, taken.cases, counted, {}),
            share_figure(
                "Decided after they were due", taken.late, "were late", "Late against the due date."
            ),
            Figure(
                label="Overdue now",
                value=f"{taken.overdue_now:,}",
                interval="",
                denominator="open applications past their due date",
                meaning="These wait at this moment.",
            ),
        ),
    )


def _overrides(
    board: Board, kpis: Mapping[str, Kpi], code_labels: Mapping[str, str]
) -> BoardSection:
    """How often people decide against the model, and why."""
    rates = board.overrides
    against = sum(board.codes.values())
    other = Share(board.codes.get(OTHER_CODE, 0), against)
    rows = [
        (code, code_labels.get(code, ""), f"{count:,}", percent(count / against))
        for code, count in sorted(board.codes.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return BoardSection(
        title="Overrides",
        lead=(
            "Low-side: approved although the model says decline. High-side: declined although the "
            f"model says approve. {rates.referred:,} referred cases were people's own decisions "
            "and count in neither."
        ),
        figures=(
            share_figure(
                "Low-side rate",
                rates.low_side,
                "with a decline recommendation were approved",
                "Whether these were right is in the table of matured approvals.",
                kpis.get("low_side_override_rate"),
            ),
            share_figure(
                "High-side rate",
                rates.high_side,
                "with an approve recommendation were declined",
                "Whether these were right nobody can see: they got no loan.",
                kpis.get("high_side_override_rate"),
            ),
            share_figure("All overrides", rates.gross, "with a recommendation went against it", ""),
            share_figure(
                "Low-side share of the book", rates.low_side_of_book, "of these approvals", ""
            ),
            share_figure(
                "Upheld by a second person",
                board.second_person,
                "overrides had a second person",
                "",
            ),
            _other(other),
            share_figure(
                "Approved on other terms",
                board.other_terms,
                "approvals are changes of terms: their score passed, so they are no overrides",
                "",
            ),
            share_figure(
                "Corrected values", board.corrected, "cases had a wrong value corrected", ""
            ),
        ),
        table=(("Code", "Justification", "Overrides", "Share"), *rows) if rows else (),
        table_caption="Justifications used",
    )


def _other(other: Share) -> Figure:
    """The share of overrides whose justification is none of the list's."""
    figure = share_figure(
        f'Justified as "other" ({OTHER_CODE})',
        other,
        "overrides",
        (
            "A large share means that the list of justifications needs work: "
            f"{percent(OTHER_WATCH)} are on target, {percent(OTHER_BAD)} are off."
        ),
    )
    if figure.low is None or figure.high is None:
        return figure
    state = "bad" if figure.low > OTHER_BAD else "watch" if figure.high > OTHER_WATCH else "good"
    return replace(figure, state=state)


def _records(board: Board, kpis: Mapping[str, Kpi]) -> BoardSection:
    """What the record is worth: reasons that can be relied on, outcomes that are known."""
    closed = sum(board.labels.values())
    rows = [
        (status.value, LABEL_WORDS[status], f"{board.labels.get(status, 0):,}")
        for status in LabelStatus
    ]
    return BoardSection(
        title="Reasons and outcomes",
        lead="Which decisions carry reasons that add up, and of which loans the outcome is known.",
        figures=(
            share_figure(
                "Decisions with reliable reasons",
                board.reasons,
                "scored decisions have reasons that add up to their score",
                "Where they do not, none are shown and a person decides.",
                kpis.get("reason_coverage"),
            ),
            share_figure("Applications with a score", board.scored, "applications were scored", ""),
        ),
        table=(("Label", "What it says", "Cases"), *rows) if closed else (),
        table_caption="Closed cases by what is known of their outcome",
    )


def share_figure(
    label: str, share: Share, counted: str, meaning: str, kpi: Kpi | None = None
) -> Figure:
    """A share of cases as a figure."""
    words = "" if share.value is None else percent(share.value)
    measure = Measure(share.value, share.interval, share.of, words)
    return figure_of(label, measure, f"{share.count:,} of {share.of:,} {counted}", meaning, kpi)


def _hours(
    label: str, taken: timedelta | None, cases: int, counted: str, kpis: Mapping[str, Kpi]
) -> Figure:
    """A length of time as a figure."""
    hours = None if taken is None else taken / HOUR
    words = "" if hours is None else length_words(hours)
    return figure_of(label, Measure(hours, None, cases, words), counted, "", kpis.get("turnaround"))


def length_words(hours: float) -> str:
    """A length of time in the unit that says it."""
    minutes = hours * 60
    return f"{hours:.1f} hours" if hours >= 1 else f"{minutes:.0f} minutes"


def figure_of(
    label: str, measure: Measure, counted: str, meaning: str, kpi: Kpi | None = None
) -> Figure:
    """A number with everything beside it; too few cases give no number."""
    figure = Figure(
        label=label,
        value=NOT_ENOUGH,
        interval="",
        denominator=f"{counted}; from {RELIABLE_CASES_MIN} on a number is given",
        meaning=meaning,
        baseline=agreed_words(kpi.baseline, kpi) if kpi else "",
        target=agreed_words(kpi.target, kpi) if kpi else "",
        owner=kpi.owner.replace("_", " ").capitalize() if kpi else "",
        state="not enough",
    )
    if measure.value is None or measure.of < RELIABLE_CASES_MIN:
        return figure
    shares = measure.words.endswith("%")
    low, high = measure.interval or (None, None)
    return replace(
        figure,
        value=measure.words,
        interval=interval_words(measure.interval, "{:.1%}" if shares else "{:.2f}"),
        denominator=counted,
        state=_state(measure, kpi),
        low=low,
        high=high,
        point=measure.value,
        reference=float(kpi.target) if kpi else None,
    )


def _state(measure: Measure, kpi: Kpi | None) -> str:
    """How the number stands against its target, as ``STATE_RULE`` says it."""
    if kpi is None or measure.value is None:
        return "none"
    target, baseline = float(kpi.target), float(kpi.baseline)
    sign = -1.0 if kpi.better == "higher" else 1.0
    if measure.interval is None:
        if sign * measure.value <= sign * target:
            return "good"
        return "watch" if sign * measure.value <= sign * baseline else "bad"
    if target == NO_EXCEPTIONS.get(kpi.better) and kpi.unit == "share":
        return "good" if measure.value == target else "bad"
    best, worst = sorted(sign * end for end in measure.interval)
    if worst <= sign * target:
        return "good"
    return "bad" if best > sign * target else "watch"


def agreed_words(value: str, kpi: Kpi) -> str:
    """A baseline or target in its unit."""
    if kpi.unit == "share":
        return percent(float(value))
    return f"{value} hours" if kpi.unit == "hours" else value


def interval_words(interval: Interval | None, form: str) -> str:
    """The ends of a 95 % interval."""
    if interval is None:
        return ""
    low, high = (form.format(end).replace("%", " %") for end in interval)
    return f"{low} to {high}"


def rate_words(share: Share) -> tuple[str, str]:
    """A rate and its interval; of few cases, that they are too few."""
    if share.value is None or share.of < RELIABLE_CASES_MIN:
        return NOT_ENOUGH.lower(), ""
    return percent(share.value), interval_words(share.interval, "{:.1%}")
