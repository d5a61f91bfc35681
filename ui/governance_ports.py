"""What the pages of sign-offs and of routing ask of the application behind it."""

from typing import Protocol

from ui.governance_views import RoutingView, SignOffView
from ui.views import Viewer


class Governance(Protocol):
    """Who lets a model decide. Each method raises ``Refused``."""

    def sign_offs(self, viewer: Viewer, name: str) -> SignOffView:
        """The newest version of a model, and who has signed it."""

    def routing(self, viewer: Viewer, name: str) -> RoutingView:
        """What the newest version would have sent to people on past cases."""

    def sign(self, viewer: Viewer, name: str, seen: str, note: str, key: str) -> str:
        """Sign for the viewer's own office on the validation record that was seen; a sentence."""
