# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""Other terms and corrected values, kept in memory."""

from dataclasses import dataclass, field

from tests.ui.fake_cases import DECLINE
from ui.changing_views import ChangeForm, ChangeView
from ui.ports import Refused
from ui.views import ConceptChoice, Consequence, Viewer
from ui.waiting_views import AskedField
from ui.words import EVIDENCE_TYPES

AMOUNT = AskedField(
    name="credit_amount",
    label="Amount requested",
    stated="DM 5,951",
    hint="Give a value from 250 to 100000.",
    levels=(),
)
OTHERS = AskedField(
    name="co_debtors",
    label="Co-applicant or guarantor",
    stated="none",
    hint="",
    levels=(("none", "none"), ("guarantor", "a guarantor")),
)
REASONS = (
    ConceptChoice(concept="R01", title="Duration of the loan", text="Duration: 48 months"),
    ConceptChoice(concept="R02", title="Savings", text="Savings: none"),
)


@dataclass
class FakeChanges:
    """Remembers what was sent."""

    done: list[tuple[str, str, ChangeForm | str]] = field(default_factory=list)
    trouble: Refused | None = None  # raised by the next look or act

    def changing(self, viewer: Viewer, case_id: str, kind: str) -> ChangeView:
        """One field that is typed, one that is chosen."""
        return ChangeView(
            case_id=case_id,
            application_id=DECLINE.application_id,
            version=4,
            fields=(AMOUNT, OTHERS),
            codes=(("G03", "Smaller or longer loan offered"),) if kind == "counter-offer" else (),
            evidence_types=EVIDENCE_TYPES,
            concepts=REASONS if kind == "counter-offer" else (),
        )

    def preview(self, viewer: Viewer, case_id: str, kind: str, form: ChangeForm) -> Consequence:
        """A change of terms."""
        self._check()
        return Consequence(
            lines=("It is a change of terms, and no override.",), needs_approval=False
        )

    def change(self, viewer: Viewer, case_id: str, kind: str, form: ChangeForm) -> str:
        """Remember it."""
        self._check()
        self.done.append((case_id, kind, form))
        return "The offer lies with the applicant."

    def answer(self, viewer: Viewer, case_id: str, answer: str, seen: int, key: str) -> str:
        """Remember it."""
        self._check()
        self.done.append((case_id, "answer", answer))
        return "The offer was refused."

    def _check(self) -> None:
        if self.trouble:
            raise self.trouble
