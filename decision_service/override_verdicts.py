"""Were the overrides right, in words: the whole, each group, and month by month on the books."""

from collections.abc import Callable, Iterable

from decision_service.board import NOT_ENOUGH, Measure, figure_of, rate_words
from decision_service.override_ground import LOW, Books, Ground
from decision_service.verdict_words import conclusion_words, enough_words, group_rows, money_words
from overrides.analysis.disparity import EVENTS_MIN
from overrides.analysis.groups import group_verdicts
from overrides.analysis.verdicts import (
    Compared,
    Loan,
    Terms,
    expected_of,
    verdict,
)
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.statistics import Share
from overrides.values import Recommendation
from ui.views import BoardSection, Figure
from ui.words import score_words

NO_HIGH_SIDE = (
    "Whether high-side overrides were right nobody can see: those applicants got no loan. They are "
    "governed by their rate, their reasons, and who makes them."
)


def verdict_section(ground: Ground, books: Books) -> BoardSection:
    """Were low-side overrides right."""
    pool = books.columns.pool
    args = (pool(books.agreed), pool(books.chance))
    found = verdict(pool(books.low), *args, books.coming, ground.as_of)
    outcome = found.outcome
    counted = f"{outcome.of:,} matured low-side overrides: {outcome.observed} went bad, "
    counted += f"{outcome.expected:.1f} were expected"
    words = "" if outcome.ratio is None else f"{outcome.ratio:.2f}"
    figures = [
        figure_of(
            "Observed over expected bad loans",
            Measure(outcome.ratio, outcome.interval, outcome.of, words),
            counted,
            "Against the probability recorded with each decision; 1 is as many as expected.",
        ),
        _odds(
            "Odds of going bad at equal score, over loans approved as recommended",
            found.against_agreed,
            len(books.agreed),
            "An error that all scores share, or a bad year, is taken out.",
        ),
        _odds(
            "The same over loans that chance let in",
            found.against_chance,
            len(books.chance),
            "Of all comparisons this one alone tells judgement from an error of the scores.",
        ),
    ]
    changed = expected_of(pool(books.changed))
    if changed.of:
        ratio = "" if changed.ratio is None else f"{changed.ratio:.2f}"
        figures.append(
            figure_of(
                "With changed terms",
                Measure(changed.ratio, changed.interval, changed.of, ratio),
                f"{changed.of:,} matured: {changed.observed} went bad, {changed.expected:.1f} "
                "were expected of the loan that was asked for",
                "Another loan than was scored, so its outcome is no test of the score.",
            )
        )
    rows = _comparison(books, ground.terms)
    return BoardSection(
        title="Were low-side overrides right",
        lead=f"{conclusion_words(found)} {enough_words(found.enough)} {NO_HIGH_SIDE}",
        figures=tuple(figures),
        table=rows,
        table_caption="Matured approvals, with the gap between their scores",
    )


def _odds(label_words: str, found: Compared | None, other: int, meaning: str) -> Figure:
    """An odds ratio as a figure."""
    if found is None:
        counted = f"{other:,} such loans; both sides need {RELIABLE_CASES_MIN} matured loans, "
        counted += f"{EVENTS_MIN} of them bad"
        return Figure(
            label=label_words,
            value=NOT_ENOUGH,
            interval="",
            denominator=counted,
            meaning=meaning,
            state="not enough",
        )
    return figure_of(
        label_words,
        Measure(found.odds_ratio, found.interval, found.other, f"{found.odds_ratio:.2f}"),
        f"{found.other:,} such loans",
        meaning,
    )


def _comparison(books: Books, terms: Terms | None) -> tuple[tuple[str, ...], ...]:
    """Rates of matured approvals side by side, never without the mean score of each."""
    named = (
        ("Approved against the model", books.low),
        ("The same with changed terms", books.changed),
        ("Approved as recommended", books.agreed),
        ("Let in by chance", books.chance),
    )
    money = ("Earned less lost",) if terms else ()
    rows = []
    for name, loans in named:
        pool = books.columns.pool(loans)
        share = Share(pool.observed, len(pool))
        mean = pool.scores.expected / len(pool) if len(pool) else None
        values = books.columns.values(loans, terms) if terms else ()
        rows.append(
            (
                name,
                f"{share.of:,}",
                f"{share.count:,}",
                *rate_words(share),
                "" if mean is None else score_words(mean),
                *([money_words(values)] if terms else ()),
            )
        )
    heading = ("Approvals", "Matured", "Went bad", "Bad rate", "95 %", "Mean score", *money)
    return (heading, *rows)


def group_sections(ground: Ground, books: Books) -> Iterable[BoardSection]:
    """Officers, branches and codes, each pulled towards all of them."""
    columns = books.columns
    people = ground.names(set(columns.words("reviewer", books.low)) - {""})
    keys: tuple[tuple[str, str, Callable[[str], str]], ...] = (
        ("officer", "reviewer", lambda person: people.get(person, "by policy")),
        ("branch", "branch", lambda branch: branch or "no branch"),
        ("code", "code", lambda code: f"{code} {ground.code_labels.get(code, '')}".strip()),
    )
    loans = columns.loans(books.low)
    for word, column, key in keys:
        groups: dict[str, list[Loan]] = {}
        for name, loan in zip(columns.words(column, books.low), loans, strict=True):
            groups.setdefault(key(name), []).append(loan)
        yield BoardSection(
            title=f"Low-side overrides by {word}",
            lead=(
                "Observed over expected of matured overrides, pulled towards all of them by as "
                "much as small numbers mislead. In the order of names: this is no ranking. "
                '"Differs" is told from all others, one of twenty such findings falsely.'
            ),
            figures=(),
            table=group_rows(word.capitalize(), group_verdicts(groups)),
            table_caption=f"Matured low-side overrides by {word}",
        )


def vintage_section(ground: Ground) -> BoardSection:
    """Bad rates by month on book."""
    every = ground.every
    approved = every.approved() & ~every["random_accept"]
    agreed = every.against(None) & every.advised(Recommendation.APPROVE)
    kinds = (
        ("Approved against the model", approved & every.against(LOW)),
        ("Approved as recommended", approved & agreed),
    )
    rows = [
        (
            name,
            f"{point.month}",
            f"{point.bad.count:,} of {point.bad.of:,}",
            *rate_words(point.bad),
            "" if point.mean_chance is None else score_words(point.mean_chance),
        )
        for name, loans in kinds
        for point in every.curve(loans)
    ]
    return BoardSection(
        title="Bad rate by month on book",
        lead=(
            "Each month counts the loans that were reported for all of it. Overridden loans have "
            "worse scores: the column of mean scores says by how much, so the two curves are not "
            "to be compared without it."
        ),
        figures=(),
        table=(("Approvals", "Month", "Bad", "Bad rate", "95 %", "Mean score"), *rows),
        table_caption="Cumulative bad rate by month on book",
    )
