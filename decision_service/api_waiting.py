"""Asking the applicant, taking a decision back and opening a closed case again, over HTTP."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from decision_service.acting import Acting
from decision_service.answering import Answering
from decision_service.api_cases import recorded
from decision_service.api_decisions import count
from decision_service.appealing import Appealing
from decision_service.case_json import receipt_object
from decision_service.pipeline import Answer
from decision_service.taking_back import TakingBack
from decision_service.visits import actor_of, body_of, json_answer, key_of, services_of
from decision_service.waiting_requests import (
    read_answer,
    read_appeal,
    read_nothing,
    read_reopening,
    read_request,
)
from overrides.journal import OnceOnly
from overrides.values import Actor

router = APIRouter(prefix="/v1", tags=["cases"])


@router.post("/cases/{case_id}/information-request", status_code=201)
def ask(request: Request, case_id: str) -> Response:
    """Ask the applicant for fields and documents; the case waits for the answer."""
    form = read_request(body_of(request))
    actor, once = _who(request, case_id, "information-request")
    receipt = Answering(services_of(request)).ask(actor, case_id, form, once)
    return recorded(receipt, receipt_object(receipt))


@router.post("/cases/{case_id}/information", status_code=201)
def hear(request: Request, case_id: str) -> Response:
    """The applicant answered. With fields: the decision object of the new score."""
    form, fields = read_answer(body_of(request))
    actor, once = _who(request, case_id, "information")
    found = Answering(services_of(request)).hear(actor, case_id, form, fields, once)
    if not isinstance(found, Answer):
        return recorded(found, receipt_object(found))
    count(request.app.state.measures, found)
    replayed = {"Idempotency_Replayed": "true"} if found.replayed else {}
    return json_answer(found.body, found.status, **replayed)


@router.post("/cases/{case_id}/undo", status_code=201)
def undo(request: Request, case_id: str) -> Response:
    """Take one's own decision back, within a minute of it."""
    read_nothing(body_of(request))
    actor, once = _who(request, case_id, "undo")
    receipt = TakingBack(services_of(request)).undo(actor, case_id, once)
    return recorded(receipt, receipt_object(receipt))


@router.post("/cases/{case_id}/reopening", status_code=201)
def reopen(request: Request, case_id: str) -> Response:
    """Open a closed case again; what was decided stays on the record."""
    form = read_reopening(body_of(request))
    actor, once = _who(request, case_id, "reopening")
    receipt = TakingBack(services_of(request)).reopen(actor, case_id, form, once)
    return recorded(receipt, receipt_object(receipt))


@router.post("/cases/{case_id}/appeal", status_code=201)
def appeal(request: Request, case_id: str) -> Response:
    """The applicant contests the decision: somebody who had no part in it decides again."""
    form = read_appeal(body_of(request))
    actor, once = _who(request, case_id, "appeal")
    receipt = Appealing(services_of(request)).appeal(actor, case_id, form, once)
    return recorded(receipt, receipt_object(receipt))


def _who(request: Request, case_id: str, route: str) -> tuple[Actor, OnceOnly | None]:
    """Who acts, and what makes the request the same when it comes again."""
    actor = actor_of(request)
    said: dict[str, Any] = {"case": case_id, "body": body_of(request)}
    return actor, Acting(services_of(request)).once(actor, route, key_of(request), said)
