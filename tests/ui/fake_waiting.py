# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""An applicant who is asked and answers, kept in memory."""

from dataclasses import dataclass, field

from tests.ui.fake_cases import ASKED, REFER
from ui.ports import Refused
from ui.views import Viewer
from ui.waiting_views import (
    AnswerForm,
    AnswerView,
    AskedField,
    AskForm,
    AskView,
    ReopenForm,
    ReopenView,
)

Sent = AskForm | AnswerForm | ReopenForm | str


@dataclass
class FakeWaiting:
    """Remembers what was sent."""

    done: list[tuple[str, Sent]] = field(default_factory=list)
    trouble: Refused | None = None  # raised by the next act

    def _keep(self, case_id: str, sent: Sent, said: str) -> str:
        if self.trouble:
            raise self.trouble
        self.done.append((case_id, sent))
        return said

    def asking(self, viewer: Viewer, case_id: str) -> AskView:
        """Two fields and two documents."""
        return AskView(
            case_id=case_id,
            application_id=REFER.application_id,
            version=7,
            fields=(("savings", "Savings: less than DM 100"), ("duration", "Term: 48 months")),
            documents=(("PAYSLIP", "Payslip"), ("BANK_STMT", "Bank statement")),
            earliest="2026-11-22T10:42",
            latest="2026-12-18T10:42",
            suggested="2026-12-02T10:42",
            latest_words="By 18 Dec 2026, 10:42 UTC: a day before the law's limit.",
            clock_lines=ASKED.waiting.clock_lines,
        )

    def ask(self, viewer: Viewer, case_id: str, form: AskForm) -> str:
        """Remember it."""
        return self._keep(case_id, form, "The case waits for the applicant.")

    def answering(self, viewer: Viewer, case_id: str) -> AnswerView:
        """One field that is chosen, one that is typed, one document."""
        return AnswerView(
            case_id=case_id,
            application_id=ASKED.application_id,
            version=8,
            fields=(
                AskedField(
                    name="savings",
                    label="Savings",
                    stated="less than DM 100",
                    hint="",
                    levels=(("A61", "less than DM 100"), ("A62", "DM 100 to 500")),
                ),
                AskedField(
                    name="duration",
                    label="Term",
                    stated="48 months",
                    hint="Give a value from 4 to 72.",
                    levels=(),
                ),
            ),
            documents=(("PAYSLIP", "Payslip"),),
            asked_words=ASKED.waiting.asked_words,
            clock_lines=ASKED.waiting.clock_lines,
        )

    def answer(self, viewer: Viewer, case_id: str, form: AnswerForm) -> str:
        """Remember it."""
        return self._keep(case_id, form, "The answer is recorded.")

    def reopening(self, viewer: Viewer, case_id: str) -> ReopenView:
        """A case that was approved."""
        return ReopenView(
            case_id=case_id,
            application_id="GC-0737",
            version=9,
            ended_words="Approved by Ravi Saikia on 20 Nov 2026, 16:20 UTC.",
            reasons=(("error_found", "An error was found"), ("other", "Another reason")),
        )

    def reopen(self, viewer: Viewer, case_id: str, form: ReopenForm) -> str:
        """Remember it."""
        return self._keep(case_id, form, "The case is open again.")

    def undo(self, viewer: Viewer, case_id: str, key: str) -> str:
        """Remember it."""
        return self._keep(case_id, key, "Undone.")
