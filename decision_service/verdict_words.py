"""Verdicts on overrides in words that claim what was counted and no more."""

from collections.abc import Sequence

from decision_service.board import NOT_ENOUGH, interval_words
from decision_service.wording import money
from overrides.analysis.groups import GroupVerdict
from overrides.analysis.power import POWER, WORSE, Enough
from overrides.analysis.verdicts import Conclusion, Value, Verdict
from overrides.currencies import digits_shown
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.values import Money

NOT_SEPARABLE = (
    "This is not separable from model error: below the cut-off the scores were hardly ever tested, "
    "and no loans let in by chance are there to test them by."
)
SEPARABLE = (
    "Loans that chance let in with such scores are there to tell judgement from model error."
)
_CONCLUSIONS = {
    Conclusion.NOT_YET: "No conclusion yet.",
    Conclusion.BETTER: "Loans approved against the model went bad less often than their scores "
    "expected.",
    Conclusion.WORSE: "Loans approved against the model went bad more often than their scores "
    "expected.",
    Conclusion.ALIKE: "Loans approved against the model went bad about as often as their scores "
    "expected: no difference can be told.",
}


def conclusion_words(found: Verdict) -> str:
    """The conclusion, and whether it can be laid at the door of the people or of the scores."""
    words = _CONCLUSIONS[found.conclusion]
    if found.conclusion is Conclusion.NOT_YET:
        return words
    return f"{words} {SEPARABLE if found.separable else NOT_SEPARABLE}"


def enough_words(enough: Enough) -> str:
    """How many cases a conclusion takes, and by when they will be there."""
    if enough.needed is None:
        return "How many it takes cannot be told before some of them have matured."
    aim = f"to see a bad rate {WORSE:g} times the expected one with {POWER:.0%} certainty"
    words = f"It takes {enough.needed:,} matured overrides {aim.replace('%', ' %')}"
    if enough.there:
        return f"{words}; there are {enough.matured:,}."
    words = f"{words}; there are {enough.matured:,} so far."
    if enough.by is None:
        return f"{words} When there will be enough cannot be told: too few are under way."
    day = f"{enough.by:%Y-%m-%d}"
    if enough.promised:
        return f"{words} There will be enough by {day}, when loans that exist have matured."
    return f"{words} There will be enough by {day} if they go on at the same pace."


def group_rows(word: str, groups: Sequence[GroupVerdict]) -> tuple[tuple[str, ...], ...]:
    """Groups as a table: no rows, no table."""
    if not groups:
        return ()
    heading = (word, "Matured", "Expected bad", "Observed over expected", "95 %", "Finding")
    return (heading, *(_group_row(group) for group in groups))


def _group_row(group: GroupVerdict) -> tuple[str, ...]:
    """One group; of few loans only how few they are."""
    counted = (group.name, f"{group.of:,}", f"{group.shrunk.expected:.1f}")
    if group.of < RELIABLE_CASES_MIN:
        return (*counted, NOT_ENOUGH.lower(), "", "")
    found = f"{group.shrunk.ratio:.2f}", interval_words(group.shrunk.interval, "{:.2f}")
    return (*counted, *found, "Differs" if group.differs else "Not told apart")


def money_words(values: Sequence[Value]) -> str:
    """Sums by currency with their intervals; none where no loan was counted."""
    return "; ".join(_sum(value) for value in values)


def _sum(value: Value) -> str:
    """One currency."""
    words = _signed(value.minor, value.currency)
    if value.interval is None:
        return f"{words} ({value.of:,} loans: no interval yet)"
    low, high = (_signed(end, value.currency) for end in value.interval)
    return f"{words} (95 %: {low} to {high})"


def _signed(minor: float, currency: str) -> str:
    """An amount that may be a loss, in whole units."""
    units = 10 ** digits_shown(currency)
    words = money(Money(round(abs(minor) / units) * units, currency))
    return f"-{words}" if minor < 0 else words
