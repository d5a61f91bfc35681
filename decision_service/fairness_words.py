"""Disparities of the human layer in words. A difference is a reason to look, and no proof.

What the method gives on public files is told with it, so that a reader can hold it against the
textbooks.
"""

import math
from collections.abc import Mapping, Sequence

from decision_service.board import interval_words
from decision_service.wording import percent
from overrides.analysis.disparity import CASES_MIN, EVENTS_MIN, FourFold
from overrides.analysis.fairness import Disparity, poor_fit
from overrides.statistics import Interval
from overrides.values import OverrideSide
from ui.views import BoardSection

INSUFFICIENT = "insufficient data"
SHOWN_MIN = 10
"""Groups below this are not counted out loud."""
SIDES: Mapping[OverrideSide, str] = {
    OverrideSide.APPROVED_AGAINST_MODEL: "Approved against the model",
    OverrideSide.DECLINED_AGAINST_MODEL: "Declined against the model",
}
HEADING = (
    *("Decided", "Group", "Held against", "Group's overrides", "Reference's", "Finding"),
    *("Rate ratio", "Odds ratio at equal score", "By score and amount"),
)
MEETS = FourFold(30, 209, 81, 1496)  # denied although met: non-white, then white
FAILS = FourFold(9, 60, 29, 73)  # approved although not met
OBSTACLES, OBSTACLES_APPROVED = (79, 111), (709, 1705)
ADJUSTED = 0.464


def attribute_section(
    label: str, found: Sequence[Disparity], unknown: int, total: int
) -> BoardSection:
    """One attribute: each group against the largest one, both directions."""
    fits = poor_fit(found)
    both = (
        f" Overridden more often in both directions: {', '.join(fits)}. That points to scores that "
        "fit the group badly, and not to favour."
        if fits
        else ""
    )
    rows = [_row(each) for each in found]
    return BoardSection(
        title=label,
        lead=(
            f"{total - unknown:,} of {total:,} decided cases with advice state it; the rest count "
            f"in no group. Each group is held against the largest one. Below {CASES_MIN} cases, or "
            f"{EVENTS_MIN} with or without an override, there is insufficient data.{both}"
        ),
        figures=(),
        table=(HEADING, *rows) if rows else (),
        table_caption=f"Overrides by {label[:1].lower()}{label[1:]}",
    )


def _row(found: Disparity) -> tuple[str, ...]:
    """One group on one side."""
    table = found.table
    counted = (
        SIDES[found.side],
        found.group,
        found.reference,
        _count(table.with_it, table.of),
        _count(table.other_with, table.other_of),
    )
    if not found.sufficient:
        return (*counted, INSUFFICIENT, "", "", "")
    ratio = odds = "not to be told"
    adjusted = "too few people or overrides"
    if found.ratio is not None:
        ratio = _with_interval(found.ratio.ratio, found.ratio.interval)
    if found.stratified is not None:
        same = found.stratified
        odds = f"{_with_interval(same.odds_ratio, same.interval)}, p = {same.p:.4f}"
    if found.adjusted is not None:
        low, high = (math.exp(end) for end in found.adjusted.interval)
        adjusted = _with_interval(math.exp(found.adjusted.value), (low, high))
    finding = "look at files" if found.stands else "not told apart"
    return (*counted, finding, ratio, odds, adjusted)


def _with_interval(value: float, interval: Interval) -> str:
    """A number with its 95 % interval."""
    return f"{value:.2f} (95 %: {interval_words(interval, '{:.2f}')})"


def _count(some: int, of: int) -> str:
    """So many of so many; of a handful only that it is one, for who is in it might be known."""
    return f"{some:,} of {of:,}" if of >= SHOWN_MIN else f"fewer than {SHOWN_MIN} cases"


def method_section() -> BoardSection:
    """What the method gives on the mortgage files that textbooks use."""
    return BoardSection(
        title="How this was checked",
        lead=(
            "On 1,987 real mortgage files of the Boston Fed (1990), decided by people. What stands "
            "for advice there is whether the credit history meets the lender's guideline: a "
            "guideline and no recommendation of a model, so these are guideline exceptions and no "
            f"overrides; two files do not say. Of {OBSTACLES[1]:,} denials although it is met, "
            f"{OBSTACLES[0]:,} carry another recorded obstacle (something not verifiable, other "
            "obligations above 36 %, an account in arrears, a bankruptcy, late mortgage payments, "
            f"a loan above 95 % of the price), and so do {OBSTACLES_APPROVED[0]:,} of "
            f"{OBSTACLES_APPROVED[1]:,} approvals. Adjusted for fourteen such facts, white "
            f"applicants have {ADJUSTED} times the odds of such a denial (p = 0.0016); the "
            "textbook's linear coefficient of being white on approval is found again: 0.129 "
            "(0.020). The files are not part of this product."
        ),
        figures=(),
        table=(
            ("Decision", "Non-white", "Rate", "White", "Rate", "Odds ratio", "Fisher's p"),
            ("Denied although met", *_sides(MEETS), "2.65", "0.00006"),
            ("Approved although not met", *_sides(FAILS), "0.38", "0.024"),
        ),
        table_caption="Guideline exceptions in the Boston Fed's files",
    )


def _sides(table: FourFold) -> tuple[str, str, str, str]:
    """Counts and rates of both groups."""
    return (
        f"{table.with_it:,} of {table.of:,}",
        percent(table.with_it / table.of),
        f"{table.other_with:,} of {table.other_of:,}",
        percent(table.other_with / table.other_of),
    )
