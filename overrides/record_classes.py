"""Classes of personal records: what is kept, and let go of, for the same time and the same reason.

Each party has a data key of its own for each case and class, so that any of them can be erased
while the others stay readable.
"""

from enum import StrEnum
from typing import NamedTuple


class RecordClass(StrEnum):
    """What a personal part belongs to."""

    APPLICATION = "application"  # what was said of a party, and what model and people made of it
    MONITORING = "monitoring"  # protected attributes, kept apart
    NOTES = "notes"  # what the lender's people wrote: notes, evidence, validation records
    STAFF = "staff"  # names of the lender's own people


APPLICANT_CLASSES = (RecordClass.APPLICATION, RecordClass.MONITORING, RecordClass.NOTES)

_CLASSES = {
    "inputs": RecordClass.APPLICATION,
    "explanation": RecordClass.APPLICATION,
    "party": RecordClass.APPLICATION,
    "shown": RecordClass.APPLICATION,
    "terms": RecordClass.APPLICATION,
    "account": RecordClass.APPLICATION,  # its number in the lender's books
    "loan": RecordClass.APPLICATION,  # as the core system booked it
    "monitor": RecordClass.MONITORING,
    "note": RecordClass.NOTES,
    "evidence": RecordClass.NOTES,
    "record": RecordClass.NOTES,  # of a validation
    "name": RecordClass.STAFF,
}


class KeyScope(NamedTuple):
    """What one data key locks: one class of records of one party in one case ("" for no case)."""

    subject: str
    case: str
    record_class: str


def class_of(slot: str) -> RecordClass:
    """The class of a slot; ``party.0`` is of the class of ``party``.

    A slot that no kind of entry has is refused elsewhere, so it may have any class.
    """
    return _CLASSES.get(slot.partition(".")[0], RecordClass.APPLICATION)
