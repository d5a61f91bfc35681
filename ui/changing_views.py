"""What the pages are told about other terms and corrected values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ui.waiting_views import AskedField

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptChoice:
    """One reason an officer may give the applicant."""

    concept: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeForm:
    """What was typed into the form that changes an application."""

    values: Mapping[str, str] = field(default_factory=dict)  # only those that were filled in
    code: str = ""
    evidence_type: str = ""
    evidence_reference: str = ""
    concepts: tuple[str, ...] = ()  # reasons to tell the applicant
    note: str = ""
    review_on: str = ""  # as the browser writes it: 2027-11-22
    seen_version: int = 0
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One case, and what of its application may be changed."""

    case_id: str
    application_id: str
    version: int
    fields: tuple[AskedField, ...]
    codes: Pairs  # for terms on which the score still fails; none for a correction
    evidence_types: Pairs
    concepts: tuple[ConceptChoice, ...] = ()  # for what the model gives no reasons of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """Other terms that lie with the applicant."""

    words: str  # by whom, until when, and what they are: a change of terms or an override
    terms: tuple[str, ...]  # each with the old and the new value; none once erased
    may_answer: bool
