"""Cases as the interface gives them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from decision_service.answering import last_request
from decision_service.appeal_words import appeal_object
from decision_service.blindness import masked_object
from decision_service.data_quality import fault_objects, faults_of
from decision_service.dossier import application_ids, readable
from decision_service.occasions import must_rescore
from decision_service.services import Services
from decision_service.taking_back import may_undo
from overrides.appeals import appeals_in
from overrides.instants import instant_text
from overrides.journal import Receipt
from overrides.reading import ActRow, CaseFile, CaseRow, ChangeRow
from overrides.values import Actor, CaseStatus


def case_objects(
    services: Services,
    rows: Sequence[CaseRow],
    now: datetime,
    hidden: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Cases of a list, in the order given; of those that are ``hidden`` only what is safe."""
    ids = application_ids(services, rows)
    names = services.people.names({row.holder for row in rows} - {""})
    waiting = must_rescore(services, rows)
    told = [
        _summary(row, ids[row.case_ref], names, now) | {"must_rescore": row.case_ref in waiting}
        for row in rows
    ]
    return [masked_object(case) if case["case_id"] in hidden else case for case in told]


def case_object(services: Services, file: CaseFile, actor: Actor) -> dict[str, Any]:
    """One case whole, with its decision and every act on it."""
    now, row, proposal = services.clock(), file.row, file.case.proposal
    acts = services.cases.acts(row.case_ref)
    people = {act.actor for act in acts} | ({proposal.person} if proposal else set())
    names = services.people.names(people)
    body = case_objects(services, [row], now)[0]
    body["decision"] = services.decisions.reader.shown(row.decision_id, actor)
    body["data_quality"] = fault_objects(faults_of(services, file, now))
    body["proposal"] = None
    if proposal is not None:
        body["proposal"] = {
            "event_id": proposal.event_id,
            "by": names[proposal.person],
            "decision": proposal.decision.value,
            "side": proposal.side.value,
            "justification_code": proposal.code,
            "needs": proposal.needs,
            "at": _instant(file.proposed_at),
        }
    undoing = may_undo(file.case, acts, now)
    body["undo_until"] = _instant(undoing[0] if undoing else None)
    body["appeal"] = appeal_json(services, acts)
    body["asked"] = _asked(file, last_request(acts))
    body["offer"] = offer_object(services, file)
    body["acts"] = [_act(act, names) for act in acts]
    return body


def _asked(file: CaseFile, asked: ActRow | None) -> dict[str, Any] | None:
    """What the applicant was asked, while the case waits for it."""
    if asked is None or file.case.status is not CaseStatus.WAITING_APPLICANT:
        return None
    return {name: asked.data.get(name) for name in ("fields", "documents", "until")}


def offer_object(services: Services, file: CaseFile) -> dict[str, Any] | None:
    """The counter-offer that lies with the applicant; None where none does."""
    offer, decision = file.case.offer, file.decision
    if offer is None:
        return None
    return {
        "event_id": offer.event_id,
        "until": instant_text(offer.until),
        "side": offer.side.value if offer.side else None,
        "justification_code": offer.code or None,
        "terms": {
            name: {"from": was, "to": now}
            for name, was, now in changed_values(services, decision.supersedes, decision.event_id)
        },
    }


def changed_values(
    services: Services, before: str | None, after: str
) -> tuple[tuple[str, str | None, str | None], ...]:
    """Fields whose recorded values differ between two decisions of a case: name, old, new.

    None where one of the two was erased.
    """
    found = [
        readable(services.ledger.open_slots(event, ("inputs",)).get("inputs")) if event else None
        for event in (before, after)
    ]
    if found[0] is None or found[1] is None:
        return ()
    was, now = ({**inputs["context"], **inputs["fields"]} for inputs in found if inputs)
    names = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    return tuple((name, was.get(name), now.get(name)) for name in names)


