"""How the approvals of each quarter turned out, and what they brought, in words."""

import numpy as np

from decision_service.board import NOT_ENOUGH, interval_words
from decision_service.case_columns import Array, CaseColumns
from decision_service.verdict_words import money_words
from overrides.analysis.verdicts import Terms, expected_of, value_in
from overrides.metrics import RELIABLE_CASES_MIN
from ui.views import BoardSection

QUARTER_MONTHS = 3
QUARTERS = 4


def vintages_section(columns: CaseColumns, terms: Terms | None) -> BoardSection:
    """Observed over expected and money by the quarter of the decision and the currency.

    ``terms`` None: the bundle says nothing of what a loan brings.
    """
    (approved,) = np.nonzero(columns.approved())
    quarters = _quarters(columns["closed"][approved])
    currencies = columns["currency"][approved].astype(np.int64)
    matured = columns.matured()[approved]
    keys = quarters * len(columns.names["currency"]) + currencies
    rows = []
    for key in np.unique(keys).tolist():
        quarter, currency = divmod(key, len(columns.names["currency"]))
        own = keys == key
        year, of_year = divmod(quarter, QUARTERS)
        named = (f"{year + 1970} Q{of_year + 1}", columns.names["currency"][currency])
        count = int(np.count_nonzero(own))
        rows.append((*named, f"{count:,}", *_turned_out(columns, approved[own & matured], terms)))
    heading = ("Approved in", "Currency", "Approvals", "Matured", "Went bad", "Expected")
    money = ("Earned less lost", "Of each 100 lent") if terms else ()
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
        table=((*heading, "Observed over expected", "95 %", *money), *sorted(rows)) if rows else (),
        table_caption="Approvals by the quarter of their decision",
    )


def _quarters(closed: Array) -> Array:
    """Quarters since 1970 of some instants."""
    months = closed.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    quarters: Array = months // QUARTER_MONTHS
    return quarters


def _turned_out(columns: CaseColumns, loans: Array, terms: Terms | None) -> tuple[str, ...]:
    """The cells of one group; of few loans only how few they are."""
    found = expected_of(columns.pool(loans))
    counted = (f"{found.of:,}", f"{found.observed:,}", f"{found.expected:.1f}")
    if found.of < RELIABLE_CASES_MIN or found.ratio is None:
        return (*counted, NOT_ENOUGH.lower(), "", *(("", "") if terms else ()))
    ends = interval_words(found.interval, "{:.2f}")
    return (*counted, f"{found.ratio:.2f}", ends, *(_money(columns, loans, terms) if terms else ()))


def _money(columns: CaseColumns, loans: Array, terms: Terms) -> tuple[str, str]:
    """What loans of one currency brought, whole and of each 100 lent."""
    value = value_in(columns.words("currency", loans[:1])[0], columns.brought(loans, terms))
    lent = int(columns["amount"][loans].sum())
    if not lent:
        return money_words((value,)), ""
    words = f"{100 * value.minor / lent:.2f}"
    if value.interval is not None:
        low, high = (100 * end / lent for end in value.interval)
        words = f"{words} (95 %: {low:.2f} to {high:.2f})"
    return money_words((value,)), words
