"""Changing an open case's application over HTTP: other terms, their answer, corrections."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from decision_service.api_cases import act
from decision_service.change_requests import read_answer, read_correction, read_offer
from decision_service.visits import body_of

router = APIRouter(prefix="/v1", tags=["cases"])


@router.post("/cases/{case_id}/counter-offer", status_code=201)
def counter_offer(request: Request, case_id: str) -> Response:
    """Offer other terms: passing they are a change of terms, failing an override."""
    asked = read_offer(body_of(request))
    return act(
        request, case_id, "counter-offer", lambda a, who, once: a.offer(who, case_id, asked, once)
    )


@router.post("/cases/{case_id}/counter-offer/answer", status_code=201)
def answer(request: Request, case_id: str) -> Response:
    """What the applicant says of the terms: accepted or refused."""
    form = read_answer(body_of(request))
    return act(
        request, case_id, "offer-answer", lambda a, who, once: a.answer(who, case_id, form, once)
    )


@router.post("/cases/{case_id}/correction", status_code=201)
def correction(request: Request, case_id: str) -> Response:
    """Correct wrong values with evidence; the case is scored again and stays in review."""
    asked = read_correction(body_of(request))
    return act(
        request, case_id, "correction", lambda a, who, once: a.correct(who, case_id, asked, once)
    )
