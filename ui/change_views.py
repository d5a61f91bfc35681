"""What the pages are told about what would change a recommendation: plain, frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One field as stated, and as it is with somebody else."""

    label: str
    before: str
    after: str


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
    options: tuple[str, ...]  # each set of changes in a sentence
    notes: tuple[str, ...]
    likes: tuple[LikeView, ...] = ()
    matured: str = ""  # what became of near loans; "" where nothing is said
