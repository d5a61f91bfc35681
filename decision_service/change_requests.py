"""Other terms, their answer, and corrections, read strictly from JSON or from a page's form."""

from collections.abc import Mapping
from typing import TypeVar

from decision_service.act_requests import DWELL_MS_MAX, VERSION_MAX, Members
from decision_service.changed_application import Terms, Values
from overrides.correcting import CorrectionForm
from overrides.countering import AnswerForm, OfferAnswer, OfferForm

Read = TypeVar("Read")

OFFER = (
    "terms",
    "amount",
    "justification_code",
    "note",
    "evidence",
    "adverse_reasons",
    "review_on",
    "seen_version",
    "dwell_ms",
)
CORRECTION = ("fields", "note", "evidence", "seen_version")


def read_offer(body: object) -> tuple[Terms, OfferForm]:
    """Other terms from parsed JSON; raises ``InvalidRequest`` naming every fault."""
    members = Members(body, OFFER)
    amount = members.money("amount")
    values = members.values("terms", required=amount is None)
    code = members.word("justification_code") if _given(body, "justification_code") else ""
    seen = members.whole("seen_version", VERSION_MAX)
    note, evidence, reasons = members.note(), members.evidence(), members.words("adverse_reasons")
    dwell = members.whole("dwell_ms", DWELL_MS_MAX, required=False)
    review_on = members.day("review_on")
    members.done()
    form = OfferForm(
        fields=(),
        days=0,
        seen_version=seen or 0,
        code=code,
        note=note,
        evidence=evidence,
        adverse_reasons=reasons,
        review_on=review_on,
        dwell_ms=dwell,
    )
    return Terms(values=values, amount=amount), form


def read_answer(body: object) -> AnswerForm:
    """What the applicant says; raises ``InvalidRequest`` naming every fault."""
    members = Members(body, ("answer", "note", "seen_version"))
    answer = members.choice("answer", OfferAnswer)
    seen = members.whole("seen_version", VERSION_MAX, required=False)
    note = members.note()
    members.done()
    assert answer is not None
    return AnswerForm(answer=answer, seen_version=seen, note=note)


def read_correction(body: object) -> tuple[Values, CorrectionForm]:
    """Corrected values from parsed JSON; raises ``InvalidRequest`` naming every fault."""
    members = Members(body, CORRECTION)
    values = members.values("fields", required=True)
    seen = members.whole("seen_version", VERSION_MAX)
    note, evidence = members.note(), members.evidence()
    members.done()
    form = CorrectionForm(fields=(), seen_version=seen or 0, note=note, evidence=evidence)
    return values, form


def _given(body: object, name: str) -> bool:
    """Whether a member is there and says something."""
    return isinstance(body, Mapping) and body.get(name) not in (None, "")
