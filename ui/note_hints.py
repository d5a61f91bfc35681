"""Hints about a note, in words: shown once, and whoever wrote it may go on."""

from collections.abc import Mapping

from overrides.note_hints import Hint, hints_in

HINT_WORDS: Mapping[Hint, str] = {
    Hint.PROTECTED: "It seems to speak of origin, sex, age or another trait that must not count.",
    Hint.HEALTH: "It seems to speak of health. Name the kind of event, not the illness.",
    Hint.FAMILY: "It seems to speak of family or marriage.",
    Hint.BELIEF: "It seems to speak of religion, politics or a union.",
    Hint.IMPRESSION: "It seems to rest on an impression. Say what was seen on paper.",
    Hint.CONTACT: "It seems to hold a telephone number or an address for mail.",
    Hint.SHOUTING: "It is written in capitals, or with many exclamation marks.",
}
LOOK_AGAIN = "Look at your note once more"
GO_ON = (
    "Change the note, or send it as it is. What was found is kept with the note, and the same hint"
    " is not given twice."
)


def hint_lines(note: str) -> tuple[tuple[str, str], ...]:
    """Each hint about a note: its code, and what to say of it."""
    return tuple((hint.value, HINT_WORDS[hint]) for hint in hints_in(note))
