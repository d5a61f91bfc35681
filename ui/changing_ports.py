"""What the pages of other terms and corrections ask of the application behind them."""

from typing import Protocol

from ui.changing_views import ChangeForm, ChangeView
from ui.views import Consequence, Viewer


class Changes(Protocol):
    """Other terms and corrected values. Each method raises ``Refused``."""

    def changing(self, viewer: Viewer, case_id: str, kind: str) -> ChangeView:
        """What may be changed; ``kind`` is ``counter-offer`` or ``correction``."""

    def preview(self, viewer: Viewer, case_id: str, kind: str, form: ChangeForm) -> Consequence:
        """What recording the change would do."""

    def change(self, viewer: Viewer, case_id: str, kind: str, form: ChangeForm) -> str:
        """Record it; a sentence."""

    def answer(self, viewer: Viewer, case_id: str, answer: str, seen: int, key: str) -> str:
        """Write down what the applicant says of an offer; a sentence."""
