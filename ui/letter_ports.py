"""What the pages ask of the application about letters: part of ``ui.ports``."""

from typing import Protocol

from ui.letter_views import LetterForm, LettersView, LetterView
from ui.views import Viewer


class Letters(Protocol):
    """Letters to applicants. Each method raises ``Refused``."""

    def letters(self, viewer: Viewer, state: str, cursor: str) -> LettersView:
        """A page of the letters in one state, the one that is due first, first."""

    def letter(self, viewer: Viewer, case_id: str, language: str = "") -> LetterView:
        """The letter of a case; with a language, what a draft in it would say."""

    def step(self, viewer: Viewer, case_id: str, form: LetterForm) -> str:
        """Draft the letter or take it a step further; a sentence."""
