"""What the pages need to hold booked loans against decisions, and to track findings."""

from typing import Protocol

from ui.finding_views import (
    BookedForm,
    FindingFilter,
    FindingForm,
    FindingsView,
    FindingView,
    MissesView,
    ReconciliationView,
    RunView,
)
from ui.views import Viewer


class Findings(Protocol):
    """Booked loans, runs, findings. Each method raises ``Refused``."""

    def reconciliation(self, viewer: Viewer) -> ReconciliationView:
        """Runs so far, rates of the newest, and what is open."""

    def reconcile(self, viewer: Viewer, form: BookedForm, content: bytes) -> tuple[str, str]:
        """Hold a file against the decisions and record it: the run's id, and a sentence."""

    def run(self, viewer: Viewer, run_id: str) -> RunView:
        """One run."""

    def findings(self, viewer: Viewer, asked: FindingFilter) -> FindingsView:
        """A page of the findings that the viewer answers for."""

    def listed(self, viewer: Viewer, asked: FindingFilter) -> tuple[tuple[str, ...], ...]:
        """All of them as rows of a table, the heading first."""

    def finding(self, viewer: Viewer, finding_id: str) -> FindingView:
        """One finding."""

    def act(self, viewer: Viewer, finding_id: str, form: FindingForm) -> str:
        """Give it to an owner, or close it; a sentence."""


class Misses(Protocol):
    """What a model misses, as its overrides tell. Each method raises ``Refused``."""

    def misses(self, viewer: Viewer, bundle: str) -> MissesView:
        """What stands of a bundle, the champion where none is named."""

    def track(self, viewer: Viewer, bundle: str, clue: str, key: str) -> str:
        """Open one as a finding; its id."""
