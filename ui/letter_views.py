"""What the pages are told about letters: one letter with what may be done, and the list of all."""

from dataclasses import dataclass
from datetime import datetime

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterForm:
    """What was typed; ``step`` is ``draft``, ``checked``, ``issued``, ``sent`` or ``returned``."""

    step: str = ""
    letter_id: str = ""
    language: str = ""
    reason: str = ""
    channel: str = ""
    on: str = ""  # a day as the browser writes it: 2026-11-23
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPart:
    """One part of a letter: ``key`` says which, ``language`` in which language it stands."""

    key: str
    text: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterView:
    """The letter of one case. Without ``parts`` none can be shown, and ``cannot`` says why."""

    case_id: str
    application_id: str
    kind_words: str
    state: str
    state_words: str
    language: str
    languages: Pairs
    parts: tuple[LetterPart, ...]
    cannot: str
    recorded: bool  # whether this is the letter that was drafted, or what a draft would say
    dated: datetime | None  # when it was issued, or is to be
    source_words: str
    pack_words: str
    due_at: datetime
    due_words: str
    late: bool
    holds: tuple[str, ...]
    letter_id: str
    steps: tuple[str, ...]  # what the viewer may do now
    gone_out: bool  # whether another letter would replace one that went out
    history: Pairs  # when and who, what
    channels: Pairs
    return_reasons: Pairs
    reissue_reasons: Pairs
    today: str
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLine:
    """One letter of the list."""

    case_id: str
    application_id: str
    kind_words: str
    by_words: str  # whether a person decided
    due_at: datetime
    due_words: str
    late: bool
    held: str
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersView:
    """A page of the letters in one state, the one that is due first, first."""

    state: str
    states: tuple[tuple[str, str, int], ...]  # name, words, how many
    lines: tuple[LetterLine, ...]
    next_cursor: str
    as_of: datetime
