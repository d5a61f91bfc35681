"""A hint about a note is shown before the note is recorded: once, and never a refusal for good."""

from overrides.note_hints import hints_in
from ui.note_hints import GO_ON, HINT_WORDS, LOOK_AGAIN
from ui.ports import Refused
from ui.views import ActForm


def check_hints(form: ActForm) -> None:
    """Bring a form back whose note has hints that its page did not show yet."""
    found = [hint for hint in hints_in(form.note) if hint.value not in form.hints]
    if found:
        said = " ".join(HINT_WORDS[hint] for hint in found)
        raise Refused(422, LOOK_AGAIN, f"Nothing was recorded yet. {GO_ON}", {"note": said})
