"""Appeals: an applicant contests a decision, and somebody who had no part in it decides again.

An appeal opens the case again, with what the applicant says and brings. Everybody who decided,
proposed, approved or changed a value before is excluded from it, by person, and so is whoever wrote
the appeal down, as they had the decision before them. What the appeal came to is not written down
by anybody: it is worked out of the two decisions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from overrides.acts import AS_APPLIED, act_draft, answered, check_version
from overrides.appeal_rules import appeal_rules_for
from overrides.authority import check_role
from overrides.cases import Act, Appeal, Case
from overrides.errors import NotAllowedNow
from overrides.first_views import FIRST_VIEW
from overrides.forms import check_note, evidence_slots, note_slots
from overrides.instants import instant_text
from overrides.journal import Decided, Json
from overrides.reading import ActRow
from overrides.taking_back import ReopeningReason
from overrides.values import DECIDING_ROLES, Actor, CaseStatus, Decision, Evidence, NewId, Role
from overrides.waiting_errors import ReceivedNotPossible

APPEAL_ROLES = DECIDING_ROLES | {Role.TEAM_LEAD, Role.SERVICE}
APPEALING = "recording an appeal"
TAKING_PART = frozenset(
    {"review_recorded", "override_recorded", "approval_recorded", "case_decided"}
    | {"counter_offered", "input_corrected", "information_received"}
)
"""What keeps whoever did it from deciding on an appeal."""

REOPENED = "case_reopened"
ENDS = frozenset({"case_decided", "case_withdrawn", "case_expired"})


class AppealResult(StrEnum):
    """What an appeal came to."""

    OPEN = "open"
    UPHELD = "upheld"  # the decision is the same
    CHANGED = "changed"  # it is another decision, or one on other terms
    ENDED = "ended"  # the application was withdrawn or ran out before it was decided again


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealForm:
    """What the applicant says. ``received_at`` None: it came just now."""

    view: str
    evidence: tuple[Evidence, ...] = ()
    received_at: datetime | None = None
    seen_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """How the case stood when it was read: checked again in the writer's transaction."""

    version: int
    jurisdiction: str
    event_id: str  # of the decision that is contested
    terms: str  # that it was made on: see ``overrides.acts``
    took_part: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealOutcome:
    """One appeal: its entry, who decided first, and what it came to."""

    entry: ActRow
    first: Decision
    result: AppealResult
    closed: ActRow | None  # the entry that ended it


def took_part(acts: Sequence[ActRow]) -> tuple[str, ...]:
    """Persons who decided, proposed, approved or changed values, each once; no services."""
    people = (act.actor for act in acts if act.type in TAKING_PART and act.role != Role.SERVICE)
    return tuple(dict.fromkeys(people))


def decide_appeal(
    case: Case, actor: Actor, form: AppealForm, before: Before, now: datetime, new_id: NewId
) -> Decided:
    """Open the case again for somebody else, with what the applicant says.

    Raises ``NotAllowedNow`` for a case that nobody decided, ``NoteTooShort`` for an appeal without
    a word, ``ReceivedNotPossible``, ``NoAuthority`` and ``StaleCase``.
    """
    check_role(actor, APPEAL_ROLES)
    if case.status is not CaseStatus.DECIDED or case.final is None or case.closed_at is None:
        raise NotAllowedNow(case.case_ref, APPEALING, case.status_words)
    if form.seen_version is not None:
        check_version(case, form.seen_version)
    check_version(case, before.version)
    check_note(form.view, 1)
    received = form.received_at or now
    if not case.closed_at <= received <= now:
        raise ReceivedNotPossible(instant_text(case.closed_at), instant_text(now))
    rules = appeal_rules_for(before.jurisdiction, received.date())
    writer = (actor.ref,) if actor.role in DECIDING_ROLES else ()
    appeal: dict[str, Json] = {
        "of": before.event_id,
        "decision": case.final.value,
        "terms": before.terms,
        "rules": rules.name,
        "by_law": rules.by_law,
        "received_at": instant_text(received),
        "answer_by": instant_text(rules.answer_by(received)),
        "excludes": sorted({*before.took_part, *writer}),
    }
    data: dict[str, Json] = {
        "reason": ReopeningReason.APPLICANT_CONTESTS.value,
        "appeal": appeal,
    }
    slots = note_slots(case.subject, form.view) + evidence_slots(case.subject, form.evidence)
    draft = act_draft(case, actor, new_id(), "case_reopened", data, slots, (before.event_id,))
    more: dict[str, Json] = {"answer_by": appeal["answer_by"]}
    return answered(case, case.after(Act.REOPEN), (draft,), None, more)


def keeps_from(appeal: Appeal, person: str, acts: Sequence[ActRow]) -> bool:
    """Whether the earlier decision is hidden from somebody until they gave their own view.

    Whoever is excluded knows it, and may not decide.
    """
    if person in appeal.excludes:
        return False
    return not any(
        act.type == FIRST_VIEW and act.actor == person and act.seq > appeal.seq for act in acts
    )


def appeals_in(acts: Sequence[ActRow]) -> tuple[AppealOutcome, ...]:
    """Every appeal of a case in order, with what it came to by the last of these acts."""
    found = []
    for place, act in enumerate(acts):
        if not is_appeal(act):
            continue
        told = act.data["appeal"]
        after = [later for later in acts[place + 1 :] if later.type == "case_reopened"]
        # An undone decision is none.
        undone = {later.data["of"] for later in after if later.data.get("of")}
        ends = (e for e in acts[place + 1 :] if e.type in ENDS and e.event_id not in undone)
        closed = next(ends, None)
        first = Decision(told["decision"])
        result = _result(first, told["terms"], closed)
        found.append(AppealOutcome(entry=act, first=first, result=result, closed=closed))
    return tuple(found)


def is_appeal(act: ActRow) -> bool:
    """Whether an act is an appeal."""
    return act.type == "case_reopened" and "appeal" in act.data


def _result(first: Decision, terms: str, closed: ActRow | None) -> AppealResult:
    """What came of it."""
    if closed is None:
        return AppealResult.OPEN
    if closed.type != "case_decided":
        return AppealResult.ENDED
    as_applied = terms == AS_APPLIED == closed.data["terms"]
    same = as_applied and closed.data["decision"] == first
    return AppealResult.UPHELD if same else AppealResult.CHANGED
