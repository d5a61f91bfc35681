"""What the pages need of proposals that wait for a second person; part of ``ui.ports``."""

from typing import Protocol

from ui.approval_views import InboxView
from ui.views import Viewer


class Approvals(Protocol):
    """Proposals that wait for a second person."""

    def inbox(self, viewer: Viewer, cursor: str) -> InboxView:
        """One page of them; raises ``Refused``."""
