"""Proposals that wait for a second person, kept in memory."""

from dataclasses import dataclass, replace
from datetime import timedelta

from tests.ui.fake_cases import NOW
from tests.ui.fake_sharing import a_row
from ui.approval_views import InboxRow, InboxView
from ui.views import Viewer


@dataclass
class FakeApprovals:
    """Two proposals, one of them late and above the viewer's limit; or none."""

    empty: bool = False

    def inbox(self, viewer: Viewer, cursor: str) -> InboxView:
        """The first page; a second one is empty."""
        words = "Asha Menon wants to approve against the recommendation (M01)"
        first = replace(a_row(4), proposal_words=words)
        second = replace(a_row(1, "Ravi Saikia", late=True), proposal_words=words)
        leads = "team" in viewer.may
        rows = (
            InboxRow(
                row=first,
                since=NOW - timedelta(hours=3),
                waits_words="for 3 hours",
                late_words="",
                may_judge="approve" in viewer.may,
                cannot_words="" if "approve" in viewer.may else "Your role judges no overrides.",
                judges=("Ravi Saikia", "Hanna Dutta"),
            ),
            InboxRow(
                row=second,
                since=NOW - timedelta(days=4),
                waits_words="for 4 days",
                late_words="Longer than the policy's 3 days",
                may_judge=False,
                cannot_words="Approving DM 5,951 is above your limit of DM 3,000.",
                judges=(),
            ),
        )
        nothing = self.empty or bool(cursor)
        return InboxView(
            rows=() if nothing else rows,
            total=0 if self.empty else 2,
            late=1 if leads else None,
            next_cursor="" if nothing else "2",
            as_of=NOW,
            leads=leads,
        )
