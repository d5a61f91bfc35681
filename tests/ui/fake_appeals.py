# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""An applicant who contests a decision, kept in memory."""

from dataclasses import dataclass, field

from ui.appeal_views import AppealForm, AppealTold, AppealView
from ui.ports import Refused
from ui.views import Viewer

TOLD = AppealTold(
    said="My employer changed in May, and the payslip you had was the last of the old one.",
    evidence=("Payslip: archive 2026/5521",),
    received_words="Received on 23 Nov 2026, 09:10 UTC.",
    answer_words="An answer is due by 21 Dec 2026, 09:10 UTC, by law: GDPR Article 12(3).",
    result_words="",
)


@dataclass
class FakeAppeals:
    """Remembers what was sent."""

    recorded: list[tuple[str, AppealForm]] = field(default_factory=list)
    trouble: Refused | None = None  # raised by the next act

    def appealing(self, viewer: Viewer, case_id: str) -> AppealView:
        """A case that was declined."""
        return AppealView(
            case_id=case_id,
            application_id="GC-0737",
            version=9,
            ended_words="Declined by Ravi Saikia on 20 Nov 2026, 16:20 UTC.",
            rule_words="It is answered within 28 calendar days, by law: GDPR Article 12(3).",
            reviewers_words="3 people of this branch may decide it.",
            earliest="2026-11-20T16:20",
            latest="2026-11-22T10:42",
            kinds=(("PAYSLIP", "Payslip"), ("BANK_STMT", "Bank statement")),
        )

    def appeal(self, viewer: Viewer, case_id: str, form: AppealForm) -> str:
        """Remember it."""
        if self.trouble:
            raise self.trouble
        self.recorded.append((case_id, form))
        return "The case is open again."
