"""The override report in words: how often, by whom, why, and whether it was right.

Nothing is ranked: officers, branches and codes stand in the order of their names, their ratios are
pulled towards all of them, and no ratio of a few loans is shown as it came out.
"""

from decision_service.board_appeals import appeals_section
from decision_service.board_counts import appeal_rates
from decision_service.override_counts import (
    bands_section,
    codes_section,
    cutoffs_section,
    matrix,
    people_section,
    times_section,
    volumes,
)
from decision_service.override_ground import Ground, books_of
from decision_service.override_misses import misses_section
from decision_service.override_verdicts import group_sections, verdict_section, vintage_section
from ui.views import BoardSection


def report_sections(ground: Ground) -> tuple[BoardSection, ...]:
    """The report. Its first section is the verdict."""
    books, decided = books_of(ground.every), ground.decided()
    return (
        verdict_section(ground, books),
        *group_sections(ground, books),
        misses_section(books, ground.code_labels),
        vintage_section(ground),
        volumes(ground, decided),
        matrix(ground.every, decided),
        bands_section(ground, decided),
        codes_section(ground, decided),
        people_section(ground, decided),
        cutoffs_section(ground, decided),
        times_section(ground, decided),
        appeals_section(*appeal_rates(ground.every, decided)),
    )
