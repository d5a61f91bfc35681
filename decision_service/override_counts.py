"""How often people override, why, who, how far from the cut-off, and how long it took."""

import numpy as np

from decision_service.board import NOT_ENOUGH, Measure, figure_of, rate_words, share_figure
from decision_service.board_counts import names_counted, override_rates, turnaround
from decision_service.case_columns import DECISIONS, Array, CaseColumns
from decision_service.override_ground import HIGH, LOW, Ground, decided_from
from decision_service.oversight_counts import advised_by_people
from decision_service.wording import percent
from overrides.analysis.verdicts import (
    concentration,
    effective_cutoff,
)
from overrides.labels import add_months
from overrides.metrics import RELIABLE_CASES_MIN
from overrides.statistics import Share
from overrides.values import Decision, Recommendation
from ui.views import BoardSection, Figure
from ui.words import score_words

MONTHS_BACK = (1, 3, 6, 12)


def volumes(ground: Ground, decided: Array) -> BoardSection:
    """How often, in the span and before."""
    every = ground.every
    rates = override_rates(every, decided)
    rows = []
    for months in MONTHS_BACK:
        start = add_months(ground.as_of, -months)
        past = override_rates(every, (every["decision"] > 0) & decided_from(every, start))
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


def matrix(every: CaseColumns, decided: Array) -> BoardSection:
    """Recommendation against final decision."""
    counts = {
        (advice, decision): int(
            np.count_nonzero(
                decided & every.advised(advice) & (every["decision"] == DECISIONS.index(decision))
            )
        )
        for advice in Recommendation
        for decision in Decision
    }
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


def bands_section(ground: Ground, decided: Array) -> BoardSection:
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
    advised = advised_by_people(ground.every, decided) & ground.every.scored()
    chances, against = ground.every["chance"][advised], ground.every["side"][advised] > 0
    for name, above, to in bands:
        inside = (above < chances) & (chances <= to)
        if above == 0.0:
            inside |= chances == 0.0
        share = Share(int(np.count_nonzero(inside & against)), int(np.count_nonzero(inside)))
        ends = f"{score_words(above)} to {score_words(to)}"
        rows.append((name, ends, f"{share.count:,} of {share.of:,}", *rate_words(share)))
    return BoardSection(
        title="Overrides by distance from the cut-off",
        lead="By the cut-offs of the policy in force; decisions under an earlier one count too.",
        figures=(),
        table=(("Score", "From to", "Overrides", "Rate", "95 %"), *rows),
        table_caption="Cases with advice that a person decided",
    )


def codes_section(ground: Ground, decided: Array) -> BoardSection:
    """Justifications."""
    counts = names_counted(ground.every, "code", decided & (ground.every["side"] > 0))
    against = counts.total()
    rows = [
        (code or "none", ground.code_labels.get(code, ""), f"{count:,}", percent(count / against))
        for code, count in sorted(counts.items())
    ]
    missing = Share(counts.get("", 0), against)
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


def people_section(ground: Ground, decided: Array) -> BoardSection:
    """Who overrides, and with whom."""
    every = ground.every
    rows_against = decided & (every["side"] > 0) & (every["reviewer"] > 0)
    counts = names_counted(every, "reviewer", rows_against)
    against = counts.total()
    index = concentration(counts.values())
    approved = rows_against & (every["approver"] > 0)
    pairs = zip(every.words("approver", approved), every.words("reviewer", approved), strict=True)
    same = [approver == reviewer for approver, reviewer in pairs]
    second, self_approved = len(same), Share(sum(same), len(same))
    names = ground.names(set(counts))
    cases = names_counted(every, "reviewer", advised_by_people(every, decided))
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
                Measure(index, None, against, words),
                f"{against:,} overrides by {len(counts):,} people{even}",
                "Sum of squared shares; 1 where one person makes them all.",
            ),
            share_figure("With a second person", Share(second, against), "overrides", ""),
            _none_allowed("Approved by oneself", self_approved, "second approvals"),
        ),
        table=(("Officer", "Overrides", "Rate", "95 %"), *rows) if rows else (),
        table_caption="Overrides of cases with advice",
    )


def cutoffs_section(ground: Ground, decided: Array) -> BoardSection:
    """Where people draw the line, beside where the policy does."""
    every = ground.every
    rows = decided & every["by_person"] & every.scored()
    looked = int(np.count_nonzero(rows))
    found = effective_cutoff(
        zip(every["chance"][rows].tolist(), every.approved()[rows].tolist(), strict=True)
    )
    low, high = (score_words(end) for end in ground.cutoffs)
    policy = low if low == high else f"{low} to {high}"
    counted = f"{looked:,} scored cases that people decided; the policy's is {policy}"
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
                    looked,
                    "" if point is None else score_words(point),
                ),
                counted,
                "Above the policy's: people are more lenient than it; below: stricter.",
            ),
        ),
    )


def times_section(ground: Ground, decided: Array) -> BoardSection:
    """Turnaround of overrides and of the others."""
    kinds = (
        ("Low-side overrides", LOW),
        ("High-side overrides", HIGH),
        ("All other decisions", None),
    )
    rows = []
    for name, side in kinds:
        taken = turnaround(ground.every, decided & ground.every.against(side))
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
