"""What the pages are told about asking an applicant, undoing a decision and reopening a case."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ui.appeal_views import AppealTold

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the case page says of a case that waits, or that has ended."""

    may_ask: bool = False
    may_answer: bool = False
    may_reopen: bool = False
    may_appeal: bool = False
    appeal: AppealTold | None = None  # the latest, whether it is open or was decided
    asked: tuple[str, ...] = ()  # what the applicant was asked for, while the case waits
    asked_note: str = ""
    asked_words: str = ""  # by whom, and until when an answer may come
    clock_lines: tuple[str, ...] = ()  # which clock stands still, and which goes on
    undo_words: str = ""  # until when the viewer may undo their own decision; "" where not
    undo_seconds: int = 0  # left when the page was made
    held_words: str = ""  # that what follows from the decision waits; for everybody
    ended_words: str = ""  # how a case ended that nobody decided


NOT_WAITING = Waiting()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForm:
    """What was typed into the form that asks the applicant."""

    fields: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    until: str = ""  # as the browser writes it, in UTC: 2026-11-23T09:00
    note: str = ""
    seen_version: int = 0
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskView:
    """What an applicant may be asked for, and how long they may be given."""

    case_id: str
    application_id: str
    version: int
    fields: Pairs  # name, label with what was stated
    documents: Pairs  # name, words
    earliest: str
    latest: str
    suggested: str
    latest_words: str
    clock_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """What was typed into the form that takes the applicant's answer."""

    fields: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)  # kind: where it lies
    note: str = ""
    seen_version: int = 0
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedField:
    """One field the applicant was asked for. ``levels`` is empty where it is typed."""

    name: str
    label: str
    stated: str  # in words
    hint: str
    levels: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """What the applicant was asked for, to be filled in."""

    case_id: str
    application_id: str
    version: int
    fields: tuple[AskedField, ...]
    documents: Pairs
    asked_words: str
    clock_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenForm:
    """What was typed into the form that opens a closed case again."""

    reason: str = ""
    note: str = ""
    seen_version: int = 0
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenView:
    """One closed case, and why it may be opened again."""

    case_id: str
    application_id: str
    version: int
    ended_words: str
    reasons: Pairs
