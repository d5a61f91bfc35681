"""What the pages need of overrides that are looked at again; part of ``ui.ports``."""

from typing import Protocol

from ui.review_date_views import ReviewDateList
from ui.views import ActForm, Viewer


class ReviewDates(Protocol):
    """When overrides are looked at again. Each method raises ``Refused``."""

    def own(self, viewer: Viewer) -> ReviewDateList:
        """The viewer's own overrides whose day comes within a week or has passed."""

    def team(self, viewer: Viewer) -> ReviewDateList:
        """The same of everybody whose cases the viewer sees."""

    def close(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Record what was found when a case was looked at again; a sentence."""
