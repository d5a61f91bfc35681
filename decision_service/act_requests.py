"""What somebody wants done to a case, read strictly from JSON or from a page's form.

Every fault is named by its place, and no value is repeated. A page's form is put into the shape of
the JSON request first, so both are checked by the same lines.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from decision_service.applications import MINOR_MAX
from decision_service.errors import Fault, InvalidRequest
from overrides.first_views import CONFIDENCE_MAX, FirstView, View
from overrides.forms import (
    EVIDENCE_ITEMS_MAX,
    ApprovalForm,
    OverrideForm,
    ReviewForm,
    WithdrawalForm,
    WithdrawalReason,
    tidy,
)
from overrides.values import Decision, Evidence, Money, Verdict
from ui.ports import Refused
from ui.views import ActForm

NOTE_CHARS_MAX = 4_000
REFERENCE_CHARS_MAX = 200
WORD_CHARS_MAX = 64
REASONS_GIVEN_MAX = 20  # more than may be kept, so that the desk can say how many may
VERSION_MAX = 2**31
FIELDS_MAX = 200  # fields of one change
DECIDING = ("decision", "seen_version", "note", "evidence", "adverse_reasons", "dwell_ms")
DWELL_MS_MAX = 24 * 3600 * 1000

# Evidence types and codes stand in the open part of the record, so they are words and nothing else.
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)

Choice = TypeVar("Choice", bound=StrEnum)
Read = TypeVar("Read")

# Places of the JSON request as the page's form calls them.
FORM_FIELDS = {
    "decision": "decision",
    "justification_code": "code",
    "reason": "code",
    "note": "note",
    "adverse_reasons": "concepts",
    "verdict": "verdict",
    "seen_version": "seen_version",
    "type": "evidence_type",
    "reference": "evidence_reference",
    "sha256": "evidence_sha256",
    "evidence": "evidence_reference",
}

# What a page says of a choice: its reader sees labels and not the words of the interface.
FORM_ADVICE = {
    "decision": "Choose to approve or to decline.",
    "code": "Choose a reason for the override.",
    "verdict": "Choose your verdict.",
}


def read_review(body: object) -> ReviewForm:
    """A review from parsed JSON; raises ``InvalidRequest`` naming every fault."""
    members = Members(body, DECIDING)
    decision = members.choice("decision", Decision)
    seen = members.whole("seen_version", VERSION_MAX)
    note, evidence, reasons = members.note(), members.evidence(), members.words("adverse_reasons")
    dwell = members.whole("dwell_ms", DWELL_MS_MAX, required=False)
    members.done()
    assert decision is not None
    return ReviewForm(
        decision=decision,
        seen_version=seen or 0,
        note=note,
        evidence=evidence,
        adverse_reasons=reasons,
        dwell_ms=dwell,
    )


def read_override(body: object) -> OverrideForm:
    """An override from parsed JSON; raises ``InvalidRequest`` naming every fault."""
    members = Members(body, (*DECIDING, "justification_code", "review_on"))
    decision = members.choice("decision", Decision)
    code = members.word("justification_code")
    review_on = members.day("review_on")
    seen = members.whole("seen_version", VERSION_MAX)
    note, evidence, reasons = members.note(), members.evidence(), members.words("adverse_reasons")
    dwell = members.whole("dwell_ms", DWELL_MS_MAX, required=False)
    members.done()
    assert decision is not None
    return OverrideForm(
        decision=decision,
        code=code,
        seen_version=seen or 0,
        note=note,
        evidence=evidence,
        adverse_reasons=reasons,
        review_on=review_on,
        dwell_ms=dwell,
    )


def read_approval(body: object, current: int = 0) -> ApprovalForm:
    """A verdict from parsed JSON; raises ``InvalidRequest`` naming every fault.

    ``seen_version`` may be left out; the verdict then rests on the ``current`` version.
    """
    members = Members(body, ("verdict", "note", "seen_version"))
    verdict = members.choice("verdict", Verdict)
    seen = members.whole("seen_version", VERSION_MAX, required=False)
    note = members.note()
    members.done()
    assert verdict is not None
    return ApprovalForm(verdict=verdict, seen_version=current if seen is None else seen, note=note)


def read_withdrawal(body: object) -> WithdrawalForm:
    """A withdrawal from parsed JSON; raises ``InvalidRequest`` naming every fault."""
    members = Members(body if body is not None else {}, ("reason", "note", "seen_version"))
    reason = members.choice("reason", WithdrawalReason, required=False)
    seen = members.whole("seen_version", VERSION_MAX, required=False)
    note = members.note()
    members.done()
    return WithdrawalForm(
        reason=reason or WithdrawalReason.APPLICANT_WITHDREW, seen_version=seen, note=note
    )


def read_first_view(body: object) -> FirstView:
    """A first view from parsed JSON; raises ``InvalidRequest`` naming every fault."""
    members = Members(body, ("view", "confidence", "note"))
    view = members.choice("view", View)
    confidence = members.whole("confidence", CONFIDENCE_MAX, least=1)
    note = members.note()
    members.done()
    assert view is not None
    assert confidence is not None
    return FirstView(view=view, confidence=confidence, note=note)


def read_rescore(body: object) -> int | None:
    """The version of the case that a re-score rests on, None where none is named."""
    members = Members(body if body is not None else {}, ("seen_version",))
    seen = members.whole("seen_version", VERSION_MAX, required=False)
    members.done()
    return seen


def from_form(read: Callable[[object], Read], form: ActForm, *members: str) -> Read:
    """A page's form read as the request it stands for; raises ``Refused`` with field names.

    ``members`` are those of the request that the form has.
    """
    whole: dict[str, Any] = {
        "decision": form.decision,
        "justification_code": form.code,
        "reason": form.code or None,
        "note": form.note,
        "evidence": [
            {"type": item.kind, "reference": item.reference, "sha256": item.sha256 or None}
            for item in form.evidence
        ],
        "adverse_reasons": list(form.concepts),
        "verdict": form.verdict,
        "review_on": form.review_on or None,
        "seen_version": form.seen_version,
        "dwell_ms": form.dwell_ms,
    }
    try:
        return read({name: whole[name] for name in members})
    except InvalidRequest as invalid:
        named = [(_form_field(fault.pointer), fault.detail) for fault in invalid.faults]
        fields = {field: FORM_ADVICE.get(field, detail) for field, detail in named}
        raise Refused(422, "Please check", "Some answers are missing.", fields) from invalid


def _form_field(pointer: str) -> str:
    """The form's field for a place in the request; further pieces of evidence have a number."""
    steps = [step for step in pointer.split("/") if step]
    name = next((step for step in reversed(steps) if not step.isdecimal()), "")
    place = next((int(step) for step in steps if step.isdecimal()), 0)
    return FORM_FIELDS.get(name, name) + (f"-{place + 1}" if place else "")


