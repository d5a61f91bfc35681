"""What the pages need of the training register; part of ``ui.ports``."""

from typing import Protocol

from ui.training_views import TrainingForm, TrainingView
from ui.views import Viewer


class Training(Protocol):
    """Who is trained to decide which cases. Each method raises ``Refused``."""

    def register(self, viewer: Viewer, as_of: str) -> TrainingView:
        """The register at the end of a day, today's where none is named."""

    def record(self, viewer: Viewer, form: TrainingForm) -> str:
        """Record that somebody is trained, or is not any more; a sentence."""

    def warnings(self, viewer: Viewer) -> tuple[str, ...]:
        """What the viewer has to know of their own training before it keeps them from work."""
