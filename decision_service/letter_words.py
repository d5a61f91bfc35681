"""Letters in words: which kind, how far it has come, what was done with it."""

from collections.abc import Mapping
from datetime import datetime

from decision_service.letter_texts import languages, template
from overrides.journal import Event
from overrides.letter_rows import LetterRow, LetterState
from overrides.lettering import HELD_WORDS
from ui.letter_views import LetterLine
from ui.words import instant_words, span_words

KIND_WORDS = {
    "adverse_action": "Refusal",
    "counteroffer": "Offer on other terms",
    "incompleteness": "Something is missing",
}
STATE_WORDS = {
    LetterState.DUE: "To be drafted",
    LetterState.DRAFTED: "Drafted",
    LetterState.CHECKED: "Checked",
    LetterState.ISSUED: "Issued, to be sent",
    LetterState.SENT: "Sent",
    LetterState.RETURNED: "Came back",
}
SOURCE_WORDS = {
    "model": "the scored factors of the model",
    "person": "what the person who decided named, and nothing of the model",
    "both": "the scored factors and what the person who decided named",
    "rule": "the fixed rule that decided",
    "missing": "what was asked for and did not come",
    "nobody": "none: this letter states no reasons",
}
CHOICE_WORDS = {
    "post": "By post",
    "email": "By e-mail",
    "portal": "In the customer's own pages",
    "by_hand": "Handed over",
    "address_unknown": "The address is unknown",
    "refused": "It was not accepted",
    "undelivered": "It could not be delivered",
    "returned": "The last one came back",
    "wrong_language": "It was in the wrong language",
    "wrong_text": "Something in it was wrong",
    "asked_again": "The applicant asked for it again",
    "other": "Something else: see the note",
}


def choices(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names with their words, for a form."""
    return tuple((name, CHOICE_WORDS[name]) for name in names)


def due_letter_words(row: LetterRow, now: datetime) -> str:
    """How long there is until the letter is due."""
    if not row.open:
        return f"Sent on {instant_words(row.moved_at)}"
    span = span_words(row.due_at - now)
    return f"Due {span} ago" if row.due_at < now else f"Due in {span}"


def letter_line(row: LetterRow, application_id: str, now: datetime) -> LetterLine:
    """One letter of the list."""
    return LetterLine(
        case_id=row.case_ref,
        application_id=application_id,
        kind_words=KIND_WORDS[row.kind],
        by_words="A person" if row.by_person else "Policy, without a person",
        due_at=row.due_at,
        due_words=due_letter_words(row, now),
        late=row.open and row.due_at < now,
        held="; ".join(HELD_WORDS.get(hold, hold) for hold in row.holds),
        simulated=row.simulated,
    )


def letter_told(event: Event, names: Mapping[str, str]) -> tuple[str, str]:
    """One line of a letter's history: when and who, what."""
    data, who = event.data, f"{instant_words(event.recorded_at)}, {names[event.actor]}"
    if event.type == "letter_drafted":
        why = f" again: {CHOICE_WORDS[data['reason']].lower()}" if "reason" in data else ""
        return who, f"Drafted{why} ({template_name(data['locale'])})."
    more = [
        CHOICE_WORDS.get(str(data[n]), str(data[n]))
        for n in ("channel", "reason", "on")
        if n in data
    ]
    state = STATE_WORDS[LetterState(data["to"])].partition(",")[0]
    return who, f"{state}{': ' if more else ''}{', '.join(more)}."


def template_name(language: str) -> str:
    """A language's own name; its code where there is no template of it."""
    return template(language).name if language in languages() else language
