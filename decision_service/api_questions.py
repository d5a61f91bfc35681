"""Questions about the score of a case over HTTP: what lies under a reason, and other values."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from decision_service.act_requests import Members
from decision_service.acting import Acting
from decision_service.api_cases import recorded
from decision_service.asking_about import AskingAbout
from decision_service.case_errors import NothingToTry
from decision_service.case_json import receipt_object
from decision_service.errors import Fault, InvalidRequest
from decision_service.reason_evidence import evidence_object
from decision_service.visits import actor_of, body_of, json_answer, key_of, services_of
from decision_service.what_if import ground_of, room_object, tries_of, try_object

router = APIRouter(prefix="/v1", tags=["cases"])

CHANGES_MAX = 50
Concept = Annotated[str, Path(max_length=64)]


@router.get("/cases/{case_id}/reasons/{concept}")
def show_reason(request: Request, case_id: str, concept: Concept) -> Response:
    """What lies under one reason: values, where they came from, and what other values would do."""
    services, actor = services_of(request), actor_of(request)
    dossier = AskingAbout(services).dossier(actor, case_id)
    services.viewings.note(actor, "reason", case=dossier.file.case.case_ref)
    return json_answer(evidence_object(dossier, concept, services.clock()))


@router.post("/cases/{case_id}/reasons/{concept}", status_code=201)
def question(request: Request, case_id: str, concept: Concept) -> Response:
    """Record that this reason surprises the caller."""
    services, actor, body = services_of(request), actor_of(request), body_of(request)
    members = Members(body if body is not None else {}, ("note",))
    note = members.note()
    members.done()
    once = Acting(services).once(
        actor, f"question {concept}", key_of(request), {"case": case_id, "body": body}
    )
    receipt = AskingAbout(services).question(actor, case_id, concept, note, once)
    return recorded(receipt, receipt_object(receipt))


@router.get("/cases/{case_id}/what-if")
def show_tries(request: Request, case_id: str) -> Response:
    """Which values may be tried, and what came of those that were."""
    services, actor = services_of(request), actor_of(request)
    asking = AskingAbout(services)
    dossier = asking.dossier(actor, case_id)
    services.viewings.note(actor, "what_if", case=dossier.file.case.case_ref)
    fields: list[dict[str, Any]] = []
    why = None
    try:
        fields = room_object(ground_of(dossier))
    except NothingToTry as nothing:
        why = f"{nothing.why}."
    tries = [
        try_object(act, shown, dossier.name(act.actor))
        for act, shown in tries_of(services, dossier)
    ]
    left = asking.left(dossier, actor)
    return json_answer(
        {"case_id": case_id, "fields": fields, "why": why, "left": left, "tries": tries}
    )


@router.post("/cases/{case_id}/what-if", status_code=201)
def try_out(request: Request, case_id: str) -> Response:
    """Score the application with other values; recorded as a try, the case stays as it is."""
    services, actor, body = services_of(request), actor_of(request), body_of(request)
    given = _changes(body)
    asking = AskingAbout(services)
    once = Acting(services).once(actor, "what-if", key_of(request), {"case": case_id, "body": body})
    receipt = asking.try_out(actor, case_id, given, once)
    dossier = asking.dossier(actor, case_id)
    made = receipt.answer.get("event_id")
    found = [
        try_object(act, shown, dossier.name(act.actor))
        for act, shown in tries_of(services, dossier)
        if act.event_id == made
    ]
    return recorded(receipt, {**receipt_object(receipt), "try": found[0] if found else None})


def _changes(body: object) -> dict[str, object]:
    """The values to try, by field; raises ``InvalidRequest``."""
    if not isinstance(body, dict) or body.keys() != {"changes"}:
        raise InvalidRequest((Fault("", 'Send {"changes": {field: value}}.'),))
    changes = body["changes"]
    if not isinstance(changes, dict) or len(changes) > CHANGES_MAX:
        raise InvalidRequest((Fault("/changes", "Give an object with a value for each field."),))
    return changes
