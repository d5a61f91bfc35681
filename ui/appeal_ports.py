"""What the pages of an appeal ask of the application behind them."""

from typing import Protocol

from ui.appeal_views import AppealForm, AppealView
from ui.views import Viewer


class Appeals(Protocol):
    """Recording that an applicant contests a decision. Each method raises ``Refused``."""

    def appealing(self, viewer: Viewer, case_id: str) -> AppealView:
        """One decided case, and what recording an appeal will do."""

    def appeal(self, viewer: Viewer, case_id: str, form: AppealForm) -> str:
        """Record it; a sentence."""
