"""What the pages are told where somebody asks about a score: plain, frozen values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchLine:
    """A stretch of a field's values: how many pinned applicants, and the push it would give."""

    words: str
    pinned: int
    own: bool
    push: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEvidence:
    """One field under a reason: its value, where that came from, and what other values would do."""

    label: str
    value: str
    source: str  # as sent with the application, or as the contract says
    as_of: str  # "" where nobody said
    owner: str
    faults: tuple[str, ...]  # what is to be checked about it
    place: str  # where the applicant stands among the pinned ones
    stretches: tuple[StretchLine, ...]  # none where nothing could be worked out
    why_none: str = ""  # then why


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonEvidence:
    """What lies under one reason."""

    case_id: str
    application_id: str
    concept: str
    title: str
    text: str
    side_words: str
    push: float
    fields: tuple[FieldEvidence, ...]
    pinned_words: str  # who the pinned applicants are
    asked: tuple[str, ...]  # who asked about it before, and when
    may_question: bool
    largest: float  # the longest push, which all bars are measured against


@dataclass(frozen=True, slots=True, kw_only=True)
class TryField:
    """One field that may be tried at other values."""

    name: str
    label: str
    stated: str  # in words
    choices: tuple[tuple[str, str], ...]  # value, words; none where it is typed
    number: bool = False  # whether it is typed instead of chosen
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One set of values that was tried, and what came of it."""

    at: datetime
    who: str
    changes: tuple[tuple[str, str, str], ...]  # label, as stated, as tried
    recommendation: str
    words: str  # in a sentence: the score and the recommendation against those of the case
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What may be tried on a case, and what was."""

    case_id: str
    application_id: str
    recommendation: str  # of the case as it stands
    stands: str  # the case's own score in a sentence
    fields: tuple[TryField, ...]
    tries: tuple[Try, ...]  # newest first
    left: int  # how many more the viewer may try
    cannot: str = ""  # why nothing can be tried, "" otherwise
