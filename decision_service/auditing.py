"""What auditors, model owners and data scientists look at, as the pages use it."""

from decision_service.board_page import BoardPage
from decision_service.fairness_pages import FairnessPages
from decision_service.feedback_pages import FeedbackPages
from decision_service.ledger_pages import LedgerPages
from decision_service.model_pages import ModelPages
from decision_service.override_pages import OverridePages
from decision_service.services import Services
from ui.views import (
    BoardView,
    BundleLine,
    BundleView,
    EntryView,
    FeedbackView,
    LedgerState,
    VerificationView,
    Viewer,
)


class Auditing:
    """Fills ``ui.ports.Audit``. Every error leaves it as ``Refused``."""

    def __init__(self, services: Services) -> None:
        self._ledger = LedgerPages(services)
        self._models = ModelPages(services)
        self._board = BoardPage(services)
        self._overrides = OverridePages(services)
        self._fairness = FairnessPages(services)
        self._feedback = FeedbackPages(services)

    def ledger(self, viewer: Viewer, cursor: str, kind: str) -> LedgerState:
        """Entries newest first."""
        return self._ledger.ledger(viewer, cursor, kind)

    def entry(self, viewer: Viewer, seq: int) -> EntryView:
        """One entry with its inclusion proof in the current tree."""
        return self._ledger.entry(viewer, seq)

    def verify(self, viewer: Viewer) -> VerificationView:
        """Read everything back and check it."""
        return self._ledger.verify(viewer)

    def board(self, viewer: Viewer, bundle: str) -> BoardView:
        """The shared numbers."""
        return self._board.board(viewer, bundle)

    def overrides(self, viewer: Viewer, bundle: str) -> BoardView:
        """The override report."""
        return self._overrides.overrides(viewer, bundle)

    def override_table(self, viewer: Viewer, bundle: str, name: str) -> bytes:
        """One table of it as CSV."""
        return self._overrides.table(viewer, bundle, name)

    def fairness(self, viewer: Viewer, bundle: str) -> BoardView:
        """Overrides by protected attribute."""
        return self._fairness.fairness(viewer, bundle)

    def bundles(self, viewer: Viewer) -> tuple[BundleLine, ...]:
        """Registered models, the champion first."""
        return self._models.bundles(viewer)

    def bundle(self, viewer: Viewer, name: str) -> BundleView:
        """A model's card."""
        return self._models.bundle(viewer, name)

    def feedback(self, viewer: Viewer, bundle: str) -> FeedbackView:
        """What an export would hold."""
        return self._feedback.feedback(viewer, bundle)

    def export_feedback(self, viewer: Viewer, bundle: str, key: str) -> str:
        """Write an export into the data directory; its folder name."""
        return self._feedback.export_feedback(viewer, bundle, key)

    def feedback_file(self, viewer: Viewer, folder: str, name: str) -> bytes:
        """One file of an export."""
        return self._feedback.feedback_file(viewer, folder, name)
