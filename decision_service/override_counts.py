"""How often people override, why, who, how far from the cut-off, and how long it took."""

from collections import Counter
from collections.abc import Sequence

from decision_service.board import NOT_ENOUGH, Measure, figure_of, share_figure
from decision_service.override_ground import HIGH, LOW, Ground, rate_words
from decision_service.wording import percent
from overrides.analysis.oversight import advised
from overrides.analysis.verdicts import (
    concentration,
    effective_cutoff,
)
from overrides.labels import add_months
from overrides.metrics import RELIABLE_CASES_MIN, override_rates, turnaround
from overrides.reading import BoardFact
from overrides.statistics import Share
from overrides.values import Decision, Recommendation
from ui.views import BoardSection, Figure
from ui.words import score_words

MONTHS_BACK = (1, 3, 6, 12)


def volumes(ground: Ground, decided: Sequence[BoardFact]) -> BoardSection:
    """How often, in the span and before."""
    rates = override_rates(decided)
    rows = []
    for months in MONTHS_BACK:
        start = add_months(ground.as_of, -months)
        span = [f for f in ground.every if f.ending.at is not None and f.ending.at >= start]
        past = override_rates([fact for fact in span if fact.ending.decision is not None])
        sides = ((past.low_side, "low"), (past.high_side, "high"))
        cells = [
            cell
            for share, _ in sides
            for cell in (f"{share.count:,} of {share.of:,}", *rate_words(share))
        ]
        rows.append((f"Last {months} months" if months > 1 else "Last month", *cells))
    heading = ("Decided in", "Low-side", "Rate", "95 %", "High-side", "Rate", "95 %")
    return BoardSection(
        title="How often people decide against the model",
        lead=f"{rates.referred:,} referred cases were people's own decisions and count in neither.",
        figures=(
            share_figure(
                "Low-side rate",
                rates.low_side,
                "with a decline recommendation were approved",
                "",
                ground.kpis.get("low_side_override_rate"),
            ),
            share_figure(
                "High-side rate",
                rates.high_side,
                "with an approve recommendation were declined",
                "",
                ground.kpis.get("high_side_override_rate"),
            ),
            share_figure("All overrides", rates.gross, "with a recommendation went against it", ""),
            share_figure("Low-side share of the book", rates.low_side_of_book, "of approvals", ""),
        ),
        table=(heading, *rows),
        table_caption="Overrides up to the day of the report",
    )


def matrix(decided: Sequence[BoardFact]) -> BoardSection:
    """Recommendation against final decision."""
    counts = Counter((fact.recommendation, fact.ending.decision) for fact in decided)
    rows = [
        (
            each.value.capitalize(),
            *(f"{counts[each, decision]:,}" for decision in Decision),
            f"{sum(counts[each, decision] for decision in Decision):,}",
        )
        for each in Recommendation
    ]
    return BoardSection(
        title="Recommendation and decision",
        lead="Refer is no advice either way.",
        figures=(),
        table=(("Recommended", *(d.value.capitalize() for d in Decision), "All"), *rows),
        table_caption="Decided cases",
    )


def bands_section(ground: Ground, decided: Sequence[BoardFact]) -> BoardSection:
    """Override rates by how far a score lies from the cut-off that was crossed."""
    low, high = ground.cutoffs
    bands = (
        ("Passes by more than half", 0.0, low / 2),
        ("Passes by less", low / 2, low),
        ("Fails by up to a tenth of the cut-off", high, high * 1.1),
        ("Fails by up to the cut-off again", high * 1.1, high * 2),
        ("Fails by more", high * 2, 1.0),
    )
    rows = []
    for name, above, to in bands:
        inside = [
            fact
            for fact in advised(decided)
            if fact.probability is not None
            and (above < fact.probability <= to or (above == 0.0 == fact.probability))
        ]
        share = Share(sum(fact.side is not None for fact in inside), len(inside))
        ends = f"{score_words(above)} to {score_words(to)}"
        rows.append((name, ends, f"{share.count:,} of {share.of:,}", *rate_words(share)))
    return BoardSection(
        title="Overrides by distance from the cut-off",
        lead="By the cut-offs of the policy in force; decisions under an earlier one count too.",
        figures=(),
        table=(("Score", "From to", "Overrides", "Rate", "95 %"), *rows),
        table_caption="Cases with advice that a person decided",
    )


