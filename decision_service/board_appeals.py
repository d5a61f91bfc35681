"""How often applicants contest what was decided, and what comes of it, in words."""

from decision_service.board import share_figure
from overrides.statistics import Share
from ui.views import BoardSection


def appeals_section(contested: Share, changed: Share) -> BoardSection:
    """Both shares as figures, each with what it counts."""
    return BoardSection(
        title="Appeals",
        lead=(
            "An appeal is decided by somebody who had no part in the first decision and gives a"
            " view before seeing it. Of a case that was contested more than once the latest appeal"
            " counts."
        ),
        figures=(
            share_figure(
                "Contested by the applicant",
                contested,
                "cases that were decided were contested",
                "Who does not contest need not agree.",
            ),
            share_figure(
                "Changed on appeal",
                changed,
                "appeals that were decided came to another decision or to other terms",
                "Appeals that are open or were withdrawn are not counted.",
            ),
        ),
    )
