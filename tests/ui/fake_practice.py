# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""Practice cases, kept in memory."""

from dataclasses import dataclass, field

from tests.ui.fake_cases import NOW
from ui.ports import Refused
from ui.practice_views import (
    PracticeCase,
    PracticeForm,
    PracticeLine,
    PracticeResult,
    PracticeView,
)
from ui.views import Viewer

CASE = PracticeCase(
    case_ref="case-7",
    place=3,
    advice="The model and the policy recommend declining this application.",
    stated=(("Duration", "48 months"), ("Savings", "Below 100 DM")),
    reasons=(("G01", "Raises the risk", "The loan runs for 48 months."),),
)
LINES = (
    PracticeLine(place=1, said="Approve", ended="Went well", right=True, relied="Savings"),
    PracticeLine(place=2, said="Approve", ended="Went bad", right=False, relied=""),
)


@dataclass
class FakePractice:
    """The third case of a second round is next; ``few`` empties the past."""

    answered: list[PracticeForm] = field(default_factory=list)
    few: bool = False

    def practice(self, viewer: Viewer, bundle: str, *, begin: bool) -> PracticeView:
        """A round under way, or too few past cases."""
        return PracticeView(
            bundle=bundle or "taiwan-card",
            bundles=("taiwan-card", "german-credit"),
            number=2,
            of=10,
            available=4 if self.few else 60,
            enough=not self.few,
            case=None if self.few else CASE,
            lines=() if self.few else LINES,
            results=() if self.few else (PracticeResult(number=1, right=8, of=10, at=NOW),),
        )

    def answer(self, viewer: Viewer, form: PracticeForm) -> str:
        """Record it, or point at what is missing."""
        if not form.decision:
            said = "Choose approve or decline."
            raise Refused(422, "Please check", said, {"decision": said})
        self.answered.append(form)
        return "Right: you said decline, and the loan went bad."
