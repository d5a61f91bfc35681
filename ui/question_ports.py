"""What the pages that ask about a score ask of the application behind them; as ``ui.ports``."""

from collections.abc import Mapping
from typing import Protocol

from ui.question_views import ReasonEvidence, WhatIf
from ui.views import Viewer


class Questions(Protocol):
    """Questions about the score of a case. Each method raises ``Refused``."""

    def reason(self, viewer: Viewer, case_id: str, concept: str) -> ReasonEvidence:
        """What lies under one reason."""

    def question(self, viewer: Viewer, case_id: str, concept: str, note: str, key: str) -> str:
        """Record that a reason surprises the viewer; a sentence."""

    def what_if(self, viewer: Viewer, case_id: str) -> WhatIf:
        """What may be tried on a case, and what was."""

    def try_out(self, viewer: Viewer, case_id: str, changes: Mapping[str, str], key: str) -> str:
        """Score other values and put what came of it on record; a sentence."""
