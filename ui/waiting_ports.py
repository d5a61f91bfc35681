"""What the pages of asking, undoing and reopening ask of the application behind them."""

from typing import Protocol

from ui.views import Viewer
from ui.waiting_views import AnswerForm, AnswerView, AskForm, AskView, ReopenForm, ReopenView


class WaitingRoom(Protocol):
    """Asking an applicant, and taking an end back. Each method raises ``Refused``."""

    def asking(self, viewer: Viewer, case_id: str) -> AskView:
        """What the applicant may be asked for."""

    def ask(self, viewer: Viewer, case_id: str, form: AskForm) -> str:
        """Record what the applicant is asked; a sentence."""

    def answering(self, viewer: Viewer, case_id: str) -> AnswerView:
        """What the applicant was asked for."""

    def answer(self, viewer: Viewer, case_id: str, form: AnswerForm) -> str:
        """Record what the applicant said; a sentence."""

    def reopening(self, viewer: Viewer, case_id: str) -> ReopenView:
        """One closed case, and why it may be opened again."""

    def reopen(self, viewer: Viewer, case_id: str, form: ReopenForm) -> str:
        """Open a closed case again; a sentence."""

    def undo(self, viewer: Viewer, case_id: str, key: str) -> str:
        """Take the viewer's own decision back; a sentence."""
