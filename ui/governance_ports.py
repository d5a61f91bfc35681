"""What the page of sign-offs asks of the application behind it."""

from typing import Protocol

from ui.governance_views import SignOffView
from ui.views import Viewer


class Governance(Protocol):
    """Who lets a model decide. Each method raises ``Refused``."""

    def sign_offs(self, viewer: Viewer, name: str) -> SignOffView:
        """The newest version of a model, and who has signed it."""

    def sign(self, viewer: Viewer, name: str, seen: str, note: str, key: str) -> str:
        """Sign for the viewer's own office on the validation record that was seen; a sentence."""
