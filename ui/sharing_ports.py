"""What the pages need of work that is shared out; part of ``ui.ports``."""

from typing import Protocol

from ui.sharing_views import PassForm, PassView, TeamView
from ui.views import Viewer


class Sharing(Protocol):
    """Sharing out the work of a branch. Each method raises ``Refused``."""

    def passing(self, viewer: Viewer, case_id: str) -> PassView:
        """What may be done with a case instead of deciding it."""

    def pass_on(self, viewer: Viewer, case_id: str, form: PassForm) -> str:
        """Refer a case upwards, hand it over or set it aside; a sentence."""

    def take_back(self, viewer: Viewer, case_id: str) -> str:
        """Take a case from whoever holds it; a sentence."""

    def team(self, viewer: Viewer) -> TeamView:
        """Who of the branch holds what, and what is late."""
