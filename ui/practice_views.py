"""What the pages are told about practice on past cases."""

from dataclasses import dataclass
from datetime import datetime

from ui.training_views import Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeForm:
    """What was typed."""

    bundle: str = ""
    case_ref: str = ""
    place: str = ""
    decision: str = ""
    concepts: tuple[str, ...] = ()
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeCase:
    """A past case without what names anybody."""

    case_ref: str
    place: int  # in the round, from 1
    advice: str  # what model and policy recommended, a sentence
    stated: Pairs  # label and value of the fields that were scored
    reasons: tuple[tuple[str, str, str], ...]  # concept, side in words, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeLine:
    """An answer with what came of the loan."""

    place: int
    said: str
    ended: str
    right: bool
    relied: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeResult:
    """A round that was finished."""

    number: int
    right: int
    of: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeView:
    """A person's practice on the cases of one bundle."""

    bundle: str
    bundles: tuple[str, ...]
    number: int  # of the round that is under way or comes next
    of: int  # cases in a round
    available: int  # matured past cases that the person may read and had no part in
    enough: bool
    case: PracticeCase | None  # None before a round begins and where there are too few cases
    lines: tuple[PracticeLine, ...]  # of the round under way, else of the last one
    results: tuple[PracticeResult, ...]  # the latest first
