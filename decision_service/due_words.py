"""What is due under a retention schedule as a line of the list that people look at first."""

from overrides.erasing import Due
from overrides.instants import instant_text


def due_members(line: Due) -> dict[str, object]:
    """The records of one class of one case; nothing in it is personal."""
    return {
        "case": line.case_ref,
        "class": line.record_class,
        "jurisdiction": line.jurisdiction,
        "ending": line.ending,
        "since": instant_text(line.since),
        "due_at": instant_text(line.due_at),
        "law": line.law,
        "parts": [list(part.pair) for part in line.parts],
        "held_by": list(line.held),
    }
