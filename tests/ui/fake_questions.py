# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""Questions about a score, kept in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.ui.fake_cases import AGAINST, DECLINE, NOW
from ui.ports import Refused
from ui.question_views import (
    FieldEvidence,
    ReasonEvidence,
    StretchLine,
    Try,
    TryField,
    WhatIf,
)
from ui.views import Viewer

PUSHES = ((0.81, 44, "an overdrawn checking account"), (-0.42, 61, "DM 200 or more in checking"))


@dataclass
class FakeQuestions:
    """Remembers what was asked and tried."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)
    tried: list[Mapping[str, str]] = field(default_factory=list)
    trouble: Refused | None = None  # raised by the next act

    def reason(self, viewer: Viewer, case_id: str, concept: str) -> ReasonEvidence:
        """One reason with one field under it."""
        if concept != AGAINST[0].concept:
            raise Refused(404, "No such reason", "Choose one that the case page shows.")
        found = FieldEvidence(
            label="Checking account",
            value="an overdrawn checking account",
            source="core banking",
            as_of="2026-10-01",
            owner="Loan Origination",
            faults=("Checking account is 52 days old; at most 7 are agreed.",),
            place="44 of 200 have the same.",
            stretches=tuple(
                StretchLine(words=words, pinned=pinned, own=push > 0, push=push)
                for push, pinned, words in PUSHES
            ),
        )
        bare = FieldEvidence(
            label="Savings",
            value="none",
            source="",
            as_of="",
            owner="",
            faults=(),
            place="",
            stretches=(),
            why_none="The versions that made this decision are not at hand to be asked again.",
        )
        return ReasonEvidence(
            case_id=case_id,
            application_id="GC-0731",
            concept=concept,
            title="Checking account",
            text=AGAINST[0].text,
            side_words="Raises the risk",
            push=0.8143,
            fields=(found, bare),
            pinned_words="200 pinned applicants that came with the model",
            asked=tuple(f"Asha Boro: {note}" for _, _, note in self.asked),
            may_question="decide" in viewer.may,
            largest=0.81,
        )

    def question(self, viewer: Viewer, case_id: str, concept: str, note: str, key: str) -> str:
        """Remember it."""
        self._stumble()
        self.asked.append((case_id, concept, note))
        return "Recorded that this reason surprises you: ledger entry 20,861."

    def what_if(self, viewer: Viewer, case_id: str) -> WhatIf:
        """A term to choose and an amount to type; nothing for one case."""
        fields = (
            TryField(
                name="duration_months",
                label="Term of the loan",
                stated="48 months",
                choices=(("36.0", "36 months"), ("42.0", "42 months")),
            ),
            TryField(
                name="credit_amount",
                label="Amount requested",
                stated="DM 7,882",
                choices=(),
                number=True,
                minimum="500",
                maximum="7800",
                step="100",
                hint="From DM 500 to DM 7,800 in steps of 100. Empty: as stated.",
            ),
        )
        tries = (
            Try(
                at=NOW,
                who="Asha Boro",
                changes=(("Term of the loan", "48 months", "36 months"),),
                recommendation="refer",
                words="Probability of bad 31 of 100 instead of 42: a person would decide.",
                seq=20859,
            ),
        )
        possible = case_id == DECLINE.case_id
        return WhatIf(
            case_id=case_id,
            application_id="GC-0731",
            recommendation="decline",
            stands="Probability of bad 42 of 100 as stated.",
            fields=fields if possible else (),
            tries=tries if possible else (),
            left=19,
            cannot="" if possible else "The case is closed, so nothing more is tried on it.",
        )

    def try_out(self, viewer: Viewer, case_id: str, changes: Mapping[str, str], key: str) -> str:
        """Remember it."""
        self._stumble()
        self.tried.append(dict(changes))
        return "Tried. The case stays as it is. Recorded: ledger entry 20,862."

    def _stumble(self) -> None:
        """Raise the trouble that was prepared."""
        trouble, self.trouble = self.trouble, None
        if trouble:
            raise trouble
