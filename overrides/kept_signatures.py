"""Notes as the book of witnesses keeps them: a text, and the lines of those who signed it."""

import json

from overrides.countermand_verify import Checkpoint, Key, Wrong, open_note

Notes = dict[str, dict[str, str]]  # signature lines by key, by the text that they sign


def holds(text: str, key: str, line: object) -> bool:
    """Whether a line is the signature of a note by a key, as far as that can be checked here."""
    try:
        signer = Key.read(key)
        opened = open_note(f"{text}\n{line}", (signer,))
    except Wrong:
        return False
    signed = signer in {*opened.signed_by, *opened.cosigners} or signer.name in opened.unchecked
    return signed and opened.text == text and str(line).count("\n") == 1


def undominated(notes: Notes) -> Notes:
    """The notes without those that all of its witnesses signed a later one of; smallest first."""
    by_size = sorted(notes, key=lambda text: Checkpoint.read(text).size)
    return {
        text: notes[text]
        for place, text in enumerate(by_size)
        if not any(notes[text].keys() <= notes[later].keys() for later in by_size[place + 1 :])
    }


def as_lines(notes: Notes) -> str:
    """Notes as they are kept, a line each."""
    rows = [{"note": whole_note(text, lines), "by": lines} for text, lines in notes.items()]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def whole_note(text: str, lines: dict[str, str]) -> str:
    """A note whole."""
    return f"{text}\n{''.join(lines.values())}"
