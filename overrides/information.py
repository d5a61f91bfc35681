"""Asking the applicant, and what comes of it: an answer, or a case closed as incomplete.

Two clocks stand behind every case. While the applicant is asked, the service target stands still
and gets back what was left of it when the answer comes; the law's limit runs on, so the time to
answer ends a day before it where that day lies ahead.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from overrides.acts import (
    NameOf,
    act_draft,
    answered,
    check_claim,
    check_exclusion,
    check_referral,
    check_turn,
    check_version,
    unnamed,
)
from overrides.authority import check_role
from overrides.cases import Act, Case
from overrides.correcting import WHY_CHARS_MIN
from overrides.errors import NotAllowedNow
from overrides.forms import evidence_slots, note_slots, tidy
from overrides.instants import instant_text
from overrides.journal import Decided, Json
from overrides.passing_on import BEFORE_LIMIT, BY_LIMIT, LEADING_ROLES
from overrides.queue_errors import UntilNotPossible
from overrides.values import DECIDING_ROLES, Actor, Evidence, NewId, Role
from overrides.waiting_errors import AnswerUnproven, NothingAsked, NotToBeAsked

ANSWER_DAYS_MAX = 30
TIME_TO_ANSWER = "The time to answer"
BY_DAYS = f"{ANSWER_DAYS_MAX} days from now"
ASKED, ANSWERED, NO_ANSWER = "needed_to_decide", "answered", "no_answer"
HEARING_ROLES = DECIDING_ROLES | {Role.SERVICE}
LAPSING_ROLES = DECIDING_ROLES | LEADING_ROLES | {Role.OPERATIONS}  # the host acts as operations

DOCUMENTS = frozenset(
    {
        *("PAYSLIP", "BANK_STMT", "TAX_RETURN", "GST_RETURN", "EMPLOYER_LETTER", "AA_CONSENT"),
        *("BUREAU_CORRECTION", "DISPUTE_REF", "HARDSHIP_PROOF", "CUSTOMER_STATEMENT"),
        *("GUARANTOR_SCORE", "VALUATION", "TITLE_REPORT"),
    }
)
"""Kinds of evidence (DOMAIN.md §8) that an applicant can bring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationRequest:
    """What the applicant is asked. ``seen_version`` None: whatever the case has become."""

    until: datetime
    fields: tuple[str, ...] = ()  # names of the contract's
    documents: tuple[str, ...] = ()
    note: str = ""
    seen_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationAnswer:
    """What the applicant said. ``fields`` are the names of those that came with it."""

    fields: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    seen_version: int | None = None


def latest_answer(case: Case, now: datetime) -> tuple[datetime, str]:
    """How long the applicant may be given, and why no longer.

    Where the day before the law's limit has come, the limit is broken or is broken by a decision
    without the answer: then only the days count, and the page says so.
    """
    by_days = now + timedelta(days=ANSWER_DAYS_MAX)
    if case.limit_at is not None and now < case.limit_at - BEFORE_LIMIT < by_days:
        return case.limit_at - BEFORE_LIMIT, BY_LIMIT
    return by_days, BY_DAYS


def decide_request(
    case: Case,
    actor: Actor,
    form: InformationRequest,
    offered: Collection[str],
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Ask for fields and documents; the case waits, and is nobody's.

    ``offered`` are the names of the fields that an applicant may be asked for: no protected
    attribute is among them. Raises ``NothingAsked``, ``NotToBeAsked``, ``UntilNotPossible``, and
    what every act raises.
    """
    check_turn(case, actor, Act.ASK, now, name_of)
    if form.seen_version is not None:
        check_version(case, form.seen_version)
    if not (form.fields or form.documents):
        raise NothingAsked
    for name in (*form.fields, *form.documents):
        if name not in offered and name not in DOCUMENTS:
            raise NotToBeAsked(name)
    latest, why = latest_answer(case, now)
    if not now < form.until <= latest:
        raise UntilNotPossible(TIME_TO_ANSWER, instant_text(latest), why)
    data: dict[str, Json] = {
        "reason": ASKED,
        "fields": sorted(set(form.fields)),
        "documents": sorted(set(form.documents)),
        "until": instant_text(form.until),
    }
    slots = note_slots(case.subject, form.note)
    draft = act_draft(case, actor, new_id(), "information_requested", data, slots)
    return answered(case, case.after(Act.ASK), (draft,), None, {"until": data["until"]})


def decide_answer(
    case: Case,
    actor: Actor,
    form: InformationAnswer,
    target: datetime | None,
    now: datetime,
    new_id: NewId,
    name_of: NameOf = unnamed,
) -> Decided:
    """Write down that the applicant answered; the case is back in review, and free.

    ``target`` is the service target with the time the applicant took given back; None where there
    is none. A person waits for a colleague's lease, a service for nobody's, and writes values down
    only where a document or a note says where they come from. Raises ``AnswerUnproven``,
    ``ExcludedFromCase``, ``ReferredUpwards``, and what every act raises.
    """
    check_role(actor, HEARING_ROLES)
    after = case.after(Act.HEAR)
    if actor.role in DECIDING_ROLES:
        check_exclusion(case, actor)
        check_claim(case, actor, now, name_of)
        check_referral(case, actor)
    if form.seen_version is not None:
        check_version(case, form.seen_version)
    if actor.role in DECIDING_ROLES:
        check_told(form)
    data: dict[str, Json] = {"reason": ANSWERED, "fields": sorted(set(form.fields))}
    if target is not None:
        data["target_at"] = instant_text(target)
    slots = note_slots(case.subject, form.note) + evidence_slots(case.subject, form.evidence)
    draft = act_draft(case, actor, new_id(), "information_received", data, slots)
    return answered(case, after, (draft,), None)


def check_told(form: InformationAnswer) -> None:
    """Refuse values that a person writes down without saying where they come from.

    Raises ``AnswerUnproven``.
    """
    filed = any(item.type.strip() and item.reference.strip() for item in form.evidence)
    if form.fields and not filed and len(tidy(form.note)) < WHY_CHARS_MIN:
        raise AnswerUnproven(WHY_CHARS_MIN)


def decide_lapse(
    case: Case, actor: Actor, until: datetime, now: datetime, new_id: NewId
) -> Decided:
    """Close a case as incomplete whose applicant did not answer by ``until``.

    Raises ``NotAllowedNow`` before that and in any other state, and ``CaseClosed``.
    """
    check_role(actor, LAPSING_ROLES)
    after = case.after(Act.GIVE_UP)
    if now <= until:
        still = f"waiting for an answer until {instant_text(until)}"
        raise NotAllowedNow(case.case_ref, Act.GIVE_UP, still)
    draft = act_draft(case, actor, new_id(), "case_expired", {"reason": NO_ANSWER})
    return answered(case, after, (draft,), None)
