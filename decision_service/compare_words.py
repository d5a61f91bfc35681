"""A comparison of two models on past cases, in words and as JSON."""

from collections.abc import Mapping
from typing import Any

from decision_service.board import NOT_ENOUGH, interval_words, rate_words
from decision_service.comparing import Replay
from decision_service.verdict_words import money_words
from decision_service.wording import percent
from overrides.analysis.challenge import Challenge, Difference, Group

HEADING = ("CASES", "OF", "UNKNOWN", "WENT BAD", "95 %", "BROUGHT")
GROUPS = (
    ("vanish", "Overrides it would have advised"),
    ("softened", "Overrides it would have left to people"),
    ("remain", "Overrides of both"),
    ("appear", "Decisions that would be overrides of it"),
    ("swap_in", "Only the challenger approves"),
    ("swap_out", "Only the model approves"),
)
CAVEATS = (
    "Cases it was trained on flatter the challenger: compare on cases decided after its training.",
    "Unknown: declined, not taken, or not matured. None of them counts as good.",
    "Advice is by the cut-offs of its policy alone, without that policy's other rules.",
)


def lines_of(found: Challenge, replay: Replay) -> tuple[str, ...]:
    """What stands around the table."""
    agreed = found.agreement
    same = "" if agreed.value is None else f" ({percent(agreed.value)}"
    if same:
        same += f"; 95 %: {interval_words(agreed.interval, '{:.1%}')})"
    left = f"{replay.erased:,} erased, {replay.lacking:,} it cannot score"
    return (
        f"Same advice on {agreed.count:,} of {agreed.of:,} decided cases{same}.",
        f"Not compared: {left}, {replay.undecided:,} without a score or a decision.",
        f"Brier score, challenger less model: {_difference_words(found.brier)}.",
        f"Log loss, challenger less model: {_difference_words(found.log_loss)}.",
        *CAVEATS,
    )


def table_of(found: Challenge) -> tuple[tuple[str, ...], ...]:
    """A row for each group of cases."""
    return (HEADING, *((words, *_cells(getattr(found, name))) for name, words in GROUPS))


def json_of(found: Challenge, replay: Replay) -> Mapping[str, Any]:
    """The same as JSON."""
    return {
        "cases": found.agreement.of,
        "same_advice": found.agreement.count,
        "same_advice_95": found.agreement.interval,
        "not_compared": {
            "erased": replay.erased,
            "lacking": replay.lacking,
            "undecided": replay.undecided,
        },
        "brier_difference": _difference_json(found.brier),
        "log_loss_difference": _difference_json(found.log_loss),
        **{name: _group_json(getattr(found, name)) for name, _ in GROUPS},
    }


def _cells(group: Group) -> tuple[str, ...]:
    """One group; of few known outcomes no rate is told."""
    rate, ends = rate_words(group.bad)
    return (f"{group.of:,}", f"{group.unknown:,}", rate, ends, money_words(group.values))


def _group_json(group: Group) -> Mapping[str, Any]:
    """One group as JSON."""
    return {
        "cases": group.of,
        "unknown": group.unknown,
        "bad": group.bad.count,
        "bad_of": group.bad.of,
        "bad_95": group.bad.interval,
        "brought": [
            {"currency": one.currency, "minor": one.minor, "of": one.of, "95": one.interval}
            for one in group.values
        ],
    }


def _difference_words(found: Difference) -> str:
    """A difference with its interval; below 0 the challenger is better."""
    if found.mean is None:
        return f"{NOT_ENOUGH.lower()}, {found.of:,} known outcomes"
    ends = interval_words(found.interval, "{:+.4f}")
    return f"{found.mean:+.4f} (95 %: {ends}) over {found.of:,} known outcomes; below 0 is better"


def _difference_json(found: Difference) -> Mapping[str, Any]:
    """A difference as JSON."""
    return {"mean": found.mean, "95": found.interval, "of": found.of}