def blind_object(services: Services, row: CaseRow) -> dict[str, Any]:
    """One case to somebody who has to say first what they think: what was stated, and no score."""
    body = case_objects(services, [row], services.clock(), frozenset({row.case_ref}))[0]
    inputs = readable(services.ledger.open_slots(row.decision_event, ("inputs",)).get("inputs"))
    stated = {**inputs["fields"], **inputs["context"]} if inputs else None
    told = appeal_json(services, services.cases.acts(row.case_ref)) if row.appeal else None
    hidden = {"decision": None, "proposal": None, "acts": None}
    return body | {"stated": stated, "appeal": told, **hidden}


def appeal_json(services: Services, acts: Sequence[ActRow]) -> dict[str, Any] | None:
    """The latest appeal of a case with what was said; None where there was none."""
    found = appeals_in(acts)
    if not found:
        return None
    opened = services.ledger.open_slots(found[-1].entry.event_id, ("note", "evidence"))
    said, brought = readable(opened.get("note")), readable(opened.get("evidence"))
    return appeal_object(
        found[-1], said["text"] if said else None, brought["items"] if brought else []
    )


def change_objects(services: Services, rows: Sequence[ChangeRow]) -> list[dict[str, Any]]:
    """Changes of cases, in ledger order."""
    ids = {row.decision_event: _application_id(services, row.decision_event) for row in rows}
    return [
        {
            "seq": row.seq,
            "at": instant_text(row.at),
            "type": row.type,
            "case_id": row.case_ref,
            "application_id": ids[row.decision_event],
            "bundle": row.bundle,
            "decision_id": row.decision_id,
            "status": row.status.value,
            "final": row.final.value if row.final else None,
            "simulated": row.simulated,
        }
        for row in rows
    ]


def receipt_object(receipt: Receipt) -> dict[str, Any]:
    """What an act did and where it is recorded; the same for the same request again."""
    places = [
        {"seq": entry.seq, "type": entry.type, "leaf_hash": entry.leaf_hash.hex()}
        for entry in receipt.entries
    ]
    return {**receipt.answer, "ledger": places}


def _summary(
    row: CaseRow, application_id: str, names: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """What every answer says of a case."""
    held = bool(row.holder) and row.holder_until is not None and now < row.holder_until
    return {
        "case_id": row.case_ref,
        "application_id": application_id,
        "bundle": row.bundle,
        "status": row.status.value,
        "version": row.version,
        "decision_id": row.decision_id,
        "recommendation": row.recommendation.value,
        "probability_of_bad": None if row.probability is None else str(row.probability),
        "queue": row.queue,
        "routing": list(row.routing),
        "branch": row.branch,
        "product": row.product,
        "amount": {"minor": row.amount.minor, "currency": row.amount.currency},
        "opened_at": instant_text(row.opened_at),
        "received_at": _instant(row.received_at),
        "due_at": _instant(row.due_at),
        "limit_at": _instant(row.clocks.limit),
        "target_at": _instant(row.clocks.target),
        "set_aside_until": _instant(row.asleep_until),
        "referred": row.referred or None,
        "claim": {"by": names.get(row.holder, ""), "until": _instant(row.holder_until)}
        if held
        else None,
        "final": row.final.value if row.final else None,
        "side": row.side.value if row.side else None,
        "closed_at": _instant(row.closed_at),
        "simulated": row.simulated,
    }


def _act(act: ActRow, names: Mapping[str, str]) -> dict[str, Any]:
    """One act, without its personal parts."""
    return {
        "seq": act.seq,
        "event_id": act.event_id,
        "type": act.type,
        "at": instant_text(act.at),
        "by": names[act.actor],
        "role": act.role,
        "status": act.status.value,
        "version": act.version,
        "data": dict(act.data),
    }


def _application_id(services: Services, event_id: str) -> str | None:
    """The lender's own id, None once erased."""
    inputs = readable(services.ledger.open_slots(event_id, ("inputs",)).get("inputs"))
    return str(inputs["application_id"]) if inputs else None


def _instant(at: datetime | None) -> str | None:
    """An instant, or nothing."""
    return instant_text(at) if at is not None else None
