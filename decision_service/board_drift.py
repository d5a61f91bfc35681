"""Whether the applications of late are like those of before, in words."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from decision_service.board import NOT_ENOUGH
from overrides.analysis.drift import Shift, score_shift, shift
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.reading import BoardFact
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


def drift_section(facts: Sequence[BoardFact], as_of: datetime) -> BoardSection:
    """Scores, advice, branches and cases without a score, of late and before."""
    start = as_of - LATE
    late = [fact for fact in facts if start <= fact.opened_at <= as_of]
    before = [fact for fact in facts if start - BEFORE <= fact.opened_at < start]
    old, new = _scores(before), _scores(late)
    kinds: tuple[tuple[str, Callable[[BoardFact], str]], ...] = (
        ("Recommendation", lambda fact: fact.recommendation.value),
        ("Branch", lambda fact: fact.branch),
        ("With or without a score", lambda fact: str(fact.probability is None)),
    )
    rows = [_row("Score, in tenths of those before", old, new, score_shift(old, new))]
    rows += [_row(name, before, late, _mix(before, late, key)) for name, key in kinds]
    return BoardSection(
        title="Drift",
        lead=LEAD,
        figures=(),
        table=(HEADING, *rows) if facts else (),
        table_caption="Make-up of applications, of late beside before",
    )


def _scores(facts: Sequence[BoardFact]) -> list[float]:
    """Probabilities of bad of those that were scored."""
    return [fact.probability for fact in facts if fact.probability is not None]


def _mix(
    before: Sequence[BoardFact], late: Sequence[BoardFact], key: Callable[[BoardFact], str]
) -> Shift | None:
    """How the shares of some kinds changed."""
    counts = [Counter(map(key, some)) for some in (before, late)]
    names = sorted({name for count in counts for name in count})
    return shift(*([count[name] for name in names] for count in counts))


def _row(
    name: str, before: Sequence[object], late: Sequence[object], found: Shift | None
) -> tuple[str, ...]:
    """One comparison; of few cases only how few they are."""
    counted = (name, f"{len(before):,}", f"{len(late):,}")
    if min(len(before), len(late)) < RELIABLE_CASES_MIN:
        return (*counted, NOT_ENOUGH.lower(), "", "")
    if found is None:
        return (*counted, "0.0000", "", "All of one kind")
    finding = "Changed" if found.stands else "Not told apart"
    return (*counted, f"{found.psi:.4f}", f"{found.by_chance:.4f}", finding)
