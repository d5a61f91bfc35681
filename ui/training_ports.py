"""What the pages need of the training register and of practice; part of ``ui.ports``."""

from typing import Protocol

from ui.practice_views import PracticeForm, PracticeView
from ui.training_views import TrainingForm, TrainingView
from ui.views import Notice, Viewer


class Training(Protocol):
    """Who is trained to decide which cases. Each method raises ``Refused``."""

    def register(self, viewer: Viewer, as_of: str) -> TrainingView:
        """The register at the end of a day, today's where none is named."""

    def record(self, viewer: Viewer, form: TrainingForm) -> str:
        """Record that somebody is trained, or is not any more; a sentence."""

    def warnings(self, viewer: Viewer) -> tuple[Notice, ...]:
        """What the viewer has to know of their own training before it keeps them from work."""


class Practice(Protocol):
    """Past cases on which people practise. Each method raises ``Refused``."""

    def practice(self, viewer: Viewer, bundle: str, *, begin: bool) -> PracticeView:
        """The viewer's practice, with the next case where a round is under way or begun."""

    def answer(self, viewer: Viewer, form: PracticeForm) -> str:
        """Record an answer; a sentence that says what came of the loan."""
