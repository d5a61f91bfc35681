"""How an event moves a case from one standing to the next: pure, so that a rebuild gives the same.

A standing is the row of ``case_file`` as a mapping. ``advance`` never looks at a slot; the only
thing that rests on one is the application's key, which an erasure takes with it.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from overrides.event_kinds import DECISION_KINDS, REVIEW_DATE_KINDS
from overrides.information import NO_ANSWER
from overrides.instants import instant_text
from overrides.journal import Event
from overrides.stores.contested import clock_of, contested
from overrides.stores.list_order import list_order
from overrides.values import CaseStatus, Recommendation

Standing = dict[str, Any]
Moves = Callable[[Mapping[str, Any], Event], Standing]

_CLOCKS = ("due_at", "limit_at", "target_at")
_NO_CLAIM: Standing = {"claim_person": None, "claim_until": None}
_AWAKE: Standing = {"asleep_until": None}
_NOT_REFERRED: Standing = {"referred": None}
_FREE: Standing = {**_NO_CLAIM, **_AWAKE, **_NOT_REFERRED}
_NO_PROPOSAL: Standing = {"proposal": None, "proposal_person": None}
_UNDECIDED: Standing = {
    "final": None,
    "side": None,
    "code": "",
    "by_person": None,
    "reviewer": "",
    "approver": "",
    "closed_at": None,
}


def opened(event: Event, application_key: str | None) -> Standing:
    """Standing of the case that a first decision opens."""
    standing = {
        "case_ref": event.case,
        "log": event.log,
        "application_key": application_key,
        "opened_at": instant_text(event.recorded_at),
        "version": 1,
        "excluded": "[]",
        "appeal": None,
        **_scored(event),
        **_assigned(event),
    }
    return {**standing, "list_order": list_order(standing)}


def advance(standing: Mapping[str, Any], event: Event) -> Standing:
    """What the event changes in the standing; empty for an event that changes nothing."""
    if event.type in DECISION_KINDS:
        moved = event.data["branch"] != standing["branch"]  # whoever holds it may not see it there
        kept = _NO_CLAIM if moved else {name: standing[name] for name in _NO_CLAIM}
        changed = {**_scored(event), **kept, "version": standing["version"] + 1}
        changed["referred"] = standing["referred"]
        if standing["appeal"]:  # a new score gives the applicant no later answer
            changed |= clock_of(json.loads(standing["appeal"]))
        elif standing["target_at"] and changed["target_at"]:  # time the applicant took stays given
            changed["target_at"] = max(standing["target_at"], changed["target_at"])
        if event.type == "decision_failed" and standing["proposal_person"]:
            # The score that asked for a second person went; the second person is still asked for.
            changed["excluded"] = _without(standing)
        return {**changed, "list_order": list_order(changed)}
    moves = _MOVES.get(event.type)
    if moves is None:
        return {}
    changed = moves(standing, event)
    if event.type not in _UNSEEN:
        changed["version"] = standing["version"] + 1
    if "status" in changed:
        changed["list_order"] = list_order({**standing, **changed})
    return changed


def _scored(event: Event) -> Standing:
    """What a decision says of the case; a failed one gives the case to a person."""
    data = event.data
    return {
        "bundle": data["bundle"],
        "subject": data["subject"],
        "status": data["status"],
        "attempt": data["attempt"],
        "decision_id": data["decision_id"],
        "decision_event": event.event_id,
        "recommendation": data.get("recommendation", Recommendation.REFER.value),
        "probability": data.get("probability"),
        "reliable": data.get("reliable", False),
        "amount_minor": data["amount_minor"],
        "currency": data["currency"],
        "product": data["product"],
        "branch": data["branch"],
        "queue": data["queue"],
        "routing": json.dumps(data["routing"]),
        "received_at": data["received_at"] or None,
        "due_at": data["due_at"] or None,
        "limit_at": data.get("limit_at"),
        "target_at": data.get("target_at", data["due_at"]) or None,
        **_AWAKE,
        **_NOT_REFERRED,
        "simulated": data["simulated"],
        **_NO_CLAIM,
        **_NO_PROPOSAL,
        **_UNDECIDED,
    }


def _assigned(event: Event) -> Standing:
    """The officer who was drawn has the first lease."""
    drawn = event.data.get("assigned")
    return {"claim_person": drawn["to"], "claim_until": drawn["until"]} if drawn else {}


def _claimed(standing: Mapping[str, Any], event: Event) -> Standing:
    """Somebody took the lease, and whatever kept the case from them is over."""
    lease = {"claim_person": event.data["person"], "claim_until": event.data["until"]}
    return {**lease, **_roused(standing)}


def _handed_over(standing: Mapping[str, Any], event: Event) -> Standing:
    """The lease went to another person, or the case is free."""
    to = event.data.get("to")
    lease = {"claim_person": to, "claim_until": event.data.get("until") if to else None}
    return {**lease, **_roused(standing)}


def _roused(standing: Mapping[str, Any]) -> Standing:
    """What changes for a case that was set aside or referred upwards; nothing for any other."""
    away = standing["asleep_until"] or standing["referred"]
    return {**_AWAKE, **_NOT_REFERRED} if away else {}


def _referred(_: Mapping[str, Any], event: Event) -> Standing:
    """Nobody holds the case, and whoever leads the team sees to it."""
    return {**_NO_CLAIM, **_AWAKE, "referred": event.data["reason"]}


def _set_aside(_: Mapping[str, Any], event: Event) -> Standing:
    """Nobody holds the case, and lists of what is to be done leave it out until then."""
    return {**_NO_CLAIM, "asleep_until": event.data.get("until")}


def _heard(standing: Mapping[str, Any], event: Event) -> Standing:
    """The applicant answered, and the target goes on with what was left of it."""
    target = event.data.get("target_at") or standing["target_at"]
    return {"status": CaseStatus.IN_REVIEW.value, "target_at": target, **_NO_CLAIM}


def _freed(_: Mapping[str, Any], __: Event) -> Standing:
    """Nobody holds the case."""
    return dict(_NO_CLAIM)


def _reviewed(_: Mapping[str, Any], __: Event) -> Standing:
    """A review is followed by the decision that rests on it."""
    return {}


def _overridden(_: Mapping[str, Any], event: Event) -> Standing:
    """An override that needs a second person waits; any other is followed by its decision."""
    if not event.data["needs"]:
        return {}
    proposal = {
        "event_id": event.event_id,
        "person": event.actor,
        "decision": event.data["to"],
        "side": event.data["side"],
        "code": event.data["code"],
        "needs": event.data["needs"],
        "at": instant_text(event.recorded_at),
    }
    return {
        "status": CaseStatus.WAITING_APPROVAL.value,
        "proposal": json.dumps(proposal),
        "proposal_person": event.actor,
        **_FREE,
    }


def _without(standing: Mapping[str, Any]) -> str:
    """Who may not decide, with whoever made the proposal that waited."""
    return json.dumps([*json.loads(standing["excluded"]), standing["proposal_person"]])


def _judged(standing: Mapping[str, Any], event: Event) -> Standing:
    """An upheld override is followed by its decision; otherwise the case is open again."""
    verdict = event.data["verdict"]
    held = json.loads(standing["proposal"] or "{}")
    if verdict == "uphold":
        return _offered(standing, held, event, event.actor) if held.get("offer") else {}
    changed = {**held.get("before", {}), "status": CaseStatus.IN_REVIEW.value}
    changed |= {**_NO_CLAIM, **_NO_PROPOSAL}
    if verdict == "reject" and standing["proposal_person"]:
        changed["excluded"] = _without(standing)
    return changed


def _countered(standing: Mapping[str, Any], event: Event) -> Standing:
    """Other terms are offered, or proposed where the override before it needs a second person."""
    data = event.data
    told = {"offer": event.event_id, "days": data["days"], "before": data["before"]}
    if data["needs"]:
        held = json.loads(standing["proposal"])
        return {"proposal": json.dumps({**held, **told})}
    held = {"person": event.actor, "side": data["side"], "code": data["code"]}
    return _offered(standing, {**held, **told}, event, "")


def _offered(
    standing: Mapping[str, Any], held: Mapping[str, Any], event: Event, approver: str
) -> Standing:
    """The offer lies with the applicant, from this entry on for so many days.

    The clocks of the application stand beside it: they are the case's again when the offer ends.
    """
    until = instant_text(event.recorded_at + timedelta(days=held["days"]))
    kept = {name: held[name] for name in ("offer", "person", "side", "code", "before")}
    kept["clocks"] = {name: standing[name] for name in _CLOCKS}
    return {
        "status": CaseStatus.COUNTERED.value,
        "proposal": json.dumps({**kept, "approver": approver, "until": until}),
        "proposal_person": None,
        **_clock_of_offer(until),
        **_FREE,
    }


def _clock_of_offer(until: str) -> Standing:
    """While an offer lies with the applicant only its end presses."""
    return {"due_at": until, "limit_at": until, "target_at": None}


def _deciders(standing: Mapping[str, Any], event: Event) -> tuple[str, str]:
    """Who decided, and who approved of it: of an accepted offer those who made it."""
    if "until" in (held := json.loads(standing["proposal"] or "{}")):
        return held["person"], held["approver"]
    proposer = standing["proposal_person"]
    return proposer or event.actor, event.actor if proposer else ""


def _decided(standing: Mapping[str, Any], event: Event) -> Standing:
    """The case has its decision: by policy, by one person, or by two."""
    data, by_person = event.data, event.data["by"] == "person"
    reviewer, approver = _deciders(standing, event) if by_person else ("", "")
    return {
        "status": CaseStatus.DECIDED.value,
        "final": data["decision"],
        "side": data["side"] or None,
        "code": data["code"],
        "by_person": by_person,
        "reviewer": reviewer,
        "approver": approver,
        "closed_at": instant_text(event.recorded_at),
        **json.loads(standing["proposal"] or "{}").get("clocks", {}),
        **_FREE,
        **_NO_PROPOSAL,
    }


def _ended(status: CaseStatus) -> Moves:
    """The case ended without a decision, on the terms that were applied for."""

    def moves(standing: Mapping[str, Any], event: Event) -> Standing:
        held = json.loads(standing["proposal"] or "{}")
        return {
            **held.get("before", {}),
            **held.get("clocks", {}),
            "status": status.value,
            "closed_at": instant_text(event.recorded_at),
            **_NO_CLAIM,
            **_AWAKE,
            **_NOT_REFERRED,
            **_NO_PROPOSAL,
        }

    return moves


def _waits(status: CaseStatus) -> Moves:
    """The case stays open in another state."""

    def moves(_: Mapping[str, Any], __: Event) -> Standing:
        return {"status": status.value, **_NO_CLAIM}

    return moves


def _ran_out(standing: Mapping[str, Any], event: Event) -> Standing:
    """A case that ran out, or whose applicant never answered."""
    unanswered = event.data["reason"] == NO_ANSWER
    status = CaseStatus.CLOSED_INCOMPLETE if unanswered else CaseStatus.EXPIRED
    return _ended(status)(standing, event)


def _reopened(standing: Mapping[str, Any], event: Event) -> Standing:
    """The case is undecided again; what had been decided stays in its acts.

    One whose decision was undone stands as it did before: an upheld override waits again, an offer
    lies with the applicant again.
    """
    if "appeal" in event.data:
        fresh = {**contested(standing, event), **_UNDECIDED, **_NO_PROPOSAL, **_FREE}
        return {"status": CaseStatus.IN_REVIEW.value, **fresh}
    before = event.data.get("before") or {"status": CaseStatus.IN_REVIEW.value, "proposal": None}
    changed = {"status": before["status"], **_UNDECIDED, **_NO_CLAIM, **_NO_PROPOSAL}
    if proposal := before["proposal"]:
        person = None if "until" in proposal else proposal["person"]
        if "until" in proposal:
            changed |= _clock_of_offer(proposal["until"])
        changed |= {"proposal": json.dumps(proposal), "proposal_person": person}
    elif standing["appeal"] and not event.data.get("of"):
        changed["appeal"] = None  # opened again for another reason
    return changed


# Leases, what was shown and when it is looked at again do not make a page stale.
_LEASES = ("case_claimed", "case_released", "case_handed_over", "case_escalated", "case_snoozed")
_SAID = ("reasons_shown", "reason_questioned", "what_if_tried", "first_view_recorded")
_BESIDE = (*_SAID, *REVIEW_DATE_KINDS)
_UNSEEN = frozenset({*_LEASES, *_BESIDE})
_MOVES: Mapping[str, Moves] = {
    "case_claimed": _claimed,
    "case_released": _freed,
    "case_handed_over": _handed_over,
    "case_escalated": _referred,
    "case_snoozed": _set_aside,
    "review_recorded": _reviewed,
    "override_recorded": _overridden,
    "approval_recorded": _judged,
    "case_decided": _decided,
    "counter_offered": _countered,
    "input_corrected": _reviewed,
    **dict.fromkeys(_BESIDE, _reviewed),
    "case_withdrawn": _ended(CaseStatus.WITHDRAWN),
    "case_expired": _ran_out,
    "case_reopened": _reopened,
    "information_requested": _waits(CaseStatus.WAITING_APPLICANT),
    "information_received": _heard,
}
KINDS = frozenset(_MOVES) | DECISION_KINDS
