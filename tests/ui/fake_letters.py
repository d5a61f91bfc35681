# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""Letters to applicants, kept in memory."""

from dataclasses import dataclass, field

from tests.ui.fake_cases import CASES, NOW
from ui.letter_views import LetterForm, LetterLine, LetterPart, LettersView, LetterView
from ui.ports import Refused
from ui.views import Viewer

SENT_CASE, HELD_CASE, NONE_CASE = CASES[1], CASES[2], CASES[5]
TEXTS = (
    ("lender", "Example Bank"),
    ("lender", "1 Main Street, Example Town"),
    ("title", "Our decision on your application"),
    ("about", "Your application GC-1001 of 3 November 2026"),
    ("greeting", "Dear applicant,"),
    ("amount", "You asked for DM 3,500."),
    ("action", "Thank you for your application. We cannot give you this credit."),
    ("reasons", "These are the main reasons:"),
    ("reason", "Your savings are below 100 DM."),
    ("reason", "The loan would run for 48 months."),
    ("review", "You can ask for a person to look at it again. Write to desk@bank.example."),
    ("closing", "Yours faithfully,"),
)
OTHER = (("other", "Something else: see the note"),)


@dataclass
class FakeLetters:
    """Remembers what was done with letters."""

    done: list[tuple[str, LetterForm]] = field(default_factory=list)
    trouble: Refused | None = None  # raised by the next step

    def letters(self, viewer: Viewer, state: str, cursor: str) -> LettersView:
        """Two letters are due, and there is a next page once."""
        lines = tuple(
            LetterLine(
                case_id=case.case_id,
                application_id=case.application_id,
                kind_words="Refusal",
                by_words="A person",
                due_at=NOW,
                due_words="Due in 2 days" if case is SENT_CASE else "Due 3 hours ago",
                late=case is not SENT_CASE,
                held="" if case is SENT_CASE else "no native speaker has reviewed this language",
                simulated=case is SENT_CASE,
            )
            for case in (SENT_CASE, HELD_CASE)
        )
        return LettersView(
            state=state or "due",
            states=(("due", "To be drafted", 2), ("sent", "Sent", 0)),
            lines=() if state == "sent" else lines,
            next_cursor="" if cursor or state == "sent" else "more",
            as_of=NOW,
        )

    def letter(self, viewer: Viewer, case_id: str, language: str = "") -> LetterView:
        """One that is issued, one that is drafted and held, one that cannot be made."""
        held, none = case_id == HELD_CASE.case_id, case_id == NONE_CASE.case_id
        issued = case_id == SENT_CASE.case_id
        steps = ("checked", "draft") if held else ("sent", "returned", "draft")
        may = "write_letters" in viewer.may and not none
        return LetterView(
            case_id=case_id,
            application_id="GC-1001",
            kind_words="Refusal",
            state="drafted" if held else "issued",
            state_words="Drafted" if held else "Issued, to be sent",
            language="en",
            languages=(("en", "English"), ("hi", "हिन्दी")),
            parts=() if none else tuple(LetterPart(key=k, text=t, language="en") for k, t in TEXTS),
            cannot="No letter can be made." if none else "",
            recorded=not none,
            dated=NOW if issued else None,
            source_words="the scored factors of the model",
            pack_words="eu-ccd2-2026: Directive (EU) 2023/2225 Article 18",
            due_at=NOW,
            due_words="Due in 2 days",
            late=held,
            holds=("no native speaker has reviewed this language",) if held else (),
            letter_id="letter-1",
            steps=steps if may else (),
            gone_out=issued,
            history=(("3 November 2026, Asha", "Drafted (English)."),),
            channels=(("post", "By post"),),
            return_reasons=OTHER,
            reissue_reasons=OTHER,
            today="2026-11-22",
            simulated=issued,
        )

    def step(self, viewer: Viewer, case_id: str, form: LetterForm) -> str:
        """Remember it."""
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        self.done.append((case_id, form))
        return "The letter is drafted. Ledger entry 7."