def codes_section(ground: Ground, decided: Sequence[BoardFact]) -> BoardSection:
    """Justifications."""
    against = [fact for fact in decided if fact.side is not None]
    counts = Counter(fact.code for fact in against)
    rows = [
        (
            code or "none",
            ground.code_labels.get(code, ""),
            f"{count:,}",
            percent(count / len(against)),
        )
        for code, count in sorted(counts.items())
    ]
    missing = Share(counts.get("", 0), len(against))
    return BoardSection(
        title="Why",
        lead="Justifications of the overrides in the span, in the order of their codes.",
        figures=(_none_allowed("Without a justification", missing, "overrides"),),
        table=(("Code", "Justification", "Overrides", "Share"), *rows) if rows else (),
        table_caption="Justifications used",
    )


def _none_allowed(label: str, share: Share, counted: str) -> Figure:
    """A count that must be none, told however few cases there are."""
    return Figure(
        label=label,
        value=f"{share.count:,}",
        interval="",
        denominator=f"of {share.of:,} {counted}",
        meaning="Must be none.",
        state="bad" if share.count else "good" if share.of else "not enough",
    )


def people_section(ground: Ground, decided: Sequence[BoardFact]) -> BoardSection:
    """Who overrides, and with whom."""
    against = [fact for fact in decided if fact.side is not None and fact.reviewer]
    counts = Counter(fact.reviewer for fact in against)
    index = concentration(counts.values())
    second = [fact for fact in against if fact.approver]
    self_approved = Share(sum(fact.approver == fact.reviewer for fact in second), len(second))
    names = ground.names(set(counts))
    cases = Counter(fact.reviewer for fact in advised(decided))
    rows = sorted(
        (names.get(person, person), f"{count:,} of {cases[person]:,}", *rate_words(share))
        for person, count in counts.items()
        for share in [Share(count, max(count, cases[person]))]
    )
    words = "" if index is None else f"{index:.2f}"
    even = "" if not counts else f"; spread evenly over them: {1 / len(counts):.2f}"
    return BoardSection(
        title="Who",
        lead="In the order of names: this is no ranking, and cases are not alike.",
        figures=(
            figure_of(
                "Concentration of overrides",
                Measure(index, None, len(against), words),
                f"{len(against):,} overrides by {len(counts):,} people{even}",
                "Sum of squared shares; 1 where one person makes them all.",
            ),
            share_figure("With a second person", Share(len(second), len(against)), "overrides", ""),
            _none_allowed("Approved by oneself", self_approved, "second approvals"),
        ),
        table=(("Officer", "Overrides", "Rate", "95 %"), *rows) if rows else (),
        table_caption="Overrides of cases with advice",
    )


def cutoffs_section(ground: Ground, decided: Sequence[BoardFact]) -> BoardSection:
    """Where people draw the line, beside where the policy does."""
    looked = [fact for fact in decided if fact.by_person and fact.probability is not None]
    found = effective_cutoff(
        (fact.probability or 0.0, fact.ending.decision is Decision.APPROVE) for fact in looked
    )
    low, high = (score_words(end) for end in ground.cutoffs)
    policy = low if low == high else f"{low} to {high}"
    counted = f"{len(looked):,} scored cases that people decided; the policy's is {policy}"
    point = None if found is None else found.probability
    return BoardSection(
        title="Effective cut-off",
        lead=(
            "The score at which people approve half of the applications, from a logistic curve. "
            "Where decisions follow the score to the letter there is no curve to draw."
        ),
        figures=(
            figure_of(
                "Score at which half are approved",
                Measure(
                    point,
                    None if found is None else found.interval,
                    len(looked),
                    "" if point is None else score_words(point),
                ),
                counted,
                "Above the policy's: people are more lenient than it; below: stricter.",
            ),
        ),
    )


def times_section(ground: Ground, decided: Sequence[BoardFact]) -> BoardSection:
    """Turnaround of overrides and of the others."""
    kinds = (
        ("Low-side overrides", [fact for fact in decided if fact.side is LOW]),
        ("High-side overrides", [fact for fact in decided if fact.side is HIGH]),
        ("All other decisions", [fact for fact in decided if fact.side is None]),
    )
    rows = []
    for name, facts in kinds:
        taken = turnaround(facts, ground.as_of)
        told = taken.cases >= RELIABLE_CASES_MIN and taken.median is not None
        hours = [
            f"{length.total_seconds() / 3600:.1f} hours"
            for length in (taken.median, taken.p90)
            if told and length is not None
        ]
        rows.append((name, f"{taken.cases:,}", *(hours or (NOT_ENOUGH.lower(), ""))))
    return BoardSection(
        title="How long they took",
        lead="From the complete application to the decision, where a person decided.",
        figures=(),
        table=(("Decisions", "Cases", "Median", "Nine of ten within"), *rows),
        table_caption="Turnaround",
    )
