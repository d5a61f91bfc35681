"""How the approvals of each quarter turned out, and what they brought, in words."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from decision_service.board import NOT_ENOUGH, interval_words
from decision_service.verdict_words import money_words
from overrides.analysis.verdicts import Terms, value_of
from overrides.labels import LabelStatus
from overrides.metrics import RELIABLE_CASES_MIN, Definitions, matured_approvals
from overrides.reading import BoardFact
from overrides.statistics import observed_expected
from overrides.values import Decision
from ui.views import BoardSection

QUARTER_MONTHS = 3
_Loan = tuple[BoardFact, bool]


def vintages_section(
    facts: Sequence[BoardFact], definitions: Definitions, as_of: datetime, terms: Terms | None
) -> BoardSection:
    """Observed over expected and money by the quarter of the decision and the currency.

    ``terms`` None: the bundle says nothing of what a loan brings.
    """
    approved = [fact for fact in facts if fact.ending.decision is Decision.APPROVE]
    groups: dict[tuple[str, str], list[_Loan]] = defaultdict(list)
    every: dict[tuple[str, str], int] = defaultdict(int)
    for fact in approved:
        every[_vintage(fact)] += 1
    for fact, found in matured_approvals(approved, definitions, as_of):
        groups[_vintage(fact)].append((fact, found.status is LabelStatus.OBSERVED_BAD))
    heading = ("Approved in", "Currency", "Approvals", "Matured", "Went bad", "Expected")
    money = ("Earned less lost", "Of each 100 lent") if terms else ()
    rows = [
        (*key, f"{count:,}", *_turned_out(groups[key], terms))
        for key, count in sorted(every.items())
    ]
    lead = (
        "A quarter's loans are counted once their whole window has closed and they ended good or "
        "bad, the rest stays open: young quarters say little. Currencies are never added up."
    )
    if terms:
        lead += " Money is the margin of good loans less the loss of bad ones, as the bundle says."
    else:
        lead += " The bundle does not say what a loan brings and costs, so no money is worked out."
    return BoardSection(
        title="Approvals by quarter",
        lead=lead,
        figures=(),
        table=((*heading, "Observed over expected", "95 %", *money), *rows) if rows else (),
        table_caption="Approvals by the quarter of their decision",
    )


def _vintage(fact: BoardFact) -> tuple[str, str]:
    """Quarter of the decision, and currency."""
    at = fact.ending.at
    assert at is not None, "what is decided was decided at some time"
    return f"{at.year} Q{(at.month - 1) // QUARTER_MONTHS + 1}", fact.amount.currency


def _turned_out(loans: Sequence[_Loan], terms: Terms | None) -> tuple[str, ...]:
    """The cells of one group; of few loans only how few they are."""
    found = observed_expected(
        [bad for _, bad in loans], [fact.probability or 0.0 for fact, _ in loans]
    )
    counted = (f"{found.of:,}", f"{found.observed:,}", f"{found.expected:.1f}")
    if found.of < RELIABLE_CASES_MIN or found.ratio is None:
        return (*counted, NOT_ENOUGH.lower(), "", *(("", "") if terms else ()))
    ends = interval_words(found.interval, "{:.2f}")
    return (*counted, f"{found.ratio:.2f}", ends, *(_money(loans, terms) if terms else ()))


def _money(loans: Sequence[_Loan], terms: Terms) -> tuple[str, str]:
    """What loans of one currency brought, whole and of each 100 lent."""
    each = [(bad, fact.amount.minor, fact.amount.currency) for fact, bad in loans]
    values = value_of(each, terms)
    lent = sum(amount for _, amount, _ in each)
    (value,) = values
    if not lent:
        return money_words(values), ""
    words = f"{100 * value.minor / lent:.2f}"
    if value.interval is not None:
        low, high = (100 * end / lent for end in value.interval)
        words = f"{words} (95 %: {low:.2f} to {high:.2f})"
    return money_words(values), words
