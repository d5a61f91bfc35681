"""What the pages need of the monthly review; part of ``ui.ports``."""

from typing import Protocol

from ui.review_views import ReviewForm, ReviewView
from ui.views import Viewer


class Reviews(Protocol):
    """The owners' monthly review of a bundle's numbers. Each method raises ``Refused``."""

    def review(self, viewer: Viewer, bundle: str, month: str) -> ReviewView:
        """The review of a month, the last whole one where none is named."""

    def act(self, viewer: Viewer, bundle: str, form: ReviewForm) -> str:
        """Do what the form asks; a sentence."""