class Members:
    """Reads the members of a request and keeps what is wrong with them."""

    def __init__(self, body: object, allowed: Sequence[str]) -> None:
        if not isinstance(body, dict):
            raise InvalidRequest((Fault("", "Send a JSON object."),))
        self._body: Mapping[str, Any] = body
        self._faults: list[Fault] = [
            Fault(f"/{name[:WORD_CHARS_MAX]}", "Leave it out: a request has no such member.")
            for name in sorted(body.keys() - set(allowed))
        ]

    def done(self) -> None:
        """Raise ``InvalidRequest`` if anything was wrong."""
        if self._faults:
            raise InvalidRequest(tuple(self._faults))

    def choice(self, name: str, choices: type[Choice], *, required: bool = True) -> Choice | None:
        """One of a few words; None when it is faulty, or left out where it may be."""
        value = self._body.get(name)
        if value is None and not required:
            return None
        if isinstance(value, str) and value in set(choices):
            return choices(value)
        self._fault(name, f"Choose one of: {', '.join(choices)}.")
        return None

    def whole(self, name: str, most: int, *, least: int = 0, required: bool = True) -> int | None:
        """A whole number from ``least`` to ``most``."""
        value = self._body.get(name)
        if value is None and not required:
            return None
        if type(value) is int and least <= value <= most:
            return value
        self._fault(name, f"Give a whole number from {least} to {most}.")
        return None

    def note(self, name: str = "note") -> str:
        """Free text of several lines; "" when left out."""
        return self._text(self._body.get(name), name, NOTE_CHARS_MAX)

    def day(self, name: str) -> date | None:
        """A day as 2026-11-22; None when it is left out or faulty."""
        value = self._body.get(name)
        with suppress(ValueError):  # no such day in the calendar
            if value is None or (isinstance(value, str) and DAY.fullmatch(value)):
                return date.fromisoformat(value) if value else None
        self._fault(name, "Give a day as 2026-11-22.")
        return None

    def word(self, name: str) -> str:
        """A code."""
        value = self._body.get(name)
        if isinstance(value, str) and WORD.fullmatch(value):
            return value
        self._fault(name, "Choose one from the list.")
        return ""

    def values(self, name: str, *, required: bool) -> Mapping[str, object]:
        """Values by the names of their fields; empty when left out where they may be."""
        value = self._body.get(name)
        if value is None and not required:
            return {}
        plain = (str, int, float, bool, type(None))
        if (
            not isinstance(value, dict)
            or not 0 < len(value) <= FIELDS_MAX
            or not all(isinstance(item, plain) for item in value.values())
        ):
            self._fault(name, f"Give an object of 1 to {FIELDS_MAX} fields with their values.")
            return {}
        return value

    def money(self, name: str) -> Money | None:
        """An amount of money; None when it is left out."""
        value = self._body.get(name)
        if value is None:
            return None
        if isinstance(value, dict) and value.keys() == {"minor", "currency"}:
            minor, currency = value["minor"], value["currency"]
            known = isinstance(currency, str) and CURRENCY.fullmatch(currency)
            if type(minor) is int and 0 <= minor <= MINOR_MAX and known:
                return Money(minor, currency)
        self._fault(name, 'Give {"minor": whole number, "currency": three letters}.')
        return None

    def words(self, name: str) -> tuple[str, ...]:
        """A list of codes; empty when left out."""
        value = self._body.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > REASONS_GIVEN_MAX:
            self._fault(name, f"Give a list of at most {REASONS_GIVEN_MAX}.")
            return ()
        if not all(isinstance(item, str) and WORD.fullmatch(item) for item in value):
            self._fault(name, "Choose from the list.")
            return ()
        return tuple(value)

    def evidence(self) -> tuple[Evidence, ...]:
        """Where evidence lies; empty when left out."""
        value = self._body.get("evidence")
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > EVIDENCE_ITEMS_MAX:
            self._fault("evidence", f"Give a list of at most {EVIDENCE_ITEMS_MAX}.")
            return ()
        items = [self._evidence(item, f"evidence/{place}") for place, item in enumerate(value)]
        return tuple(item for item in items if item is not None)

    def _evidence(self, item: object, place: str) -> Evidence | None:
        """One piece of evidence."""
        if not isinstance(item, dict) or not item.keys() <= {"type", "reference", "sha256"}:
            self._fault(place, 'Give {"type", "reference"} and, if known, "sha256".')
            return None
        kind, sha256 = item.get("type"), item.get("sha256")
        reference = self._text(
            item.get("reference"), f"{place}/reference", REFERENCE_CHARS_MAX, lines=False
        )
        if not isinstance(kind, str) or not WORD.fullmatch(kind):
            self._fault(f"{place}/type", "Say what kind of evidence it is.")
        if not reference:
            self._fault(f"{place}/reference", "Say where the evidence lies.")
        if sha256 is not None and not (isinstance(sha256, str) and SHA256.fullmatch(sha256)):
            self._fault(f"{place}/sha256", "A SHA-256 has 64 digits from 0 to f.")
        if self._faults:
            return None
        return Evidence(str(kind), reference, sha256)

    def _text(self, value: object, place: str, longest: int, *, lines: bool = True) -> str:
        """Text that can be shown; "" when it is None or faulty."""
        if value is None:
            return ""
        text = tidy(value) if isinstance(value, str) else ""
        shown = text.replace("\n", " ").replace("\t", " ") if lines else text
        printable = all(char.isprintable() or char.isspace() for char in shown)
        if not isinstance(value, str) or len(text) > longest or not printable:
            self._fault(place, f"Give text of at most {longest} characters that can be shown.")
            return ""
        return text

    def _fault(self, place: str, advice: str) -> None:
        """Keep one fault."""
        self._faults.append(Fault(f"/{place}", advice))
