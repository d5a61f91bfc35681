# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""First views, kept in memory: nothing is hidden until a test says which case is."""

from dataclasses import dataclass, field

from tests.ui.fake_appeals import TOLD
from tests.ui.fake_cases import NOW
from ui.blind_views import BlindView, FirstViewForm
from ui.ports import Refused
from ui.views import Viewer


def hidden_case(case_id: str) -> BlindView:
    """A case whose score is hidden."""
    return BlindView(
        case_id=case_id,
        application_id="APP-77",
        status="in_review",
        status_words="In review",
        bundle="retail",
        bundle_title="Retail loans",
        model_version="1.0",
        amount="DEM 5,000.00",
        product="instalment",
        branch="north",
        received_at=NOW,
        due=NOW,
        overdue=False,
        simulated=False,
        facts=(("Age", "41"), ("Purpose", "")),
        checks=("Income is older than 90 days.",),
        holder="",
        holder_until=None,
        may_claim=True,
        may_record=True,
        cannot_words="",
        views=(("approve", "Approve"), ("decline", "Decline"), ("cannot_tell", "Cannot tell")),
        confidences=(("1", "1, a guess"), ("5", "5, certain")),
        appeal=TOLD if case_id == CONTESTED else None,
    )


HIDDEN, CONTESTED = "case-hidden", "case-contested"


@dataclass
class FakeFirstViews:
    """The cases that are hidden, and what was recorded."""

    hidden: set[str] = field(default_factory=lambda: {HIDDEN, CONTESTED})
    recorded: list[FirstViewForm] = field(default_factory=list)

    def case(self, viewer: Viewer, case_id: str) -> BlindView | None:
        """The case without its score, where it is hidden."""
        return hidden_case(case_id) if case_id in self.hidden else None

    def record(self, viewer: Viewer, case_id: str, form: FirstViewForm) -> str:
        """Keep it; the case is shown from then on."""
        if case_id not in self.hidden:
            raise Refused(409, "Nothing to record", "You gave yours.")
        if not form.confidence:
            fields = {"confidence": "Choose how sure you are."}
            raise Refused(422, "Please check", "Some answers are missing.", fields)
        self.hidden.remove(case_id)
        self.recorded.append(form)
        return "Your first view is recorded: ledger entry 9."
