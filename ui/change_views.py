"""What the pages are told about what would change a recommendation: plain, frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One field as stated and as it would have to be; ``follows`` says with what it moves."""

    label: str
    before: str
    after: str
    follows: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOption:
    """One set of changes in a sentence, and field by field."""

    text: str
    lines: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeView:
    """A pinned applicant near this one: what is otherwise with them."""

    text: str
    lines: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookView:
    """What would change a recommendation, and who is like the applicant."""

    case_id: str
    application_id: str
    headline: str
    options: tuple[ChangeOption, ...]
    notes: tuple[str, ...]
    likes: tuple[LikeView, ...] = ()
    matured: str = ""  # what became of near loans; "" where nothing is said
