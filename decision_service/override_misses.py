"""What the model misses, in words: what marks the overrides that went better than it expected."""

from collections import Counter
from collections.abc import Mapping

from decision_service.board import NOT_ENOUGH
from decision_service.override_ground import Books
from overrides.analysis.disparity import EVENTS_MIN
from overrides.analysis.misses import PER, Clue, Marked, Miss, Remedy, clues_named, misses
from overrides.metrics import RELIABLE_CASES_MIN
from ui.views import BoardSection

_REMEDIES = {
    Remedy.FEATURE: "Give it to the model: it is on the application",
    Remedy.COLLECT: "Ask for it on the application, so that a model can have it",
    Remedy.RULE: "Write it into the policy",
}
LEAD = (
    "Low-side overrides with a justification are held against those without it at equal score, so "
    "an error that all these scores share falls out. Where fewer went bad, the officers knew "
    "something the model does not. The strongest for certain stands first; of twenty findings one "
    "is false. It says where to look: officers who use a code may differ in more than it."
)
EMPTY = (
    "No conclusion yet: no justification has been used in "
    f"{RELIABLE_CASES_MIN} matured low-side overrides."
)


def misses_section(books: Books, code_labels: Mapping[str, str]) -> BoardSection:
    """Every justification with enough matured overrides, and what it tells beyond the score."""
    found = found_misses(books)
    rows = (HEADING, *(miss_row(miss, code_labels) for miss in found)) if found else ()
    return BoardSection(
        title="What the model misses",
        lead=LEAD if found else f"{LEAD} {EMPTY}",
        figures=(),
        table=rows,
        table_caption="Justifications by what they tell that the score does not",
    )


def found_misses(books: Books) -> tuple[Miss, ...]:
    """What each justification tells beyond the score, where it was used often enough."""
    codes = books.columns.words("code", books.low)
    loans = books.columns.loans(books.low)
    marked = [Marked(loan, frozenset({code})) for loan, code in zip(loans, codes, strict=True)]
    counts = Counter(code for code in codes if code)
    return misses(marked, clues_named(counts, Remedy.COLLECT, RELIABLE_CASES_MIN))


HEADING = (
    "Justification",
    "Matured with it",
    "Without it",
    f"Fewer bad of {PER}",
    "95 %",
    "Finding",
)


def miss_row(miss: Miss, labels: Mapping[str, str]) -> tuple[str, ...]:
    """One clue as a row; of too few loans, that they are too few."""
    name = f"{miss.clue.name} {labels.get(miss.clue.name, '')}".strip()
    counted = (name, f"{miss.of:,}", f"{miss.without:,}")
    if miss.gain is None or miss.interval is None:
        few = f"{NOT_ENOUGH}: {EVENTS_MIN} bad and {EVENTS_MIN} good loans on both sides"
        return (*counted, "", "", few)
    low, high = miss.interval
    return (*counted, f"{miss.gain:.1f}", f"{low:.1f} to {high:.1f}", _finding(miss, miss.clue))


def _finding(miss: Miss, clue: Clue) -> str:
    """What can be done, where the difference stands."""
    if not miss.stands:
        return "Not told apart"
    if miss.gain is not None and miss.gain < 0:
        return "More went bad than at equal score: look at how this justification is used"
    return _REMEDIES[clue.remedy]
