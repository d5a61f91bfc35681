"""What the pages need of cases whose score is hidden; part of ``ui.ports``."""

from typing import Protocol

from ui.blind_views import BlindView, FirstViewForm
from ui.views import Viewer


class FirstViews(Protocol):
    """Views that are recorded before a score is seen. Each method raises ``Refused``."""

    def case(self, viewer: Viewer, case_id: str) -> BlindView | None:
        """The case without its score; None where nothing of it is hidden from the viewer."""

    def record(self, viewer: Viewer, case_id: str, form: FirstViewForm) -> str:
        """Record what the viewer thinks of it; a sentence."""
